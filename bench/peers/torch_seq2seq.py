"""torch's training step of the encoder-decoder of TranslationGroup.cs. usage: torch_seq2seq.py THREADS BUDGET_MS   (start it through tuned.sh)

Every product that does not wait for the step before stands outside the loop; the faster of nn.LSTMCell and written-out gates counts. The Transformer is nn.Transformer, with one table for source, target and output.
"""
import json
import math
import sys
import time

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

BATCH, VOCABULARY, LONGEST, SIZE = 64, 6000, 16, 256


class Model(torch.nn.Module):
    def __init__(self, kind, written_out):
        super().__init__()
        self.kind, self.written_out = kind, written_out
        self.source, self.target = torch.nn.Embedding(VOCABULARY, SIZE), torch.nn.Embedding(VOCABULARY, SIZE)
        self.encoder = torch.nn.LSTM(SIZE, SIZE, bidirectional=True, batch_first=True)
        self.bridge = torch.nn.Linear(2 * SIZE, 2 * SIZE)
        self.key = torch.nn.Linear(2 * SIZE, SIZE, bias=False)
        self.query = torch.nn.Linear(SIZE, SIZE if kind == "bahdanau" else 2 * SIZE)
        self.v = torch.nn.Linear(SIZE, 1, bias=False)
        fed = 2 * SIZE if kind == "bahdanau" else SIZE
        self.input = torch.nn.Linear(SIZE, 4 * SIZE)
        self.step = torch.nn.Linear(fed + SIZE, 4 * SIZE, bias=False)
        self.cell = torch.nn.LSTMCell(SIZE + fed, SIZE)
        self.readout = torch.nn.Linear(4 * SIZE, SIZE) if kind == "bahdanau" else torch.nn.Linear(3 * SIZE, SIZE, bias=False)
        self.output = torch.nn.Linear(SIZE, VOCABULARY)

    def look(self, h, keys, states, mask):
        if self.kind == "bahdanau":
            e = self.v(torch.tanh(keys + self.query(h).unsqueeze(1))).squeeze(2)
        else:
            e = torch.bmm(states, self.query(h).unsqueeze(2)).squeeze(2)
        a = torch.softmax(e.masked_fill(mask, float("-inf")), 1)
        return torch.bmm(a.unsqueeze(1), states).squeeze(1)

    def advance(self, z, y, fed, h, c):
        if not self.written_out:
            return self.cell(torch.cat([y, fed], 1), (h, c))
        i, f, g, o = (z + self.step(torch.cat([fed, h], 1))).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(self, source, lengths, before, after, mask):
        packed = pack_padded_sequence(self.source(source), lengths, batch_first=True, enforce_sorted=False)
        states, (last, _) = self.encoder(packed)
        states = pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])[0]
        h, c = torch.tanh(self.bridge(torch.cat([last[0], last[1]], 1))).chunk(2, 1)
        keys = self.key(states) if self.kind == "bahdanau" else states
        y = self.target(before)
        z = self.input(y) if self.written_out else y
        outputs, contexts, fed = [], [], torch.zeros(len(source), SIZE)
        for t in range(before.shape[0]):
            if self.kind == "bahdanau":
                fed = self.look(h, keys, states, mask)
                contexts.append(fed)
            h, c = self.advance(z[t], y[t], fed, h, c)
            if self.kind == "luong":
                fed = torch.tanh(self.readout(torch.cat([self.look(h, keys, states, mask), h], 1)))
                outputs.append(fed)
            else:
                outputs.append(h)
        o = torch.stack(outputs)
        if self.kind == "bahdanau":
            o = torch.tanh(self.readout(torch.cat([o, torch.stack(contexts), y], 2)))
        real = after >= 0
        return torch.nn.functional.cross_entropy(self.output(o[real]), after[real])


class TransformerModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(VOCABULARY, SIZE)
        torch.nn.init.normal_(self.table.weight, std=SIZE ** -0.5)
        self.stack = torch.nn.Transformer(SIZE, 4, 3, 3, 512, dropout=0.0, batch_first=True, norm_first=True)
        angles = torch.arange(LONGEST + 1)[:, None] / 10000 ** (torch.arange(0, SIZE, 2) / SIZE)[None, :]
        self.register_buffer("waves", torch.stack([torch.sin(angles), torch.cos(angles)], -1).flatten(1))
        self.register_buffer("later", torch.ones(LONGEST + 1, LONGEST + 1).triu(1).bool())

    def read(self, ids):
        return self.table(ids) * math.sqrt(SIZE) + self.waves[:ids.shape[1]]

    def forward(self, source, lengths, before, after, mask):
        real = after.t() >= 0
        states = self.stack(self.read(source), self.read(before.t()), tgt_mask=self.later, src_key_padding_mask=mask, tgt_key_padding_mask=~real, memory_key_padding_mask=mask)
        return torch.nn.functional.cross_entropy(states[real] @ self.table.weight.t(), after.t()[real])


def main(threads, budget):
    torch.set_num_threads(threads)
    texts = [[2 + (b * 131 + t * 7919) % (VOCABULARY - 2) for t in range(LONGEST - b % 8)] for b in range(BATCH)]
    lengths = torch.tensor([len(t) for t in texts])
    source = torch.tensor([t + [0] * (LONGEST - len(t)) for t in texts])
    before = torch.tensor([[0] + t + [0] * (LONGEST - len(t)) for t in texts]).t().contiguous()
    after = torch.tensor([t + [0] + [-1] * (LONGEST - len(t)) for t in texts]).t().contiguous()
    mask = torch.arange(LONGEST)[None] >= lengths[:, None]
    for kind, name in (("bahdanau", "seq2seq bahdanau additive"), ("luong", "seq2seq luong general fed"), ("transformer", "seq2seq transformer")):
        best = None
        for written_out in (True, False) if kind != "transformer" else (None,):
            torch.manual_seed(1)
            model = TransformerModel() if written_out is None else Model(kind, written_out)
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

            def call():
                optimizer.zero_grad(set_to_none=True)
                model(source, lengths, before, after, mask).backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()

            for _ in range(3):
                call()
            times, start = [], time.perf_counter()
            while len(times) < 7 or (time.perf_counter() - start) * 1e3 < budget:
                begin = time.perf_counter()
                call()
                times.append((time.perf_counter() - begin) * 1e3)
            times.sort()
            if best is None or times[0] < best[0]:
                best = (times[0], times[len(times) // 2], {True: "written out", False: "LSTMCell", None: "nn.Transformer"}[written_out])
        print(json.dumps({"peer": "torch", "case": name, "threads": threads, "pass": "train", "ms_min": round(best[0], 4), "ms_median": round(best[1], 4), "variant": best[2]}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
