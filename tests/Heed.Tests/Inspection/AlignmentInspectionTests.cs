using Heed.Testing;

namespace Heed.Tests.Inspection;

/// <summary>The alignment of recurrent decoders is seen and changed like poolings and heads.</summary>
public sealed class AlignmentInspectionTests : IDisposable
{
    private static readonly int[][] Sources = [[2, 3, 4], [5, 2], [3, 3, 6, 2]], Targets = [[4, 2], [3, 5, 2], [6]];
    private static readonly EncoderDecoderConfig Small = new() { EmbeddingSize = 5, HiddenSize = 4, AttentionSize = 3, Dropout = 0 };

    private static readonly Dictionary<string, EncoderDecoderConfig> Configs = new(StringComparer.Ordinal)
    {
        ["bahdanau"] = Small,
        ["bahdanau, gru"] = Small with { Cell = "gru" },
        ["bahdanau, general, sparsemax"] = Small with { Score = "general", Distribution = "sparsemax" },
        ["bahdanau, hard"] = Small with { Distribution = "hard" },
        ["bahdanau, monotonic"] = Small with { Distribution = "monotonic(0, 4)" },
        ["bahdanau, sigmoid"] = Small with { Distribution = "sigmoid" },
        ["luong with input feeding"] = Small with { Decoder = "luong", Score = "general" },
        ["luong at once, fused"] = Small with { Decoder = "luong", InputFeeding = false, Score = "scaled-dot" },
        ["luong at once, additive"] = Small with { Decoder = "luong", InputFeeding = false },
        ["luong without, gru"] = Small with { Decoder = "luong", InputFeeding = false, Cell = "gru" },
        ["copy and coverage"] = Small with { Copy = true, Coverage = true },
        ["copy and coverage, luong"] = Small with { Decoder = "luong", Copy = true, Coverage = true },
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Kinds => [.. Configs.Keys];

    // Those in which even energies are even weights.
    public static TheoryData<string> EvenKinds => [.. Configs.Keys.Where(kind => Configs[kind].Distribution is "softmax" or "sparsemax")];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Its_own_weights_put_back_change_nothing_and_changes_see_the_real_source_alone(string kind)
    {
        EncoderDecoder network = Create(Configs[kind]);
        float[] own = LogProbabilities(network, null);
        List<int> counts = [];
        LogProbabilities(network, new AttentionOverride(network, (weights, row) =>
        {
            row.ShouldBe(counts.Count);
            counts.Add(weights.Length);
        })).ShouldBe(own, 1e-5);
        // A row for each token and end at least, over the 3, 2 and 4 tokens of the sources.
        counts.Count.ShouldBeGreaterThanOrEqualTo(9);
        counts.Distinct().Order().ShouldBe([2, 3, 4]);
        LogProbabilities(network, new AttentionOverride(network, (weights, _) => weights.Reverse())).ShouldNotBe(own);
        float[] Permuted(ulong seed) => LogProbabilities(network, AttentionOverride.Permuted(network, seed));
        Permuted(2).ShouldBe(Permuted(2));
        LogProbabilities(network, new AttentionOverride(network, (weights, _) => weights.Reverse(), layers: false)).ShouldBe(own);
    }

    // A score of zeros gives even weights of its own, whatever the state: forcing them must do the same to a network whose score is anything.
    [Theory]
    [MemberData(nameof(EvenKinds))]
    public void Uniform_weights_are_those_of_a_score_of_zeros(string kind)
    {
        EncoderDecoder network = Create(Configs[kind]), even = Create(Configs[kind]);
        foreach ((string name, Parameter parameter) in even.NamedParameters())
        {
            if (name is "decoder.attention.score.v" or "decoder.attention.score.general.weight" || name.StartsWith("decoder.attention.q_proj", StringComparison.Ordinal))
                parameter.Assign(new float[parameter.Shape.Length]);
        }
        float[] forced = LogProbabilities(network, AttentionOverride.Uniform(network));
        forced.ShouldBe(LogProbabilities(even, null), 1e-5);
        forced.ShouldNotBe(LogProbabilities(network, null));
    }

    // One source token: nowhere else to look, so no change changes anything.
    [Fact]
    public void A_source_of_one_token_leaves_nothing_to_change()
    {
        EncoderDecoder network = Create(Small);
        PairBatch one = PairBatch.Create([[3]], [[4, 2]], [0], null);
        float[] Logs(AttentionOverride? change) => Step.Evaluate(pass => network.LogProbabilities(one, pass), request: change).ToArray();
        Logs(AttentionOverride.Permuted(network)).ShouldBe(Logs(null), 1e-6);
        Logs(AttentionOverride.Uniform(network)).ShouldBe(Logs(null), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_captured_is_what_the_decoder_aligns_step_by_step_and_asking_changes_no_bit(string kind)
    {
        EncoderDecoder network = Create(Configs[kind]);
        AttentionCapture capture = new(network);
        capture.Names.ShouldBe(["decoder.attention"]);
        LogProbabilities(network, capture).ShouldBe(LogProbabilities(network, null));
        CapturedAttention seen = capture.Results.ShouldHaveSingleItem();
        (seen.Batch, seen.RowCount, seen.KeyCount, seen.Heads.Count).ShouldBe((3, 4, 4, 1));
        for (int row = 0; row < 3; row++)
        {
            float[][] steps = Alignment(network, row);
            for (int t = 0; t < 4; t++)
            {
                seen.Position(row, t).ShouldBe(t < steps.Length ? t : -1);
                float[] expected = t < steps.Length ? [.. steps[t], .. new float[4 - steps[t].Length]] : new float[4];
                seen.Row(row, 0, t).ToArray().ShouldBe(expected, 1e-6);
            }
        }
        AttentionCapture last = new(network) { Rows = [-1] };
        LogProbabilities(network, last);
        last.Results[0].Row(1, 0, 0).ToArray().ShouldBe(seen.Row(1, 0, 3).ToArray());
        HeadProfile profile = HeadProfile.Of(network, pass => network.LogProbabilities(PairBatch.Create(Sources, Targets, [0], network.Config.Copy ? Sources : null), pass)).ShouldHaveSingleItem();
        (profile.Layer, profile.Received.Count, double.IsNaN(profile.MeanDistance)).ShouldBe(("decoder.attention", 3, true));
        ((double)profile.Received[0]).ShouldBe(Alignment(network, 0).Average(weights => weights[0]), 1e-6);
    }

    // Padding on either side and a mask: rows and keys count from the first real token, and a change sees what the mask leaves, whatever the distribution gave it.
    [Theory]
    [InlineData("softmax")]
    [InlineData("sparsemax")]
    public void Attention_of_a_model_of_ones_own_is_seen_and_changed_too(string distribution)
    {
        Heed.Attention attention = new(new AttentionConfig { QuerySize = 4, KeySize = 4, ValueSize = 4, Score = "scaled-dot", Distribution = distribution, Mask = AttentionMask.Causal, Heads = new MultiHead(2) });
        attention.Initialize(1);
        float[] values = [.. Enumerable.Range(0, 40).Select(i => 3 * (float)Math.Sin(i))];
        SequenceRanges ranges = new(new[] { 3, 5 }, new[] { 2, 0 });
        (float[] Context, float[] Weights) Run(IPassRequest? request, Capture asked = Capture.None) => Step.Evaluate(pass =>
        {
            Tensor x = pass.Input(values, new Shape(2, 5, 4));
            AttentionResult result = attention.Forward(x, x, x, ranges, pass);
            return (result.Context.ToArray(), result.Weights?.ToArray() ?? []);
        }, asked, request);
        (float[] own, float[] weights) = Run(null, Capture.Weights);
        AttentionCapture capture = new(attention);
        Run(capture).Context.ShouldBe(own);
        CapturedAttention seen = capture.Results.ShouldHaveSingleItem();
        (seen.RowCount, seen.KeyCount).ShouldBe((5, 5));
        for (int head = 0; head < 2; head++)
        {
            for (int row = 0; row < 3; row++)
                seen.Row(0, head, row)[..3].ToArray().ShouldBe(weights[(((head * 5) + 2 + row) * 5 + 2)..(((head * 5) + 2 + row) * 5 + 5)]);
            seen.Row(1, head, 4).ToArray().ShouldBe(weights[((((2 + head) * 5) + 4) * 5)..((((2 + head) * 5) + 5) * 5)]);
            seen.Position(0, 3).ShouldBe(-1);
        }
        Dictionary<int, int> counts = [];
        Run(new AttentionOverride(attention, (row, _) => counts[row.Length] = counts.GetValueOrDefault(row.Length) + 1)).Context.ShouldBe(own, 1e-5);
        // Two heads, rows of 1, 2, 3 keys in both texts, of 4 and 5 in one.
        counts.OrderBy(c => c.Key).Select(c => (c.Key, c.Value)).ShouldBe([(1, 4), (2, 4), (3, 4), (4, 2), (5, 2)]);
    }

    [Theory]
    [InlineData("bahdanau", true)]
    [InlineData("luong", true)]
    [InlineData("luong", false)]
    public void A_trace_of_a_translator_reads_back_its_alignment(string decoder, bool isFed)
    {
        PairData data = PairData.FromPairs([.. Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? "rot haus alt" : "blau ball", i % 2 == 0 ? "old red house" : "blue ball"))]);
        Translator model = Translator.Train(data, data, new TranslatorOptions
        {
            Network = Small with { EmbeddingSize = 12, HiddenSize = 12, Decoder = decoder, InputFeeding = isFed, Score = decoder == "luong" ? "scaled-dot" : "additive" },
            Training = new TrainingOptions { EpochCount = 12, BatchSize = 8, LearningRate = 0.02, WordDropout = 0 }, SourceTokens = new TextEncoderOptions(), TargetTokens = new TextEncoderOptions(),
        });
        Translation answer = model.Translate("rot haus alt");
        answer.Tokens.Count.ShouldBe(3);
        IReadOnlyList<ExplainedInput> tokens = model.Explaining("rot haus alt");
        tokens[0].WriteTrace(folder["trace"], TraceType.F32);
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Check(model.Network);
        TraceLayer layer = trace.Layers.ShouldHaveSingleItem();
        (layer.Name, layer.Rows, layer.Keys, layer.RowTokens, layer.KeyTokens).ShouldBe(("decoder.attention", 4, 3, "translation", null));
        trace.Tokens.ShouldBe(["rot", "haus", "alt"]);
        trace.Sequences.ShouldHaveSingleItem().Value.ShouldBe([.. answer.Tokens, "(end)"]);
        float[] weights = trace.Read(0, 0);
        for (int t = 0; t < 3; t++)
            weights[(t * 3)..((t + 1) * 3)].ShouldBe(answer.Alignment[t], 1e-6);
        ((double)weights[9..].Sum()).ShouldBe(1, 1e-6, "where the end was written");
        HtmlReport page = TraceReport.Of(trace);
        page.Sections.Select(section => section.Title).ShouldBe(["Heads: translation looking at tokens", "What is looked at"]);
        page.ToString().ShouldContain("(end)");
        tokens[0].Heads().ShouldHaveSingleItem().Layer.ShouldBe("decoder.attention");
        foreach (string kind in new[] { "uniform", "permute" })
            AttentionIntervention.Measure(tokens, kind).Change.Value.ShouldBeGreaterThan(0);
        CheckThatItIsAskedAnew(model, "rot haus alt");
    }

    [Fact]
    public void The_alignment_of_a_Transformer_is_asked_anew_where_the_question_is()
    {
        PairData data = PairData.FromPairs([.. Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? "rot haus alt" : "blau ball", i % 2 == 0 ? "old red house" : "blue ball"))]);
        Translator model = Translator.Train(data, data, new TranslatorOptions
        {
            Network = new TransformerEncoderDecoderConfig { Stack = new TransformerConfig { Size = 16, LayerCount = 2, HeadCount = 2, InnerSize = 32, Dropout = 0 } },
            Training = new TrainingOptions { EpochCount = 12, BatchSize = 8, LearningRate = 0.01, WordDropout = 0 }, SourceTokens = new TextEncoderOptions(), TargetTokens = new TextEncoderOptions(),
        });
        CheckThatItIsAskedAnew(model, "rot haus alt");
    }

    // A question that is put again shows where the model looks as it is then: the same place, and another once its parameters are others.
    private static void CheckThatItIsAskedAnew(Translator model, string text)
    {
        IReadOnlyList<ExplainedInput> tokens = model.Explaining(text);
        tokens.Count.ShouldBeGreaterThan(1);
        foreach (ExplainedInput token in tokens)
            token.Again().Attention!.Views[0].ShouldBe(token.Attention!.Views[0], 1e-5);
        float[] before = tokens[0].Attention!.Views[0];
        foreach ((_, Parameter parameter) in model.Network.NamedParameters())
            parameter.Assign([.. parameter.Values.ToArray().Select((value, i) => value + (0.5f * MathF.Sin(i)))]);
        float[] after = tokens[0].Again().Attention!.Views[0];
        after.Zip(before, (x, y) => Math.Abs(x - y)).Max().ShouldBeGreaterThan(0.01f);
    }

    private static float[] LogProbabilities(EncoderDecoder network, IPassRequest? request) =>
        Step.Evaluate(pass => network.LogProbabilities(PairBatch.Create(Sources, Targets, [0, 1, 2], network.Config.Copy ? Sources : null), pass), request: request).ToArray();

    // Where each step of decoding looks when it is given the target's tokens.
    private static float[][] Alignment(EncoderDecoder network, int row) => Step.Evaluate(pass =>
    {
        (AttentionMemory memory, DecoderState state) = network.Encode(Sources[row], new SequenceRanges(new[] { Sources[row].Length }), pass);
        state = state with { Look = network.StartOf(memory) };
        int[] read = [SequenceToSequence.Edge, .. Targets[row]];
        float[][] steps = new float[read.Length][];
        for (int t = 0; t < read.Length; t++)
        {
            (_, _, Tensor weights, state) = network.Next(new[] { read[t] }, memory, state, pass);
            steps[t] = weights.ToArray();
        }
        return steps;
    }, Capture.Weights);

    private static EncoderDecoder Create(EncoderDecoderConfig config)
    {
        EncoderDecoder network = new(config, 7, 7);
        network.Initialize(3);
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            // Weights that were just drawn differ little from even ones.
            if (name.StartsWith("decoder.attention", StringComparison.Ordinal))
                parameter.Assign([.. parameter.Values.ToArray().Select(v => 4 * v)]);
        }
        return network;
    }
}
