"""The reference of Heed's text classifier in torch: word-level BLSTM with a pooling over its states.

Trains one model on one data set (12 epochs at most, stops after 3 without a better dev accuracy, tests the best epoch)
and prints one JSON line. Files are TSV with the columns label and text, plain or .gz. Debian's python3-torch is enough.
"""
import argparse
import gzip
import json
import random
import re
import resource
import sys
import time

import torch
import torch.nn as nn

# A word ends where an ideograph begins: "15分" is two tokens, as in Heed.
LETTER = r"[^\W\u3400-\u9fff]"
TOKEN = re.compile(rf"[\u3400-\u9fff]|{LETTER}+(?:'{LETTER}+)?|[^\w\s]")
EMBEDDING, HIDDEN, BATCH, LONGEST, VOCABULARY = 200, 128, 64, 400, 30000


def read(path):
    """Rows (label, tokens) in file order."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as lines:
        head, *rows = (line.rstrip("\n").split("\t") for line in lines)
    label, text = head.index("label"), head.index("text")
    return [(row[label], TOKEN.findall(row[text].lower())) for row in rows]


class Encoder:
    """Ids: 0 padding, 1 unknown, then words by falling count; equal counts keep the order of their first occurrence."""

    def __init__(self, rows):
        self.labels, counts = sorted({label for label, _ in rows}), {}
        for _, tokens in rows:
            for token in tokens:
                counts[token] = counts.get(token, 0) + 1
        ordered = sorted(counts, key=lambda token: -counts[token])[:VOCABULARY]
        self.ids = {token: i + 2 for i, token in enumerate(ordered)}

    def __call__(self, rows):
        return [(self.labels.index(label), [self.ids.get(t, 1) for t in tokens[:LONGEST]] or [1]) for label, tokens in rows]


def collate(rows):
    """ids (batch, longest) padded with 0 on the right, lengths, labels."""
    lengths = torch.tensor([len(ids) for _, ids in rows])
    ids = nn.utils.rnn.pad_sequence([torch.tensor(ids) for _, ids in rows], batch_first=True)
    return ids, lengths, torch.tensor([label for label, _ in rows])


class Blstm(nn.Module):
    def __init__(self, words, classes, pooling, dropout=0.5):
        super().__init__()
        self.pooling = pooling
        self.embedding = nn.Embedding(words, EMBEDDING, padding_idx=0)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.lstm = nn.LSTM(EMBEDDING, HIDDEN, batch_first=True, bidirectional=True)
        # Made for every pooling, so that a seed gives all poolings the same other weights.
        self.attention, self.context = nn.Linear(2 * HIDDEN, HIDDEN), nn.Linear(HIDDEN, 1, bias=False)
        self.dropout, self.output = nn.Dropout(dropout), nn.Linear(2 * HIDDEN, classes)

    def forward(self, ids, lengths):
        states, last = self.states(self.dropout(self.embedding(ids)), lengths)
        return self.output(self.dropout(self.pool(states, last, lengths)))

    def states(self, x, lengths):
        """States (batch, longest, 2 x hidden) and each direction's last one.

        The backward direction reads each text turned round, so padding stays behind both: the numbers of a packed sequence. Of that,
        torch 1.13 makes a gradient of its whole length at every step: 7 times slower at 400 tokens, 2 times at 100, about equal at 20.
        """
        at = torch.arange(x.shape[1])
        turned = torch.where(at < lengths[:, None], lengths[:, None] - 1 - at, at)[..., None]
        turn = lambda y: y.gather(1, turned.expand(-1, -1, y.shape[2]))
        start = x.new_zeros(1, len(x), HIDDEN)
        run = lambda y, weights: torch._VF.lstm(y, (start, start), weights, True, 1, 0.0, self.training, False, True)[0]
        directions = [run(y, weights) for y, weights in zip((x, turn(x)), self.lstm.all_weights)]
        last = [y[torch.arange(len(x)), lengths - 1] for y in directions]
        return torch.cat([directions[0], turn(directions[1])], 2), last

    def pool(self, states, last, lengths):
        inside = (torch.arange(states.shape[1]) < lengths[:, None])[..., None]
        if self.pooling == "additive":
            scores = self.context(torch.tanh(self.attention(states)))
            return (torch.softmax(scores.masked_fill(~inside, -1e9), 1) * states).sum(1)
        if self.pooling == "mean":
            return (states * inside).sum(1) / lengths[:, None]
        if self.pooling == "max":
            return states.masked_fill(~inside, -1e9).max(1).values
        return torch.cat([last[0], last[1]], 1)


def step(model, optimizer, batch):
    ids, lengths, labels = batch
    loss = nn.functional.cross_entropy(model(ids, lengths), labels)
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss, norm


def shuffled(rows):
    """Batches of similar length: sorted inside shuffled chunks of 20 batches, then the batches shuffled."""
    order, batches = random.sample(range(len(rows)), len(rows)), []
    for start in range(0, len(order), BATCH * 20):
        chunk = sorted(order[start:start + BATCH * 20], key=lambda i: len(rows[i][1]))
        batches += [chunk[i:i + BATCH] for i in range(0, len(chunk), BATCH)]
    random.shuffle(batches)
    for batch in batches:
        yield collate([rows[i] for i in batch])


@torch.no_grad()
def evaluate(model, rows, classes):
    """Accuracy and macro F1."""
    model.eval()
    table = torch.zeros(classes, classes)
    for start in range(0, len(rows), BATCH):
        ids, lengths, labels = collate(rows[start:start + BATCH])
        for truth, guess in zip(labels, model(ids, lengths).argmax(1)):
            table[truth, guess] += 1
    hits, sizes = table.diagonal(), table.sum(0) + table.sum(1)
    return (hits.sum() / table.sum()).item(), (2 * hits / sizes.clamp(min=1)).mean().item()


def train(model, data, classes, epochs, progress):
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=1e-2)
    best, result, waited, times = -1.0, None, 0, []
    for epoch in range(epochs):
        model.train()
        start = time.perf_counter()
        for batch in shuffled(data["train"]):
            step(model, optimizer, batch)
        times.append(time.perf_counter() - start)
        score, _ = evaluate(model, data["dev"], classes)
        waited += 1
        if score > best:
            best, waited, result = score, 0, evaluate(model, data["test"], classes)
        print(f"epoch {epoch + 1}: {times[-1]:.1f} s, dev accuracy {score:.4f}", file=progress, flush=True)
        if waited == 3:
            break
    return best, result, times


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--train", required=True)
    p.add_argument("--dev", help="without it: every tenth row of a shuffle (seed 0) of the training file")
    p.add_argument("--test", required=True)
    p.add_argument("--pooling", default="additive", choices=["additive", "last", "mean", "max"])
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--out", help="append the JSON line to this file too")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    rows, dev, test = read(a.train), a.dev and read(a.dev), read(a.test)
    if dev is None:
        random.Random(0).shuffle(rows)
        dev, rows = rows[:len(rows) // 10], rows[len(rows) // 10:]
    encode = Encoder(rows)
    data = {"train": encode(rows), "dev": encode(dev), "test": encode(test)}
    torch.manual_seed(a.seed)
    random.seed(a.seed)
    model = Blstm(len(encode.ids) + 2, len(encode.labels), a.pooling)
    start = time.perf_counter()
    best, (accuracy, macro_f1), times = train(model, data, len(encode.labels), a.epochs, sys.stderr)
    line = json.dumps({
        "accuracy": round(accuracy, 5), "macro_f1": round(macro_f1, 5), "dev_accuracy": round(best, 5), "epochs": len(times),
        "train_seconds": round(time.perf_counter() - start, 2), "epoch_seconds": [round(t, 3) for t in times],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "threads": a.threads, "torch": torch.__version__,
    })
    print(line)
    if a.out:
        with open(a.out, "a", encoding="utf-8") as f:
            f.write(line + "\n")


if __name__ == "__main__":
    main()
