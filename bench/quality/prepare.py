#!/usr/bin/env python3
"""Writes the data sets as train.tsv, dev.tsv and test.tsv (columns label and text), the same for every system.

usage: prepare.py --data DIR --out DIR [DATASET…]

A given split of three files is kept as it is. Without any, row i (from 0) is test if i % 10 = 0, dev if i % 10 = 1, else training. Without dev rows, every
tenth training row. Rows are shuffled with a fixed seed; a training row whose text is in dev or test is left out, a dev row whose text is in test.
Long sets are cut: imdb to 5,000 training, 1,000 dev and 5,000 test rows (every fifth).
"""
import argparse
import gzip
import pathlib
import random
import sys

WHOLE = ("sms_spam/all.tsv", "waimai_10k/all.tsv", "chnsenticorp_hotel/all.tsv.gz", "online_shopping_zh/all.tsv.gz")
SPLIT = {
    "sst2": ("train.tsv", "dev.tsv", "test.tsv"),
    "sst5": ("train.tsv", "dev.tsv", "test.tsv"),
    "ag_news": ("train_small.tsv", None, "test.tsv"),
    "imdb": ("train.tsv.gz", None, "test.tsv.gz"),
    "thucnews_titles": ("train.tsv", None, "test.tsv"),
}
DATASETS = [*SPLIT, *(path.split("/")[0] for path in WHOLE)]


def read(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")
    with opened as lines:
        head, *rows = (line.rstrip("\n").split("\t") for line in lines)
    label, text = head.index("label"), head.index("text")
    return [(row[label], row[text]) for row in rows]


def shuffled(rows):
    return random.Random(0).sample(rows, len(rows))


def parts(dataset, data):
    """Training, dev and test rows."""
    if dataset in SPLIT:
        train, dev, test = (name and read(data / dataset / name) for name in SPLIT[dataset])
        if dev:
            return train, dev, test
        train = shuffled(train)
        if dataset == "imdb":
            return train[:5000], train[5000:6000], test[::5]
        return [r for i, r in enumerate(train) if i % 10], train[::10], test
    rows = read(data / next(path for path in WHOLE if path.startswith(dataset + "/")))
    return shuffled([r for i, r in enumerate(rows) if i % 10 > 1]), rows[1::10], rows[::10]


def prepare(dataset, data, out):
    train, dev, test = parts(dataset, data)
    if not all(SPLIT.get(dataset, [None])):
        tested = {text for _, text in test}
        dev = [row for row in dev if row[1] not in tested]
        known = tested | {text for _, text in dev}
        train = [row for row in train if row[1] not in known]
    folder = out / dataset
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("dev", dev), ("test", test)):
        (folder / f"{name}.tsv").write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows), encoding="utf-8")
    print(f"{dataset}: {len(train)} training, {len(dev)} dev, {len(test)} test rows", file=sys.stderr)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("datasets", nargs="*", default=DATASETS)
    a = p.parse_args()
    for dataset in a.datasets:
        if dataset not in DATASETS:
            sys.exit(f"{dataset}: not one of {', '.join(DATASETS)}")
        prepare(dataset, a.data, a.out)


if __name__ == "__main__":
    main()
