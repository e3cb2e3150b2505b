#!/usr/bin/env bash
# The best of EPOCHS (2) training epochs of bench/quality/torch_blstm.py: seconds and peak memory as one JSON line. usage: text_epoch.sh DIR THREADS [sst2|imdb]
# imdb: every fifth training text (5,000), cut at 400 tokens.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
case ${3:-sst2} in
  sst2) case="sst2 epoch additive"; files=(--train "$1/sst2/train.tsv" --dev "$1/sst2/dev.tsv" --test "$1/sst2/test.tsv") ;;
  imdb)
    case="imdb epoch additive"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    gzip -dc "$1/imdb/train.tsv.gz" | awk 'NR == 1 || NR % 5 == 2' > "$work/train.tsv"
    # The epochs alone are timed; few rows are enough for what stands between them.
    head -n 65 "$work/train.tsv" > "$work/few.tsv"
    files=(--train "$work/train.tsv" --dev "$work/few.tsv" --test "$work/few.tsv") ;;
  *) echo "text_epoch.sh: there is no case '$3'; there are sst2 and imdb" >&2; exit 2 ;;
esac
"$here/tuned.sh" "$2" "$here/../quality/torch_blstm.py" "${files[@]}" \
  --pooling additive --epochs "${EPOCHS:-2}" --threads "$2" 2> /dev/null | CASE=$case python3 -c '
import json, os, sys
r = json.loads(sys.stdin.read())
t = sorted(1e3 * s for s in r["epoch_seconds"])
print(json.dumps({"peer": "torch", "case": os.environ["CASE"], "threads": r["threads"], "pass": "train",
                  "ms_min": round(t[0], 1), "ms_median": round(t[len(t) // 2], 1), "gflops": None, "peak_mib": r["peak_mib"]}))'
