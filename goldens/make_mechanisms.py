"""Writes mechanism_*.safetensors: mechanisms of the review as torch code written from their formulas, from inputs made by formula.py.

usage: python3 make_mechanisms.py        (as make_torch.py, whose Group it uses)
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from make_torch import Group

SIZE = 4


def attention(name, note, energies):
    """energies(g, query, key) gives (2, 3, 7); softmax and the weighted sum follow."""
    g = Group("mechanism_score_" + name, note + "; softmax, context; 3 queries over 7 keys, 4 wide")
    query, key, value = g.input("query", 2, 3, SIZE), g.input("key", 2, 7, SIZE), g.input("value", 2, 7, SIZE)
    weights = torch.softmax(energies(g, query, key), -1)
    g.gradients(context=weights @ value, weights=weights.unsqueeze(1))
    g.save()


def general(g, query, scale):
    return F.linear(query, g.input("weight", SIZE, SIZE, scale=scale), g.input("general_bias", SIZE))


def activated(g, query, key):
    return torch.tanh(F.linear(query, g.input("weight", SIZE, SIZE, scale=0.6)) @ key.transpose(1, 2) + g.input("bias", 1))


def distance(g, query, key):
    return -torch.exp(g.input("log_gamma", 1)) * ((query.unsqueeze(2) - key.unsqueeze(1)) ** 2).sum(-1)


attention("biased_general", "Sordoni et al. 2016: e = k·(W q + b)", lambda g, q, k: general(g, q, 1.0) @ k.transpose(1, 2))
attention("activated_general", "Ma et al. 2017: e = tanh(k·W q + b)", activated)
attention("location", "Luong et al. 2015: e_j = (W q + b)_j, 9 places", lambda g, q, k: F.linear(q, g.input("weight", 9, SIZE), g.input("bias", 9))[..., :7] + 0 * k.sum())
attention("distance", "e = -gamma·|q - k|², gamma = exp(log_gamma)", distance)


def distribution(name, note, weigh):
    g = Group("mechanism_distribution_" + name, note + "; over the last axis of x (2, 3, 4, 9): batch, heads, queries, keys")
    x = g.input("x", 2, 3, 4, 9, scale=3.0)
    g.gradients(output=weigh(g, x))
    g.save()


def alpha_entmax(g, x):
    """p = max((a - 1)·(x - t), 0)^(1/(a - 1)): t by bisection; one Newton step with a fixed slope then carries the gradients of the implicit function."""
    a = (1.5 + 0.3 * g.input("alpha", 3)).view(1, 3, 1, 1)

    def total(t, x, a):
        return (torch.clamp((a - 1) * (x - t), min=0) ** (1 / (a - 1))).sum(-1, keepdim=True)

    with torch.no_grad():
        top = x.max(-1, keepdim=True).values
        low, high = top - 1 / (a - 1), top.clone()
        for _ in range(100):
            middle = (low + high) / 2
            low, high = torch.where(total(middle, x, a) >= 1, middle, low), torch.where(total(middle, x, a) >= 1, high, middle)
        t = (low + high) / 2
        z = torch.clamp((a - 1) * (x - t), min=0)
        slope = -torch.where(z > 0, z ** ((2 - a) / (a - 1)), torch.zeros_like(z)).sum(-1, keepdim=True)
    held = torch.where(z > 0, (a - 1) * (x - t), torch.ones_like(z))  # powers of 0 have no logarithm
    p = torch.where(z > 0, held ** (1 / (a - 1)), torch.zeros_like(z))
    t = t - (p.sum(-1, keepdim=True) - 1) / slope
    held = torch.where(z > 0, (a - 1) * (x - t), torch.ones_like(z))
    return torch.where(z > 0, held ** (1 / (a - 1)), torch.zeros_like(z))


def top_k(g, x):
    values, places = x.topk(3, -1)
    return torch.zeros_like(x).scatter(-1, places, torch.softmax(values, -1))


def sink(g, x):
    s = g.input("sinks", 3).view(1, 3, 1, 1).expand(2, 3, 4, 1)
    return torch.softmax(torch.cat([x, s], -1), -1)[..., :-1]


distribution("alpha_entmax", "Correia et al. 2019, alpha = 1.5 + 0.3·input for each head, with its gradient", alpha_entmax)
distribution("sigmoid", "sigmoid of each energy", lambda g, x: torch.sigmoid(x))
distribution("top_k", "softmax of the 3 largest, 0 for the others", top_k)
distribution("sink", "softmax with one more energy for each head whose weight is dropped", sink)

g = Group("mechanism_glu", "F.glu of one projection to twice the size, Dauphin et al. 2017; x (2, 3, 5), 4 out")
x, value, value_bias = g.input("x", 2, 3, 5), g.input("value.weight", 4, 5), g.input("value.bias", 4)
gate, gate_bias = g.input("gate.weight", 4, 5), g.input("gate.bias", 4)
g.gradients(output=F.glu(torch.cat([F.linear(x, value, value_bias), F.linear(x, gate, gate_bias)], -1), -1))
g.save()

g = Group("mechanism_highway", "Srivastava et al. 2015: T·relu(W_H x + b_H) + (1 - T)·x, T = sigmoid(W_T x + b_T); x (2, 3, 5)")
x, weight, bias = g.input("x", 2, 3, 5), g.input("transform.weight", 5, 5), g.input("transform.bias", 5)
t = torch.sigmoid(F.linear(x, g.input("gate_weight", 5, 5), g.input("gate_bias", 5)))
g.gradients(output=t * F.relu(F.linear(x, weight, bias)) + (1 - t) * x, gates=t)
g.save()

g = Group("mechanism_multi_dimensional", "Shen et al. 2018, source2token with tanh: softmax over the items of W·tanh(W_1 h + b_1), within each feature; h (3, 5, 4), lengths 5 3 1; 0 in padding")
h, hidden, bias, scores = g.input("h", 3, 5, SIZE), g.input("hidden.weight", SIZE, SIZE), g.input("hidden.bias", SIZE), g.input("scores.weight", SIZE, SIZE, scale=2.0)
contexts, rows = [], []
for b, length in enumerate((5, 3, 1)):
    own = h[b, :length]
    w = torch.softmax(torch.tanh(F.linear(own, hidden, bias)) @ scores.t(), 0)
    contexts.append((w * own).sum(0))
    rows.append(F.pad(w.t(), (0, 5 - length)))
g.gradients(context=torch.stack(contexts), weights=torch.stack(rows))
g.save()

for direction in ("all", "before", "after"):
    g = Group("mechanism_directional_" + direction, f"DiSAN, Shen et al. 2018, with tanh: items see {direction}, c = 5, fusion gate; x (2, 5, 3), lengths 5 3, 4 features; 0 in padding")
    x = g.input("x", 2, 5, 3)
    w_in, b_in = g.input("input.weight", SIZE, 3), g.input("input.bias", SIZE)
    keys, queries, b = g.input("keys.weight", SIZE, SIZE, scale=2.0), g.input("queries.weight", SIZE, SIZE, scale=2.0), g.input("queries.bias", SIZE)
    gs, gf, gb = g.input("gate_context.weight", SIZE, SIZE), g.input("gate_item.weight", SIZE, SIZE), g.input("gate_item.bias", SIZE)
    outputs = []
    for row, length in enumerate((5, 3)):
        h = torch.tanh(F.linear(x[row, :length], w_in, b_in))
        items = []
        for i in range(length):
            seen = {"all": range(length), "before": range(i), "after": range(i + 1, length)}[direction]
            s = torch.zeros(SIZE, dtype=torch.float64)
            if len(seen):
                e = torch.stack([5 * torch.tanh((keys @ h[j] + queries @ h[i] + b) / 5) for j in seen])
                s = (torch.softmax(e, 0) * h[list(seen)]).sum(0)
            f = torch.sigmoid(gs @ s + gf @ h[i] + gb)
            items.append(f * h[i] + (1 - f) * s)
        outputs.append(F.pad(torch.stack(items), (0, 0, 0, 5 - length)))
    g.gradients(output=torch.stack(outputs))
    g.save()

g = Group("mechanism_hierarchical", "Yang et al. 2016: GRUs and additive attention over words, then over sentences; vectors (2, 7, 3), sentences of 3 2 2 and of 2 3 words, hidden 2, attention 3")
vectors = g.input("vectors", 2, 7, 3)


def level(name, size):
    encoder = g.module(nn.GRU(size, 2, bidirectional=True, batch_first=True), 0.8, prefix=name + "_encoder.")
    w, b, u = g.input(name + "_pooling.hidden.weight", 3, 4), g.input(name + "_pooling.hidden.bias", 3), g.input(name + "_pooling.query.weight", 1, 3, scale=2.0)

    def read(items):
        h = encoder(items.unsqueeze(0))[0][0]
        weights = torch.softmax(torch.tanh(F.linear(h, w, b)) @ u[0], 0)
        return weights @ h, weights

    return read


words, sentences = level("word", 3), level("sentence", 4)
contexts, tokens, of_sentences = [], [], []
for row, lengths in enumerate(((3, 2, 2), (2, 3))):
    read = [words(part) for part in vectors[row, :sum(lengths)].split(lengths)]
    context, weights = sentences(torch.stack([c for c, _ in read]))
    contexts.append(context)
    tokens.append(F.pad(torch.cat([w * own for w, (_, own) in zip(weights, read)]), (0, 7 - sum(lengths))))
    of_sentences.append(F.pad(weights, (0, 3 - len(lengths))))
g.gradients(context=torch.stack(contexts), weights=torch.stack(tokens).unsqueeze(1), sentence_weights=torch.stack(of_sentences).unsqueeze(1))
g.save()

STORIES = [[[1, 2, 3], [4, 5, 0], [6, 2, 7]], [[3, 8, 0], [1, 4, 6]]]
QUESTIONS = [[2, 5], [7]]
for tying, encoding in (("adjacent", "position"), ("layer-wise", "bag"), ("adjacent", "bag"), ("layer-wise", "position")):
    g = Group(f"mechanism_memory_{tying}_{encoding}".replace("-", "_"), f"Sukhbaatar et al. 2015: 3 hops, {tying}, {encoding}; 9 words, 3 wide, 4 places back; stories {STORIES}, questions {QUESTIONS}")
    count = 4 if tying == "adjacent" else 2
    tables = [(g.input(f"words_{i}.weight", 9, 3), g.input(f"times_{i}.weight", 4, 3)) for i in range(count)]
    question = tables[0][0] if tying == "adjacent" else g.input("questions.weight", 9, 3)
    state = None if tying == "adjacent" else g.input("state.weight", 3, 3)
    answer = tables[-1][0] if tying == "adjacent" else g.input("answer.weight", 9, 3)

    def encode(table, sentence):
        real = [w for w in sentence if w]
        j, k = torch.arange(1, len(real) + 1).double().unsqueeze(1), torch.arange(1, 4).double()
        l = 1 - j / len(real) - (k / 3) * (1 - 2 * j / len(real)) if encoding == "position" else 1
        return (l * table[real]).sum(0)

    logits, hops = [], [[], [], []]
    for story, asked in zip(STORIES, QUESTIONS):
        u = encode(question, asked)
        for k in range(3):
            (a, ta), (c, tc) = (tables[k], tables[k + 1]) if tying == "adjacent" else tables
            back = [len(story) - 1 - i for i in range(len(story))]
            m, out = torch.stack([encode(a, s) for s in story]) + ta[back], torch.stack([encode(c, s) for s in story]) + tc[back]
            p = torch.softmax(m @ u, 0)
            u = (u if state is None else state @ u) + p @ out
            hops[k].append(F.pad(p, (0, 3 - len(story))))
        logits.append(answer @ u)
    g.gradients(logits=torch.stack(logits), **{f"hop_{k}": torch.stack(hops[k]).unsqueeze(1) for k in range(3)})
    g.save()

TARGETS = [[3, 0, 4, 1], [2, 0, 1]]
for once in (False, True):
    g = Group("mechanism_pointer" + ("_once" if once else ""), f"Vinyals et al. 2015: items (2, 5, 3) with lengths 5 3, hidden 4, attention 3, answers {TARGETS}; mean cross-entropy over the 7 steps"
              + ("; an item of an earlier step is masked" if once else ""))
    inputs = g.input("inputs", 2, 5, 3)
    items, start = [(g.input(n + ".weight", SIZE, size), g.input(n + ".bias", SIZE)) for n, size in (("items", 3), ("start", SIZE))]
    encoder = g.module(nn.LSTM(SIZE, SIZE, batch_first=True), 0.8, prefix="encoder.")
    decoder = g.module(nn.LSTM(SIZE, SIZE, batch_first=True), 0.8, prefix="decoder.")
    key, query, bias, v = g.input("score.key.weight", 3, SIZE), g.input("score.query.weight", 3, SIZE), g.input("score.query.bias", 3), g.input("score.v", 3, scale=2.0)
    losses = []
    for row, targets in enumerate(TARGETS):
        x = F.linear(inputs[row, :(5, 3)[row]], *items)
        e, (last, _) = encoder(x.unsqueeze(0))
        first = F.linear(last[0], *start)
        d, _ = decoder(torch.cat([first, x[targets[:-1]]]).unsqueeze(0))
        u = torch.tanh((e[0] @ key.t()).unsqueeze(0) + F.linear(d[0], query, bias).unsqueeze(1)) @ v
        for i, target in enumerate(targets):
            left = [j for j in range(len(x)) if not once or j not in targets[:i]]
            losses.append(torch.logsumexp(u[i][left], 0) - u[i][target])
    g.gradients(loss=torch.stack(losses).mean().reshape(1))
    g.save()

g = Group("mechanism_spatial_transformer", "F.affine_grid and F.grid_sample, bilinear, zeros outside, align_corners=False; picture (2, 5, 6, 3), channels last in the file, theta (2, 6), result 4 x 3")
picture, theta = g.input("picture", 2, 5, 6, 3), g.input("theta", 2, 6)
grid = F.affine_grid(theta.view(2, 2, 3), (2, 3, 4, 3), align_corners=False)
g.gradients(output=F.grid_sample(picture.permute(0, 3, 1, 2), grid, "bilinear", "zeros", align_corners=False).permute(0, 2, 3, 1))
g.save()
