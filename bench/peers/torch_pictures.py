"""torch's side of PicturesGroup.cs: single convolutions, the squeeze-and-excitation block alone, training steps of ResNet-20 with and without it and of a U-Net, and inference.

usage: torch_pictures.py THREADS BUDGET_MS [CASE]   (start it through tuned.sh)
"""
import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


FORWARD_UNET = 436862976


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


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.se = SqueezeExcitation(4 * width)
        same = channels == 4 * width
        self.downsample = nn.Identity() if same else nn.Sequential(nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        return F.relu(self.se(self.bn3(self.conv3(y))) + self.downsample(x), inplace=True)


class ResNet50(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        blocks, channels = [], 64
        for stage, (depth, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512))):
            for n in range(depth):
                blocks.append(Bottleneck(channels, width, 2 if n == 0 and stage > 0 else 1))
                channels = 4 * width
        self.blocks, self.fc = nn.Sequential(*blocks), nn.Linear(2048, 1000)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, 2, 1)
        return self.fc(self.blocks(x).mean((2, 3)))


def conv_norm(channels, filters, kernel=1, stride=1, groups=1, activation=None):
    layers = [nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(filters, eps=0.001)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class HardExcitation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        hidden = max(8, int(channels / 4 + 4) // 8 * 8)
        self.fc1, self.fc2 = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3))))))[:, :, None, None]


class Inverted(nn.Module):
    def __init__(self, channels, kernel, expanded, outputs, attends, hard, stride):
        super().__init__()
        activation = nn.Hardswish if hard else nn.ReLU
        layers = [conv_norm(channels, expanded, activation=activation)] if expanded != channels else []
        layers.append(conv_norm(expanded, expanded, kernel, stride, expanded, activation))
        self.block = nn.Sequential(*layers, *([HardExcitation(expanded)] if attends else []), conv_norm(expanded, outputs))
        self.adds = stride == 1 and channels == outputs

    def forward(self, x):
        return x + self.block(x) if self.adds else self.block(x)


class MobileNetV3Large(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [conv_norm(3, 16, 3, 2, activation=nn.Hardswish)], 16
        for kernel, expanded, outputs, attends, hard, stride in (
                (3, 16, 16, 0, 0, 1), (3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1), (5, 72, 40, 1, 0, 2), (5, 120, 40, 1, 0, 1), (5, 120, 40, 1, 0, 1), (3, 240, 80, 0, 1, 2), (3, 200, 80, 0, 1, 1),
                (3, 184, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1), (5, 672, 160, 1, 1, 2), (5, 960, 160, 1, 1, 1), (5, 960, 160, 1, 1, 1)):
            layers.append(Inverted(channels, kernel, expanded, outputs, attends, hard, stride))
            channels = outputs
        self.features = nn.Sequential(*layers, conv_norm(channels, 6 * channels, activation=nn.Hardswish))
        self.classifier = nn.Sequential(nn.Linear(6 * channels, 1280), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(1280, 1000))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class UNet(nn.Module):
    """The U-Net of the library's default widths, with batch norm."""

    def __init__(self, classes, widths=(16, 32, 64, 128)):
        super().__init__()

        def block(channels, filters):
            layers = []
            for n in range(2):
                layers += [nn.Conv2d(channels if n == 0 else filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
            return nn.Sequential(*layers)
        self.encoder = nn.ModuleList(block(widths[n - 1] if n else 3, width) for n, width in enumerate(widths))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(widths[n + 1], widths[n], 2, 2) for n in range(len(widths) - 1))
        self.decoder = nn.ModuleList(block(2 * width, width) for width in widths[:-1])
        self.head = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x):
        levels = []
        for n, block in enumerate(self.encoder):
            levels.append(block(F.max_pool2d(levels[-1], 2) if n else x))
        y = levels[-1]
        for n in range(len(self.decoder) - 1, -1, -1):
            y = self.decoder[n](torch.cat((levels[n], self.ups[n](y)), 1))
        return self.head(y)


# Those of inference at 224x224: name, network, operations of a picture forward.
NETWORKS = (("se-resnet50", ResNet50, 2 * 3.86e9), ("mobilenetv3-large", MobileNetV3Large, 2 * 0.217e9))


def report_memory(name, threads):
    print(json.dumps({"peer": "torch", "case": name, "threads": threads, "pass": "memory", "ms_min": 0, "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}), flush=True)


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
    for size, channels in ((32, 16), (8, 64)):
        name = f"se block N128 C{channels} {size}x{size}"
        if only not in name:
            continue
        for layout, kind in ((torch.contiguous_format, "fwdbwd"), (torch.channels_last, "fwdbwd channels last")):
            block = SqueezeExcitation(channels)
            x = torch.randn(128, channels, size, size).to(memory_format=layout).requires_grad_()
            dy = torch.randn(128, channels, size, size).to(memory_format=layout)

            def work():
                x.grad = None
                block.zero_grad(set_to_none=True)
                block(x).backward(dy)
            measure(name, kind, threads, budget, 4.0 * 4 * x.numel(), work)
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
        report_memory(name, threads)
    for last in (False, True):
        name, batch, height, width = "unet-train 96x128 N8", 8, 96, 128
        if only not in name:
            continue
        layout = torch.channels_last if last else torch.contiguous_format
        model = UNet(11).to(memory_format=layout)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
        x, labels = torch.randn(batch, 3, height, width).to(memory_format=layout), torch.arange(batch * height * width).reshape(batch, height, width) % 11

        def work():
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(x), labels).backward()
            optimizer.step()
        # Multiply-adds of a picture forward, as heed describe counts them.
        measure(name, "train channels last" if last else "train", threads, budget, 6 * FORWARD_UNET * batch, work)
        report_memory(name, threads)
    for name, batch, size, channels, kernel, stride in (("depthwise 3x3 N16 C96 56x56", 16, 56, 96, 3, 1), ("depthwise 5x5 N16 C240 28x28 stride 2", 16, 28, 240, 5, 2)):
        if only not in name:
            continue
        conv = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False).to(memory_format=torch.channels_last)
        x = torch.randn(batch, channels, size, size).to(memory_format=torch.channels_last)
        with torch.no_grad():
            measure(name, "fwd", threads, budget, 2.0 * batch * (size // stride) ** 2 * channels * kernel ** 2, lambda: conv(x))
    # Plain in both layouts, and frozen with batch norm folded: the best of the three is what torch can do.
    for name, make, flops in NETWORKS:
        for batch in (1, 8):
            title = f"{name} 224x224 N{batch}"
            if only not in title:
                continue
            x = torch.randn(batch, 3, 224, 224)
            with torch.no_grad():
                model = make().eval()
                measure(title, "infer", threads, budget, flops * batch, lambda: model(x))
                frozen = torch.jit.optimize_for_inference(torch.jit.trace(model, x))
                measure(title, "infer frozen", threads, budget, flops * batch, lambda: frozen(x))
                last, seen = make().eval().to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
                measure(title, "infer channels last", threads, budget, flops * batch, lambda: last(seen))


if __name__ == "__main__":
    main()
