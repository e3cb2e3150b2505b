// oneDNN's LSTM called directly, both directions, forward and backward. Builds with oneDNN 2.x (Debian's libdnnl-dev) and 3.x.
// usage: onednn_lstm cases.txt THREADS BUDGET_MS   (oneDNN reads OMP_NUM_THREADS)
#include "bench.h"
#include <dnnl.hpp>
#include <string>
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

#if DNNL_VERSION_MAJOR >= 3
template <class P, class... A> static typename P::primitive_desc make(engine &e, A... a) { return {e, a...}; }
template <class P, class H, class... A> static typename P::primitive_desc make_backward(engine &e, H h, A... a) { return {e, a..., h}; }
#else
template <class P, class... A> static typename P::primitive_desc make(engine &e, A... a) { return {typename P::desc(a...), e}; }
template <class P, class H, class... A> static typename P::primitive_desc make_backward(engine &e, H h, A... a) { return {typename P::desc(a...), e, h}; }
#endif

static void lstm(engine &cpu, stream &queue, int T, int B, int I, int H, int threads, double budget) {
  auto both = rnn_direction::bidirectional_concat;
  desc x({T, B, I}, f32, tag::tnc), y({T, B, 2 * H}, f32, tag::tnc), h({1, 2, B, H}, f32, tag::ldnc), bias({1, 2, 4, H}, f32, tag::ldgo);
  desc wx({1, 2, I, 4, H}, f32, tag::any), wh({1, 2, H, 4, H}, f32, tag::any);
  auto forward = make<lstm_forward>(cpu, prop_kind::forward_training, both, x, h, h, wx, wh, bias, y, h, h);
  auto backward = make_backward<lstm_backward>(cpu, forward, prop_kind::backward, both, x, h, h, wx, wh, bias, y, h, h, x, h, h, wx, wh, bias, y, h, h);
  auto fresh = [&](const desc &d) {
    memory m(d, cpu);
    auto p = (float *)m.get_data_handle();
    for (size_t i = 0; i < d.get_size() / 4; i++) p[i] = (float)(i * 2654435761u >> 8 & 0xffff) / 655360.0f - 0.05f;
    return m;
  };
  arguments a = {{DNNL_ARG_SRC_LAYER, fresh(x)}, {DNNL_ARG_SRC_ITER, fresh(h)}, {DNNL_ARG_SRC_ITER_C, fresh(h)}, {DNNL_ARG_BIAS, fresh(bias)},
                 {DNNL_ARG_DST_LAYER, fresh(y)}, {DNNL_ARG_DST_ITER, fresh(h)}, {DNNL_ARG_DST_ITER_C, fresh(h)}, {DNNL_ARG_WORKSPACE, fresh(forward.workspace_desc())}};
  arguments fa = a, ba = a;
  fa.insert({{DNNL_ARG_WEIGHTS_LAYER, fresh(forward.weights_layer_desc())}, {DNNL_ARG_WEIGHTS_ITER, fresh(forward.weights_iter_desc())}});
  ba.insert({{DNNL_ARG_WEIGHTS_LAYER, fresh(backward.weights_layer_desc())}, {DNNL_ARG_WEIGHTS_ITER, fresh(backward.weights_iter_desc())},
             {DNNL_ARG_DIFF_SRC_LAYER, fresh(x)}, {DNNL_ARG_DIFF_SRC_ITER, fresh(h)}, {DNNL_ARG_DIFF_SRC_ITER_C, fresh(h)}, {DNNL_ARG_DIFF_BIAS, fresh(bias)},
             {DNNL_ARG_DIFF_WEIGHTS_LAYER, fresh(backward.diff_weights_layer_desc())}, {DNNL_ARG_DIFF_WEIGHTS_ITER, fresh(backward.diff_weights_iter_desc())},
             {DNNL_ARG_DIFF_DST_LAYER, fresh(y)}, {DNNL_ARG_DIFF_DST_ITER, fresh(h)}, {DNNL_ARG_DIFF_DST_ITER_C, fresh(h)}});
  run f{queue, {{lstm_forward(forward), fa}}}, both_passes{queue, {{lstm_forward(forward), fa}, {lstm_backward(backward), ba}}};
  std::string name = "lstm T" + std::to_string(T) + " B" + std::to_string(B) + " I" + std::to_string(I) + " H" + std::to_string(H) + " bi";
  double flops = 2.0 * T * B * 2 * (I + H) * 4 * H;
  bench("onednn", name.c_str(), "fwd", threads, budget, flops, once, &f);
  bench("onednn", name.c_str(), "fwdbwd", threads, budget, 3 * flops, once, &both_passes);
}

int main(int argc, char **argv) {
  FILE *cases = argc == 4 ? fopen(argv[1], "r") : nullptr;
  if (!cases) return 2;
  engine cpu(engine::kind::cpu, 0);
  stream queue(cpu);
  char line[256];
  int T, B, I, H;
  while (fgets(line, sizeof line, cases))
    if (sscanf(line, "lstm %d %d %d %d", &T, &B, &I, &H) == 4) lstm(cpu, queue, T, B, I, H, atoi(argv[2]), atof(argv[3]));
  return 0;
}
