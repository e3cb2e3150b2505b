// ONNX Runtime through its C API, on the models of onnx_models.py and onnx_networks.py; inputs and outputs are bound once, so that only the kernels are timed.
// The table of functions only ever grows, so its places serve as names and no header is needed.
// usage: ort_models LIBONNXRUNTIME MODELS THREADS BUDGET_MS
#define _GNU_SOURCE
#include "bench.h"
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>

enum { GetErrorMessage = 2, CreateEnv = 3, CreateSession = 7, CreateSessionOptions = 10, SetOptimizationLevel = 23, SetIntraThreads = 24, SetInterThreads = 25,
       CreateTensor = 49, CreateCpuMemory = 69, ReleaseSession = 95, ReleaseValue = 96, ReleaseSessionOptions = 100, RunBound = 133, CreateBinding = 134, ReleaseBinding = 135,
       BindInput = 136, BindOutput = 137 };
typedef struct { const void *(*get)(uint32_t); const char *(*version)(void); } base_t;
static void **api;
#define CALL(i, ...) ((void *(*)())api[i])(__VA_ARGS__)
static int failed(void *status, const char *what) {
  if (status) fprintf(stderr, "%s left out: %.160s\n", what, ((const char *(*)(void *))api[GetErrorMessage])(status));
  return status != 0;
}

typedef struct { void *session, *binding; int bad; } context_t;
static void once(void *p) {
  context_t *c = p;
  if (!c->bad) c->bad = failed(CALL(RunBound, c->session, NULL, c->binding), "a run");
}

// What the file FILE.TENSOR beside a model holds, or null where there is none.
static float *beside(const char *folder, const char *file, const char *tensor, size_t bytes) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.%s", folder, file, tensor);
  FILE *stream = fopen(path, "rb");
  if (!stream) return NULL;
  float *values = filled((bytes + 3) / 4);
  if (fread(values, 1, bytes, stream) != bytes) { fprintf(stderr, "%s is shorter than %zu bytes\n", path, bytes); exit(1); }
  fclose(stream);
  return values;
}

// 1 where the values differ from those expected by more than rounding: a thousandth of the largest.
static int differs(const char *file, const float *values, const float *expected, size_t n) {
  double worst = 0, largest = 0;
  for (size_t i = 0; i < n; i++) {
    double d = fabs((double)values[i] - expected[i]);
    if (!(d <= worst)) worst = d;
    largest = fmax(largest, fabs(expected[i]));
  }
  int bad = !(worst <= 1e-3 * largest);
  fprintf(stderr, "%s: differs from the expected values by %.2g at most, of %.3g at most%s\n", file, worst, largest, bad ? "; left out" : "");
  return bad;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library) { fprintf(stderr, "%s\n", dlerror()); return 1; }
  base_t *base = ((base_t * (*)(void)) dlsym(library, "OrtGetApiBase"))();
  api = (void **)base->get(17);
  fprintf(stderr, "onnxruntime %s\n", base->version());
  void *environment, *cpu;
  CALL(CreateEnv, 3, "bench", &environment);
  CALL(CreateCpuMemory, 0, 0, &cpu);
  char path[1024], line[512];
  snprintf(path, sizeof path, "%s/models.txt", argv[2]);
  FILE *list = fopen(path, "r");
  if (!list) { perror(path); return 1; }
  while (fgets(line, sizeof line, list)) {
    char file[96], name[64], variant[32], pass[16], peer[64];
    double flops;
    int count;
    if (sscanf(line, "model\t%95[^\t]\t%63[^\t]\t%31[^\t]\t%15[^\t]\t%lf\t%d", file, name, variant, pass, &flops, &count) != 6) return 1;
    context_t c = {0};
    void *options, *values[16] = {0}, *data[16] = {0};
    float *expected[16] = {0};
    size_t lengths[16];
    int shares[16];
    CALL(CreateSessionOptions, &options);
    CALL(SetIntraThreads, options, atoi(argv[3]));
    CALL(SetInterThreads, options, 1);
    CALL(SetOptimizationLevel, options, 99);
    snprintf(path, sizeof path, "%s/%s", argv[2], file);
    c.bad = failed(CALL(CreateSession, environment, path, options, &c.session), file);
    if (!c.bad) c.bad = failed(CALL(CreateBinding, c.session, &c.binding), file);
    for (int i = 0; i < count; i++) {
      char tensor[16], kind[8];
      int64_t dims[8];
      int source, rank, at;
      if (!fgets(line, sizeof line, list) || sscanf(line, "%15s %7s %d %d%n", tensor, kind, &source, &rank, &at) != 4) return 1;
      size_t n = 1;
      char *p = line + at;
      for (int d = 0; d < rank; d++) n *= dims[d] = strtoll(p, &p, 10);
      int integers = !strcmp(kind, "int"), longs = !strcmp(kind, "long"), output = !strcmp(kind, "out");
      size_t bytes = n * (longs ? 8 : 4);
      lengths[i] = n;
      shares[i] = output && source >= 0;
      if (c.bad) continue;
      float *given = beside(argv[2], file, tensor, bytes);
      if (output) expected[i] = given;
      data[i] = shares[i] ? data[source] : !output && given ? given : filled(bytes / 4);
      for (size_t j = 0; !given && integers && j < n; j++) ((int32_t *)data[i])[j] = source;
      for (size_t j = 0; !given && longs && j < n; j++) ((int64_t *)data[i])[j] = source;
      c.bad |= failed(CALL(CreateTensor, cpu, data[i], bytes, dims, (size_t)rank, integers ? 6 : longs ? 7 : 1, &values[i]), file);
      if (!c.bad) c.bad = failed(CALL(output ? BindOutput : BindInput, c.binding, tensor, values[i]), file);
    }
    snprintf(peer, sizeof peer, "onnxruntime-%s", variant);
    once(&c);
    for (int i = 0; i < count; i++)
      if (!c.bad && expected[i]) c.bad = differs(file, data[i], expected[i], lengths[i]);
    if (!c.bad) bench(peer, name, pass, atoi(argv[3]), atof(argv[4]), flops, once, &c);
    if (c.binding) ((void (*)(void *))api[ReleaseBinding])(c.binding);
    if (c.session) ((void (*)(void *))api[ReleaseSession])(c.session);
    ((void (*)(void *))api[ReleaseSessionOptions])(options);
    for (int i = 0; i < count; i++) {
      if (values[i]) ((void (*)(void *))api[ReleaseValue])(values[i]);
      if (!shares[i]) free(data[i]);
      free(expected[i]);
    }
  }
  return 0;
}
