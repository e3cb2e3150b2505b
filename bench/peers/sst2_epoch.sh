#!/usr/bin/env bash
# The better of two training epochs (EPOCHS=2) of bench/quality/torch_blstm.py on SST-2: seconds and peak memory as one JSON line. usage: sst2_epoch.sh DIR THREADS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/tuned.sh" "$2" "$here/../quality/torch_blstm.py" --train "$1/sst2/train.tsv" --dev "$1/sst2/dev.tsv" --test "$1/sst2/test.tsv" \
  --pooling additive --epochs "${EPOCHS:-2}" --threads "$2" 2> /dev/null | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
t = sorted(1e3 * s for s in r["epoch_seconds"])
print(json.dumps({"peer": "torch", "case": "sst2 epoch additive", "threads": r["threads"], "pass": "train",
                  "ms_min": round(t[0], 1), "ms_median": round(t[len(t) // 2], 1), "gflops": None, "peak_mib": r["peak_mib"]}))'
