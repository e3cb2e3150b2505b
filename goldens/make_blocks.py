"""Writes block_*.safetensors: attention blocks for pictures, each as its paper has it, in torch, from inputs made by formula.py.

usage: python3 make_blocks.py        (as make_torch.py, whose Group it uses)

Pictures are (batch, height, width, channels) in the files. Batch norm has the statistics of the batch.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from make_torch import Group


def mean(x):
    return x.mean((2, 3))


def highest(x):
    return x.amax((2, 3))


def over(gate):
    return gate[:, :, None, None]


class Mlp(nn.Module):
    def __init__(self, channels, hidden, bias=True, norm=False):
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden, bias)
        if norm:
            self.norm = nn.LayerNorm(hidden)
        self.fc2 = nn.Linear(hidden, channels, bias)

    def forward(self, z):
        z = self.fc1(z)
        return self.fc2(F.relu(self.norm(z) if hasattr(self, "norm") else z))


class Squeeze(Mlp):
    """Squeeze and excitation with a squeeze of its own."""

    def __init__(self, c, squeeze):
        super().__init__(c, 4)
        self.squeeze = squeeze

    def forward(self, x):
        return x * over(torch.sigmoid(super().forward(self.squeeze(x))))


class EffectiveSqueeze(nn.Module):
    """Lee and Park 2020: one layer, its gate a hard sigmoid."""

    def __init__(self, c):
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x):
        return x * over(torch.clamp((self.fc(mean(x)) + 3) / 6, 0, 1))


class EfficientChannels(nn.Module):
    """Wang et al. 2020, equations 9 and 12: a convolution over neighbouring channels, of the odd number at or above (log2(c) + 1)/2."""

    def __init__(self, c):
        super().__init__()
        t = int(abs((math.log2(c) + 1) / 2))
        k = t if t % 2 else t + 1
        self.conv = nn.Conv2d(1, 1, (1, k), padding=(0, k // 2), bias=False)

    def forward(self, x):
        return x * over(torch.sigmoid(self.conv(mean(x)[:, None, None])[:, 0, 0]))


class Scse(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.cse, self.sse = Mlp(c, 4), nn.Conv2d(c, 1, 1)

    def forward(self, x):
        return x * over(torch.sigmoid(self.cse(mean(x)))) + x * torch.sigmoid(self.sse(x))


class ConvNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(2, 1, 7, padding=3, bias=False), nn.BatchNorm2d(1)

    def forward(self, maps):
        return self.bn(self.conv(maps))


class MapGate(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = ConvNorm()

    def forward(self, first, second):
        return torch.sigmoid(self.conv(torch.cat([first, second], 1)))


class Cbam(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.channel, self.spatial = Mlp(c, 4, bias=False), MapGate()

    def forward(self, x):
        x = x * over(torch.sigmoid(self.channel(mean(x)) + self.channel(highest(x))))
        return x * self.spatial(x.mean(1, keepdim=True), x.amax(1, keepdim=True))


class Bam(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.channel, self.channel_bn = Mlp(c, 4), nn.BatchNorm1d(c)
        self.spatial = nn.ModuleList([nn.Conv2d(c, 4, 1), nn.Conv2d(4, 4, 3, padding=4, dilation=4), nn.Conv2d(4, 4, 3, padding=4, dilation=4), nn.Conv2d(4, 1, 1)])
        self.spatial_bn = nn.BatchNorm2d(1)

    def forward(self, x):
        s = x
        for layer in self.spatial[:3]:
            s = F.relu(layer(s))
        m = torch.sigmoid(over(self.channel_bn(self.channel(mean(x)))) + self.spatial_bn(self.spatial[3](s)))
        return x + x * m


class Gather(nn.Module):
    """Without weights, for an extent; 0 is the whole picture."""

    def __init__(self, extent):
        super().__init__()
        self.extent = extent

    def forward(self, x):
        if self.extent == 0:
            return x * torch.sigmoid(over(mean(x)))
        g = F.avg_pool2d(x, 2 * self.extent - 1, self.extent, self.extent - 1, count_include_pad=False)
        return x * F.interpolate(torch.sigmoid(g), x.shape[2:])


class GatherDepthwise(nn.Module):
    """Two depthwise convolutions, an extent of 4 (GE-theta)."""

    def __init__(self, c):
        super().__init__()
        self.gather = nn.Sequential()
        for n in (1, 2):
            self.gather.add_module(f"conv{n}", nn.Conv2d(c, c, 3, 2, 1, groups=c, bias=False))
            self.gather.add_module(f"norm{n}", nn.BatchNorm2d(c))
            if n == 1:
                self.gather.add_module("act1", nn.ReLU())

    def energies(self, x):
        return self.gather(x)

    def forward(self, x):
        return x * F.interpolate(torch.sigmoid(self.energies(x)), x.shape[2:])


class GatherPlus(GatherDepthwise):
    """The same with a hidden layer (GE-theta plus)."""

    def __init__(self, c):
        super().__init__(c)
        self.mlp = Mlp(c, 4)

    def energies(self, x):
        return self.mlp(self.gather(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Context(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv_attn, self.mlp_add = nn.Conv2d(c, 1, 1), Mlp(c, 4, norm=True)

    def forward(self, x):
        a = F.softmax(self.conv_attn(x).flatten(2), -1)
        return x + over(self.mlp_add((x.flatten(2) @ a.transpose(1, 2)).squeeze(2)))


class Coordinate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.bn1, self.conv_h, self.conv_w = nn.Conv2d(c, 8, 1), nn.BatchNorm2d(8), nn.Conv2d(8, c, 1), nn.Conv2d(8, c, 1)

    def forward(self, x):
        h, w = x.shape[2:]
        f = self.bn1(self.conv1(torch.cat([x.mean(3, keepdim=True), x.mean(2, keepdim=True).transpose(2, 3)], 2)))
        f_h, f_w = torch.split(F.hardswish(f), [h, w], 2)
        return x * torch.sigmoid(self.conv_h(f_h)) * torch.sigmoid(self.conv_w(f_w.transpose(2, 3)))


class Triplet(nn.Module):
    def __init__(self):
        super().__init__()
        self.cw, self.hc, self.hw = MapGate(), MapGate(), MapGate()

    def forward(self, x):
        parts = []
        for gate, order in ((self.cw, (0, 2, 1, 3)), (self.hc, (0, 3, 2, 1)), (self.hw, (0, 1, 2, 3))):
            y = x.permute(order)
            parts.append((y * gate(y.amax(1, keepdim=True), y.mean(1, keepdim=True))).permute(order))
        return sum(parts) / 3


class SimAM(nn.Module):
    def forward(self, x):
        d = (x - x.mean((2, 3), keepdim=True)) ** 2
        v = d.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3] - 1)
        return x * torch.sigmoid(d / (4 * (v + 1e-4)) + 0.5)


class NonLocal(nn.Module):
    """Wang et al. 2018, figure 2; subsampled, keys and values are maxima of 2 x 2 places (section 3.3)."""

    def __init__(self, c, subsamples=False):
        super().__init__()
        self.subsamples = subsamples
        self.t, self.p, self.g, self.z, self.norm = nn.Conv2d(c, c // 2, 1), nn.Conv2d(c, c // 2, 1), nn.Conv2d(c, c // 2, 1), nn.Conv2d(c // 2, c, 1), nn.BatchNorm2d(c)

    def forward(self, x):
        t, p, g = self.t(x), self.p(x), self.g(x)
        if self.subsamples:
            p, g = F.max_pool2d(p, 2), F.max_pool2d(g, 2)
        t, p, g = t.flatten(2), p.flatten(2), g.flatten(2)
        seen = g @ F.softmax(t.transpose(1, 2) @ p, -1).transpose(1, 2)
        return x + self.norm(self.z(seen.reshape(x.shape[0], -1, *x.shape[2:])))


class Double(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b, self.v, self.z = nn.Conv2d(c, 2, 1), nn.Conv2d(c, 2, 1), nn.Conv2d(c, 2, 1), nn.Conv2d(2, c, 1)

    def forward(self, x):
        gathered = self.a(x).flatten(2) @ F.softmax(self.b(x).flatten(2), -1).transpose(1, 2)
        taken = gathered @ F.softmax(self.v(x).flatten(2), 1)
        return x + self.z(taken.reshape(x.shape[0], -1, *x.shape[2:]))


class MaxGate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x):
        return x * over(torch.sigmoid(self.fc(highest(x))))


class Gate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(x))


class Path(nn.Module):
    def __init__(self, c, filters, stride, dilation):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(c, filters, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(filters)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Selection(nn.Module):
    def __init__(self, filters, hidden):
        super().__init__()
        self.fc_reduce, self.bn, self.fc_select = nn.Linear(filters, hidden, bias=False), nn.BatchNorm1d(hidden), nn.Linear(hidden, 2 * filters, bias=False)

    def forward(self, z):
        return self.fc_select(F.relu(self.bn(self.fc_reduce(z)))).reshape(z.shape[0], 2, -1)


class SelectiveKernel(nn.Module):
    def __init__(self, c, filters=6, stride=2):
        super().__init__()
        self.paths = nn.ModuleList([Path(c, filters, stride, 1), Path(c, filters, stride, 2)])
        self.attn = Selection(filters, 32)

    def forward(self, x):
        u = torch.stack([path(x) for path in self.paths], 1)
        return (u * F.softmax(self.attn(mean(u.sum(1))), 1)[:, :, :, None, None]).sum(1)


class Splat(nn.Module):
    def __init__(self, c, filters=6, stride=2):
        super().__init__()
        self.conv, self.bn0 = nn.Conv2d(c, 2 * filters, 3, stride, 1, groups=2, bias=False), nn.BatchNorm2d(2 * filters)
        self.fc1, self.bn1, self.fc2 = nn.Linear(filters, 32), nn.BatchNorm1d(32), nn.Linear(32, 2 * filters)

    def forward(self, x):
        u = F.relu(self.bn0(self.conv(x)))
        u = u.reshape(u.shape[0], 2, -1, *u.shape[2:])
        a = F.softmax(self.fc2(F.relu(self.bn1(self.fc1(mean(u.sum(1)))))).reshape(u.shape[0], 2, -1), 1)
        return (u * a[:, :, :, None, None]).sum(1)


class Augmented(nn.Module):
    """Two heads, keys of 4, values of 2; distances of more than 1 are one."""

    def __init__(self, c, stride=1, filters=16, heads=2, key=4, value=2, clip=1):
        super().__init__()
        self.sizes = heads, key, value, clip
        self.conv_out = nn.Conv2d(c, filters - heads * value, 3, stride, 1, bias=False)
        self.qkv_conv = nn.Conv2d(c, heads * (2 * key + value), 1, stride)
        self.attn_out = nn.Conv2d(heads * value, heads * value, 1)
        self.relative = nn.Parameter(torch.zeros(2 * (2 * clip + 1), key))

    def forward(self, x):
        heads, key, value, clip = self.sizes
        q, k, v = torch.split(self.qkv_conv(x), [heads * key, heads * key, heads * value], 1)
        b, _, h, w = q.shape
        q, k, v = (t.reshape(b, heads, -1, h * w).transpose(2, 3) for t in (q, k, v))
        at = torch.arange(h * w)
        columns = (at[None] % w - at[:, None] % w).clamp(-clip, clip) + clip
        rows = (at[None] // w - at[:, None] // w).clamp(-clip, clip) + clip
        r = self.relative[columns] + self.relative[2 * clip + 1 + rows]
        scores = (q @ k.transpose(2, 3) + torch.einsum("bhqd,qkd->bhqk", q, r)) / key ** 0.5
        seen = (F.softmax(scores, -1) @ v).transpose(2, 3).reshape(b, -1, h, w)
        return torch.cat([self.conv_out(x), self.attn_out(seen)], 1)


class Residual(nn.Module):
    """A basic block from 8 to 6 channels with stride 2, and squeeze and excitation in one of the places of Hu et al. 2019, figure 5."""

    def __init__(self, c, place):
        super().__init__()
        self.place = place
        self.conv1, self.bn1 = nn.Conv2d(c, 6, 3, 2, 1, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = nn.Conv2d(6, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6)
        self.se = Mlp(c if place == "pre" else 6, 4)
        self.downsample = nn.Sequential(nn.Conv2d(c, 6, 1, 2, bias=False), nn.BatchNorm2d(6))

    def weigh(self, x, place):
        return x * over(torch.sigmoid(self.se(mean(x)))) if place == self.place else x

    def forward(self, x):
        y = self.weigh(F.relu(self.bn1(self.conv1(self.weigh(x, "pre")))), "inner")
        y = self.weigh(self.bn2(self.conv2(y)), "standard")
        return self.weigh(F.relu(y + self.weigh(self.downsample(x), "identity")), "post")


def save(name, note, build, group="block_"):
    g = Group(group + name, note + ", over (3, 5, 4, 8)")
    x = g.input("x", 3, 5, 4, 8)
    model = g.module(build(8), 0.7)
    g.gradients(y=model(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
    g.save()


if __name__ == "__main__":
    save("se_max", "squeeze and excitation, the squeeze by maximum, 4 hidden", lambda c: Squeeze(c, highest))
    save("se_both", "squeeze and excitation, the squeeze half average and half maximum, 4 hidden", lambda c: Squeeze(c, lambda x: (mean(x) + highest(x)) / 2))
    save("ese", "effective squeeze and excitation", EffectiveSqueeze)
    save("eca", "efficient channel attention, 3 neighbours", EfficientChannels)
    save("scse", "concurrent spatial and channel squeeze and excitation, 4 hidden", Scse)
    save("cbam", "convolutional block attention, 4 hidden", Cbam)
    save("bam", "bottleneck attention, 4 hidden", Bam)
    save("ge", "gather and excite without weights, the whole picture", lambda c: Gather(0))
    save("ge_extent", "gather and excite without weights, extent 2", lambda c: Gather(2))
    save("ge_depthwise", "gather and excite, two depthwise convolutions (extent 4)", GatherDepthwise)
    save("ge_plus", "gather and excite, two depthwise convolutions (extent 4), 4 hidden", GatherPlus)
    save("gc", "global context, 4 hidden", Context)
    save("coordinate", "coordinate attention, 8 hidden", Coordinate)
    save("triplet", "triplet attention", lambda c: Triplet())
    save("simam", "SimAM", lambda c: SimAM())
    save("non_local", "non-local block, embedded Gaussian, 4 inner channels", NonLocal)
    save("non_local_subsampled", "the same, keys and values maxima of 2 x 2 places", lambda c: NonLocal(c, subsamples=True))
    save("a2", "double attention, 2 inner channels", Double)
    save("max_gate", "a gate from the maximum over places", MaxGate)
    save("gate", "a gate for each value", Gate)
    save("sk", "selective kernel, 6 filters, stride 2, 32 hidden", SelectiveKernel)
    save("splat", "split attention, radix 2, 6 filters, stride 2, 32 hidden", Splat)
    save("augmented", "attention-augmented convolution, 16 filters, 2 heads, distances clipped at 1", Augmented)
    save("augmented_stride", "the same with stride 2", lambda c: Augmented(c, 2))
    for place in ("standard", "pre", "post", "identity", "inner"):
        save(place, "basic residual block, 6 filters, stride 2, squeeze and excitation (4 hidden) placed " + place, lambda c: Residual(c, place), "residual_")
