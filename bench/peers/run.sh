#!/usr/bin/env bash
# Measures the peers (and Heed, with --heed) on the same cases in one run and prints one table. README.md says more.
# usage: run.sh [--install] [--heed] [--data DIR] [--out FILE] [--threads "1 2"] [--only "limits gemm lstm sst2"] [--budget MS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/artifacts/peers
install='' heed='' data='' threads="1 2" only="limits gemm lstm sst2" budget=1000
out=$work/peers-$(date +%F).jsonl
while (($#)); do
  case $1 in
    --install) install=1 ;;
    --heed) heed=1 ;;
    --data) data=$2; shift ;;
    --out) out=$2; shift ;;
    --threads) threads=$2; shift ;;
    --only) only=$2; shift ;;
    --budget) budget=$2; shift ;;
    *) sed -n 2,3p "$0" >&2; exit 2 ;;
  esac
  shift
done
want() { [[ " $only " == *" $1 "* ]]; }
library() { dpkg -L "$1" | grep -E "$2" | head -1; }

if [ -n "$install" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc g++ python3 python3-numpy python3-torch libopenblas0-openmp libdnnl-dev
fi
mkdir -p "$work" "$(dirname "$out")"
if want limits; then gcc -O3 -march=native -mprefer-vector-width=512 -ffp-contract=fast -Wall -pthread "$here/limits.c" -o "$work/limits"; fi
if want gemm; then gcc -O2 -Wall "$here/gemm.c" -o "$work/gemm" -ldl; fi
if want lstm; then g++ -O2 -std=c++17 -Wall "$here/onednn_lstm.cpp" -o "$work/onednn_lstm" -ldnnl; fi

[ -s "$out" ] || python3 "$here/machine.py" > "$out"
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1 OMP_PROC_BIND=true
for t in $threads; do
  export OMP_NUM_THREADS=$t OPENBLAS_NUM_THREADS=$t
  if want limits; then "$work/limits" "$t"; fi
  if want gemm; then
    "$work/gemm" "$here/cases.txt" "$(library libopenblas0-openmp 'libopenblas\.so\.0$')" openblas "$t" "$((budget / 4))"
    "$work/gemm" "$here/cases.txt" "$(library libdnnl2 'libdnnl\.so\.[0-9]+$')" onednn "$t" "$((budget / 4))"
  fi
  if want lstm; then
    "$work/onednn_lstm" "$here/cases.txt" "$t" "$budget"
    "$here/tuned.sh" "$t" "$here/torch_lstm.py" "$here/cases.txt" "$t" "$budget"
  fi
  for text in sst2 imdb; do
    if want "$text" && [ -n "$data" ]; then "$here/text_epoch.sh" "$data" "$t" "$text"; fi
  done
done | tee -a "$out" >&2
unset GLIBC_TUNABLES OMP_PROC_BIND OMP_NUM_THREADS OPENBLAS_NUM_THREADS
files=("$out")
if [ -n "$heed" ]; then
  files+=("${out%.jsonl}-heed.jsonl")
  (cd "$root" && dotnet run -c Release --project bench/Heed.Benchmarks -- --json "${files[1]}" --threads "$threads" ${data:+--data "$data"})
fi
python3 "$here/compare.py" "${files[@]}"
