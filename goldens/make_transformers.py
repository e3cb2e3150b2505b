"""Writes transformer_*.safetensors: torch's own attention and layers, and whole checkpoints of others' forms, from inputs made by formula.py.

usage: python3 make_transformers.py        (as make_torch.py, whose Group it uses)

BERT, RoBERTa, DistilBERT, GPT-2 and Llama are written out from their published formulas in plain operations; the weights are named as in
their Hugging Face folders, and "config" in the metadata is the config.json that such a folder would have.
"""
import json
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from make_torch import Group, with_float32

LENGTHS = [5, 3]
REAL = torch.arange(5)[None, :] < torch.tensor(LENGTHS)[:, None]  # (2, 5): what is no padding
IDS = torch.tensor([[1, 10, 4, 3, 4], [9, 2, 4, 0, 0]])


def real(x):
    """Rows of padding mean nothing; here they are zero."""
    return x * REAL[..., None]


def attention():
    for name, memory_size in (("self", None), ("cross", 6)):
        g = Group(f"transformer_attention_{name}", "nn.MultiheadAttention(8, 2) over x (2, 5, 8)" + (
            ", key padding after lengths 5 3; output is zero in the padding" if memory_size is None else
            " and a memory (2, 4, 6), kdim = vdim = 6, key padding after lengths 4 1") + "; weights (2, 2, 5, keys) of each head")
        x = g.input("x", 2, 5, 8)
        memory = x if memory_size is None else g.input("memory", 2, 4, memory_size)
        layer = g.module(nn.MultiheadAttention(8, 2, batch_first=True, kdim=memory_size, vdim=memory_size), 0.6)
        padding = ~REAL if memory_size is None else torch.arange(4)[None, :] >= torch.tensor([4, 1])[:, None]
        output, weights = layer(x, memory, memory, key_padding_mask=padding, average_attn_weights=False)
        g.output("weights", weights)
        g.gradients(output=output if memory_size else real(output))
        g.save()


def layers():
    causal = torch.ones(5, 5).triu(1).bool()
    for norm_first, activation in ((False, "relu"), (True, "gelu")):
        name = "pre" if norm_first else "post"
        options = {"dim_feedforward": 12, "dropout": 0.0, "activation": activation, "batch_first": True, "norm_first": norm_first}
        g = Group(f"transformer_encoder_layer_{name}", f"nn.TransformerEncoderLayer(8, 2, {options}) over x (2, 5, 8), padding after lengths 5 3; output is zero in the padding")
        x = g.input("x", 2, 5, 8)
        layer = g.module(nn.TransformerEncoderLayer(8, 2, **options), 0.7)
        g.gradients(output=real(layer(x, src_key_padding_mask=~REAL)))
        g.save()
        g = Group(f"transformer_decoder_layer_{name}", f"nn.TransformerDecoderLayer(8, 2, {options}) over x (2, 5, 8), causal, and a memory (2, 4, 8) with padding after lengths 4 1")
        x, memory = g.input("x", 2, 5, 8), g.input("memory", 2, 4, 8)
        layer = g.module(nn.TransformerDecoderLayer(8, 2, **options), 0.7)
        g.gradients(output=layer(x, memory, tgt_mask=causal, memory_key_padding_mask=torch.arange(4)[None, :] >= torch.tensor([4, 1])[:, None]))
        g.save()


def waves(count, size):
    """Sinusoidal positions (Vaswani et al. 2017, section 3.5)."""
    angles = torch.arange(count).double()[:, None] / 10000 ** (torch.arange(0, size, 2).double() / size)[None, :]
    return torch.stack([torch.sin(angles), torch.cos(angles)], -1).flatten(1).to(Group.dtype)


def encoder_decoder(kind):
    """The mean loss of three pairs, label smoothing 0.1: nn.Transformer pre-norm with one tied table, and post-norm without its last norms (the paper has none) with three."""
    size, vocabulary, pre = 8, 7, kind == "pre"
    sources, targets = [[2, 3, 4], [5, 2], [3, 3, 6, 2]], [[4, 2], [3, 5, 2], [6]]
    g = Group(f"transformer_encoder_decoder_{kind}", f"torch's layers {kind}-norm, 2 and 1, size {size}, 2 heads, 12 inside, {'GELU' if pre else 'ReLU'}, sinusoidal positions, vectors times the root of size, "
              f"{'one table for source, target and output' if pre else 'three tables'}; sources {sources}, targets {targets}: mean loss over the 9 tokens, ends (id 0) among them, label smoothing 0.1")
    options = {"dim_feedforward": 12, "dropout": 0.0, "activation": "gelu" if pre else "relu", "batch_first": True, "norm_first": pre}
    stack = nn.Transformer(size, 2, 2, 1, **options)
    if not pre:
        stack.encoder.norm = stack.decoder.norm = None
    g.module(stack, 0.7)
    source = g.input("source.weight", vocabulary, size, scale=0.6)
    target = source if pre else g.input("target.weight", vocabulary, size, scale=0.6)
    output = source if pre else g.input("output.weight", vocabulary, size, scale=0.6)
    read = lambda table, ids: (table[ids] * math.sqrt(size) + waves(len(ids), size))[None]
    logits = [stack(read(source, s), read(target, [0] + t), tgt_mask=torch.ones(len(t) + 1, len(t) + 1).triu(1).bool())[0] @ output.T for s, t in zip(sources, targets)]
    loss = F.cross_entropy(torch.cat(logits), torch.tensor([y for t in targets for y in t + [0]]), label_smoothing=0.1)
    g.gradients(loss=loss.reshape(1))
    g.save()


class Weights:
    """The tensors of a checkpoint; each is made when it is first asked for."""

    def __init__(self, group):
        self.group = group

    def __call__(self, name, *shape, scale=0.6):
        return self.group.inputs[name] if name in self.group.inputs else self.group.input(name, *shape, scale=scale)

    def linear(self, x, name, outputs, bias=True):
        weight = self(name + ".weight", outputs, x.shape[-1])
        return F.linear(x, weight, self(name + ".bias", outputs) if bias else None)

    def conv1d(self, x, name, outputs):
        """GPT-2's dense layer: the matrix is (in, out)."""
        return x @ self(name + ".weight", x.shape[-1], outputs) + self(name + ".bias", outputs)

    def layer_norm(self, x, name, epsilon):
        size = x.shape[-1]
        return F.layer_norm(x, (size,), self(name + ".weight", size, scale=1.5), self(name + ".bias", size), epsilon)


def heads(x, count):
    return x.reshape(x.shape[0], x.shape[1], count, -1).transpose(1, 2)


def attend(q, k, v, allowed):
    """softmax(q·kᵀ/√d) over what is allowed, times v; heads side by side again."""
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    weights = torch.softmax(scores.masked_fill(~allowed, -torch.inf), -1)
    return (weights @ v).transpose(1, 2).flatten(2)


def encoder(kind):
    size, inner, count, vocabulary, positions, kinds = 8, 12, 2, 11, 16, 2
    if kind == "distilbert":
        config = {"model_type": kind, "architectures": ["DistilBertModel"], "dim": size, "hidden_dim": inner, "n_heads": count, "n_layers": 2, "vocab_size": vocabulary, "max_position_embeddings": positions,
                  "activation": "gelu", "dropout": 0.0, "attention_dropout": 0.0, "sinusoidal_pos_embds": False, "pad_token_id": 0}
        prefix, block, epsilon = "distilbert.", "transformer.layer", 1e-12
        names = {"q": "attention.q_lin", "k": "attention.k_lin", "v": "attention.v_lin", "o": "attention.out_lin", "norm1": "sa_layer_norm", "up": "ffn.lin1", "down": "ffn.lin2", "norm2": "output_layer_norm"}
    else:
        config = {"model_type": kind, "architectures": ["BertModel" if kind == "bert" else "RobertaModel"], "hidden_size": size, "intermediate_size": inner, "num_attention_heads": count, "num_hidden_layers": 2,
                  "vocab_size": vocabulary, "max_position_embeddings": positions, "type_vocab_size": kinds if kind == "bert" else 1, "hidden_act": "gelu", "layer_norm_eps": 1e-12 if kind == "bert" else 1e-5,
                  "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "pad_token_id": 0 if kind == "bert" else 1, "position_embedding_type": "absolute", "torch_dtype": "float32"}
        prefix, block, epsilon = kind + ".", "encoder.layer", config["layer_norm_eps"]
        names = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "o": "attention.output.dense", "norm1": "attention.output.LayerNorm",
                 "up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm"}
    g = Group(f"transformer_{kind}", f"states of a {kind}, two layers, ids (2, 5), lengths 5 3; zero in the padding")
    g.metadata["config"] = json.dumps(config)
    w = Weights(g)
    first = 2 if kind == "roberta" else 0
    x = w(prefix + "embeddings.word_embeddings.weight", vocabulary, size)[IDS] + w(prefix + "embeddings.position_embeddings.weight", positions, size)[first + torch.arange(5)]
    if kind != "distilbert":
        segments = torch.tensor([[0, 0, 1, 1, 1], [0, 1, 1, 0, 0]]) if kind == "bert" else torch.zeros(2, 5).long()
        g.output("segments", segments)
        x = x + w(prefix + "embeddings.token_type_embeddings.weight", config["type_vocab_size"], size)[segments]
    x = w.layer_norm(x, prefix + "embeddings.LayerNorm", epsilon)
    for i in range(2):
        at = f"{prefix}{block}.{i}."
        q, k, v = (heads(w.linear(x, at + names[part], size), count) for part in "qkv")
        x = w.layer_norm(x + w.linear(attend(q, k, v, REAL[:, None, None, :]), at + names["o"], size), at + names["norm1"], epsilon)
        x = w.layer_norm(x + w.linear(F.gelu(w.linear(x, at + names["up"], inner)), at + names["down"], size), at + names["norm2"], epsilon)
    g.output("ids", IDS)
    g.gradients(states=real(x))
    g.save()


CAUSAL = torch.ones(5, 5).tril().bool()


def gpt2():
    size, count, vocabulary, positions = 8, 2, 11, 16
    g = Group("transformer_gpt2", "logits of a GPT-2, two layers, ids (2, 5), lengths 5 3; zero in the padding")
    g.metadata["config"] = json.dumps({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": size, "n_head": count, "n_layer": 2, "n_positions": positions, "n_ctx": positions, "vocab_size": vocabulary,
                                       "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0})
    w = Weights(g)
    x = w("transformer.wte.weight", vocabulary, size)[IDS] + w("transformer.wpe.weight", positions, size)[torch.arange(5)]
    for i in range(2):
        at = f"transformer.h.{i}."
        q, k, v = (heads(part, count) for part in w.conv1d(w.layer_norm(x, at + "ln_1", 1e-5), at + "attn.c_attn", 3 * size).split(size, -1))
        x = x + w.conv1d(attend(q, k, v, CAUSAL), at + "attn.c_proj", size)
        inner = w.conv1d(w.layer_norm(x, at + "ln_2", 1e-5), at + "mlp.c_fc", 4 * size)
        inner = 0.5 * inner * (1 + torch.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner ** 3)))
        x = x + w.conv1d(inner, at + "mlp.c_proj", size)
    x = w.layer_norm(x, "transformer.ln_f", 1e-5)
    g.output("ids", IDS)
    g.gradients(logits=real(x @ w("transformer.wte.weight").T))
    g.save()


def llama():
    size, inner, count, shared, vocabulary, factor, base = 16, 20, 4, 2, 11, 2.0, 500.0
    g = Group("transformer_llama", "logits of a Llama, two layers, 4 query heads over 2 key/value heads, linear rope scaling 2, biases in attention, a head of its own; ids (2, 5), lengths 5 3; zero in the padding")
    g.metadata["config"] = json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": size, "intermediate_size": inner, "num_attention_heads": count, "num_key_value_heads": shared,
                                       "num_hidden_layers": 2, "vocab_size": vocabulary, "max_position_embeddings": 64, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": base,
                                       "rope_scaling": {"type": "linear", "factor": factor}, "attention_bias": True, "mlp_bias": False, "tie_word_embeddings": False})
    w = Weights(g)
    dim = size // count
    angles = (torch.arange(5).double() / factor)[:, None] * base ** (-torch.arange(0, dim, 2).double() / dim)[None, :]
    cos, sin = torch.cos(angles).repeat(1, 2).to(Group.dtype), torch.sin(angles).repeat(1, 2).to(Group.dtype)

    def turn(x):
        first, second = x.chunk(2, -1)
        return x * cos + torch.cat([-second, first], -1) * sin

    def rms(x, name):
        return x / torch.sqrt((x ** 2).mean(-1, keepdim=True) + 1e-5) * w(name + ".weight", size, scale=1.5)

    x = w("model.embed_tokens.weight", vocabulary, size, scale=1.0)[IDS]
    for i in range(2):
        at = f"model.layers.{i}."
        y = rms(x, at + "input_layernorm")
        q = turn(heads(w.linear(y, at + "self_attn.q_proj", size), count))
        k = turn(heads(w.linear(y, at + "self_attn.k_proj", shared * dim), shared)).repeat_interleave(count // shared, 1)
        v = heads(w.linear(y, at + "self_attn.v_proj", shared * dim), shared).repeat_interleave(count // shared, 1)
        x = x + w.linear(attend(q, k, v, CAUSAL), at + "self_attn.o_proj", size)
        y = rms(x, at + "post_attention_layernorm")
        x = x + w.linear(F.silu(w.linear(y, at + "mlp.gate_proj", inner, bias=False)) * w.linear(y, at + "mlp.up_proj", inner, bias=False), at + "mlp.down_proj", size, bias=False)
    g.output("ids", IDS)
    g.gradients(logits=real(w.linear(rms(x, "model.norm"), "lm_head", vocabulary, bias=False)))
    g.save()


def write():
    attention()
    layers()
    for kind in ("pre", "post"):
        encoder_decoder(kind)
    for kind in ("bert", "roberta", "distilbert"):
        encoder(kind)
    gpt2()
    llama()


if __name__ == "__main__":
    print("torch", torch.__version__)
    with_float32(write)
