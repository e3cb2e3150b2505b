// Attention from oneDNN's primitives: matmul (scale and mask as post-operations), softmax, matmul. Builds with oneDNN 2.x and 3.x.
// usage: onednn_attention cases.txt THREADS BUDGET_MS   (oneDNN reads OMP_NUM_THREADS)
#include "bench.h"
#include <algorithm>
#include <cmath>
#include <dnnl.hpp>
#include <unordered_map>
#include <utility>
#include <vector>
using namespace dnnl;
using desc = memory::desc;
using arguments = std::unordered_map<int, memory>;
using tag = memory::format_tag;
static const auto f32 = memory::data_type::f32;

struct run { stream &queue; std::vector<std::pair<primitive, arguments>> steps; };
static void once(void *context) {
  auto r = (run *)context;
  for (auto &s : r->steps) s.first.execute(r->queue, s.second);
  r->queue.wait();
}

static memory fresh(const desc &d, engine &cpu) {
  memory m(d, cpu);
  float *from = filled(d.get_size() / 4);
  memcpy(m.get_data_handle(), from, d.get_size());
  free(from);
  return m;
}

static void attention(engine &cpu, stream &queue, const char *name, int B, int H, int G, int Q, int K, int D, bool causal, int window, int threads, double budget) {
  // The query heads of a group become rows: a broadcast over heads would run oneDNN's reference code.
  int rows = H / G * Q;
  if (!window) window = K;
  desc q({B, G, rows, D}, f32, tag::abcd), kt({B, G, D, K}, f32, tag::abdc), v({B, G, K, D}, f32, tag::abcd), s({B, G, rows, K}, f32, tag::abcd), mask({1, 1, rows, K}, f32, tag::abcd);
  primitive_attr attributes;
  post_ops after;
#if DNNL_VERSION_MAJOR >= 3
  after.append_eltwise(algorithm::eltwise_linear, 1 / std::sqrt((float)D), 0);
#else
  after.append_eltwise(1, algorithm::eltwise_linear, 1 / std::sqrt((float)D), 0);
#endif
  if (causal) after.append_binary(algorithm::binary_add, mask);
  attributes.set_post_ops(after);
#if DNNL_VERSION_MAJOR >= 3
  matmul::primitive_desc scores(cpu, q, kt, s, attributes), context(cpu, s, v, q);
  softmax_forward::primitive_desc weights(cpu, prop_kind::forward_inference, algorithm::softmax_accurate, s, s, 3);
#else
  matmul::primitive_desc scores(matmul::desc(q, kt, s), attributes, cpu), context(matmul::desc(s, v, q), cpu);
  softmax_forward::primitive_desc weights(softmax_forward::desc(prop_kind::forward_inference, s, 3), cpu);
#endif
  memory ms(s, cpu);
  arguments first = {{DNNL_ARG_SRC, fresh(q, cpu)}, {DNNL_ARG_WEIGHTS, fresh(kt, cpu)}, {DNNL_ARG_DST, ms}};
  double pairs = (double)Q * K;
  if (causal) {
    memory mm(mask, cpu);
    auto p = (float *)mm.get_data_handle();
    pairs = 0;
    for (int i = 0; i < Q; i++) pairs += std::min(window, i + 1);
    for (int r = 0; r < rows; r++)
      for (int j = 0, i = r % Q; j < K; j++) p[(size_t)r * K + j] = j > i || j <= i - window ? -1e9f : 0;
    first.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(1) | DNNL_ARG_SRC_1, mm});
  }
  run r{queue, {{matmul(scores), first}, {softmax_forward(weights), {{DNNL_ARG_SRC, ms}, {DNNL_ARG_DST, ms}}}, {matmul(context), {{DNNL_ARG_SRC, ms}, {DNNL_ARG_WEIGHTS, fresh(v, cpu)}, {DNNL_ARG_DST, fresh(q, cpu)}}}}};
  bench("onednn", name, "fwd", threads, budget, 4.0 * B * H * D * pairs, once, &r);
}

int main(int argc, char **argv) {
  FILE *cases = argc == 4 ? fopen(argv[1], "r") : nullptr;
  if (!cases) return 2;
  engine cpu(engine::kind::cpu, 0);
  stream queue(cpu);
  char line[256], name[32];
  int B, H, G, Q, K, D, causal, window;
  while (fgets(line, sizeof line, cases))
    if (sscanf(line, "attention %31s %d %d %d %d %d %d %d %d", name, &B, &H, &G, &Q, &K, &D, &causal, &window) == 9)
      attention(cpu, queue, name, B, H, G, Q, K, D, causal, window, atoi(argv[2]), atof(argv[3]));
  return 0;
}
