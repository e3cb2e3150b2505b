"""Prints the header line of a file of figures: date, processor, cores, system, versions. usage: machine.py"""
import json
import os
import platform
import re
import subprocess
import time


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def first(path, pattern):
    with open(path, encoding="utf-8") as f:
        found = re.search(pattern, f.read(), re.M)
    return found.group(1) if found else None


packages = {"torch": "python3-torch", "openblas": "libopenblas0-openmp", "onednn": "libdnnl2"}
versions = {name: output("dpkg-query", "-W", "-f", "${Version}", package) for name, package in packages.items()}
try:
    with open(os.path.join(os.environ.get("ORT_ROOT", "."), "node_modules/onnxruntime-node/package.json"), encoding="utf-8") as f:
        versions["onnxruntime"] = json.load(f)["version"]
except OSError:
    pass
versions |= {"gcc": output("gcc", "-dumpfullversion"), "dotnet": output("dotnet", "--version"),
             "heed": output("git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty")}
print(json.dumps({"machine": {
    "date": time.strftime("%Y-%m-%d"), "cpu": first("/proc/cpuinfo", r"^model name\s*: (.*)$"),
    "family": first("/proc/cpuinfo", r"^cpu family\s*: (.*)$"), "model": first("/proc/cpuinfo", r"^model\s*: (.*)$"),
    "cores": len(os.sched_getaffinity(0)), "memory_gib": round(int(first("/proc/meminfo", r"^MemTotal:\s*(\d+)")) / 2**20),
    "system": platform.freedesktop_os_release().get("PRETTY_NAME"), "kernel": platform.release(), "versions": versions}}))
