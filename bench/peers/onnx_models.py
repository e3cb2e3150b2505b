"""Writes ONNX models of attention for the cases of cases.txt, and models.txt, which ort_models.c reads. usage: onnx_models.py cases.txt DIR

models.txt: "model FILE CASE VARIANT PASS OPERATIONS TENSORS" with tabs between, then a line for each tensor, inputs first: "NAME in|int|long|out SOURCE RANK DIMENSIONS".
SOURCE is the value of an int or long tensor, and for an output the place of the input whose memory it shares, or -1. A file FILE.NAME beside a model holds the
values of its input NAME, or those that its output NAME must have.
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

TYPES = {"int": TensorProto.INT32, "long": TensorProto.INT64}


def describe(listing, file, case, variant, kind, flops, tensors):
    print("model", file, case, variant, kind, flops, len(tensors), sep="\t", file=listing)
    for name, type_, source, dims in tensors:
        print(name, type_, source, len(dims), *dims, file=listing)


def write(folder, listing, case, variant, flops, nodes, tensors, opset=17, constants=()):
    def value(name, kind, _, dims):
        return helper.make_tensor_value_info(name, TYPES.get(kind, TensorProto.FLOAT), dims)
    graph = helper.make_graph(nodes, "bench", [value(*t) for t in tensors if t[1] != "out"], [value(*t) for t in tensors if t[1] == "out"], list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)])
    model.ir_version = 8 if opset < 23 else 10
    file = f"{case}.{variant}.onnx".replace(" ", "_")
    with open(os.path.join(folder, file), "wb") as f:
        f.write(model.SerializeToString())
    describe(listing, file, case, variant, "fwd", flops, tensors)
    return file


def models(folder, listing, case, batch, heads, shared, queries, keys, size, causal, window, _):
    pairs = sum(min(window or keys, i + 1) for i in range(queries)) if causal else queries * keys
    flops = 4.0 * batch * heads * size * pairs
    wide, narrow = [batch, queries, heads * size], [batch, keys, shared * size]
    q, k = [batch, heads, queries, size], [batch, shared, keys, size]
    three = [("q", "in", -1, q), ("k", "in", -1, k), ("v", "in", -1, k), ("o", "out", -1, q)]
    if heads == shared and not window:
        node = helper.make_node("MultiHeadAttention", ["q", "k", "v"], ["o"], domain="com.microsoft", num_heads=heads, unidirectional=causal)
        write(folder, listing, case, "mha", flops, [node], [("q", "in", -1, wide), ("k", "in", -1, narrow), ("v", "in", -1, narrow), ("o", "out", -1, wide)])
    if causal or queries == 1:
        # Causal always; with one query over a full cache that is decode. The new keys go into the cache in place.
        node = helper.make_node("GroupQueryAttention", ["q", "k", "v", "pk", "pv", "last", "total"], ["o", "nk", "nv"], domain="com.microsoft",
                                num_heads=heads, kv_num_heads=shared, local_window_size=window or -1)
        new = [batch, queries, shared * size]
        write(folder, listing, case, "gqa", flops, [node], [("q", "in", -1, wide), ("k", "in", -1, new), ("v", "in", -1, new), ("pk", "in", -1, k), ("pv", "in", -1, k),
              ("last", "int", keys - 1, [batch]), ("total", "int", keys, [1]), ("o", "out", -1, wide), ("nk", "out", 3, k), ("nv", "out", 4, k)])
    if not window:
        write(folder, listing, case, "attention23", flops, [helper.make_node("Attention", ["q", "k", "v"], ["o"], is_causal=causal)], three, opset=23)
    if heads == shared:
        constants = [numpy_helper.from_array(np.array(size ** -0.5, np.float32), "factor")]
        nodes = [helper.make_node("Transpose", ["k"], ["t"], perm=[0, 1, 3, 2]), helper.make_node("MatMul", ["q", "t"], ["a"]), helper.make_node("Mul", ["a", "factor"], ["b"])]
        if causal:
            i, j = np.arange(queries)[:, None], np.arange(keys)[None]
            hidden = (j > i) | (j <= i - (window or keys))
            constants.append(numpy_helper.from_array(np.where(hidden, np.float32(-1e9), np.float32(0)), "mask"))
            nodes.append(helper.make_node("Add", ["b", "mask"], ["c"]))
        nodes += [helper.make_node("Softmax", ["c" if causal else "b"], ["w"], axis=-1), helper.make_node("MatMul", ["w", "v"], ["o"])]
        write(folder, listing, case, "matmul", flops, nodes, three, constants=constants)


def main():
    os.makedirs(sys.argv[2], exist_ok=True)
    with open(sys.argv[1], encoding="utf-8") as cases, open(os.path.join(sys.argv[2], "models.txt"), "w", encoding="utf-8") as listing:
        for line in cases:
            if line.startswith("attention "):
                name, *numbers = line.split()[1:]
                models(sys.argv[2], listing, name, *map(int, numbers))


if __name__ == "__main__":
    main()
