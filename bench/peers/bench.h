// Shared by the C and C++ peers: the list of cases, timing, one JSON line per result.
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Values in [-1, 1) that differ; their size never matters for the time.
static inline float *filled(size_t n) {
  float *p = (float *)aligned_alloc(64, (n * 4 + 63) / 64 * 64);
  unsigned x = 12345;
  for (size_t i = 0; i < n; i++) p[i] = (float)((x = x * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1.0f;
  return p;
}

// Up to three calls to warm up, then repeats for budget_ms (3 to 2000 times); best and median. The part of a peer's name after a dash is its variant.
static inline void bench(const char *peer, const char *name, const char *pass, int threads, double budget_ms, double flops, void (*fn)(void *), void *context) {
  static double t[2000];
  int n = 0;
  int warm = 0;
  for (double s = now_ms(); warm < 1 || (warm < 3 && now_ms() - s < budget_ms); warm++) fn(context);
  for (double s = now_ms(); n < 2000 && (n < 3 || now_ms() - s < budget_ms); n++) {
    double a = now_ms();
    fn(context);
    t[n] = now_ms() - a;
  }
  qsort(t, n, sizeof *t, by_value);
  printf("{\"peer\": \"%s\", \"case\": \"%s\", \"threads\": %d, \"pass\": \"%s\", \"ms_min\": %.5f, \"ms_median\": %.5f, \"gflops\": %.2f}\n", peer, name, threads, pass, t[0], t[n / 2], flops / t[0] * 1e-6);
  fflush(stdout);
}
