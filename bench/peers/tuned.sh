#!/usr/bin/env bash
# Runs Debian's Python with torch at its fastest. usage: tuned.sh THREADS SCRIPT [ARGUMENTS]
# Without these settings torch 1.13 is up to twice as slow: new pages for every temporary, AVX2 code on an AVX-512
# machine, and OpenBLAS's own threads beside those of OpenMP.
set -euo pipefail
export OMP_NUM_THREADS=$1 OPENBLAS_NUM_THREADS=$1 OMP_PROC_BIND=${OMP_PROC_BIND:-true}
shift
file_of() { dpkg -L "$1" 2> /dev/null | grep -E "$2" | head -1; }
python=$(file_of python3-minimal 'bin/python3$') || { echo "tuned.sh: Debian's python3-minimal is not installed (run.sh --install)" >&2; exit 2; }
blas=$(file_of libopenblas0-openmp 'libblas\.so\.3$') || { echo "tuned.sh: libopenblas0-openmp is not installed (run.sh --install)" >&2; exit 2; }
export LD_LIBRARY_PATH=$(dirname "$blas")
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=17179869184:glibc.malloc.trim_threshold=17179869184
if grep -q avx512f /proc/cpuinfo; then export ATEN_CPU_CAPABILITY=avx512; fi
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
exec "$python" "$@"
