"""Writes pictures_loss100.json and lm_loss200.json: torch's losses of the first training steps from formula weights, on real data. Only numbers, nothing of the data.

usage: python3 make_loss_curves.py FOLDER_OF_CIFAR10_SMALL FOLDER_OF_TINYSHAKESPEARE

Pictures: ResNet-20 with and without squeeze-and-excitation. Text: bench/quality/torch_lm.py, 4 layers, 4 heads, 128 wide. README.md of this folder says how to repeat it.
"""
import gzip
import json
import math
import pathlib
import sys
import types

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bench" / "quality"))
from formula import fill  # noqa: E402
from torch_lm import Model  # noqa: E402

PICTURE_STEPS, PICTURES, PICTURE_RATE, WIDTHS = 100, 16, 0.002, (16, 32, 64)
TEXT_STEPS, WINDOWS, CONTEXT, TEXT_RATE, STRIDE = 200, 12, 64, 1e-3, 4999


class SqueezeExcitation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(channels, max(4, channels // 16)), nn.Linear(max(4, channels // 16), channels)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3))))))[:, :, None, None]


class Block(nn.Module):
    def __init__(self, channels, width, stride, attends):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        if attends:
            self.se = SqueezeExcitation(width)
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        y = self.se(y) if hasattr(self, "se") else y
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet20(nn.Module):
    def __init__(self, attends):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        for n, width in enumerate(WIDTHS):
            first = Block(WIDTHS[max(0, n - 1)], width, 2 if n else 1, attends)
            setattr(self, f"layer{n + 1}", nn.Sequential(first, *(Block(width, width, 1, attends) for _ in range(2))))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


def initialise(model):
    """Parameter k of named_parameters gets the salt k = 1, 2, …, but normalisations, which start at 1 and 0. Returns what was set."""
    facts = []
    for salt, (name, parameter) in enumerate(model.named_parameters(), 1):
        if "bn" in name or "norm" in name or "downsample.1" in name:
            continue
        fan = math.prod(parameter.shape[1:]) if parameter.dim() > 1 else parameter.shape[0]
        scale = 0.04 if name == "tokens.weight" else math.sqrt(6 / fan) if parameter.dim() == 4 else 1 / math.sqrt(fan)
        values = fill(tuple(parameter.shape), salt, scale)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values))
        facts.append({"name": name, "salt": salt, "scale": scale, "sum": torch.from_numpy(values).double().sum().item()})
    return facts


def curve(create, optimize, loss_of, batches, double, clip):
    model = create()
    facts = initialise(model)
    model.train()
    if double:
        model.double()
    optimizer, losses = optimize(model.parameters()), []
    for batch in batches:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model, batch, double)
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append(loss.item())
    return facts, losses


def write(name, head, curves):
    text = json.dumps(head | {"curves": curves}, indent=1)
    (HERE / name).write_text(text + "\n", encoding="utf-8")
    print(name, len(text), "bytes")


def both(create, optimize, loss_of, batches, clip):
    facts, loss = curve(create, optimize, loss_of, batches, False, clip)
    _, loss64 = curve(create, optimize, loss_of, batches, True, clip)
    print(loss[0], loss[-1], "largest distance to float64", max(abs(a - b) for a, b in zip(loss, loss64)), flush=True)
    return {"parameters": facts, "loss": loss, "loss_float64": loss64}


def pictures(folder):
    records = np.frombuffer(gzip.decompress((folder / "train.bin.gz").read_bytes()), np.uint8).reshape(-1, 3073)[:PICTURE_STEPS * PICTURES]
    x = torch.from_numpy((records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.25))
    labels = torch.from_numpy(records[:, 0].astype(np.int64))
    batches = [(x[i:i + PICTURES], labels[i:i + PICTURES]) for i in range(0, len(x), PICTURES)]
    curves = {name: both(lambda: ResNet20(attends), lambda p: torch.optim.SGD(p, PICTURE_RATE, momentum=0.9, weight_decay=5e-4),
                         lambda model, b, double: F.cross_entropy(model(b[0].double() if double else b[0]), b[1]), batches, 0)
              for name, attends in (("resnet20", False), ("se-resnet20", True))}
    write("pictures_loss100.json", {"made by": f"goldens/make_loss_curves.py, torch {torch.__version__}", "batch": PICTURES, "rate": PICTURE_RATE, "sum of labels": int(labels.sum())}, curves)


def text(folder):
    text = (folder / "input.txt").read_text(encoding="utf-8")
    alphabet = {c: i for i, c in enumerate(sorted(set(text)))}
    ids = torch.tensor([alphabet[c] for c in text])
    starts = [[(step * WINDOWS + row) * STRIDE % (len(ids) - CONTEXT - 1) for row in range(WINDOWS)] for step in range(TEXT_STEPS)]
    batches = [torch.stack([ids[s:s + CONTEXT + 1] for s in row]) for row in starts]
    options = types.SimpleNamespace(layers=4, heads=4, size=128, context=CONTEXT, dropout=0.0)
    result = both(lambda: Model(len(alphabet), options), lambda p: torch.optim.AdamW(p, TEXT_RATE, weight_decay=0.1),
                  lambda model, b, double: F.cross_entropy(model(b[:, :-1]).flatten(0, 1), b[:, 1:].flatten()), batches, 1.0)
    write("lm_loss200.json", {"made by": f"goldens/make_loss_curves.py, torch {torch.__version__}", "characters": len(alphabet), "batch": WINDOWS, "context": CONTEXT, "stride": STRIDE, "rate": TEXT_RATE}, {"decoder": result})


pictures(pathlib.Path(sys.argv[1]))
text(pathlib.Path(sys.argv[2]))
