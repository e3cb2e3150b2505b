"""torch's LSTM on the cases of cases.txt. usage: torch_lstm.py cases.txt THREADS BUDGET_MS   (start it through tuned.sh)"""
import json
import sys
import time

import torch


def bench(name, kind, threads, budget, flops, call):
    for _ in range(3):
        call()
    times, start = [], time.perf_counter()
    while len(times) < 7 or (time.perf_counter() - start) * 1e3 < budget:
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1e3)
    times.sort()
    print(json.dumps({"peer": "torch", "case": name, "threads": threads, "pass": kind, "ms_min": round(times[0], 5),
                      "ms_median": round(times[len(times) // 2], 5), "gflops": round(flops / times[0] * 1e-6, 2)}), flush=True)


def lstm(steps, batch, inputs, hidden, threads, budget):
    name = f"lstm T{steps} B{batch} I{inputs} H{hidden} bi"
    model, x = torch.nn.LSTM(inputs, hidden, bidirectional=True), torch.randn(steps, batch, inputs, requires_grad=True)
    gradient = torch.ones(steps, batch, 2 * hidden)
    flops = 2.0 * steps * batch * 2 * (inputs + hidden) * 4 * hidden

    def both():
        model.zero_grad(set_to_none=True)
        x.grad = None
        model(x)[0].backward(gradient)

    with torch.inference_mode():
        bench(name, "fwd", threads, budget, flops, lambda: model(x))
    bench(name, "fwdbwd", threads, budget, 3 * flops, both)


if __name__ == "__main__":
    count, milliseconds = int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(count)
    torch.manual_seed(1)
    with open(sys.argv[1], encoding="utf-8") as cases:
        for line in cases:
            if line.startswith("lstm "):
                lstm(*map(int, line.split()[1:5]), count, milliseconds)
