// Limits of the machine: the FMA peak with 512-bit and 256-bit vectors, and the read bandwidth of L2 and DRAM. usage: limits THREADS
#include "bench.h"
#include <pthread.h>
#include <sys/mman.h>

typedef float wide __attribute__((vector_size(64), aligned(64)));
typedef float half __attribute__((vector_size(32), aligned(32)));
enum { CHAINS = 12, STEPS = 10000000 };  // 12 chains in registers hide the latency of two pipes
static int threads;
static size_t floats;                    // each thread reads its own part of this many
static float *memory;
static volatile float sink;
static pthread_barrier_t gate;
static double began[64], ended[64];

#define FMA(NAME, VECTOR)                                                                  \
  static void NAME(int id) {                                                               \
    VECTOR r[CHAINS], x = {0}, y = {0};                                                    \
    x += 0.999f, y += 1e-3f;                                                               \
    for (int c = 0; c < CHAINS; c++) r[c] = y * (float)(c + id);                           \
    for (int i = 0; i < STEPS; i++)                                                        \
      _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) r[c] = r[c] * x + y;       \
    for (int c = 1; c < CHAINS; c++) r[0] += r[c];                                         \
    sink = r[0][0];                                                                        \
  }
FMA(fma512, wide)
FMA(fma256, half)

static void read_part(int id) {
  const wide *p = (const wide *)memory + floats / 16 / threads * id;
  wide a = {0}, b = a, c = a, d = a;
  for (size_t i = 0, n = floats / 16 / threads; i + 4 <= n; i += 4) a += p[i], b += p[i + 1], c += p[i + 2], d += p[i + 3];
  a += b + c + d, sink = a[0];
}
static void read_often(int id) { for (int i = 0; i < 400; i++) read_part(id); }

static void (*work)(int);
static void *worker(void *id) {
  long i = (long)id;
  pthread_barrier_wait(&gate);
  began[i] = now_ms(), work(i), ended[i] = now_ms();
  return 0;
}
static void once(void *unused) {
  pthread_t t[64];
  pthread_barrier_init(&gate, 0, threads);
  for (long i = 0; i < threads; i++) pthread_create(&t[i], 0, worker, (void *)i);
  for (int i = 0; i < threads; i++) pthread_join(t[i], 0);
}
static void limit(const char *name, const char *unit, void (*fn)(int), double amount) {
  double best = 1e300, all[9];
  work = fn;
  for (int r = 0; r < 9; r++) {
    once(0);
    double from = began[0], to = ended[0];
    for (int i = 1; i < threads; i++) from = began[i] < from ? began[i] : from, to = ended[i] > to ? ended[i] : to;
    all[r] = to - from, best = all[r] < best ? all[r] : best;
  }
  qsort(all, 9, sizeof *all, by_value);
  printf("{\"peer\": \"machine\", \"case\": \"%s\", \"threads\": %d, \"pass\": \"limit\", \"ms_min\": %.5f, \"ms_median\": %.5f, \"%s\": %.1f}\n", name, threads, best, all[4], unit, amount / best * 1e-6);
}

int main(int argc, char **argv) {
  threads = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : 1;
  if (threads > 64) return 2;
  size_t large = (size_t)1 << 27, small = ((size_t)384 << 10) / 4 * threads;  // 512 MiB; 384 KiB a thread
  memory = aligned_alloc(2 << 20, large * 4);
  madvise(memory, large * 4, MADV_HUGEPAGE);
  for (size_t i = 0; i < large; i++) memory[i] = 1;
  limit("fma512", "gflops", fma512, 2.0 * 16 * CHAINS * STEPS * threads);
  limit("fma256", "gflops", fma256, 2.0 * 8 * CHAINS * STEPS * threads);
  floats = small, limit("read_l2", "gbytes", read_often, 400.0 * 4 * small);
  floats = large, limit("read_dram", "gbytes", read_part, 4.0 * large);
  return 0;
}
