"""Prints one table out of files of figures (JSON lines of the peers and of Heed.Benchmarks). usage: compare.py FILE…

Rows are (case, pass, threads); a cell is the best time in milliseconds and the share of the measured FMA peak. "heed gains" is
the best peer's time divided by Heed's: above 1, Heed is faster. Of several figures for one cell the best counts.
"""
import json
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
                old = row.get(record["peer"])
                if old is None or record["ms_min"] < old["ms_min"]:
                    row[record["peer"]] = record
    return headers, cells


def cell(record, peak):
    if record is None:
        return ""
    if "gbytes" in record:
        return f"{record['gbytes']:.1f} GB/s"
    if record["pass"] == "limit":
        return f"{record['gflops']:.1f} GFLOP/s"
    text = f"{record['ms_min']:.3f}" if record["ms_min"] < 1000 else f"{record['ms_min']:.0f}"
    if record.get("gflops") and peak:
        text += f" ({100 * record['gflops'] / peak:.0f} %)"
    if record.get("peak_mib"):
        text += f", {record['peak_mib']} MiB"
    return text


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
    for (case, kind, threads), row in sorted(cells.items()):
        others = [record["ms_min"] for peer, record in row.items() if peer != "heed"]
        gain = f"{min(others) / row['heed']['ms_min']:.2f}" if "heed" in row and others and kind != "limit" else ""
        print(f"| {case} | {kind} | {threads} | " + " | ".join(cell(row.get(p), peaks.get(threads)) for p in peers) + f" | {gain} |")


if __name__ == "__main__":
    main()
