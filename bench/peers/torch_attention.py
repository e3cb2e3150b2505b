"""torch's attention on the cases of cases.txt: sdpa where it exists, and matmul, softmax, matmul written out.

usage: torch_attention.py cases.txt THREADS BUDGET_MS   (start it through tuned.sh)
"""
import json
import sys
import time

import torch
import torch.nn.functional as F


def bench(variant, name, kind, threads, budget, flops, call):
    for _ in range(2):
        call()
    times, start = [], time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - start) * 1e3 < budget:
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1e3)
    times.sort()
    print(json.dumps({"peer": f"torch-{variant}", "case": name, "threads": threads, "pass": kind, "ms_min": round(times[0], 5),
                      "ms_median": round(times[len(times) // 2], 5), "gflops": round(flops / times[0] * 1e-6, 2)}), flush=True)


def visible(queries, keys, causal, window):
    if not causal:
        return queries * keys
    return sum(min(window or keys, keys - queries + i + 1) for i in range(queries))


def both_passes(forward, tensors):
    leaves = [t.detach().requires_grad_(True) for t in tensors]
    gradient = torch.ones_like(tensors[0])

    def step():
        for leaf in leaves:
            leaf.grad = None
        forward(*leaves).backward(gradient)
    return step


def attention(name, numbers, threads, budget):
    batch, heads, shared, queries, keys, size, causal, window, train = numbers
    group = heads // shared
    # The query heads of a group become rows, so that keys and values are not copied.
    q = torch.randn(batch, shared, group * queries, size)
    k, v = torch.randn(batch, shared, keys, size), torch.randn(batch, shared, keys, size)
    mask = None
    if causal:
        i, j = torch.arange(queries)[:, None], torch.arange(keys)[None]
        mask = torch.zeros(queries, keys).masked_fill((j > i) | (j <= i - (window or keys)), float("-inf")).repeat(group, 1)

    def written_out(a, b, c):
        scores = torch.matmul(a, b.transpose(-1, -2)) * size ** -0.5
        return torch.matmul(torch.softmax(scores if mask is None else scores + mask, -1), c)

    variants = {"matmul": written_out}
    if hasattr(F, "scaled_dot_product_attention"):
        variants["sdpa"] = lambda a, b, c: F.scaled_dot_product_attention(a, b, c, attn_mask=mask)
    elif hasattr(F, "_scaled_dot_product_attention"):  # torch 1.13
        variants["sdpa"] = lambda a, b, c: F._scaled_dot_product_attention(a, b, c, attn_mask=mask)[0]
    flops = 4.0 * batch * heads * size * visible(queries, keys, causal, window)
    for variant, forward in variants.items():
        with torch.inference_mode():
            bench(variant, name, "fwd", threads, budget, flops, lambda: forward(q, k, v))
        if train:
            bench(variant, name, "fwdbwd", threads, budget, 3.5 * flops, both_passes(forward, (q, k, v)))


if __name__ == "__main__":
    count, milliseconds = int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(count)
    torch.manual_seed(1)
    with open(sys.argv[1], encoding="utf-8") as cases:
        for line in cases:
            if line.startswith("attention "):
                words = line.split()
                attention(words[1], list(map(int, words[2:])), count, milliseconds)
