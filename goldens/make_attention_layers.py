"""Writes multihead_*.safetensors: what multi-head attention and Transformer layers can be beyond torch's own modules, written from the papers' formulas, from inputs made by formula.py.

usage: python3 make_attention_layers.py        (as make_torch.py, whose Group it uses)

Weights are named as in Heed's modules. Sequences of 40 or 140 tokens fill more than one block of keys.
"""
import math

import torch
import torch.nn.functional as F

from make_torch import Group, with_float32
from make_transformers import Weights

SIZE, TIME, LENGTHS, MEMORY, MEMORY_LENGTHS = 8, 40, (40, 27), 35, (35, 9)


def real(time, lengths):
    return torch.arange(time)[None, :] < torch.tensor(lengths)[:, None]


def slopes(count):
    """Press et al. 2022, section 3: a geometric sequence that starts at 2^(-8/n) and has that ratio."""
    return torch.tensor([2 ** (-8 / count * (i + 1)) for i in range(count)]).to(Group.dtype)


def buckets(distance, count, largest, both_ways):
    """Raffel et al. 2020, section 2.1, as in their code; distance is key - query."""
    first = torch.zeros_like(distance)
    if both_ways:
        count //= 2
        first, distance = torch.where(distance > 0, count, 0), distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    exact = count // 2
    # Steps lie on whole distances; the small addend keeps them there.
    far = exact + (torch.log(distance.clamp(min=exact).double() / exact) / math.log(largest / exact) * (count - exact) + 1e-9).floor().long()
    return first + torch.where(distance < exact, distance, far.clamp(max=count - 1))


def turn(x, size, base, factor, interleaved):
    """Su et al. 2021: pairs of the first features turn by position/factor · base^(-2i/size); pairs are neighbours, or halves as in Llama. x is (batch, heads, time, features)."""
    angles = (torch.arange(x.shape[2]).double() / factor)[:, None] * base ** (-torch.arange(0, size, 2).double() / size)[None, :]
    cos, sin = torch.cos(angles).to(x.dtype), torch.sin(angles).to(x.dtype)
    a, b = (x[..., 0:size:2], x[..., 1:size:2]) if interleaved else (x[..., :size // 2], x[..., size // 2:size])
    first, second = a * cos - b * sin, a * sin + b * cos
    turned = torch.stack([first, second], -1).flatten(-2) if interleaved else torch.cat([first, second], -1)
    return torch.cat([turned, x[..., size:]], -1)


def rms(x, weight, epsilon=1e-6):
    return x / torch.sqrt((x ** 2).mean(-1, keepdim=True) + epsilon) * weight


def attention(w, x, memory, allowed, heads=4, shared=2, dim=16, value=16, position="none", cap=0.0, sinks=False, norm=False, gate=False, bias=True, size=0, base=10000.0, factor=1.0, count=32, largest=128,
              causal=False, prefix=""):
    """y = [softmax(s)·V of each head]·W_o; allowed is (batch or 1, 1, queries, keys)."""
    split = lambda y, features: y.reshape(y.shape[0], y.shape[1], -1, features).transpose(1, 2)
    q = split(w.linear(x, prefix + "q_proj", heads * dim, bias), dim)
    k = split(w.linear(memory, prefix + "k_proj", shared * dim, bias), dim)
    v = split(w.linear(memory, prefix + "v_proj", shared * value, bias), value)
    if norm:
        q, k = rms(q, w(prefix + "q_norm.weight", dim, scale=1.5)), rms(k, w(prefix + "k_norm.weight", dim, scale=1.5))
    if position.startswith("rope"):
        q, k = (turn(y, size or dim, base, factor, position == "rope-interleaved") for y in (q, k))
    k, v = (y.repeat_interleave(heads // shared, 1) for y in (k, v))
    scores = q @ k.transpose(-1, -2) / math.sqrt(dim)
    if cap > 0:
        scores = cap * torch.tanh(scores / cap)
    distance = torch.arange(memory.shape[1])[None, :] - torch.arange(x.shape[1])[:, None]
    if position == "alibi":
        scores = scores - slopes(heads)[:, None, None] * distance.abs()
    elif position == "t5":
        scores = scores + w(prefix + "relative_bias", count, heads, scale=2.0)[buckets(distance, count, largest, not causal)].permute(2, 0, 1)
    elif position == "shaw":
        place = distance.clamp(-largest, largest) + largest
        scores = scores + torch.einsum("bhid,ijd->bhij", q, w(prefix + "relative_keys", 2 * largest + 1, dim)[place]) / math.sqrt(dim)
    scores = scores.masked_fill(~allowed, -torch.inf)
    if sinks:
        own = w(prefix + "sinks", heads, scale=2.0)[None, :, None, None].expand(*scores.shape[:3], 1)
        weights = torch.softmax(torch.cat([scores, own], -1), -1)[..., :-1]
    else:
        weights = torch.softmax(scores, -1)
    context = weights @ v
    if position == "shaw":
        context = context + torch.einsum("bhij,ijd->bhid", weights, w(prefix + "relative_values", 2 * largest + 1, value)[place])
    context = context.transpose(1, 2).flatten(2)
    if gate:
        context = context * torch.sigmoid(w.linear(x, prefix + "gate_proj", heads * value, bias=False))
    return w.linear(context, prefix + "out_proj", SIZE, bias)


def mask(time, lengths, causal):
    allowed = real(time, lengths)[:, None, None, :]
    return allowed & torch.ones(time, time).tril().bool() if causal else allowed


def own(name, note, time=TIME, lengths=LENGTHS, causal=False, **options):
    g = Group("multihead_" + name, f"{note}; {options}{', causal' if causal else ''}; self-attention over x {(len(lengths), time, SIZE)}, lengths {lengths}; output is zero in the padding")
    x = g.input("x", len(lengths), time, SIZE, scale=2.0)
    y = attention(Weights(g), x, x, mask(time, lengths, causal), causal=causal, **options)
    g.gradients(output=y * real(time, lengths)[..., None])
    g.save()


def cross(name, note, **options):
    g = Group("multihead_" + name, f"{note}; {options}; x {(2, TIME, SIZE)} over a memory {(2, MEMORY, 6)}, lengths {MEMORY_LENGTHS}")
    x, memory = g.input("x", 2, TIME, SIZE, scale=2.0), g.input("memory", 2, MEMORY, 6, scale=2.0)
    g.gradients(output=attention(Weights(g), x, memory, real(MEMORY, MEMORY_LENGTHS)[:, None, None, :], **options))
    g.save()


def layer(name, note, activation, pre, bias, **options):
    g = Group("multihead_layer_" + name, f"{note}, {'pre' if pre else 'post'}-norm, 12 inside; {options}; x {(2, TIME, SIZE)}, lengths {LENGTHS}; output is zero in the padding")
    w = Weights(g)
    x = g.input("x", 2, TIME, SIZE, scale=2.0)
    norm = lambda y, at: rms(y, w(at + ".weight", SIZE, scale=1.5), 1e-5)
    attend = lambda y: attention(w, y, y, mask(TIME, LENGTHS, False), bias=bias, prefix="attention.", **options)

    def think(y):
        inner = activation(w.linear(y, "feed_forward.gate_proj", 12, bias)) * w.linear(y, "feed_forward.up_proj", 12, bias)
        return w.linear(inner, "feed_forward.down_proj", SIZE, bias)

    for run, at in ((attend, "attention_norm"), (think, "feed_forward_norm")):
        x = x + run(norm(x, at)) if pre else norm(x + run(x), at)
    g.gradients(output=x * real(TIME, LENGTHS)[..., None])
    g.save()


def write():
    own("grouped", "Ainslie et al. 2023, values narrower than keys", value=9)
    own("multi_query", "Shazeer 2019, values wider than keys", causal=True, shared=1, dim=7, value=11)
    own("qk_norm", "each head's query and key over their root mean square", norm=True)
    own("gate", "contexts times sigmoid(x·W_g)", gate=True, value=9)
    own("soft_cap", "cap·tanh(score/cap)", cap=1.5)
    own("sinks", "one more energy for each head, without a value", causal=True, sinks=True)
    own("alibi", "Press et al. 2022", time=140, lengths=(140,), causal=True, position="alibi")
    own("alibi_both", "Press et al. 2022, both ways, cap before the bias", position="alibi", cap=2.0)
    own("t5", "Raffel et al. 2020, both ways", time=140, lengths=(140,), position="t5", count=16, largest=60)
    own("t5_causal", "Raffel et al. 2020, one way", time=140, lengths=(140,), causal=True, position="t5")
    own("rope", "Su et al. 2021, halves, positions over 2", position="rope", base=500.0, factor=2.0)
    own("rope_interleaved", "Su et al. 2021, neighbours, the first 10 of 16 features", position="rope-interleaved", size=10, base=500.0)
    own("shaw", "Shaw et al. 2018, keys and values", position="shaw", largest=6, value=9)
    own("all", "QK-norm, gate, cap, sinks, interleaved RoPE, multi-query", causal=True, norm=True, gate=True, cap=1.5, sinks=True, position="rope-interleaved", shared=1, value=9)
    cross("cross", "grouped heads, QK-norm, gate, cap, sinks", norm=True, gate=True, cap=1.5, sinks=True, value=9)
    layer("swiglu", "RMS norm, SwiGLU (Shazeer 2020), no biases", F.silu, True, False)
    layer("geglu", "RMS norm, GEGLU (Shazeer 2020)", F.gelu, False, True, norm=True)


if __name__ == "__main__":
    print("torch", torch.__version__)
    with_float32(write)
