using Heed.Testing;

namespace Heed.Tests.Inspection.Traces;

public sealed class AttentionTraceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(TraceType.F32)]
    [InlineData(TraceType.F16)]
    [InlineData(TraceType.U8)]
    public void What_is_read_is_what_was_attended_to(TraceType type)
    {
        Transformer model = Model();
        int[] ids = Ids(13);
        // Parts of 5 rows: 2 heads · 13 keys · 5.
        Write(model, ids, new() { Type = type, PartSize = 130, Tokens = [.. ids.Select(i => $"t{i}")] });
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Layers.Select(l => (l.Name, l.Rows, l.Keys, l.LevelCount)).ShouldBe([("layer0.attention", 13, 13, 1), ("layer1.attention", 13, 13, 1), ("layer2.attention", 13, 13, 1)]);
        trace.Tokens[4].ShouldBe($"t{ids[4]}");
        foreach (CapturedAttention layer in Captured(model, ids))
        {
            for (int head = 0; head < 2; head++)
            {
                float[] read = trace.Read(layer.Layer, head);
                for (int row = 0; row < 13; row++)
                {
                    ReadOnlySpan<float> truth = layer.Row(0, head, row);
                    float largest = System.Numerics.Tensors.TensorPrimitives.Max(truth);
                    for (int key = 0; key < 13; key++)
                    {
                        float error = Math.Abs(read[(row * 13) + key] - truth[key]);
                        error.ShouldBeLessThanOrEqualTo(type switch { TraceType.F32 => 0, TraceType.F16 => Math.Max(truth[key] / 2048, 1f / (1 << 25)), _ => largest / 510 * 1.0001f });
                    }
                }
            }
        }
        float[] part = trace.Read(new TraceTile(2, 1, 0, Row: 7, RowCount: 3, Key: 4, KeyCount: 6));
        float[] whole = trace.Read(2, 1);
        part.ShouldBe([.. Enumerable.Range(0, 18).Select(i => whole[((7 + (i / 6)) * 13) + 4 + (i % 6)])]);
    }

    [Theory]
    [InlineData(301, 301)]
    [InlineData(7, 301)]
    public void Coarser_levels_are_exact_means_and_maxima(int rows, int keys)
    {
        Transformer model = Model();
        int[] ids = Ids(keys);
        Write(model, ids, new() { Type = TraceType.F32, PartSize = 2 * keys * 9, Layers = [1], Rows = rows == keys ? null : [.. Enumerable.Range(0, rows).Select(r => 40 * r)] });
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Layers.ShouldHaveSingleItem().LevelCount.ShouldBe(4, "301, 151, 76, 38");
        float[] truth = trace.Read(0, 1);
        truth.Length.ShouldBe(rows * keys);
        for (int level = 1; level < 4; level++)
        {
            (int levelRows, int levelKeys) = trace.SizeOf(0, level);
            float[] means = trace.Read(0, 1, level), maxima = trace.Read(0, 1, level, TracePooling.Max);
            for (int i = 0; i < levelRows * levelKeys; i++)
            {
                double sum = 0;
                float largest = 0;
                int count = 0;
                for (int r = (i / levelKeys) << level; r < Math.Min(rows, ((i / levelKeys) + 1) << level); r++)
                {
                    for (int k = (i % levelKeys) << level; k < Math.Min(keys, ((i % levelKeys) + 1) << level); k++)
                        (sum, largest, count) = (sum + truth[(r * keys) + k], Math.Max(largest, truth[(r * keys) + k]), count + 1);
                }
                means[i].ShouldBe((float)(sum / count), sum / count * 1e-7);
                maxima[i].ShouldBe(largest);
            }
        }
    }

    [Fact]
    public void Memory_is_that_of_a_part()
    {
        Transformer model = Model(length: 2048);
        int[] ids = Ids(2048);
        List<int> sizes = [];
        AttentionCapture capture = new(model) { PartSize = 100_000, Receiver = part => sizes.Add(part.Weights.Length) };
        Step.Evaluate(pass => model.Forward(ids, SequenceRanges.Full(1, ids.Length), pass).States, request: capture);
        sizes.Max().ShouldBeLessThanOrEqualTo(100_000);
        sizes.Sum().ShouldBe(3 * 2 * 2048 * 2048);

        Write(model, ids, new() { Type = TraceType.U8, PartSize = 100_000, Layers = [0] });
        AttentionTrace.Open(folder["trace"]).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Read(0, 1, level: 5).Length.ShouldBe(64 * 64);
        trace.Read(new TraceTile(0, 1, 0, 2000, 48, 1000, 48)).Length.ShouldBe(48 * 48);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(300_000, "of the 16 MB of the file");
    }

    [Fact]
    public void A_sequence_of_32768_tokens_opens_at_once()
    {
        Transformer model = new(new TransformerConfig { Size = 8, LayerCount = 1, HeadCount = 1, InnerSize = 8, MaximumLength = 32768 }, 50);
        model.Initialize(1);
        Write(model, Ids(32768), new() { PartSize = 1 << 20, Rows = [.. Enumerable.Range(0, 256).Select(row => 128 * row)] });
        new FileInfo(Path.Combine(folder["trace"], "layer00.safetensors")).Length.ShouldBeGreaterThan(2L * 256 * 32768);
        long before = GC.GetAllocatedBytesForCurrentThread();
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        (int rows, int keys) = trace.SizeOf(0, trace.Layers[0].LevelCount - 1);
        (rows, keys).ShouldBe((1, 64));
        trace.Read(0, 0, trace.Layers[0].LevelCount - 1).Sum(w => 512.0 * w).ShouldBe(1, 2e-3, "the mean of the rows, each of which sums to one");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(400_000, "of 22 MB");
    }

    [Fact]
    public void A_trace_of_another_model_is_refused()
    {
        Transformer model = Model();
        Write(model, Ids(5), new());
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Check(model);
        Transformer other = Model(seed: 2);
        Should.Throw<InputException>(() => trace.Check(other)).Message.ShouldContain("make it again with this model");
    }

    [Fact]
    public void What_is_not_there_gets_one_clear_message()
    {
        Transformer model = Model();
        Write(model, Ids(5), new() { Heads = [1] });
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        Should.Throw<InputException>(() => trace.Read(3, 1)).Message.ShouldEndWith("this trace has layers 0 to 2, not 3.");
        Should.Throw<InputException>(() => trace.Read(0, 0)).Message.ShouldContain("has heads 1, not 0");
        Should.Throw<InputException>(() => trace.Read(0, 1, level: 1)).Message.ShouldContain("levels 0 to 0, not 1");
        Should.Throw<InputException>(() => trace.Read(new TraceTile(0, 1, 0, 3, 3, 0, 5))).Message.ShouldContain("is not within");
        Should.Throw<ArgumentException>(() => Write(model, Ids(5), new() { Layers = [7] })).Message.ShouldContain("layers 0 to 2, not 7");
        Should.Throw<ArgumentException>(() => Write(model, Ids(5), new() { Heads = [7] })).Message.ShouldContain("not 7");
        using AttentionTrace still = AttentionTrace.Open(folder["trace"]);
        still.Layers.Count.ShouldBe(3, "the trace that was there stays");
        Directory.GetDirectories(folder.Path).ShouldHaveSingleItem();
    }

    [Fact]
    public void Damage_and_strangers_are_refused()
    {
        Transformer model = Model();
        Should.Throw<InputException>(() => AttentionTrace.Open(folder["none"]));
        Directory.CreateDirectory(folder["trace"]);
        File.WriteAllText(Path.Combine(folder["trace"], "mine.txt"), "mine");
        Should.Throw<InputException>(() => Write(model, Ids(5), new())).Message.ShouldContain("not replaced");
        File.Delete(Path.Combine(folder["trace"], "mine.txt"));
        Write(model, Ids(5), new());
        string index = Path.Combine(folder["trace"], "trace.json"), text = File.ReadAllText(index);
        foreach ((string from, string to) in new[] { ("\"rows\":5", "\"rows\":6"), ("\"f16\"", "\"f64\""), ("\"version\":1", "\"version\":9"), ("layer00.safetensors", "../layer00.safetensors"), ("heed-trace", "x"), ("[0,1]", "[0,1,2]"), ("{", "[") })
        {
            string damaged = text.Replace(from, to, StringComparison.Ordinal);
            damaged.ShouldNotBe(text);
            File.WriteAllText(index, damaged);
            Should.Throw<InputException>(() => AttentionTrace.Open(folder["trace"]));
        }
    }

    [Fact]
    public void A_long_trace_becomes_a_small_report()
    {
        Transformer model = Model(length: 600);
        int[] ids = Ids(600);
        string text = string.Join(' ', ids.Select(i => $"w{i:00}"));
        Write(model, ids, new() { Text = text, Tokens = [.. ids.Select(i => $"w{i:00}")], Ranges = [.. ids.Select((_, i) => (4 * i)..((4 * i) + 3))] });
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        HtmlReport report = TraceReport.Of(trace);
        ReportHeads heads = report.Sections[0].ShouldBeOfType<ReportHeads>();
        heads.Heads.Count.ShouldBe(3);
        heads.Heads[2][1].Columns.Count.ShouldBe(75, "600 / 8");
        heads.Heads[2][1].Columns[3].ShouldBe($"24 w{ids[24]:00}");
        heads.Note.ShouldContain("8 × 8 tokens");
        ShadedText shaded = report.Sections[1].ShouldBeOfType<ReportTexts>().Texts.ShouldHaveSingleItem();
        shaded.Rows.Count.ShouldBe(3);
        shaded.Rows[1].Weights.Sum().ShouldBe(1, 2e-3, "each row of weights sums to one");
        report.ToString().Length.ShouldBeLessThan(400_000);
        Should.Throw<InputException>(() => TraceReport.Of(trace, new() { Heads = [9] })).Message.ShouldContain("not 9");
    }

    private static Transformer Model(int length = 400, ulong seed = 1)
    {
        Transformer model = new(new TransformerConfig { Size = 16, LayerCount = 3, HeadCount = 2, InnerSize = 16, MaximumLength = length }, 50);
        model.Initialize(seed);
        return model;
    }

    private static int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * 37) + (i * i % 11)) % 50)];

    private void Write(Transformer model, int[] ids, AttentionTraceOptions options) =>
        AttentionTrace.Write(folder["trace"], model, pass => model.Forward(ids, SequenceRanges.Full(1, ids.Length), pass).States, options);

    private static IReadOnlyList<CapturedAttention> Captured(Transformer model, int[] ids)
    {
        AttentionCapture capture = new(model);
        Step.Evaluate(pass => model.Forward(ids, SequenceRanges.Full(1, ids.Length), pass).States, request: capture);
        return capture.Results;
    }
}
