namespace Heed.Tests.Decoding;

public sealed class SequenceDecoderTests
{
    private static readonly int[][] Sources = [[2, 3, 4, 5, 6], [5, 2], [3, 3, 6, 2], [4], [6, 5, 4, 3, 2, 2, 3]];

    public static TheoryData<string> Kinds => [.. Configs.Keys];

    private static Dictionary<string, SequenceToSequenceConfig> Configs
    {
        get
        {
            EncoderDecoderConfig small = new() { EmbeddingSize = 9, HiddenSize = 11, AttentionSize = 7 };
            TransformerConfig stack = new() { Size = 12, HeadCount = 3, LayerCount = 2, InnerSize = 16, Position = "sinusoidal", ScalesEmbedding = true, MaximumLength = 64 };
            return new(StringComparer.Ordinal)
            {
                ["bahdanau"] = small,
                ["luong with input feeding"] = small with { Decoder = "luong", Score = "general" },
                ["luong without"] = small with { Decoder = "luong", InputFeeding = false, Score = "scaled-dot", Distribution = "entmax" },
                ["coverage"] = small with { Coverage = true },
                ["copy"] = small with { Copy = true },
                ["copy and coverage, luong"] = small with { Copy = true, Coverage = true, Decoder = "luong" },
                ["transformer"] = new TransformerEncoderDecoderConfig { Stack = stack },
                ["transformer, rotary, two tables"] = new TransformerEncoderDecoderConfig { Stack = stack with { Position = "rope", IsPreNorm = false }, SharesEmbeddings = false, DecoderLayerCount = 1 },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_beam_of_one_is_greedy_search(string kind)
    {
        SequenceToSequence network = Create(Configs[kind]);
        IReadOnlyList<Hypothesis>[] answers = Decode(network, new DecodingOptions { BeamSize = 1 });
        for (int row = 0; row < Sources.Length; row++)
        {
            (int[] ids, double log) = network is EncoderDecoder recurrent ? Greedy(recurrent, row) : Greedy((TransformerEncoderDecoder)network, row);
            answers[row][0].Ids.ShouldBe(ids);
            answers[row][0].LogProbability.ShouldBe(log, 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_source_has_the_same_answers_alone_and_in_a_batch(string kind)
    {
        SequenceToSequence network = Create(Configs[kind]);
        foreach (DecodingOptions options in new DecodingOptions[] { new() { BestCount = 3 }, new() { Sample = true, BestCount = 2, Temperature = 0.8, TopK = 6 } })
        {
            IReadOnlyList<Hypothesis>[] all = Decode(network, options), alone = Decode(network, options with { BatchSize = 1 });
            for (int row = 0; row < Sources.Length; row++)
            {
                all[row].Select(h => string.Join(' ', h.Ids)).ShouldBe(alone[row].Select(h => string.Join(' ', h.Ids)));
                for (int i = 0; i < all[row].Count; i++)
                    all[row][i].LogProbability.ShouldBe(alone[row][i].LogProbability, "the same bits");
            }
        }
    }

    // With a beam wider than what there is to choose from, search is exhaustive.
    [Theory]
    [InlineData("bahdanau")]
    [InlineData("transformer")]
    public void A_wide_beam_finds_the_best_of_all_answers(string kind)
    {
        SequenceToSequence network = Create(Configs[kind]);
        DecodingOptions options = new() { BeamSize = 256, BestCount = 3, MaximumLength = 3, LengthPenalty = 0 };
        Hypothesis[] best = [.. Decode(network, options)[1]];
        List<(double Log, string Ids)> every = [];
        for (int a = 0; a < 7; a++)
        {
            for (int b = 0; b < (a == 0 ? 1 : 7); b++)
            {
                for (int c = 0; c < (b == 0 ? 1 : 7); c++)
                {
                    int[] ids = [.. new[] { a, b, c }.TakeWhile(id => id != 0)];
                    float[] logs = network.Score(PairBatch.Create([Sources[1]], [ids], [0])).LogProbabilities[0];
                    every.Add((logs.Take(3).Sum(l => (double)l), string.Join(' ', ids)));
                }
            }
        }
        (double Log, string Ids)[] expected = [.. every.OrderByDescending(e => e.Log).Take(3)];
        best.Select(h => string.Join(' ', h.Ids)).ShouldBe(expected.Select(e => e.Ids));
        best[0].LogProbability.ShouldBe(expected[0].Log, 1e-4);
    }

    [Theory]
    [InlineData("bahdanau")]
    [InlineData("transformer")]
    public void Answers_carry_alignments_that_sum_to_one_and_cover_their_source(string kind)
    {
        SequenceToSequence network = Create(Configs[kind]);
        IReadOnlyList<Hypothesis>[] answers = Decode(network, new DecodingOptions { BestCount = 5 });
        for (int row = 0; row < Sources.Length; row++)
        {
            foreach (Hypothesis answer in answers[row])
            {
                answer.Alignment.Count.ShouldBe(answer.Ids.Count + (answer.HasEnded ? 1 : 0));
                answer.Alignment.ShouldAllBe(weights => weights.Length == Sources[row].Length && Math.Abs(weights.Sum() - 1) < 1e-5);
            }
            answers[row].Select(a => a.Score).ShouldBeInOrder(SortDirection.Descending);
        }
    }

    [Fact]
    public void Blocked_ngrams_do_not_come_twice()
    {
        SequenceToSequence network = Create(Configs["bahdanau"]);
        static bool Repeats(IReadOnlyList<int> ids) => ids.Zip(ids.Skip(1)).GroupBy(pair => pair).Any(group => group.Count() > 1);
        DecodingOptions options = new() { BeamSize = 3, MaximumLength = 14 };
        // Ends become rare, so that answers are long enough to repeat themselves.
        network.NamedParameters().Single(p => p.Name == "output.bias").Parameter.Change(static (values, _) => values[0] = -9, 0);
        Decode(network, options).Count(a => Repeats(a[0].Ids)).ShouldBeGreaterThan(0, "or the test shows nothing");
        Decode(network, options with { BlockNgrams = 2 }).Count(a => Repeats(a[0].Ids)).ShouldBe(0);
        Decode(network, options with { BlockNgrams = 2, Sample = true, Temperature = 0.1 }).Count(a => Repeats(a[0].Ids)).ShouldBe(0);
    }

    [Theory]
    [InlineData("bahdanau")]
    [InlineData("transformer")]
    public void Penalties_are_what_the_formulas_say(string kind)
    {
        SequenceToSequence network = Create(Configs[kind]);
        Hypothesis answer = Decode(network, new DecodingOptions { BeamSize = 2, LengthPenalty = 0.6, CoveragePenalty = 0.3 })[0][0];
        double covered = Enumerable.Range(0, 5).Sum(j => Math.Log(Math.Min(answer.Alignment.Sum(a => a[j]), 1)));
        answer.Score.ShouldBe((answer.LogProbability / Math.Pow((5.0 + answer.Alignment.Count) / 6, 0.6)) + (0.3 * covered), 1e-4);
    }

    [Fact]
    public void Drawing_follows_seed_temperature_and_cuts()
    {
        SequenceToSequence network = Create(Configs["luong with input feeding"]);
        DecodingOptions draw = new() { Sample = true, BestCount = 4 };
        string Ids(DecodingOptions options) => string.Join('|', Decode(network, options).SelectMany(a => a).Select(a => string.Join(' ', a.Ids)));
        Ids(draw).ShouldBe(Ids(draw));
        Ids(draw with { Seed = 2 }).ShouldNotBe(Ids(draw));
        string greedy = string.Join('|', Decode(network, new DecodingOptions { BeamSize = 1 }).Select(a => string.Join(' ', a[0].Ids)));
        Ids(draw with { TopK = 1, BestCount = 1 }).ShouldBe(greedy);
        Ids(draw with { TopP = 1e-6, BestCount = 1 }).ShouldBe(greedy);
        Ids(draw with { Temperature = 1e-3, BestCount = 1 }).ShouldBe(greedy);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        SequenceToSequence network = Create(Configs["copy"]);
        Should.Throw<ArgumentException>(() => SequenceDecoder.Decode(network, Sources)).Message.ShouldContain("the network copies");
        Should.Throw<ArgumentException>(() => SequenceDecoder.Decode(network, [[]], null, [[]])).Message.ShouldContain("a source has no token");
        Should.Throw<ArgumentException>(() => new DecodingOptions { BestCount = 9 }.Validate()).Message.ShouldContain("BestCount must be from 1 to BeamSize = 5, got 9");
        Should.Throw<ArgumentException>(() => new DecodingOptions { TopP = 0 }.Validate()).Message.ShouldContain("TopP must be above 0");
    }

    private static IReadOnlyList<Hypothesis>[] Decode(SequenceToSequence network, DecodingOptions options) =>
        SequenceDecoder.Decode(network, Sources, options, network.Config.Copies ? [.. Sources.Select(s => s.Select(id => id + 2).ToArray())] : null);

    // The definition, step by step, for one source.
    private static (int[] Ids, double Log) Greedy(EncoderDecoder network, int row) => Step.Evaluate(pass =>
    {
        (AttentionMemory memory, DecoderState state) = network.Encode(Sources[row], new SequenceRanges(new[] { Sources[row].Length }), pass);
        state = state with { Look = network.StartOf(memory) };
        List<int> ids = [];
        double log = 0;
        for (int before = SequenceToSequence.Edge; ids.Count < (2 * Sources[row].Length) + 10;)
        {
            (Tensor logits, Tensor? gate, Tensor weights, state) = network.Next(new[] { before }, memory, state, pass);
            double[] p = [.. logits.Softmax().Values.ToArray().Select(x => (double)x), 0, 0];
            if (gate is not null)
            {
                p = [.. p.Select(x => x * gate.Item)];
                for (int j = 0; j < Sources[row].Length; j++)
                    p[Sources[row][j] + 2] += (1 - gate.Item) * weights.Values[j];
            }
            int best = Array.IndexOf(p, p.Max());
            log += Math.Log(p[best]);
            if (best == SequenceToSequence.Edge)
                break;
            ids.Add(best);
            before = best < 7 ? best : Vocabulary.Unknown;
        }
        return (ids.ToArray(), log);
    }, Capture.Weights);

    // Without a cache: the whole target is read anew for each token.
    private static (int[] Ids, double Log) Greedy(TransformerEncoderDecoder network, int row)
    {
        List<int> ids = [SequenceToSequence.Edge];
        double log = 0;
        while (ids.Count <= (2 * Sources[row].Length) + 10)
        {
            float[] logs = Step.Evaluate(pass =>
            {
                Tensor memory = network.Encoder.Forward(Sources[row], new[] { Sources[row].Length }, pass).States;
                return network.Logits(network.Decoder.Forward(ids.ToArray(), new[] { ids.Count }, pass, memory: memory).States, pass).Reshape(new Shape(ids.Count, 7)).LogSoftmax();
            }).Values[^7..].ToArray();
            int best = Array.IndexOf(logs, logs.Max());
            log += logs[best];
            if (best == SequenceToSequence.Edge)
                break;
            ids.Add(best);
        }
        return ([.. ids[1..]], log);
    }

    private static SequenceToSequence Create(SequenceToSequenceConfig config)
    {
        SequenceToSequence network = config.Create(7, 7);
        network.Initialize(3);
        // Larger weights, so that answers differ and end.
        foreach ((_, Parameter parameter) in network.NamedParameters())
            parameter.Change(static (values, _) => System.Numerics.Tensors.TensorPrimitives.Multiply(values, 2.5f, values), 0);
        return network;
    }
}
