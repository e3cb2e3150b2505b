#!/usr/bin/env python3
"""Tang poems for a character language model: the texts, and how many written poems have the right form.

usage: poem_form.py prepare --data DIR --out DIR     train.txt and dev.txt, a poem a line: row i (from 0) is dev if i % 10 = 0
       poem_form.py count [FILE…]                    poems of the files, or of standard input, a poem a line; one JSON line

A poem has the right form if all of its verses (what stands between ， 。 ？ ！ ； 、 ：) have 5 characters, or all have 7, there are at least 4 and an even number of them, and it ends with a
mark. Rhyme is not looked at. The last poem of a file is left out unless a line end stands behind it: it may be cut.
"""
import argparse
import gzip
import json
import pathlib
import re
import sys

MARKS = "，。？！；、："


def form(poem):
    """5 or 7, or 0 where the form is wrong."""
    *verses, rest = re.split(f"[{MARKS}]", poem)
    lengths = {len(verse) for verse in verses}
    right = not rest and len(verses) >= 4 and len(verses) % 2 == 0 and len(lengths) == 1 and lengths <= {5, 7}
    return lengths.pop() if right else 0


def poems(text):
    *whole, _ = text.split("\n")
    return [poem for poem in whole if poem.strip()]


def prepare(data, out):
    with gzip.open(data / "tang_poems" / "poems.tsv.gz", "rt", encoding="utf-8") as lines:
        head, *rows = (line.rstrip("\n").split("\t") for line in lines)
    bodies = [row[head.index("body")] for row in rows]
    out.mkdir(parents=True, exist_ok=True)
    for name, some in (("train", [b for i, b in enumerate(bodies) if i % 10]), ("dev", bodies[::10])):
        (out / f"{name}.txt").write_text("".join(body + "\n" for body in some), encoding="utf-8")


def count(texts):
    forms = [form(poem) for text in texts for poem in poems(text)]
    right = sum(map(bool, forms))
    print(json.dumps({"poems": len(forms), "right": right, "five": forms.count(5), "seven": forms.count(7), "share": round(right / max(1, len(forms)), 4)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("prepare")
    making.add_argument("--data", type=pathlib.Path, required=True)
    making.add_argument("--out", type=pathlib.Path, required=True)
    commands.add_parser("count").add_argument("files", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    if args.command == "prepare":
        prepare(args.data, args.out)
    else:
        count([file.read_text(encoding="utf-8") for file in args.files] or [sys.stdin.read()])


if __name__ == "__main__":
    main()
