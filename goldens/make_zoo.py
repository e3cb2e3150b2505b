"""Writes pictures_zoo_*.safetensors: logits of whole networks of torch, SE-ResNet-50, both MobileNetV3 and ViT-tiny, with weights made by formula.py under the names and shapes of timm and torchvision.

usage: python3 make_zoo.py        (as make_torch.py, whose Group it uses)

The modules stand here in the published form; neither timm nor torchvision is needed. Vectors named weight, and running variances, are 1 + the formula's values. Pictures are (batch, height, width, channels) in the files. All networks evaluate.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from formula import fill
from make_torch import Group


class SqueezeExcitation(nn.Module):
    """Dense layers as 1 x 1 convolutions, as timm and torchvision have them."""

    def __init__(self, channels, hidden, gate):
        super().__init__()
        self.fc1, self.fc2, self.gate = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1), gate

    def forward(self, x):
        return x * self.gate(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.se = SqueezeExcitation(4 * width, width // 4, torch.sigmoid)
        if channels != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.se(self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y))))))
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet50(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for n, (depth, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), 1):
            blocks = [Bottleneck(channels if i == 0 else 4 * width, width, 2 if i == 0 and n > 1 else 1) for i in range(depth)]
            setattr(self, f"layer{n}", nn.Sequential(*blocks))
            channels = 4 * width
        self.fc = nn.Linear(channels, 1000)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for n in range(1, 5):
            x = getattr(self, f"layer{n}")(x)
        return self.fc(x.mean((2, 3)))


def conv_norm(channels, filters, kernel, stride, groups, activation):
    layers = [nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(filters, eps=0.001)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class Inverted(nn.Module):
    def __init__(self, channels, kernel, expanded, outputs, attends, hard, stride):
        super().__init__()
        activation = nn.Hardswish if hard else nn.ReLU
        layers = [conv_norm(channels, expanded, 1, 1, 1, activation)] if expanded != channels else []
        layers.append(conv_norm(expanded, expanded, kernel, stride, expanded, activation))
        if attends:
            quarter = expanded / 4
            hidden = max(8, int(quarter + 4) // 8 * 8)
            layers.append(SqueezeExcitation(expanded, hidden + 8 if hidden < 0.9 * quarter else hidden, F.hardsigmoid))
        self.block = nn.Sequential(*layers, conv_norm(expanded, outputs, 1, 1, 1, None))
        self.adds = stride == 1 and channels == outputs

    def forward(self, x):
        return x + self.block(x) if self.adds else self.block(x)


# Howard et al. 2019, tables 1 and 2: kernel, expanded channels, outputs, squeeze and excitation, hard swish, stride.
LARGE = (
    (3, 16, 16, 0, 0, 1), (3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1), (5, 72, 40, 1, 0, 2), (5, 120, 40, 1, 0, 1), (5, 120, 40, 1, 0, 1),
    (3, 240, 80, 0, 1, 2), (3, 200, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1),
    (5, 672, 160, 1, 1, 2), (5, 960, 160, 1, 1, 1), (5, 960, 160, 1, 1, 1))
SMALL = (
    (3, 16, 16, 1, 0, 2), (3, 72, 24, 0, 0, 2), (3, 88, 24, 0, 0, 1), (5, 96, 40, 1, 1, 2), (5, 240, 40, 1, 1, 1), (5, 240, 40, 1, 1, 1),
    (5, 120, 48, 1, 1, 1), (5, 144, 48, 1, 1, 1), (5, 288, 96, 1, 1, 2), (5, 576, 96, 1, 1, 1), (5, 576, 96, 1, 1, 1))


class MobileNetV3(nn.Module):
    def __init__(self, blocks, last):
        super().__init__()
        layers, channels = [conv_norm(3, 16, 3, 2, 1, nn.Hardswish)], 16
        for kernel, expanded, outputs, attends, hard, stride in blocks:
            layers.append(Inverted(channels, kernel, expanded, outputs, attends, hard, stride))
            channels = outputs
        self.features = nn.Sequential(*layers, conv_norm(channels, 6 * channels, 1, 1, 1, nn.Hardswish))
        self.classifier = nn.Sequential(nn.Linear(6 * channels, last), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(last, 1000))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(size, 3 * size), nn.Linear(size, size)

    def forward(self, x):
        batch, tokens, size = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, size // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(size // self.heads)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, tokens, size))


class Layer(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(size, eps=1e-6), Attention(size, heads), nn.LayerNorm(size, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(size, 4 * size), "fc2": nn.Linear(4 * size, size)})

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class VisionTransformerTiny(nn.Module):
    def __init__(self, patches, size=192, heads=3):
        super().__init__()
        self.cls_token, self.pos_embed = nn.Parameter(torch.zeros(1, 1, size)), nn.Parameter(torch.zeros(1, patches + 1, size))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, size, 16, 16)})
        self.blocks = nn.Sequential(*(Layer(size, heads) for _ in range(12)))
        self.norm, self.head = nn.LayerNorm(size, eps=1e-6), nn.Linear(size, 1000)

    def forward(self, x):
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def save(name, note, model, height, width):
    g = Group("pictures_zoo_" + name, note)
    x = g.input("x", 2, height, width, 3).detach()
    model.double().eval()
    with torch.no_grad():
        for tensor_name, tensor in list(model.named_parameters()) + [b for b in model.named_buffers() if not b[0].endswith("num_batches_tracked")]:
            shape, salt = list(tensor.shape), len(g.inputs) + 1
            scale = round(math.sqrt(3 / math.prod(shape[1:])), 4) if len(shape) > 1 and math.prod(shape[1:]) > 1 else 0.2
            g.metadata["input:" + tensor_name] = f"salt {salt} scale {scale} shape {' '.join(map(str, shape))}"
            g.inputs[tensor_name] = tensor
            values = torch.from_numpy(fill(shape, salt, scale)).double()
            near_one = (len(shape) == 1 and tensor_name.endswith("weight")) or tensor_name.endswith("running_var")
            tensor.copy_((1 + values.float()).double() if near_one else values)
        g.output("logits", model(x.permute(0, 3, 1, 2)))
    g.save()


save("se_resnet50", "SE-ResNet-50 under timm's names over (2, 64, 48, 3)", ResNet50(), 64, 48)
save("mobilenetv3_small", "MobileNetV3-small under torchvision's names over (2, 64, 48, 3)", MobileNetV3(SMALL, 1024), 64, 48)
save("mobilenetv3_large", "MobileNetV3-large under torchvision's names over (2, 64, 48, 3)", MobileNetV3(LARGE, 1280), 64, 48)
save("vit_tiny", "ViT-tiny with patches of 16 under timm's names over (2, 64, 48, 3)", VisionTransformerTiny(12), 64, 48)
