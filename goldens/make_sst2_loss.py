"""Writes sst2_loss100.json: the losses of the first 100 training steps on SST-2 from formula weights. Only numbers, no text of the data.

usage: python3 make_sst2_loss.py FOLDER_OF_SST2        (train.tsv with the columns label and text)

The model is bench/quality/torch_blstm.py without dropout. README.md of this folder says how to repeat it.
"""
import json
import math
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bench" / "quality"))
from formula import fill  # noqa: E402
from torch_blstm import BATCH, HIDDEN, Blstm, Encoder, collate, read, step  # noqa: E402

STEPS = 100


def scale_of(name, parameter):
    if name.startswith("embedding"):
        return 0.1
    if name.startswith("lstm"):
        return 1 / math.sqrt(HIDDEN)
    return 1 / math.sqrt(2 * HIDDEN if name.startswith(("attention", "output")) else HIDDEN)


def initialise(model):
    """Parameter k of named_parameters gets the salt k = 1, 2, …; row 0 of the embedding is zero. Returns what was set."""
    facts = []
    for salt, (name, parameter) in enumerate(model.named_parameters(), 1):
        values = fill(tuple(parameter.shape), salt, scale_of(name, parameter))
        if name.startswith("embedding"):
            values[0] = 0
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values))
        exact = torch.from_numpy(values).double()
        facts.append({"name": name, "shape": list(parameter.shape), "salt": salt, "scale": scale_of(name, parameter),
                      "sum": exact.sum().item(), "sum_of_squares": (exact * exact).sum().item()})
    return facts


def curve(encode, batches, pooling, double):
    model = Blstm(len(encode.ids) + 2, len(encode.labels), pooling, dropout=0.0)
    facts = initialise(model)
    if double:
        model.double()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=1e-2)
    values = [tuple(v.item() for v in step(model, optimizer, batch)) for batch in batches]
    return facts, [loss for loss, _ in values], [norm for _, norm in values]


def main():
    rows = read(str(pathlib.Path(sys.argv[1]) / "train.tsv"))
    encode = Encoder(rows)
    data = encode(rows)
    batches = [collate(data[i * BATCH:(i + 1) * BATCH]) for i in range(STEPS)]
    result = {
        "made by": f"goldens/make_sst2_loss.py, torch {torch.__version__}",
        "rows": len(rows), "words": len(encode.ids) + 2, "steps": STEPS, "batch": BATCH,
        "batches": {"longest": [b[0].shape[1] for b in batches], "sum_of_ids": [b[0].sum().item() for b in batches],
                    "sum_of_labels": [b[2].sum().item() for b in batches]},
        "poolings": {},
    }
    for pooling in ("additive", "mean", "last", "max"):
        facts, loss, norm = curve(encode, batches, pooling, double=False)
        _, loss64, _ = curve(encode, batches, pooling, double=True)
        result["parameters"] = facts
        result["poolings"][pooling] = {"loss": loss, "loss_float64": loss64, "gradient_norm": norm}
        print(pooling, loss[0], loss[-1], "largest distance to float64", max(abs(a - b) for a, b in zip(loss, loss64)), flush=True)
    path = HERE / "sst2_loss100.json"
    path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {lines(v)}" for k, v in result.items()) + "\n}\n", encoding="utf-8")
    print(path.name, path.stat().st_size, "bytes")


def lines(value):
    """JSON with one line for each entry of the first two levels: short to read, short to compare."""
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n}"
    if isinstance(value, list):
        return "[\n" + ",\n".join("  " + json.dumps(v) for v in value) + "\n]"
    return json.dumps(value)


if __name__ == "__main__":
    main()
