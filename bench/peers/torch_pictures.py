"""torch's side of PicturesGroup.cs: single convolutions, and training steps of ResNet-20 with and without squeeze-and-excitation.

usage: torch_pictures.py THREADS BUDGET_MS [CASE]   (start it through tuned.sh)
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class SqueezeExcitation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        hidden = max(4, channels // 16)
        self.fc1, self.fc2 = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3))))))[:, :, None, None]


class Block(nn.Module):
    def __init__(self, channels, filters, stride, attends):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
        self.se = SqueezeExcitation(filters) if attends else nn.Identity()
        same = stride == 1 and channels == filters
        self.downsample = nn.Identity() if same else nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.se(self.bn2(self.conv2(y))) + self.downsample(x), inplace=True)


class ResNet20(nn.Module):
    def __init__(self, attends):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        blocks, channels = [], 16
        for stage, filters in enumerate((16, 32, 64)):
            for n in range(3):
                blocks.append(Block(channels, filters, 2 if n == 0 and stage > 0 else 1, attends))
                channels = filters
        self.blocks, self.fc = nn.Sequential(*blocks), nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.blocks(F.relu(self.bn1(self.conv1(x)), inplace=True)).mean((2, 3)))


def measure(name, kind, threads, budget, flops, work):
    for _ in range(3):
        work()
    times, end = [], time.perf_counter() + budget / 1e3
    while time.perf_counter() < end or len(times) < 5:
        begin = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - begin))
    times.sort()
    print(json.dumps({"peer": "torch", "case": name, "threads": threads, "pass": kind, "ms_min": round(times[0], 3), "ms_median": round(times[len(times) // 2], 3),
                      "gflops": round(flops / times[0] * 1e-6, 1)}), flush=True)


def main():
    threads, budget, only = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    for name, batch, size, channels in (("conv 3x3 N64 C16 32x32", 64, 32, 16), ("conv 3x3 N32 C64 32x32", 32, 32, 64), ("conv 3x3 N64 C128 8x8", 64, 8, 128)):
        if only not in name:
            continue
        conv = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        x = torch.randn(batch, channels, size, size).requires_grad_()
        dy = torch.randn(batch, channels, size, size)

        def work():
            conv.weight.grad = x.grad = None
            conv(x).backward(dy)
        measure(name, "fwdbwd", threads, budget, 6.0 * batch * size * size * channels * channels * 9, work)
    for name, attends in (("resnet20", False), ("se-resnet20", True)):
        if only and not name.startswith(only):
            continue
        model = ResNet20(attends)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        x, labels = torch.randn(128, 3, 32, 32), torch.arange(128) % 10

        def work():
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(x), labels).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        measure(name, "train", threads, budget, 6 * 40.8e6 * 128, work)


main()
