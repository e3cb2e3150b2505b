"""torch's side of TransformersGroup.cs: training steps, encoder inference, one token at a time from a network of GPT-2's shape. Random weights and tokens.

usage: torch_transformers.py THREADS BUDGET_MS [CASE]   (start it through tuned.sh)
"""
import json
import math
import pathlib
import resource
import sys
import time
import types

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "quality"))
from torch_lm import Model  # noqa: E402


WORDS = 30522
ENCODED = ((1, 16), (1, 128), (32, 128))  # texts and tokens of each


def operations(layers, size, batch, tokens, outputs, causal=False):
    """Of a forward pass, counted as TransformersGroup.cs does: two for each multiply-add; scores and weighted sums half where causal."""
    layer = 12 * size * size + 2 * tokens * size * (0.5 if causal else 1)
    return 2 * batch * tokens * (layers * layer + size * outputs)


def measure(name, kind, threads, budget, work, count):
    for _ in range(3):
        work()
    times, end = [], time.perf_counter() + budget / 1e3
    while time.perf_counter() < end or len(times) < 5:
        begin = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - begin))
    times.sort()
    print(json.dumps({"peer": "torch", "case": name, "threads": threads, "pass": kind, "ms_min": round(times[0], 3), "ms_median": round(times[len(times) // 2], 3), "gflops": None if count is None else round(count / times[0] / 1e6, 1),
                      "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}), flush=True)


def train(name, threads, budget, model, loss, count):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def work():
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    measure(name, "train", threads, budget, work, 3 * count)


def encoder(layers, size, heads, norm_first, words):
    layer = nn.TransformerEncoderLayer(size, heads, 4 * size, 0.0, "gelu", batch_first=True, norm_first=norm_first)
    return nn.ModuleList([nn.Embedding(words, size), nn.Embedding(512, size), nn.TransformerEncoder(layer, layers)])


def states(model, ids):
    return model[2](model[0](ids) + model[1](torch.arange(ids.shape[1])))


class Decoder(nn.Module):
    """GPT-2's shape, with keys and values kept."""

    def __init__(self, layers=12, size=768, heads=12, words=50257, context=1024):
        super().__init__()
        self.heads = heads
        self.tokens, self.places = nn.Embedding(words, size), nn.Embedding(context, size)
        self.layers = nn.ModuleList(nn.ModuleList([nn.LayerNorm(size), nn.Linear(size, 3 * size), nn.Linear(size, size), nn.LayerNorm(size), nn.Linear(size, 4 * size), nn.Linear(4 * size, size)]) for _ in range(layers))
        self.norm = nn.LayerNorm(size)

    def forward(self, ids, cache, at):
        t = ids.shape[1]
        x = self.tokens(ids) + self.places(torch.arange(at, at + t))
        for n, (norm1, qkv, out, norm2, up, down) in enumerate(self.layers):
            q, k, v = (part.view(1, t, self.heads, -1).transpose(1, 2) for part in qkv(norm1(x)).chunk(3, -1))
            cache[n][0][:, :, at:at + t], cache[n][1][:, :, at:at + t] = k, v
            keys, values = cache[n][0][:, :, :at + t], cache[n][1][:, :, :at + t]
            scores = q @ keys.transpose(-1, -2) / math.sqrt(q.shape[-1])
            if t > 1:
                scores = scores.masked_fill(torch.ones(t, at + t, dtype=torch.bool).triu(at + 1), -math.inf)
            x = x + out((scores.softmax(-1) @ values).transpose(1, 2).reshape(1, t, -1))
            x = x + down(F.gelu(up(norm2(x))))
        return self.norm(x[:, -1]) @ self.tokens.weight.t()


def main():
    threads, budget, only = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    if only in "lm step 4x128 b12 t64":
        model = Model(65, types.SimpleNamespace(layers=4, heads=4, size=128, context=64, dropout=0.0))
        ids = torch.randint(65, (12, 64))
        train("lm step 4x128 b12 t64", threads, budget, model, lambda: F.cross_entropy(model(ids).flatten(0, 1), ids.flatten()), operations(4, 128, 12, 64, 65, causal=True))
    if only in "encoder step 6x512 b16 t128":
        model, head = encoder(6, 512, 8, True, 1000), nn.Linear(512, 2)
        ids, labels = torch.randint(1000, (16, 128)), torch.arange(16 * 128) % 2
        both = nn.ModuleList([model, head])
        train("encoder step 6x512 b16 t128", threads, budget, both, lambda: F.cross_entropy(head(states(model, ids)).flatten(0, 1), labels), operations(6, 512, 16, 128, 2))
    for batch, tokens in ENCODED:
        name = f"encoder 12x384 {batch}x{tokens}"
        if only in name:
            model, ids = encoder(12, 384, 12, False, WORDS).eval(), torch.randint(WORDS, (batch, tokens))
            with torch.inference_mode():
                measure(name, "fwd", threads, budget, lambda: states(model, ids), operations(12, 384, batch, tokens, 0))
    if only in "decode gpt2-small":
        model, at = Decoder().eval(), [64]
        cache = [[torch.zeros(1, 12, 1024, 64), torch.zeros(1, 12, 1024, 64)] for _ in range(12)]

        def work():
            model(torch.tensor([[1]]), cache, at[0])
            at[0] = at[0] + 1 if at[0] < 264 else 64
        with torch.inference_mode():
            model(torch.randint(50257, (1, 64)), cache, 0)
            measure("decode gpt2-small", "token", threads, budget, work, None)


if __name__ == "__main__":
    main()
