"""Prints one table out of files of figures (JSON lines of the peers and of Heed.Benchmarks). usage: compare.py FILE…

Rows are (case, pass, threads); a cell is the best time in milliseconds and the share of the measured FMA peak. "heed gains" is
the best peer's time divided by Heed's: above 1, Heed is faster. Of several figures for one cell the best counts.
"""
import json
import math
import os
import sys


def load(paths):
    headers, cells = [], {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in filter(str.strip, lines):
                record = json.loads(line)
                if "machine" in record:
                    headers.append(record["machine"])
                    continue
                row = cells.setdefault((record["case"], record["pass"], record["threads"]), {})
                peer = record["peer"].split("-")[0]  # what follows is the variant: the best of a peer's counts
                old = row.get(peer)
                if old is None or record["ms_min"] < old["ms_min"]:
                    row[peer] = record
    return headers, cells


def cell(record, peak):
    if record is None:
        return ""
    if "gbytes" in record and record["pass"] == "limit":
        return f"{record['gbytes']:.1f} GB/s"
    if record["pass"] == "limit":
        return f"{record['gflops']:.1f} GFLOP/s"
    text = f"{record['ms_min']:.3f}" if record["ms_min"] < 1000 else f"{record['ms_min']:.0f}"
    if "gbytes" in record:
        text += f" ({record['gbytes']:.1f} GB/s)"
    elif record.get("gflops") and peak:
        text += f" ({100 * record['gflops'] / peak:.0f} %)"
    if record.get("peak_mib"):
        text += f", {record['peak_mib']} MiB"
    return text


def attention_cases():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.txt"), encoding="utf-8") as lines:
        return {line.split()[1] for line in lines if line.startswith("attention ")}


def headline(gains):
    """The geometric mean over attention's cases, for each number of threads: every pass, and forward alone."""
    names = attention_cases()
    for threads in sorted({t for _, _, t in gains}):
        for title, passes in (("all passes", ("fwd", "fwdbwd")), ("forward", ("fwd",)), ("forward and backward", ("fwdbwd",))):
            logs = [math.log(g) for (case, kind, t), g in gains.items() if case in names and kind in passes and t == threads]
            if logs:
                print(f"attention, {threads} threads, {title}: geometric mean {math.exp(sum(logs) / len(logs)):.2f} over {len(logs)} cases")


def main():
    headers, cells = load(sys.argv[1:])
    for header in headers:
        print(f"{header['date']}, {header['cpu']}, {header['cores']} cores, {header['system']}; "
              + ", ".join(f"{k} {v}" for k, v in header["versions"].items() if v), end="\n\n")
    peers = sorted({peer for row in cells.values() for peer in row}, key=lambda p: (p == "heed", p))
    peaks = {}
    for (case, _, threads), row in cells.items():
        if case.startswith("fma"):
            peaks[threads] = max(peaks.get(threads, 0), *(r["gflops"] for r in row.values()))
    print("| case | pass | threads | " + " | ".join(peers) + " | heed gains |")
    print("|---|---|---:|" + "---:|" * (len(peers) + 1))
    gains = {}
    for (case, kind, threads), row in sorted(cells.items()):
        others = [record["ms_min"] for peer, record in row.items() if peer != "heed"]
        if "heed" in row and others and kind != "limit":
            gains[case, kind, threads] = min(others) / row["heed"]["ms_min"]
        gain = f"{gains[case, kind, threads]:.2f}" if (case, kind, threads) in gains else ""
        print(f"| {case} | {kind} | {threads} | " + " | ".join(cell(row.get(p), peaks.get(threads)) for p in peers) + f" | {gain} |")
    print()
    headline(gains)


if __name__ == "__main__":
    main()
