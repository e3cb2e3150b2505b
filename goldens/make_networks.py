"""Writes pictures_*.safetensors: small residual networks of torch, plain, with squeeze-and-excitation and with groups, from inputs made by formula.py.

usage: python3 make_networks.py        (as make_torch.py, whose Group it uses)

Pictures are (batch, height, width, channels) in the files. Networks train (batch norm with the statistics of the batch) unless their note says otherwise.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from make_torch import Group


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3))))))[:, :, None, None]


class Block(nn.Module):
    """Basic, or a bottleneck where groups are given; the stride stands at the 3 x 3 convolution."""

    def __init__(self, channels, width, stride, hidden, groups):
        super().__init__()
        outputs = 4 * width if groups else width
        layers = [(channels, width, 1, 1, 1), (width, width, 3, stride, groups), (width, outputs, 1, 1, 1)] if groups else [(channels, width, 3, stride, 1), (width, width, 3, 1, 1)]
        self.count = len(layers)
        for n, (a, b, kernel, step, parts) in enumerate(layers, 1):
            setattr(self, f"conv{n}", nn.Conv2d(a, b, kernel, step, kernel // 2, groups=parts, bias=False))
            setattr(self, f"bn{n}", nn.BatchNorm2d(b))
        if hidden:
            self.se = SqueezeExcitation(outputs, hidden)
        if stride != 1 or channels != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(channels, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = x
        for n in range(1, self.count + 1):
            y = getattr(self, f"bn{n}")(getattr(self, f"conv{n}")(y))
            if n < self.count:
                y = F.relu(y)
        if hasattr(self, "se"):
            y = self.se(y)
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class PreBlock(nn.Module):
    """Batch norm and rectifier before each convolution; the shortcut is the block's input, or a convolution of what the first rectifier lets through."""

    def __init__(self, channels, width, stride, hidden):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), nn.Conv2d(width, width, 3, 1, 1, bias=False)
        if hidden:
            self.se = SqueezeExcitation(width, hidden)
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False))

    def forward(self, x):
        o = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(o))))
        if hasattr(self, "se"):
            y = self.se(y)
        return y + (self.downsample(o) if hasattr(self, "downsample") else x)


class WideResNet(nn.Module):
    """Zagoruyko and Komodakis 2016: pre-activated basic blocks."""

    def __init__(self, stem, widths, depth, hidden):
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem, 3, 1, 1, bias=False)
        channels = stem
        for n, width in enumerate(widths, 1):
            setattr(self, f"layer{n}", nn.Sequential(*[PreBlock(channels if i == 0 else width, width, 2 if n > 1 and i == 0 else 1, hidden) for i in range(depth)]))
            channels = width
        self.stages = len(widths)
        self.norm, self.fc = nn.BatchNorm2d(channels), nn.Linear(channels, 5)

    def forward(self, x):
        x = self.conv1(x)
        for n in range(1, self.stages + 1):
            x = getattr(self, f"layer{n}")(x)
        return self.fc(F.relu(self.norm(x)).mean((2, 3)))


class ResNet(nn.Module):
    def __init__(self, widths, stem, hidden, groups):
        super().__init__()
        self.large = stem == "large"
        channels = 64 if self.large else widths[0]
        self.conv1 = nn.Conv2d(3, channels, 7, 2, 3, bias=False) if self.large else nn.Conv2d(3, channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        for n, width in enumerate(widths, 1):
            setattr(self, f"layer{n}", nn.Sequential(Block(channels, width, 1 if n == 1 else 2, hidden, groups)))
            channels = 4 * width if groups else width
        self.stages = len(widths)
        self.fc = nn.Linear(channels, 5)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.large:
            x = F.max_pool2d(x, 3, 2, 1)
        for n in range(1, self.stages + 1):
            x = getattr(self, f"layer{n}")(x)
        return self.fc(x.mean((2, 3)))


def save(name, note, size, *shape, trains=True, build=ResNet):
    g = Group("pictures_" + name, note)
    x = g.input("x", 3, size, size, 3)
    model = g.module(build(*shape), 0.7)
    model.train(trains)
    logits = model(x.permute(0, 3, 1, 2))
    if trains:
        norm = model.norm if build is WideResNet else model.bn1
        g.output("running_mean", norm.running_mean)
        g.output("running_var", norm.running_var)
    if trains:
        g.gradients(logits=logits)
    else:
        g.output("logits", logits)
    g.save()


save("resnet", "basic blocks, widths 4 and 6, small stem, over (3, 7, 7, 3)", 7, (4, 6), "small", 0, 0)
save("se_resnet", "basic blocks with squeeze-and-excitation (4 hidden), widths 4 and 6, small stem, over (3, 7, 7, 3)", 7, (4, 6), "small", 4, 0)
save("se_resnext", "a bottleneck of 4 groups with squeeze-and-excitation (4 hidden), width 8, large stem, over (3, 9, 9, 3); evaluates with running statistics 0 and 1", 9, (8,), "large", 4, 4, trains=False)
for hidden, name in ((0, "wide"), (4, "se_wide")):
    save(name, f"pre-activated basic blocks, two a stage, widths 4 and 6, first convolution of 3, {hidden} hidden units of squeeze-and-excitation, over (3, 7, 7, 3)", 7, 3, (4, 6), 2, hidden, build=WideResNet)
