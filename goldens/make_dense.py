"""Writes pictures_enlarging.safetensors and pictures_unet.safetensors: torch's transposed convolution, bilinear interpolation and a small U-Net, from inputs made by formula.py.

usage: python3 make_dense.py        (as make_torch.py, whose Group it uses)

Pictures are (batch, height, width, channels) in the files; networks train (batch norm with the statistics of the batch).
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from make_torch import Group


class Block(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, filters, 3, 1, 1, bias=False), nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class UNet(nn.Module):
    def __init__(self, widths, bilinear):
        super().__init__()
        self.count, self.bilinear = len(widths), bilinear
        for n, width in enumerate(widths, 1):
            setattr(self, f"encoder{n}", Block(3 if n == 1 else widths[n - 2], width))
        for n in range(len(widths) - 1, 0, -1):
            a, b = widths[n], widths[n - 1]
            setattr(self, f"up{n}", nn.Conv2d(a, b, 1) if bilinear else nn.ConvTranspose2d(a, b, 2, 2))
            setattr(self, f"decoder{n}", Block(2 * b, b))
        self.head = nn.Conv2d(widths[0], 3, 1)

    def forward(self, x):
        levels = []
        for n in range(1, self.count + 1):
            x = getattr(self, f"encoder{n}")(x if n == 1 else F.max_pool2d(x, 2))
            levels.append(x)
        for n in range(self.count - 1, 0, -1):
            x = getattr(self, f"up{n}")(x)
            if self.bilinear:
                x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = getattr(self, f"decoder{n}")(torch.cat([levels[n - 1], x], 1))
        return self.head(x)


def last(x):
    return x.permute(0, 2, 3, 1)


g = Group("pictures_enlarging", "conv_transpose2d with stride 3, padding (2, 1), output padding (1, 2) and 2 groups over (2, 4, 3, 4), and interpolate to 7 x 3 over it")
x = g.input("x", 2, 4, 3, 4)
w, b = g.input("weight", 4, 3, 4, 3), g.input("bias", 6)
first = x.permute(0, 3, 1, 2)
g.gradients(transposed=last(F.conv_transpose2d(first, w, b, 3, (2, 1), (1, 2), 2)), resized=last(F.interpolate(first, (7, 3), mode="bilinear", align_corners=False)))
g.save()

for name, bilinear in (("unet", False), ("unet_bilinear", True)):
    g = Group("pictures_" + name, f"U-Net of widths 4, 6, 8 over (2, 8, 12, 3), 3 classes, {'bilinear' if bilinear else 'transposed'} upsampling")
    x = g.input("x", 2, 8, 12, 3)
    model = g.module(UNet((4, 6, 8), bilinear), 0.7)
    model.train()
    g.gradients(logits=last(model(x.permute(0, 3, 1, 2))))
    g.save()
