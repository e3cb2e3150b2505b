namespace Heed.Tests.Models;

public sealed class PointerNetworkTests
{
    private const int Batch = 3, Items = 5, Size = 2;
    private static readonly SequenceRanges Ranges = new(new[] { 5, 2, 3 }, new[] { 0, 3, 1 });
    private static readonly int[] Targets = [4, 0, 1, 2, 3, 1, 0, 0, 0, 0, 2, 0, 1, 0, 0];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_agree_with_differences(bool once)
    {
        PointerNetwork network = Create(once);
        (string, Parameter Parameter)[] all = [.. network.NamedParameters(), ("items", Drawn())];
        GradientCheck.Run(all, pass => network.Loss(pass.Use(all[^1].Parameter), Ranges, Targets, Ranges.Lengths, pass)).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Padding_and_items_that_were_pointed_at_have_no_probability()
    {
        PointerNetwork network = Create(once: true);
        float[] p = Probabilities(network, Drawn().Values.ToArray());
        for (int b = 0; b < Batch; b++)
        {
            (int start, int length) = (Ranges.Starts.Span[b], Ranges.Lengths.Span[b]);
            for (int step = 0; step < length; step++)
            {
                float[] row = p.AsSpan(((b * Items) + step) * Items, Items).ToArray();
                row.Sum().ShouldBe(1, 1e-5);
                for (int j = 0; j < Items; j++)
                    (row[j] > 0).ShouldBe(j >= start && j < start + length && !Targets.AsSpan(b * Items, step).Contains(j - start), $"row {b}, step {step}, item {j}");
            }
        }
        float[] spoiled = Drawn().Values.ToArray();
        foreach (int i in new[] { 5, 6, 7, 10, 14 })
            spoiled.AsSpan(i * Size, Size).Fill(float.NaN);
        Probabilities(network, spoiled).Where((_, i) => i < 25 || i % 25 < 10).ShouldBe(p.Where((_, i) => i < 25 || i % 25 < 10));
    }

    [Fact]
    public void Pointing_follows_the_largest_probability_and_is_the_same_alone()
    {
        foreach (bool once in new[] { false, true })
        {
            PointerNetwork network = Create(once);
            float[] items = Drawn().Values.ToArray();
            int[][] found = network.Point(Tensor.From(items, new Shape(Batch, Items, Size)), Ranges);
            found.Select(f => f.Length).ShouldBe([5, 2, 3]);
            // The largest logit of each step, given the ones before it.
            int[] targets = new int[Batch * Items];
            for (int b = 0; b < Batch; b++)
                found[b].CopyTo(targets.AsSpan(b * Items));
            Tensor logits = Step.Evaluate(pass => network.Forward(pass.Input(items, new Shape(Batch, Items, Size)), Ranges, targets, Ranges.Lengths, pass));
            for (int b = 0; b < Batch; b++)
            {
                for (int step = 0; step < found[b].Length; step++)
                {
                    float[] row = logits.Values.Slice(((b * Items) + step) * Items, Items).ToArray();
                    Array.IndexOf(row, row.Max()).ShouldBe(Ranges.Starts.Span[b] + found[b][step]);
                }
                if (once)
                    found[b].Order().ShouldBe(Enumerable.Range(0, found[b].Length));
                float[] own = items.AsSpan(((b * Items) + Ranges.Starts.Span[b]) * Size, found[b].Length * Size).ToArray();
                network.Point(Tensor.From(own, new Shape(1, found[b].Length, Size)), new[] { found[b].Length })[0].ShouldBe(found[b]);
            }
        }
    }

    [Fact]
    public void It_learns_to_sort_a_few_numbers()
    {
        PointerNetwork network = new(new PointerNetworkConfig { InputSize = 1, HiddenSize = 24, AttentionSize = 24, Once = true });
        network.Initialize(1);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(2, "numbers");
        for (int step = 1; step <= 250; step++)
        {
            (float[] numbers, int[] order) = Numbers(random, 32, 4);
            Step.Train(random.Fork($"step {step}"), step, pass => network.Loss(pass.Input(numbers, new Shape(32, 4, 1)), SequenceRanges.Full(32, 4), order, SequenceRanges.Full(32, 4), pass));
            optimizer.Step(learningRate: 0.01, clipNorm: 1);
        }
        (float[] test, int[] expected) = Numbers(new RandomStream(3, "test"), 100, 4);
        int[] found = [.. network.Point(Tensor.From(test, new Shape(100, 4, 1)), SequenceRanges.Full(100, 4)).SelectMany(f => f)];
        found.Zip(expected, (a, b) => a == b ? 1 : 0).Sum().ShouldBeGreaterThan(320, "of 400 places");
    }

    [Fact]
    public void Wrong_input_is_refused()
    {
        PointerNetwork network = Create(once: true);
        Tensor items = Tensor.From(new float[Batch * Items * Size], new Shape(Batch, Items, Size));
        Should.Throw<ArgumentException>(() => Step.Evaluate(pass => network.Forward(items, Ranges, new int[Batch * Items], Ranges.Lengths, pass))).Message.ShouldContain("row 0, step 1 points at item 0 again");
        int[] wrong = [.. Targets];
        wrong[5] = 2;
        Should.Throw<ArgumentException>(() => Step.Evaluate(pass => network.Forward(items, Ranges, wrong, Ranges.Lengths, pass))).Message.ShouldContain("row 1, step 0 points at item 2, but the row has 2");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => network.Forward(items, Ranges, new int[4], Ranges.Lengths, pass))).Message.ShouldContain("4 targets");
        Should.Throw<ShapeException>(() => network.Point(Tensor.From(new float[6], new Shape(1, 2, 3)), new[] { 2 })).Message.ShouldContain("input = 2");
        Should.Throw<ArgumentException>(() => new PointerNetwork(new PointerNetworkConfig { InputSize = 0 })).Message.ShouldContain("InputSize must be in 1");
    }

    private static float[] Probabilities(PointerNetwork network, float[] items) =>
        Step.Evaluate(pass => network.Forward(pass.Input(items, new Shape(Batch, Items, Size)), Ranges, Targets, Ranges.Lengths, pass).Softmax()).ToArray();

    private static (float[] Numbers, int[] Order) Numbers(RandomStream random, int batch, int count)
    {
        float[] numbers = [.. Enumerable.Range(0, batch * count).Select(_ => random.NextSingle())];
        return (numbers, [.. Enumerable.Range(0, batch).SelectMany(b => Enumerable.Range(0, count).OrderBy(i => numbers[(b * count) + i]))]);
    }

    private static PointerNetwork Create(bool once)
    {
        PointerNetwork network = new(new PointerNetworkConfig { InputSize = Size, HiddenSize = 3, AttentionSize = 4, Once = once });
        network.Initialize(5);
        return network;
    }

    private static Parameter Drawn()
    {
        Parameter parameter = new(new Shape(Batch, Items, Size), Initializer.Normal(0.7));
        parameter.Initialize(new RandomStream(4, "items"));
        return parameter;
    }
}
