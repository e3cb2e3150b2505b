"""Writes the *.safetensors files of this folder: outputs and gradients of torch for inputs made by formula.py.

usage: python3 make_torch.py        (any torch from 1.13 on; README.md says which one made the committed files)

Everything is computed in float64 from float32 inputs and stored as float32: the files are right to half a unit in the last place.
"""
import json
import pathlib
import struct
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from formula import fill

HERE = pathlib.Path(__file__).resolve().parent


class Group:
    """One golden file. Inputs get the salts 1, 2, 3 … in the order in which they are asked for."""

    dtype = torch.float64
    plain = {}  # what float32 made of the same file

    def __init__(self, name, note):
        self.name, self.tensors, self.inputs = name, {}, {}
        self.metadata = {
            "made by": f"goldens/{pathlib.Path(sys.argv[0]).name}, torch {torch.__version__}, float64 arithmetic, stored as float32",
            "note": note,
        }

    def input(self, name, *shape, scale=1.0):
        salt = len(self.inputs) + 1
        self.metadata["input:" + name] = f"salt {salt} scale {scale} shape {' '.join(map(str, shape))}"
        tensor = torch.from_numpy(fill(shape, salt, scale)).to(Group.dtype)
        self.inputs[name] = tensor.requires_grad_()
        return tensor

    def output(self, name, value):
        self.tensors[name] = torch.as_tensor(value).detach().contiguous()

    def gradients(self, **outputs):
        """Stores the outputs and the gradient of every input for loss = sum over outputs of sum(output * probe)."""
        wanted = list(self.inputs.items())
        loss = 0
        for name, value in outputs.items():
            self.output(name, value)
            probe = self.input("probe." + name, *value.shape)
            loss = loss + (value * probe.detach()).sum()
        grads = torch.autograd.grad(loss, [t for _, t in wanted], allow_unused=True)
        for (name, tensor), grad in zip(wanted, grads):
            if grad is not None:
                self.output("grad." + name, grad)

    def module(self, module, scale, prefix=""):
        """Replaces a module's parameters by formula values, in the order of named_parameters."""
        module.to(Group.dtype)
        for name, parameter in list(module.named_parameters()):
            with torch.no_grad():
                parameter.copy_(self.input(prefix + name, *parameter.shape, scale=scale))
            self.inputs[prefix + name] = parameter
        return module

    def save(self):
        if Group.dtype == torch.float32:
            Group.plain[self.name] = self.tensors
            return
        for name, tensor in Group.plain.get(self.name, {}).items():
            if tensor.is_floating_point():
                self.metadata["float32:" + name] = f"{(tensor.double() - self.tensors[name]).abs().max().item():.3e}"
        header, parts, at = {"__metadata__": self.metadata}, [], 0
        for name, tensor in self.tensors.items():
            integer = not tensor.is_floating_point()
            data = tensor.numpy().astype("<i8" if integer else "<f4").tobytes()
            header[name] = {"dtype": "I64" if integer else "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
            parts.append(data)
            at += len(data)
        text = json.dumps(header, ensure_ascii=True).encode()
        text += b" " * (-len(text) % 8)
        path = HERE / f"{self.name}.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
        print(f"{path.name}: {path.stat().st_size} bytes, {len(self.tensors)} tensors")


def with_float32(write):
    """Writes files that note how far torch's own float32 is from its float64, too: float32:NAME in the metadata, the largest difference of any value."""
    for Group.dtype in (torch.float32, torch.float64):
        write()


def formula():
    g = Group("formula", "the formula itself: 37 values of three salts and scales")
    for salt, scale in ((0, 1.0), (7, 0.1), (2**63, 3.0)):
        g.output(f"salt {salt} scale {scale}", torch.from_numpy(fill((37,), salt, scale)))
    g.save()


def linear():
    g = Group("linear", "output = x · weightᵀ + bias; x (7, 5), weight (3, 5)")
    x = g.input("x", 7, 5)
    layer = g.module(nn.Linear(5, 3), 0.5)
    g.gradients(output=layer(x))
    g.save()


def embedding():
    g = Group("embedding", "nn.Embedding(11, 7, padding_idx=0): id 0 reads row 0 and gives it no gradient")
    ids = torch.tensor([[1, 10, 4, 0, 0], [4, 4, 9, 1, 0], [2, 10, 4, 7, 5]])
    layer = g.module(nn.Embedding(11, 7, padding_idx=0), 1.0)
    g.output("ids", ids)
    g.gradients(output=layer(ids))
    g.save()


def layer_norm(rows, size):
    g = Group(f"layer_norm_{size}", f"nn.LayerNorm({size}, eps=1e-5) over ({rows}, {size})")
    x = g.input("x", rows, size, scale=2.0)
    layer = g.module(nn.LayerNorm(size), 1.0)
    g.gradients(output=layer(x))
    g.save()


def group_norm():
    g = Group("group_norm", "nn.GroupNorm(3, 6, eps=1e-3) over (2, 5, 7, 6); channels last in the file")
    x = g.input("x", 2, 5, 7, 6, scale=2.0)
    layer = g.module(nn.GroupNorm(3, 6, eps=1e-3), 1.0)
    g.gradients(output=layer(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
    g.save()


def softmax():
    for name, operation in (("softmax", F.softmax), ("log_softmax", F.log_softmax)):
        g = Group(name, f"F.{name} over the last axis of (5, 37)")
        x = g.input("x", 5, 37, scale=6.0)
        g.gradients(output=operation(x, -1))
        g.save()


def cross_entropy():
    g = Group("cross_entropy", "mean cross-entropy of logits (11, 5): plain; with class weights, divided by the sum of the "
              "targets' weights; with label smoothing 0.1. grad.X is the gradient of loss.X by the logits.")
    x = g.input("logits", 11, 5, scale=4.0)
    target = torch.tensor([3, 0, 4, 1, 1, 2, 3, 0, 4, 4, 2])
    weight = torch.tensor([0.5, 2.0, 1.0, 0.25, 3.0], dtype=torch.float64)
    g.output("target", target)
    g.output("class_weights", weight)
    for name, options in (("mean", {}), ("weighted", {"weight": weight}), ("smoothed", {"label_smoothing": 0.1})):
        loss = F.cross_entropy(x, target, **options)
        g.output("loss." + name, loss)
        g.output("grad." + name, torch.autograd.grad(loss, x)[0])
    g.save()


def recurrent(kind):
    lengths = torch.tensor([7, 3, 5, 1])
    g = Group(kind.lower(), f"nn.{kind}(5, 3, num_layers=2, bidirectional=True, batch_first=True) over x (4, 7, 5), packed by lengths; "
              "output is zero in the padding; h_n and c_n are (layers·directions, batch, hidden)")
    x = g.input("x", 4, 7, 5)
    layer = g.module(getattr(nn, kind)(5, 3, num_layers=2, bidirectional=True, batch_first=True), 0.6)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, state = layer(packed)
    output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=7)
    g.output("lengths", lengths)
    g.gradients(output=output, **states(state))
    g.save()


def recurrent_with_state(kind):
    g = Group(kind.lower() + "_state", f"nn.{kind}(5, 3, batch_first=True), one layer, one direction, x (2, 7, 5), from given states (1, 2, 3)")
    x = g.input("x", 2, 7, 5)
    start = [g.input(name, 1, 2, 3) for name in (("h_0", "c_0") if kind == "LSTM" else ("h_0",))]
    layer = g.module(getattr(nn, kind)(5, 3, batch_first=True), 0.6)
    output, state = layer(x, tuple(start) if kind == "LSTM" else start[0])
    g.gradients(output=output, **states(state))
    g.save()


def states(state):
    return {"h_n": state[0], "c_n": state[1]} if isinstance(state, tuple) else {"h_n": state}


LENGTHS, HALF = [7, 3, 0, 5, 1], 11  # the states h are (5, 7, 22): forward and backward halves of 11


def pooling(name, note, parameters, weigh):
    """weigh(h, *parameters) sees one text's states (length, 22) and gives a dictionary of outputs; an empty text gives zeros."""
    g = Group("pool_" + name, note + " States h (5, 7, 22), lengths 7 3 0 5 1; positions from the length on are padding; "
              "the empty text gives zeros.")
    h = g.input("h", len(LENGTHS), 7, 2 * HALF)
    tensors = [g.input(key, *shape, scale=0.5) for key, shape in parameters.items()]
    rows = [weigh(h[b, :n], *tensors) if n else None for b, n in enumerate(LENGTHS)]
    first = rows[0]
    zero = {key: torch.zeros(value.shape, dtype=torch.float64) for key, value in first.items()}
    outputs = {key: torch.stack([padded(row[key], first[key]) if row else zero[key] for row in rows]) for key in first}
    g.output("lengths", torch.tensor(LENGTHS))
    if "argmax" in outputs:
        outputs["argmax"][2] = -1
        g.output("argmax", outputs.pop("argmax").long())
    g.gradients(**outputs)
    g.save()


def padded(value, like):
    missing = like.shape[-1] - value.shape[-1] if value.ndim else 0
    return F.pad(value, (0, missing)) if missing else value


def poolings():
    size, width, views = 2 * HALF, 13, 3

    def projection(average):
        def weigh(h, w_a):
            e = torch.softmax(w_a @ h.T, -1)
            c = e @ h
            return {"context": c.mean(0) if average else c.flatten(), "weights": e}
        return weigh

    w_a = {"W_a": (views, size)}
    pooling("projection_concat", "E = softmax over t of W_a·h_t; c_k = sum_t e_kt h_t; context: the 3 c_k concatenated.", w_a, projection(False))
    pooling("projection_mean", "E = softmax over t of W_a·h_t; c_k = sum_t e_kt h_t; context: the mean of the 3 c_k.", w_a, projection(True))

    def zhou(h, w):
        a = torch.softmax(torch.tanh(h) @ w, 0)
        return {"context": torch.tanh(a @ h), "weights": a}
    pooling("tanh", "a = softmax(w·tanh(h_t)); context = tanh(sum_t a_t h_t).", {"w": (size,)}, zhou)

    def additive(h, weight, bias, u):
        a = torch.softmax(torch.tanh(h @ weight.T + bias) @ u, 0)
        return {"context": a @ h, "weights": a}
    pooling("additive", "a = softmax(u·tanh(W·h_t + b)); context = sum_t a_t h_t.", {"W": (width, size), "b": (width,), "u": (width,)}, additive)

    def structured(h, w1, w2):
        a = torch.softmax(w2 @ torch.tanh(w1 @ h.T), -1)
        penalty = ((a @ a.T - torch.eye(views, dtype=torch.float64)) ** 2).sum()
        return {"context": (a @ h).flatten(), "weights": a, "penalty": penalty}
    pooling("structured", "A = softmax over t of W2·tanh(W1·Hᵀ); context: the 3 rows of A·H concatenated; penalty = |A·Aᵀ - I|² (Frobenius) of each text.",
            {"W1": (width, size), "W2": (views, width)}, structured)

    pooling("last", "context = forward half of the last state, backward half of the first.", {},
            lambda h: {"context": torch.cat([h[-1, :HALF], h[0, HALF:]])})
    pooling("mean", "context = mean of the states.", {}, lambda h: {"context": h.mean(0)})
    pooling("max", "context = maximum of each feature over t; argmax: its position, -1 for the empty text.", {},
            lambda h: {"context": h.max(0).values, "argmax": h.max(0).indices.double()})
    pooling("gated", "context = mean over t of sigmoid(W·h_t + b) * h_t.", {"W": (size, size), "b": (size,)},
            lambda h, weight, bias: {"context": (torch.sigmoid(h @ weight.T + bias) * h).mean(0)})


def scaled_dot_product(q, k, v, **options):
    """torch's own function, which 1.13 has under another name and with the weights as a second result."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, **options)
    return F._scaled_dot_product_attention(q, k, v, **options)[0]


def attention():
    batch, heads, queries, keys, dim, value_dim = 2, 4, 5, 7, 6, 3
    mask = (torch.arange(batch * heads * queries * keys) * 7919 % 5 != 0).reshape(batch, heads, queries, keys)

    def inputs(g, shared=heads, m=queries, n=keys):
        return g.input("q", batch, heads, m, dim, scale=2.0), g.input("k", batch, shared, n, dim, scale=2.0), g.input("v", batch, shared, n, value_dim)

    g = Group("attention_full", "F.scaled_dot_product_attention over q (2, 4, 5, 6), k (2, 4, 7, 6), v (2, 4, 7, 3)")
    g.gradients(output=scaled_dot_product(*inputs(g)))
    g.save()
    g = Group("attention_causal", "the same with is_causal, which aligns top-left, 7 queries over 7 keys")
    g.gradients(output=scaled_dot_product(*inputs(g, m=keys), is_causal=True))
    g.save()
    g = Group("attention_mask", "the same with a boolean attn_mask (2, 4, 5, 7): True takes part; element i is i * 7919 % 5 != 0")
    g.gradients(output=scaled_dot_product(*inputs(g), attn_mask=mask))
    g.save()
    g = Group("attention_bias", "softmax(q·kᵀ/√6 + bias, -1)·v with bias (4, 5, 7) for all sequences; grouped: k and v have 2 heads, repeat_interleave makes 4 of them")
    q, k, v = inputs(g, shared=2)
    bias = g.input("bias", heads, queries, keys)
    scores = q @ k.repeat_interleave(2, 1).transpose(-1, -2) / dim ** 0.5 + bias
    g.gradients(output=torch.softmax(scores, -1) @ v.repeat_interleave(2, 1), log_sum_exp=torch.logsumexp(scores, -1), entropy=-(torch.softmax(scores, -1) * torch.log_softmax(scores, -1)).sum(-1))
    g.save()
    g = Group("attention_cosine", "softmax(temperature·cosine(q, k), -1)·v with a temperature (4,) for each head; F.normalize makes unit vectors")
    q, k, v = inputs(g)
    temperature = g.input("temperature", heads, scale=5.0)
    g.gradients(output=torch.softmax(temperature[:, None, None] * (F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-1, -2)), -1) @ v)
    g.save()
    g = Group("attention_shaw", "Shaw et al. 2018, clip 2, keys and values: scores (q·kᵀ + q·a_k[clip(j - i) + 2])/√6, contexts Σ w·(v + a_v[clip(j - i) + 2]); 7 queries over 7 keys, causal")
    q, k, v = inputs(g, m=keys)
    a_k, a_v = g.input("a_k", 5, dim), g.input("a_v", 5, value_dim)
    place = (torch.arange(keys)[None, :] - torch.arange(keys)[:, None]).clamp(-2, 2) + 2
    scores = (q @ k.transpose(-1, -2) + torch.einsum("bhid,ijd->bhij", q, a_k[place])) / dim ** 0.5
    weights = torch.softmax(scores.masked_fill(torch.ones(keys, keys).triu(1).bool(), -torch.inf), -1)
    g.gradients(output=weights @ v + torch.einsum("bhij,ijd->bhid", weights, a_v[place]))
    g.save()


def sparsemax(x):
    """Martins and Astudillo 2016, algorithm 1: tau = (sum of the k largest - 1)/k, k the largest for which the k-th is above it."""
    largest = x.sort(-1, descending=True)[0]
    count = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    k = ((1 + count * largest) > largest.cumsum(-1)).sum(-1, keepdim=True)
    tau = (largest.cumsum(-1).gather(-1, k - 1) - 1) / k
    return (x - tau).clamp(min=0)


def entmax15(x):
    """Peters et al. 2019, algorithm 2, on x/2: tau = mean - sqrt((1 - sum of squares about the mean)/k) of the k largest."""
    x = x / 2
    largest = x.sort(-1, descending=True)[0]
    count = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    mean = largest.cumsum(-1) / count
    spread = (largest ** 2).cumsum(-1) - count * mean ** 2
    taus = mean - ((1 - spread) / count).clamp(min=1e-300).sqrt()
    k = (taus <= largest).sum(-1, keepdim=True)
    return (x - taus.gather(-1, k - 1)).clamp(min=0) ** 2


def distributions():
    for name, function, note in (("sparsemax", sparsemax, "Martins and Astudillo 2016, by sorting"), ("entmax15", entmax15, "entmax with alpha 1.5, Peters et al. 2019, by sorting")):
        g = Group(f"distribution_{name}", f"{note}, over the last axis of x (3, 4, 9)")
        g.gradients(output=function(g.input("x", 3, 4, 9, scale=2.0)))
        g.save()
    g = Group("distribution_hard", "hard attention, Xu et al. 2015: logarithm of the probability of given choices, and entropy, of softmax over the last axis of x (2, 3, 4, 5)")
    x = g.input("x", 2, 3, 4, 5, scale=2.0)
    choices = torch.arange(24).reshape(2, 3, 4) * 7 % 5
    g.output("choices", choices)
    logs = torch.log_softmax(x, -1)
    g.gradients(log_probability=logs.gather(-1, choices.unsqueeze(-1)).squeeze(-1), entropy=-(logs.exp() * logs).sum(-1))
    g.save()


def looks():
    """Attention whose weights depend on places or on earlier weights: queries (2, 3, 4) over keys and values (2, 7, 4), from the formulas."""
    batch, queries, keys, size, half, hidden = 2, 3, 7, 4, 2, 3

    def inputs(g):
        return g.input("query", batch, queries, size, scale=1.5), g.input("key", batch, keys, size, scale=1.5), g.input("value", batch, keys, size)

    g = Group("attention_local_p", "Luong et al. 2015, local-p: p = S·sigmoid(v_p·tanh(W_p q)), softmax of q·k in [p - 2, p + 2], times exp(-(j - p)²/2) (sigma = D/2 = 1)")
    q, k, v = inputs(g)
    w, row = g.input("W_p", hidden, size), g.input("v_p", 1, hidden, scale=2.0)
    p = keys * torch.sigmoid(torch.tanh(q @ w.t()) @ row.t())
    away = torch.arange(keys) - p
    weights = torch.softmax((q @ k.transpose(-1, -2)).masked_fill(away.abs() > half, -torch.inf), -1) * torch.exp(-away ** 2 / (2 * (half / 2) ** 2))
    g.gradients(context=weights @ v, weights=weights)
    g.save()

    g = Group("attention_local_m", "Luong et al. 2015, local-m: softmax of q·k in [t - 1, t + 1], t the number of the query, from 0")
    q, k, v = inputs(g)
    away = torch.arange(keys)[None, :] - torch.arange(queries)[:, None]
    weights = torch.softmax((q @ k.transpose(-1, -2)).masked_fill(away.abs() > 1, -torch.inf), -1)
    g.gradients(context=weights @ v, weights=weights)
    g.save()

    g = Group("attention_monotonic", "Raffel et al. 2017, expected alignment: p = sigmoid(q·k + r), q_j = (1 - p_{j-1})·q_{j-1} + alpha_j of the query before (first: all at key 0), alpha_j = p_j·q_j")
    q, k, v = inputs(g)
    p = torch.sigmoid(q @ k.transpose(-1, -2) + g.input("r", 1))
    before, rows = F.one_hot(torch.zeros(batch, dtype=torch.int64), keys).double(), []
    for i in range(queries):
        reach = [before[:, 0]]
        for j in range(1, keys):
            reach.append((1 - p[:, i, j - 1]) * reach[-1] + before[:, j])
        before = p[:, i] * torch.stack(reach, -1)
        rows.append(before)
    weights = torch.stack(rows, 1)
    g.gradients(context=weights @ v, weights=weights)
    g.save()

    g = Group("attention_location_aware", "Chorowski et al. 2015: e = v·tanh(W_k k + W_q q + b + U f), f = filters (2, width 3) over the weights of the query before (first: none), softmax")
    q, k, v = inputs(g)
    wk, wq, b = g.input("key.weight", hidden, size), g.input("query.weight", hidden, size), g.input("query.bias", hidden)
    filters, u, row = g.input("filters.weight", 2, 3, scale=2.0), g.input("features.weight", hidden, 2), g.input("v", 1, hidden, scale=2.0)
    before, rows = None, []
    for i in range(queries):
        inner = k @ wk.t() + (q[:, i] @ wq.t() + b).unsqueeze(1)
        if before is not None:
            inner = inner + F.conv1d(before.unsqueeze(1), filters.unsqueeze(1), padding=1).transpose(1, 2) @ u.t()
        before = torch.softmax((torch.tanh(inner) @ row.t()).squeeze(-1), -1)
        rows.append(before)
    weights = torch.stack(rows, 1)
    g.gradients(context=weights @ v, weights=weights)
    g.save()


def co_attentions():
    """The four forms of co-attention of X (2, 5, 4) and Y (2, 3, 4), from the formulas; all of each sequence is real."""
    size, k = 4, 3

    def group(name, note):
        g = Group(f"co_attention_{name}", f"{note}; X (2, 5, 4), Y (2, 3, 4)")
        return g, g.input("x", 2, 5, size), g.input("y", 2, 3, size)

    def summaries(g, first, second, ax, ay, **more):
        g.gradients(first=(ax * first).sum(1), second=(ay * second).sum(1), first_weights=ax.transpose(1, 2), second_weights=ay.transpose(1, 2), **more)
        g.save()

    g, x, y = group("parallel", "Lu et al. 2016, parallel co-attention, k = 3, no biases")
    affinity, first, second = g.input("affinity.weight", size, size), g.input("first.weight", k, size), g.input("second.weight", k, size)
    one, two = g.input("first_score.weight", 1, k, scale=2.0), g.input("second_score.weight", 1, k, scale=2.0)
    c = torch.tanh(x @ affinity.t() @ y.transpose(1, 2))
    hx, hy = torch.tanh(x @ first.t() + c @ (y @ second.t())), torch.tanh(y @ second.t() + c.transpose(1, 2) @ (x @ first.t()))
    summaries(g, x, y, torch.softmax(hx @ one.t(), 1), torch.softmax(hy @ two.t(), 1), affinity=c)

    g, x, y = group("alternating", "Lu et al. 2016, alternating co-attention, k = 3, three looks with weights of their own, no biases: X, then Y guided by what was found, then X guided by that")

    def look(name, z, guide):
        inner = z @ g.input(name + ".map.weight", k, size).t()
        if guide is not None:
            inner = inner + (guide @ g.input(name + ".guide.weight", k, size).t()).unsqueeze(1)
        weights = torch.softmax(torch.tanh(inner) @ g.input(name + ".score.weight", 1, k, scale=2.0).t(), 1)
        return weights, (weights * z).sum(1)

    _, start = look("start", x, None)
    ay, found = look("across", y, start)
    ax, _ = look("back", x, found)
    summaries(g, x, y, ax, ay)

    g, x, y = group("coarse", "Fan et al. 2018, coarse-grained: weights softmax(X·W_x·mean(Y)) and softmax(Y·W_y·mean(X))")
    to_first, to_second = g.input("to_first.weight", size, size, scale=2.0), g.input("to_second.weight", size, size, scale=2.0)
    ax = torch.softmax(torch.einsum("btf,bf->bt", x, y.mean(1) @ to_first.t()), 1).unsqueeze(2)
    ay = torch.softmax(torch.einsum("btf,bf->bt", y, x.mean(1) @ to_second.t()), 1).unsqueeze(2)
    summaries(g, x, y, ax, ay)

    g, x, y = group("fine", "fine-grained: counterparts by softmax of U = X·W·Yᵀ over either side (Parikh et al. 2016), comparisons tanh(W_m·[x ; x^ ; x - x^ ; x∘x^] + b) (Chen et al. 2017), "
                    "pooled by u·tanh(W_a·m + b_a), k = 3")
    affinity, compare, bias = g.input("affinity.weight", size, size, scale=2.0), g.input("compare.weight", size, 4 * size), g.input("compare.bias", size)
    hidden, hidden_bias, query = g.input("pooling.hidden.weight", k, size), g.input("pooling.hidden.bias", k), g.input("pooling.query.weight", 1, k, scale=2.0)
    u = torch.einsum("bif,bjf->bij", x @ affinity.t(), y)

    def compared(z, other):
        m = torch.tanh(torch.cat([z, other, z - other, z * other], -1) @ compare.t() + bias)
        return m, torch.softmax(torch.tanh(m @ hidden.t() + hidden_bias) @ query.t(), 1)

    mx, ax = compared(x, torch.softmax(u, 2) @ y)
    my, ay = compared(y, torch.softmax(u, 1).transpose(1, 2) @ x)
    summaries(g, mx, my, ax, ay, affinity=u)


def adamw():
    g = Group("adamw", "torch.optim.AdamW, lr 1e-3, betas 0.9 0.999, eps 1e-8, weight decay 1e-2; parameter (3, 5); the gradient of step s "
              "is the input gradient_s. parameter_s, exp_avg_s, exp_avg_sq_s: after step s.")
    parameter = nn.Parameter(g.input("parameter", 3, 5).detach().clone())
    optimizer = torch.optim.AdamW([parameter], lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)
    for step in range(1, 6):
        parameter.grad = g.input(f"gradient_{step}", 3, 5, scale=0.1 * step).detach().clone()
        optimizer.step()
        g.output(f"parameter_{step}", parameter.clone())
        for key in ("exp_avg", "exp_avg_sq"):
            g.output(f"{key}_{step}", optimizer.state[parameter][key].clone())
    g.save()


def encoder_decoder(kind):
    """The mean loss of three pairs, written from the formulas of docs/mechanisms/encoder-decoder.md, pair by pair and step by step."""
    E, H, A, V = 5, 4, 3, 7
    sources, targets = [[2, 3, 4], [5, 2], [3, 3, 6, 2]], [[4, 2], [3, 5, 2], [6]]
    g = Group(f"encoder_decoder_{kind}", f"E = {E}, H = {H}, A = {A}, V = {V}; sources {sources}, targets {targets}: mean loss over the 9 tokens, ends (id 0) among them")
    luong, see = kind == "luong", kind == "see"
    w = {"source": g.input("source.weight", V, E, scale=0.8), "target": g.input("target.weight", V, E, scale=0.8)}
    encoder = g.module(nn.LSTM(E, H, bidirectional=True, batch_first=True), 0.6, prefix="encoder.")
    linear = {}

    def add(name, rows, columns, bias=True):
        linear[name] = (g.input(name + ".weight", rows, columns, scale=0.7), g.input(name + ".bias", rows, scale=0.4) if bias else None)

    add("bridge", 2 * H, 2 * H)
    if luong:
        add("decoder.attention.score.general", 2 * H, H, bias=False)
    else:
        add("decoder.attention.score.key", A, 2 * H, bias=False)
        add("decoder.attention.score.query", A, H)
        v = g.input("decoder.attention.score.v", 1, A, scale=1.2)
        if see:
            add("decoder.attention.score.coverage", A, 1, bias=False)
    add("decoder.input", 4 * H, E)
    add("decoder.step", 4 * H, (H if luong else 2 * H) + H, bias=False)
    add("decoder.readout", H, 2 * H + H + (0 if luong else E), bias=not luong)
    add("output", V, H)
    if see:
        add("gate", 1, 2 * H + H + E)
    L = lambda name, x: F.linear(x, *linear[name])
    losses = []
    for source, target in zip(sources, targets):
        states, (last, _) = encoder(w["source"][source].unsqueeze(0))
        states = states[0]
        h, c = torch.tanh(L("bridge", torch.cat([last[0, 0], last[1, 0]]))).chunk(2)
        fed, seen = torch.zeros(H, dtype=torch.float64), torch.zeros(len(source), dtype=torch.float64)

        def look(query, seen):
            if luong:
                e = states @ L("decoder.attention.score.general", query)
            else:
                hidden = L("decoder.attention.score.key", states) + L("decoder.attention.score.query", query)
                if see:
                    hidden = hidden + L("decoder.attention.score.coverage", seen.unsqueeze(1))
                e = (torch.tanh(hidden) @ v.t()).squeeze(1)
            a = torch.softmax(e, 0)
            return a, a @ states

        for before, token in zip([0] + target, target + [0]):
            y = w["target"][before]
            if not luong:
                a, context = look(h, seen)
                fed = context
            i, f, n, o = (L("decoder.input", y) + L("decoder.step", torch.cat([fed, h]))).chunk(4)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(n)
            h = torch.sigmoid(o) * torch.tanh(c)
            if luong:
                a, context = look(h, seen)
                fed = read = torch.tanh(L("decoder.readout", torch.cat([context, h])))
            else:
                read = torch.tanh(L("decoder.readout", torch.cat([h, context, y])))
            p = torch.softmax(L("output", read), 0)[token]
            if see:
                own = torch.sigmoid(L("gate", torch.cat([context, h, y])))[0]
                p = own * p + (1 - own) * sum((a[j] for j, x in enumerate(source) if x == token), torch.zeros((), dtype=torch.float64))
                losses.append(-torch.log(p + 1e-9) + torch.minimum(a, seen).sum())
                seen = seen + a
            else:
                losses.append(-torch.log(p))
    g.gradients(loss=torch.stack(losses).mean().reshape(1))
    g.save()


def clip():
    g = Group("clip_grad_norm", "clip_grad_norm_ over two gradients, (3, 5) and (7,): to norm 1 (clips) and to norm 100 (leaves them as they are)")
    first, second = g.input("gradient_a", 3, 5), g.input("gradient_b", 7)
    for bound in (1, 100):
        parameters = [nn.Parameter(torch.zeros_like(t)) for t in (first, second)]
        for parameter, gradient in zip(parameters, (first, second)):
            parameter.grad = gradient.detach().clone()
        g.output(f"norm_{bound}", torch.nn.utils.clip_grad_norm_(parameters, float(bound)))
        for name, parameter in zip("ab", parameters):
            g.output(f"clipped_{bound}_{name}", parameter.grad)
    g.save()


if __name__ == "__main__":
    print("torch", torch.__version__, "numpy", np.__version__)
    formula()
    linear()
    embedding()
    for rows, size in ((7, 3), (5, 37), (2, 131)):
        layer_norm(rows, size)
    group_norm()
    softmax()
    cross_entropy()
    for kind in ("LSTM", "GRU"):
        recurrent(kind)
        recurrent_with_state(kind)
    poolings()
    attention()
    distributions()
    looks()
    co_attentions()
    adamw()
    clip()
    for kind in ("bahdanau", "luong", "see"):
        encoder_decoder(kind)
