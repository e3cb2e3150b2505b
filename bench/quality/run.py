#!/usr/bin/env python3
"""Works through queue.tsv: one training run after the other, skipping those that have a result in results.jsonl.

usage: run.py --data DIR [--system NAMES] [--dataset NAMES] [--pooling NAMES] [--seed NUMBERS] [--only REGEX] [--limit N]
              [--threads N] [--queue FILE] [--results FILE] [--work DIR] [--list]
       run.py --summary

A command's last line of standard output that is a JSON object with an "accuracy" becomes the result. Interrupt it with
Ctrl+C and start it again: finished runs are skipped, the interrupted one goes on from its checkpoint if its command names
{resume}, else it starts again. README.md explains the columns of the queue.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import re
import shlex
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIELDS = ("accuracy", "macro_f1", "train_seconds", "bag_of_words", "bleu", "bleu_lower_case", "chrf2", "repetition", "stammering", "mean_iou", "map_voc", "map_coco", "accuracy_plain")
FILES = "--train {data}/{dataset}/train.tsv --dev {data}/{dataset}/dev.tsv --test {data}/{dataset}/test.tsv"
HEED = ("dotnet {heed} train text " + FILES.replace("--train", "--data")
        + " --pooling {pooling} --seed {seed} --threads {threads} --json --out {out} {resume}")
# The model of torch_blstm.py, whatever the defaults are.
PLAIN = HEED + " --min-count 1 --no-evidence --embedding 200 --hidden 128 --attention 128 --dropout 0.5 --word-dropout 0 --averaging 0 --batch 64 --epochs 12 --patience 3"
COMMANDS = {
    "heed": HEED,
    "heed-plain": PLAIN,
    "heed-transformer": f"{HEED} --model transformer",
    "heed-transformer-plain": f"{HEED} --model transformer --no-evidence",
    **{f"heed-plain-{length}": f"{PLAIN} --max-length {length}" for length in (200, 400, 800)},
    "heed-translate": "dotnet {heed} train translate --data {raw}/{dataset}/train.tsv.gz --dev {raw}/{dataset}/val.tsv --test {raw}/{dataset}/test_2016_flickr.tsv --source en --target de --seed {seed} --threads {threads} --json --out {out} {resume}",
    "heed-translate-pairs": "dotnet {heed} train translate " + FILES.replace("--train", "--data") + " --seed {seed} --threads {threads} --json --out {out} {resume}",
    "heed-segment": "dotnet {heed} train segment --data {raw}/{dataset}/train.tar --dev {raw}/{dataset}/val.tar --test {raw}/{dataset}/test.tar --classes sky,building,pole,road,pavement,tree,sign,fence,car,pedestrian,bicyclist --void 11 --attention {pooling} --seed {seed} --threads {threads} --json --out {out} {resume}",
    "heed-detect": "dotnet {heed} train detect --data {raw}/{dataset}/images.tar,{raw}/{dataset}/boxes.tsv --rows split=train --dev-rows split=val --test-rows split=test --skip-faults --attention {pooling} --seed {seed} --threads {threads} --json --out {out} {resume}",
    # ResNet-20; the pooling names its attention. About 30 minutes on two idle cores. accuracy_plain is that of the pictures as they are, without their mirrored forms.
    "heed-image": "dotnet {heed} train image --data {raw}/{dataset}/train.tar.gz --test {raw}/{dataset}/test.tar.gz --model resnet20 --attention {pooling} --epochs 50 --learning-rate 0.2 --warmup 0.1 --dev-share 0.02 --flip 0.5 --nesterov --average-mirrored --seed {seed} --threads {threads} --json --out {out} {resume}",
    "heed-digits": "dotnet {heed} train image --data {raw}/{dataset}/train-images-idx3-ubyte.gz,{raw}/{dataset}/train-labels-idx1-ubyte.gz --test {raw}/{dataset}/t10k-images-idx3-ubyte.gz,{raw}/{dataset}/t10k-labels-idx1-ubyte.gz --model resnet20 --attention {pooling} --epochs 6 --shift 2 --seed {seed} --threads {threads} --json --out {out} {resume}",
    "torch": "{root}/bench/peers/tuned.sh {threads} {root}/bench/quality/torch_blstm.py " + FILES + " --pooling {pooling} --seed {seed} --threads {threads}",
}


# Columns of the queue by which its rows are chosen, with commas between names.
CHOSEN_BY = ("system", "dataset", "pooling", "seed")

# Systems that read the sets as they are.
RAW = ("heed-translate", "heed-image", "heed-digits", "heed-segment", "heed-detect")


def read_queue(path):
    with open(path, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader((l for l in lines if l.strip() and not l.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        row["id"] = "-".join(row[column] for column in ("dataset", "system", "pooling", "seed"))
    repeated = len(rows) - len({row["id"] for row in rows})
    if repeated:
        sys.exit(f"{path}: {repeated} ids occur twice")
    return rows


def read_results(path):
    """Results by id. A last line cut short by a crash is left out, and its run is done again."""
    results = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            print(f"{path}: unreadable line left out: {line[:60]}", file=sys.stderr)
            continue
        results[record["id"]] = record
    return results


def append(path, record):
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    with open(path, "a", encoding="utf-8") as out:
        out.write(("" if not text or text.endswith("\n") else "\n") + json.dumps(record) + "\n")
        out.flush()
        os.fsync(out.fileno())


def last_result(text):
    """The last JSON object with an accuracy, at its top or under "test": the whole output (heed), or its last such line (torch)."""
    for part in [text, *reversed(text.splitlines())]:
        try:
            record = json.loads(part)
        except json.JSONDecodeError:
            continue
        if isinstance(record, dict):
            record = {**record, **record["test"]} if isinstance(record.get("test"), dict) else record
            if "meanIou" in record or "vocPrecision" in record:
                return placed(record)
            if "accuracy" in record:
                return plain(record)
            if "bleu" in record:
                return translated(record)
    return None


def translated(record):
    """A translator's figures; its accuracy is the share of answers that are the reference, its repetition that of runs of 1 to 4 tokens in per cent."""
    return {"accuracy": record["exact"], "bleu": round(record["bleu"]["score"], 2), "bleu_lower_case": round(record["bleuLowerCase"]["score"], 2), "chrf2": round(record["chrf2"]["score"], 2),
            "repetition": [round(100 * share, 2) for share in record["repetition"]["shares"]], "stammering": record["repetition"]["stammering"]}


def placed(record):
    """Figures of a segmenter (accuracy is that of pixels) or a detector."""
    return {"accuracy": record.get("accuracy"), "mean_iou": record.get("meanIou"), "map_voc": record.get("vocPrecision"), "map_coco": record.get("cocoPrecision")}


def plain(record):
    """Heed gives figures with their intervals; the value counts here."""
    value = lambda x: x["value"] if isinstance(x, dict) else x
    bags = [b for b in record.get("baselines", []) if b["name"].startswith("bag of words")]
    if "accuracyPlain" in record:
        record = {**record, "accuracy_plain": value(record["accuracyPlain"])}
    return {**record, "accuracy": value(record["accuracy"]), "macro_f1": value(record.get("macro_f1", record.get("macroF1"))),
            "bag_of_words": value(bags[0]["accuracy"]) if bags else None}


def commit():
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def prepared(dataset, options):
    """The folder of the prepared data sets, with this one in it."""
    folder = options.work / "data"
    if not (folder / dataset / "test.tsv").exists():
        subprocess.run([sys.executable, HERE / "prepare.py", "--data", options.data, "--out", folder, dataset], check=True)
    return folder


def run(row, options):
    folder = options.work / row["id"]
    started = (folder / "model.checkpoint").exists()
    folder.mkdir(parents=True, exist_ok=True)
    values = {**row, "root": ROOT, "raw": options.data, "data": None if row["system"] in RAW else prepared(row["dataset"], options), "threads": options.threads, "heed": options.heed, "out": folder / "model", "resume": "--resume" if started else ""}
    command = shlex.split((COMMANDS[row["system"]] + " " + (row.get("options") or "")).format(**{k: shlex.quote(str(v)) if v != "" else "" for k, v in values.items()}))
    print(f"{time.strftime('%H:%M:%S')} {row['id']}{' (again)' if started else ''}", file=sys.stderr, flush=True)
    begin = time.monotonic()
    with open(folder / "log", "a", encoding="utf-8") as log:
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True,
                                 start_new_session=True, preexec_fn=lambda: os.nice(19))
        step_back(child.pid)
        try:
            output, _ = child.communicate()
        except KeyboardInterrupt:
            stop(child)
            sys.exit(130)
        log.write(output)
    result = last_result(output) if child.returncode == 0 else None
    if result is None:
        print(f"  failed with exit code {child.returncode}; see {folder / 'log'}", file=sys.stderr)
        return None
    kept = {field: result.get(field) for field in FIELDS if field in result or field in FIELDS[:4]}
    if kept["train_seconds"] is None:
        kept["train_seconds"] = round(time.monotonic() - begin, 1)  # the whole command
    facts = {key: row[key] for key in ("id", "system", "dataset", "pooling", "seed")}
    return {**facts, **kept, "threads": options.threads, "commit": commit(), "date": datetime.date.today().isoformat()}


def step_back(pid):
    """Where the kernel shares processors between sessions, a process's own niceness counts only inside of its session."""
    try:
        pathlib.Path(f"/proc/{pid}/autogroup").write_text("19", encoding="ascii")
    except OSError:
        pass


def stop(child):
    """One interrupt, so that the command can save itself; it has its own group, so a terminal's Ctrl+C reaches it only from here."""
    os.killpg(child.pid, signal.SIGINT)
    try:
        child.communicate(timeout=60)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def interrupt(*_):
    raise KeyboardInterrupt


# Test rows of each set, as prepare.py writes them.
TEST_ROWS = {"sst2": 1821, "sst5": 2210, "sms_spam": 558, "ag_news": 7600, "imdb": 5000, "waimai_10k": 1199,
             "chnsenticorp_hotel": 777, "online_shopping_zh": 6278, "thucnews_titles": 10000, "cifar10_jpg": 10000}


def interval(percent, rows):
    """Wilson's 95 % interval of an accuracy in per cent."""
    p, z = percent / 100, 1.96
    middle, half = p + z * z / (2 * rows), z * (p * (1 - p) / rows + z * z / (4 * rows * rows)) ** 0.5
    return tuple(100 * (middle + sign * half) / (1 + z * z / rows) for sign in (-1, 1))


def summary(results):
    groups = {}
    translations = [r for r in results.values() if "bleu" in r]
    for record in results.values():
        if "bleu" in record or "mean_iou" in record:
            continue
        groups.setdefault((record["dataset"], record["pooling"], record["system"]), []).append(record)
    print("| data | pooling | system | runs | accuracy | ± | 95 % of one test | macro F1 | train s | bag of words |\n|---|---|---|---:|---:|---:|---|---:|---:|---:|")
    for key, records in sorted(groups.items()):
        accuracy = [100 * r["accuracy"] for r in records]
        spread = statistics.pstdev(accuracy)
        f1, seconds, bag = (mean([r[field] for r in records if r.get(field) is not None]) for field in FIELDS[1:4])
        low, high = interval(statistics.mean(accuracy), TEST_ROWS[key[0]])
        print(f"| {' | '.join(key)} | {len(records)} | {statistics.mean(accuracy):.2f} | {spread:.2f} | {low:.1f} to {high:.1f} | {100 * f1:.2f} | {seconds:.0f} | {f'{100 * bag:.2f}' if bag == bag else ''} |")

    places = [r for r in results.values() if "mean_iou" in r]
    if places:
        print("\n| data | attention | seed | mean IoU | pixel accuracy | mAP@0.5 (VOC) | mAP@0.5:0.95 (COCO) | train s |\n|---|---|---:|---:|---:|---:|---:|---:|")
    for r in places:
        print(f"| {r['dataset']} | {r['pooling']} | {r['seed']} | {figure(r.get('mean_iou'))} | {figure(r.get('accuracy'))} | {figure(r.get('map_voc'))} | {figure(r.get('map_coco'))} | {r['train_seconds']:.0f} |")

    if translations:
        print("\n| data | network | seed | BLEU | BLEU, lower case | chrF2 | train s |\n|---|---|---:|---:|---:|---:|---:|")
    for r in translations:
        print(f"| {r['dataset']} | {r['pooling']} | {r['seed']} | {r['bleu']:.2f} | {r['bleu_lower_case']:.2f} | {r['chrf2']:.2f} | {r['train_seconds']:.0f} |")


def figure(value):
    return "" if value is None else f"{value:.4f}"


def mean(values):
    return statistics.mean(values) if values else float("nan")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=pathlib.Path, default=os.environ.get("HEED_DATA"), help="folder of the data sets (default: HEED_DATA)")
    p.add_argument("--limit", type=int, default=sys.maxsize, help="runs to start at most")
    for column in CHOSEN_BY:
        p.add_argument(f"--{column}", help=f"start rows whose {column} is one of these, whole names with commas between")
    p.add_argument("--only", default="", help="start rows in whose id this regular expression is found")
    p.add_argument("--list", action="store_true", help="print the ids that would be started, run nothing")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--queue", type=pathlib.Path, default=HERE / "queue.tsv")
    p.add_argument("--results", type=pathlib.Path, default=HERE / "results.jsonl")
    p.add_argument("--work", type=pathlib.Path, default=ROOT / "artifacts" / "quality", help="checkpoints and logs")
    p.add_argument("--heed", type=pathlib.Path, default=ROOT / "artifacts/bin/Heed.Cli/release/Heed.Cli.dll", help="the tool; a copy, if it is built anew meanwhile")
    p.add_argument("--summary", action="store_true", help="print means and spreads, run nothing")
    options = p.parse_args()
    results = read_results(options.results)
    if options.summary:
        return summary(results)
    rows = read_queue(options.queue)
    for column in CHOSEN_BY:
        if wanted := getattr(options, column):
            chosen = set(wanted.split(","))
            if unknown := chosen - {row[column] for row in rows}:
                p.error(f"--{column}: the queue has no {', '.join(sorted(unknown))}")
            rows = [row for row in rows if row[column] in chosen]
    waiting = [row for row in rows if row["id"] not in results and re.search(options.only, row["id"])]
    if options.list:
        return print(*(row["id"] for row in waiting[:options.limit]), sep="\n")
    if options.data is None:
        p.error("--data DIR or HEED_DATA is needed")
    options.data, options.work = pathlib.Path(options.data).resolve(), options.work.resolve()
    for number in (signal.SIGINT, signal.SIGTERM):  # set even where a background shell left SIGINT ignored
        signal.signal(number, interrupt)
    failed = 0
    for row in waiting[:options.limit]:
        record = run(row, options)
        if record is None:
            failed += 1
            continue
        append(options.results, record)
        print(f"  accuracy {record['accuracy']}", file=sys.stderr, flush=True)
    print(f"{len(waiting[:options.limit]) - failed} done, {failed} failed, {max(0, len(waiting) - options.limit)} waiting", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
