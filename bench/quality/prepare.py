#!/usr/bin/env python3
"""Writes the data sets as train.tsv, dev.tsv and test.tsv (columns label and text; of pairs en and zh), the same for every system.

usage: prepare.py --data DIR --out DIR [DATASET…]

A given split of three files is kept as it is. Without any, row i (from 0) is test if i % 10 = 0, dev if i % 10 = 1, else training. Without dev rows, every
tenth training row. Rows are shuffled with a fixed seed; a training row whose text is in dev or test is left out, a dev row whose text is in test.
Long sets are cut: imdb to 5,000 training, 1,000 dev and 5,000 test rows (every fifth). Pairs are split by their English side: all pairs of a sentence
are in one part, and test and dev keep the first one.
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
PAIRS = {"tatoeba_en_zh": ("all.tsv.gz", "en", "zh")}
DATASETS = [*SPLIT, *(path.split("/")[0] for path in WHOLE), *PAIRS]


def read(path, columns=("label", "text")):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")
    with opened as lines:
        head, *rows = (line.rstrip("\n").split("\t") for line in lines)
    first, second = map(head.index, columns)
    return [(row[first], row[second]) for row in rows]


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


def pair_parts(dataset, data):
    """Training, dev and test pairs: of the shuffled sentences, the first 1,000 are tested, the next 1,000 choose the epoch."""
    name, *columns = PAIRS[dataset]
    groups = {}
    for source, target in read(data / dataset / name, columns):
        groups.setdefault(source, []).append((source, target))
    sentences = shuffled(list(groups.values()))
    return [pair for group in sentences[2000:] for pair in group], [g[0] for g in sentences[1000:2000]], [g[0] for g in sentences[:1000]]


def prepare(dataset, data, out):
    if dataset in PAIRS:
        return write(dataset, out, PAIRS[dataset][1:], *pair_parts(dataset, data))
    train, dev, test = parts(dataset, data)
    if not all(SPLIT.get(dataset, [None])):
        tested = {text for _, text in test}
        dev = [row for row in dev if row[1] not in tested]
        known = tested | {text for _, text in dev}
        train = [row for row in train if row[1] not in known]
    write(dataset, out, ("label", "text"), train, dev, test)


def write(dataset, out, columns, train, dev, test):
    folder = out / dataset
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("dev", dev), ("test", test)):
        (folder / f"{name}.tsv").write_text("".join("\t".join(row) + "\n" for row in [columns, *rows]), encoding="utf-8")
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
