"""Writes the networks of torch_pictures.py and the encoder of torch_transformers.py as ONNX models, and models.txt as onnx_models.py has it, with torch's outputs beside them.

usage: onnx_networks.py DIR pictures|transformers [CASE]

"export" is what torch.onnx.export makes of a module in eval mode, with fixed shapes. "fused" is the encoder of the same weights in ONNX Runtime's own operators, in the form that its
optimizer for Transformers aims at (a Python tool, no part of the library): attention, bias with GELU, and sum with layer norm are one operator each.
"""
import os
import sys

import torch
from onnx import helper, numpy_helper
from torch import nn

from onnx_models import describe, write
from torch_pictures import NETWORKS
from torch_transformers import ENCODED, WORDS, encoder, states

LAYERS, SIZE, HEADS = 12, 384, 12


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = encoder(LAYERS, SIZE, HEADS, False, WORDS)

    def forward(self, ids):
        return states(self.parts, ids)


def scattered(model):
    """The model in eval mode with random values that differ from layer to layer: torch starts all layers of an encoder with the same ones, which the export would write only once."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 1.5)
            if isinstance(module, nn.TransformerEncoderLayer):
                for values in (module.self_attn.in_proj_weight, module.self_attn.out_proj.weight, module.linear1.weight, module.linear2.weight):
                    nn.init.xavier_uniform_(values)
                for values in (module.self_attn.in_proj_bias, module.self_attn.out_proj.bias, module.linear1.bias, module.linear2.bias):
                    values.uniform_(-0.1, 0.1)
    return model.eval()


def save(folder, file, x, y):
    for name, values in (("x", x), ("y", y)):
        values.detach().numpy().tofile(os.path.join(folder, f"{file}.{name}"))


def tensors(x, y):
    return [("x", "in" if x.is_floating_point() else "long", 0, list(x.shape)), ("y", "out", -1, list(y.shape))]


def export(folder, listing, case, kind, flops, model, x):
    file = f"{case}.export.onnx".replace(" ", "_")
    # With gradients allowed, torch takes the written-out way through its encoder; the operator of its short way has no ONNX form.
    y = model(x)
    torch.onnx.export(model, x, os.path.join(folder, file), opset_version=17, do_constant_folding=True, input_names=["x"], output_names=["y"])
    describe(listing, file, case, "export", kind, flops, tensors(x, y))
    save(folder, file, x, y)
    return y


def fused(folder, listing, case, flops, model, ids, y):
    words, places, stack = model.parts
    nodes, constants = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(values.detach().contiguous().numpy(), name))
        return name

    def node(operation, inputs, output, domain="com.microsoft", **attributes):
        nodes.append(helper.make_node(operation, inputs, [output], domain=domain, **attributes))
        return output

    def linear(name, x, weight):
        return node("MatMul", [x, constant(f"{name}.weight", weight.t())], name, "")

    def add_and_norm(name, x, residual, bias, norm):
        factors = [constant(f"{name}.{part}", values) for part, values in (("weight", norm.weight), ("bias", norm.bias), ("before", bias))]
        return node("SkipLayerNormalization", [x, residual, *factors], name, epsilon=norm.eps)

    state = node("Gather", [constant("words", words.weight), "x"], "gathered", "")
    state = node("Add", [state, constant("places", places.weight[:ids.shape[1]])], "embedded", "")
    for n, layer in enumerate(stack.layers):
        attention = layer.self_attn
        mixed = node("Attention", [state, constant(f"{n}.qkv.weight", attention.in_proj_weight.t()), constant(f"{n}.qkv.bias", attention.in_proj_bias)], f"{n}.mixed", num_heads=HEADS)
        state = add_and_norm(f"{n}.norm1", linear(f"{n}.out", mixed, attention.out_proj.weight), state, attention.out_proj.bias, layer.norm1)
        hidden = node("BiasGelu", [linear(f"{n}.up", state, layer.linear1.weight), constant(f"{n}.up.bias", layer.linear1.bias)], f"{n}.gelu")
        state = add_and_norm("y" if n == LAYERS - 1 else f"{n}.norm2", linear(f"{n}.down", hidden, layer.linear2.weight), state, layer.linear2.bias, layer.norm2)
    file = write(folder, listing, case, "fused", flops, nodes, tensors(ids, y), constants=constants)
    save(folder, file, ids, y)


def main():
    folder, group, only = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(1)
    with open(os.path.join(folder, "models.txt"), "w", encoding="utf-8") as listing:
        for name, make, flops in NETWORKS if group == "pictures" else ():
            for batch in (1, 8):
                case = f"{name} 224x224 N{batch}"
                if only in case:
                    export(folder, listing, case, "infer", flops * batch, scattered(make()), torch.randn(batch, 3, 224, 224))
        for batch, length in ENCODED if group == "transformers" else ():
            case = f"encoder {LAYERS}x{SIZE} {batch}x{length}"
            if only in case:
                model, ids = scattered(Encoder()), torch.randint(WORDS, (batch, length))
                flops = LAYERS * batch * length * (24.0 * SIZE ** 2 + 4.0 * length * SIZE)
                y = export(folder, listing, case, "fwd", flops, model, ids)
                fused(folder, listing, case, flops, model, ids, y)


if __name__ == "__main__":
    main()
