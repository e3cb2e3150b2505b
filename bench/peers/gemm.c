// SGEMM of OpenBLAS (cblas_sgemm) or oneDNN (dnnl_sgemm), loaded at run time.
// usage: gemm cases.txt LIBRARY PEER THREADS BUDGET_MS   (the libraries read OMP_NUM_THREADS)
#include "bench.h"
#include <dlfcn.h>
#include <stdint.h>

typedef void (*cblas_t)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef int (*dnnl_t)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float, float *, int64_t);
typedef struct { int m, n, k, transposed; float *a, *b, *c; } product;
static cblas_t cblas;
static dnnl_t dnnl;

static void once(void *context) {
  product *p = context;
  int ldb = p->transposed ? p->k : p->n;
  if (cblas) cblas(101, 111, p->transposed ? 112 : 111, p->m, p->n, p->k, 1, p->a, p->k, p->b, ldb, 0, p->c, p->n);
  else dnnl('N', p->transposed ? 'T' : 'N', p->m, p->n, p->k, 1, p->a, p->k, p->b, ldb, 0, p->c, p->n);
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  void *library = dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  cblas = (cblas_t)dlsym(library, "cblas_sgemm");
  dnnl = (dnnl_t)dlsym(library, "dnnl_sgemm");
  FILE *cases = fopen(argv[1], "r");
  if (!cases || (!cblas && !dnnl)) return fprintf(stderr, "no %s\n", cases ? "sgemm in the library" : "list of cases"), 1;
  char line[256], order, name[64];
  product p;
  while (fgets(line, sizeof line, cases)) {
    if (sscanf(line, "sgemm %d %d %d %c", &p.m, &p.n, &p.k, &order) != 4) continue;
    p.transposed = order == 'T';
    p.a = filled((size_t)p.m * p.k), p.b = filled((size_t)p.k * p.n), p.c = filled((size_t)p.m * p.n);
    snprintf(name, sizeof name, "sgemm %dx%dx%d%s", p.m, p.n, p.k, p.transposed ? " Bt" : "");
    bench(argv[3], name, "fwd", atoi(argv[4]), atof(argv[5]), 2.0 * p.m * p.n * p.k, once, &p);
    free(p.a), free(p.b), free(p.c);
  }
  return 0;
}
