#!/usr/bin/env python3
"""Times whole processes from their start to the answer of `heed predict MODEL TEXT`, builds in turn.

usage: start.py MODEL NAME=FOLDER… [--runs N] [--json FILE]

FOLDER holds Heed.Cli.dll: the release folder of a build, or that of `dotnet publish`. The first round is not counted.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import time


def start(folder, model):
    begin = time.perf_counter()
    subprocess.run(["dotnet", folder / "Heed.Cli.dll", "predict", model, "a fine film"], check=True, stdout=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - begin)


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return ", ".join(next((l.split(":")[1].strip() for l in lines if l.startswith(key)), "?") for key in ("model name", "cpu family"))


p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("model", type=pathlib.Path)
p.add_argument("builds", nargs="+", metavar="NAME=FOLDER")
p.add_argument("--runs", type=int, default=7)
p.add_argument("--json", type=pathlib.Path)
options = p.parse_args()
builds = {name: pathlib.Path(folder) for name, folder in (build.split("=", 1) for build in options.builds)}
times = {name: [] for name in builds}
for turn in range(options.runs + 1):
    for name, folder in builds.items():
        ms = start(folder, options.model)
        if turn > 0:
            times[name].append(ms)
for name, ms in times.items():
    record = {"case": "start to answer", "build": name, "ms_min": round(min(ms), 1), "ms_median": round(statistics.median(ms), 1), "ms_max": round(max(ms), 1),
              "runs": len(ms), "processor": processor(), "date": datetime.date.today().isoformat()}
    print(json.dumps(record))
    if options.json:
        with open(options.json, "a", encoding="utf-8") as out:
            out.write(json.dumps(record) + "\n")
