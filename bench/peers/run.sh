#!/usr/bin/env bash
# Measures the peers (and Heed, with --heed) on the same cases in one run and prints one table. README.md says more.
# usage: run.sh [--install] [--heed] [--data DIR] [--out FILE] [--threads "1 2"] [--only "limits gemm lstm attention pictures transformers sst2"] [--cases "p1k p1kc"] [--budget MS]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/artifacts/peers
install='' heed='' data='' threads="1 2" only="limits gemm lstm attention sst2" names='' budget=1000
out=$work/peers-$(date +%F).jsonl
while (($#)); do
  case $1 in
    --install) install=1 ;;
    --heed) heed=1 ;;
    --data) data=$2; shift ;;
    --out) out=$2; shift ;;
    --threads) threads=$2; shift ;;
    --only) only=$2; shift ;;
    --cases) names=$2; shift ;; # of attention only
    --budget) budget=$2; shift ;;
    *) sed -n 2,3p "$0" >&2; exit 2 ;;
  esac
  shift
done
want() { [[ " $only " == *" $1 "* ]]; }
library_of() { dpkg -L "$1" 2> /dev/null | grep -E "$2" | head -1; }

if [ -n "$install" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc g++ python3 python3-numpy python3-torch python3-onnx libopenblas0-openmp libdnnl-dev
  if command -v npm > /dev/null; then
    mkdir -p "$work" # its install script would only fetch what a graphics processor needs
    npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$work" onnxruntime-node
  fi
fi
mkdir -p "$work" "$(dirname "$out")"
if want limits; then gcc -O3 -march=native -mprefer-vector-width=512 -ffp-contract=fast -Wall -pthread "$here/limits.c" -o "$work/limits"; fi
if want gemm; then gcc -O2 -Wall "$here/gemm.c" -o "$work/gemm" -ldl; fi
if want lstm; then g++ -O2 -std=c++17 -Wall "$here/onednn_lstm.cpp" -o "$work/onednn_lstm" -ldnnl; fi
# ORT_LIBRARY names another library of ONNX Runtime; otherwise npm's or a Python package's is taken.
library='' python=$(library_of python3-minimal 'bin/python3$')
if want attention || want pictures || want transformers; then
  library=${ORT_LIBRARY:-$(ls "$work"/node_modules/onnxruntime-node/bin/napi-v*/linux/"$(uname -m | sed s/x86_64/x64/)"/libonnxruntime.so.1 2> /dev/null | head -1 || true)}
  library=${library:-$(python3 -c 'import glob, importlib.util as u; print(*glob.glob(u.find_spec("onnxruntime").submodule_search_locations[0] + "/capi/libonnxruntime.so*"))' 2> /dev/null || true)}
  if [ -z "$library" ]; then
    echo "ONNX Runtime left out: no library (run.sh --install, or ORT_LIBRARY=FILE)" >&2
  else
    gcc -O2 -Wall -Wno-unused-result "$here/ort_models.c" -o "$work/ort_models" -ldl -lm
  fi
fi
# Models of one group for ONNX Runtime. models_for GROUP SCRIPT ARGUMENTS
ready=''
models_for() {
  local group=$1
  shift
  [ -n "$library" ] || return 0
  if "${python:-python3}" "$here/$1" "${@:2}"; then ready+=" $group "; else echo "ONNX Runtime left out: no models without python3-onnx and python3-torch (run.sh --install)" >&2; fi
}
# ort GROUP FOLDER THREADS
ort() { if [[ $ready == *" $1 "* ]]; then OMP_PROC_BIND=false "$work/ort_models" "$library" "$2" "$3" "$budget"; fi; }
for group in pictures transformers; do
  if want "$group"; then models_for "$group" onnx_networks.py "$work/models/$group" "$group"; fi
done
if want attention; then
  grep '^attention ' "$here/cases.txt" | awk -v names="$names" 'BEGIN { n = split(names, w); for (i = 1; i <= n; i++) k[w[i]] } !n || $2 in k' > "$work/attention.txt"
  onednn=''
  if g++ -O2 -std=c++17 -Wall "$here/onednn_attention.cpp" -o "$work/onednn_attention" -ldnnl; then onednn=1; else echo "oneDNN left out: run.sh --install" >&2; fi
  models_for attention onnx_models.py "$work/attention.txt" "$work/models"
fi

[ -s "$out" ] || ORT_ROOT=$work python3 "$here/machine.py" > "$out"
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1 OMP_PROC_BIND=true
for t in $threads; do
  export OMP_NUM_THREADS=$t OPENBLAS_NUM_THREADS=$t
  if want limits; then "$work/limits" "$t"; fi
  if want gemm; then
    "$work/gemm" "$here/cases.txt" "$(library_of libopenblas0-openmp 'libopenblas\.so\.0$')" openblas "$t" "$((budget / 4))"
    "$work/gemm" "$here/cases.txt" "$(library_of libdnnl2 'libdnnl\.so\.[0-9]+$')" onednn "$t" "$((budget / 4))"
  fi
  if want lstm; then
    "$work/onednn_lstm" "$here/cases.txt" "$t" "$budget"
    "$here/tuned.sh" "$t" "$here/torch_lstm.py" "$here/cases.txt" "$t" "$budget"
  fi
  if want attention; then
    [ -z "$onednn" ] || "$work/onednn_attention" "$work/attention.txt" "$t" "$budget"
    ort attention "$work/models" "$t"
    "$here/tuned.sh" "$t" "$here/torch_attention.py" "$work/attention.txt" "$t" "$budget" || echo "torch left out" >&2
  fi
  for group in pictures transformers; do
    if want "$group"; then
      ort "$group" "$work/models/$group" "$t"
      "$here/tuned.sh" "$t" "$here/torch_$group.py" "$t" "$budget" || echo "torch left out" >&2
    fi
  done
  for text in sst2 imdb; do
    if want "$text" && [ -n "$data" ]; then "$here/text_epoch.sh" "$data" "$t" "$text"; fi
  done
done | tee -a "$out" >&2
unset GLIBC_TUNABLES OMP_PROC_BIND OMP_NUM_THREADS OPENBLAS_NUM_THREADS
files=("$out")
if [ -n "$heed" ]; then
  # The group of the epoch is called otherwise there.
  groups=''
  [ "$only" = "limits gemm lstm attention sst2" ] || groups=${only//sst2/training} groups=${groups//imdb/training}
  export HEED_BENCH_SHAPES=$names
  files+=("${out%.jsonl}-heed.jsonl")
  (cd "$root" && dotnet run -c Release --project bench/Heed.Benchmarks -- --json "${files[1]}" --threads "$threads" ${groups:+--only "$groups"} ${data:+--data "$data"})
fi
python3 "$here/compare.py" "${files[@]}"
