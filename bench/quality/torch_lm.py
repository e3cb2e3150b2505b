#!/usr/bin/env python3
"""The character language model of `heed train lm` in torch: the same network, optimizer, schedule and evaluation.

usage: torch_lm.py --train FILE --dev FILE [--steps N] [--seed N] [--threads N] [--batch N] [--context N] [--layers N] [--heads N] [--size N] [--learning-rate X] [--dropout P]

Pre-norm layers, rotary positions (halves), GELU as defined, tied output, AdamW with decay 0.1 on all parameters, warm-up over 5 % of the steps, then a cosine to 0, gradients clipped to norm 1.
Dev loss: windows side by side over the whole text, each token foretold from those before it in its window. The last line is a JSON object.
"""
import argparse
import json
import math
import resource
import time

import torch
import torch.nn.functional as F
from torch import nn


def turned(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Layer(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.heads, self.dropout = o.heads, o.dropout
        self.norm1, self.norm2 = nn.LayerNorm(o.size), nn.LayerNorm(o.size)
        self.qkv, self.out = nn.Linear(o.size, 3 * o.size), nn.Linear(o.size, o.size)
        self.up, self.down = nn.Linear(o.size, 4 * o.size), nn.Linear(4 * o.size, o.size)
        for part in (*self.qkv.weight.chunk(3), self.out.weight):
            nn.init.xavier_uniform_(part)

    def forward(self, x, cos, sin, mask):
        b, t, d = x.shape
        q, k, v = (part.view(b, t, self.heads, d // self.heads).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        scores = turned(q, cos[:t], sin[:t]) @ turned(k, cos[:t], sin[:t]).transpose(-1, -2) / math.sqrt(d // self.heads)
        weights = scores.masked_fill(mask[:t, :t], -math.inf).softmax(-1)
        x = x + F.dropout(self.out((weights @ v).transpose(1, 2).reshape(b, t, d)), self.dropout, self.training)
        return x + F.dropout(self.down(F.dropout(F.gelu(self.up(self.norm2(x))), self.dropout, self.training)), self.dropout, self.training)


class Model(nn.Module):
    """o: layers, heads, size, context, dropout."""

    def __init__(self, vocabulary, o):
        super().__init__()
        self.dropout = o.dropout
        self.tokens = nn.Embedding(vocabulary, o.size)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.layers, self.norm = nn.ModuleList(Layer(o) for _ in range(o.layers)), nn.LayerNorm(o.size)
        half = o.size // o.heads // 2
        angles = torch.arange(o.context)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        self.register_buffer("mask", torch.ones(o.context, o.context, dtype=torch.bool).triu(1))

    def forward(self, ids):
        x = F.dropout(self.tokens(ids), self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin, self.mask)
        return self.norm(x) @ self.tokens.weight.t()


def measure(model, ids, context):
    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        windows = [ids[s:s + context + 1] for s in range(0, len(ids) - 1, context)]
        for group in [windows[i:i + 16] for i in range(0, len(windows), 16)]:
            for length in {len(w) for w in group}:
                batch = torch.stack([w for w in group if len(w) == length])
                total += F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten(), reduction="sum").item()
                count += batch.numel() - len(batch)
    model.train()
    return total / count


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--train", required=True)
    p.add_argument("--dev", required=True)
    p.add_argument("--learning-rate", type=float, default=2e-3)
    p.add_argument("--dropout", type=float, default=0.0)
    for name, value in (("steps", 2000), ("seed", 1), ("threads", 2), ("batch", 12), ("context", 64), ("layers", 4), ("heads", 4), ("size", 128)):
        p.add_argument(f"--{name}", type=int, default=value)
    return p.parse_args()


def main():
    o = parse()
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    texts = [open(path, encoding="utf-8", newline="").read() for path in (o.train, o.dev)]
    alphabet = {c: i + 1 for i, c in enumerate(sorted(set(texts[0])))}
    train, dev = (torch.tensor([alphabet.get(c, 0) for c in text]) for text in texts)
    model = Model(len(alphabet) + 1, o)
    optimizer = torch.optim.AdamW(model.parameters(), lr=o.learning_rate, weight_decay=0.1)
    rise, times, best = 0.05 * o.steps, [], math.inf
    for step in range(o.steps):
        rate = o.learning_rate * ((step + 1) / (rise + 1) if step < rise else 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, o.steps - rise))))
        begin = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = rate
        starts = torch.randint(len(train) - o.context, (o.batch,))
        batch = torch.stack([train[s:s + o.context + 1] for s in starts])
        loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        times.append(time.perf_counter() - begin)
        if (step + 1) % 500 == 0 or step + 1 == o.steps:
            best = min(best, measure(model, dev, o.context))
            print(f"{step + 1} {best:.4f}", flush=True)
    times.sort()
    print(json.dumps({"system": "torch", "loss": round(best, 4), "steps": o.steps, "seed": o.seed, "threads": o.threads, "ms_step_median": round(1e3 * times[len(times) // 2], 2),
                      "ms_step_min": round(1e3 * times[0], 2), "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
