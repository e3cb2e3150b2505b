using System.Text.Json;

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

    [Theory]
    [InlineData("concat", "softmax")]
    [InlineData("general", "sparsemax")]
    [InlineData("scaled-dot", "entmax")]
    [InlineData("cosine(2)", "softmax")]
    [InlineData("distance", "entmax(1.3)")]
    [InlineData("activated-general", "sparsemax")]
    public void Score_and_distribution_are_chosen_by_name(string score, string distribution)
    {
        PointerNetwork network = Create(once: true, score, distribution);
        (string, Parameter Parameter)[] all = [.. network.NamedParameters(), ("items", Drawn())];
        GradientCheck.Run(all, pass => network.Loss(pass.Use(all[^1].Parameter), Ranges, Targets, Ranges.Lengths, pass)).ShouldBeGreaterThan(0);
        float[] p = Probabilities(network, Drawn().Values.ToArray());
        for (int b = 0; b < Batch; b++)
        {
            for (int step = 0; step < Ranges.Lengths.Span[b]; step++)
                p.AsSpan(((b * Items) + step) * Items, Items).ToArray().Sum().ShouldBe(1, 1e-5);
        }
    }

    /// <summary>Martins and Astudillo 2016, equation 16: ½·Σ over the support of (u_j² − τ²) + ½ − u_y; and that it has the gradient that it shall have, also where the right item has no probability.</summary>
    [Fact]
    public void The_loss_of_sparsemax_is_that_of_its_paper()
    {
        PointerNetwork network = Create(once: false, "general", "sparsemax");
        foreach ((_, Parameter parameter) in network.NamedParameters())
            parameter.Change(static (values, _) => System.Numerics.Tensors.TensorPrimitives.Multiply(values, 6, values), 0);
        float[] items = Drawn().Values.ToArray();
        (float loss, float[] u, float[] p) = Step.Evaluate(pass =>
        {
            Tensor x = pass.Input(items, new Shape(Batch, Items, Size)), logits = network.Forward(x, Ranges, Targets, Ranges.Lengths, pass);
            return (network.Loss(x, Ranges, Targets, Ranges.Lengths, pass).Values[0], logits.ToArray(), network.Probabilities(logits, pass).ToArray());
        });
        double expected = 0;
        int steps = 0, hopeless = 0;
        for (int b = 0; b < Batch; b++)
        {
            for (int step = 0; step < Ranges.Lengths.Span[b]; step++, steps++)
            {
                int row = ((b * Items) + step) * Items, right = row + Ranges.Starts.Span[b] + Targets[(b * Items) + step];
                int[] support = [.. Enumerable.Range(row, Items).Where(j => p[j] > 0)];
                double tau = (support.Sum(j => (double)u[j]) - 1) / support.Length;
                expected += (support.Sum(j => (u[j] * (double)u[j]) - (tau * tau)) / 2) + 0.5 - u[right];
                hopeless += p[right] == 0 ? 1 : 0;
            }
        }
        ((double)loss).ShouldBe(expected / steps, 1e-4);
        hopeless.ShouldBeGreaterThan(0, "a right item without probability is among them");
    }

    [Theory]
    [InlineData("location(8)", "softmax", "the score 'location(8)' knows places alone and does not read the items")]
    [InlineData("location-aware", "softmax", "the score 'location-aware' reads the weights of earlier steps")]
    [InlineData("aditive", "softmax", "Did you mean 'additive'?")]
    [InlineData("additive", "sigmoid", "the distribution 'sigmoid' does not sum to 1")]
    [InlineData("additive", "softmax-sink", "does not sum to 1")]
    [InlineData("additive", "local-p", "does not sum to 1")]
    [InlineData("additive", "monotonic", "does not sum to 1")]
    [InlineData("additive", "top-k(2)", "gives no probability and no gradient to a right item that is not among the first")]
    [InlineData("additive", "hard", "draws, and the items' probabilities are the answer itself; take softmax, sparsemax or entmax.")]
    [InlineData("additive", "gumbel", "draws")]
    [InlineData("additive", "entmax-learned", "would learn its α from a loss that α itself defines")]
    public void What_makes_no_sense_is_refused_with_the_reason(string score, string distribution, string why) =>
        Should.Throw<ArgumentException>(() => new PointerNetwork(new PointerNetworkConfig { InputSize = 1, Score = score, Distribution = distribution })).Message.ShouldContain(why);

    [Fact]
    public void Names_of_parameters_and_old_configurations_stay_valid()
    {
        Create(once: true).NamedParameters().Select(p => p.Name).Where(name => name.StartsWith("score", StringComparison.Ordinal) || name.StartsWith("distribution", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ShouldBe(["score.key.weight", "score.query.bias", "score.query.weight", "score.v"]);
        foreach (string json in new[] { """{"InputSize":2,"HiddenSize":3,"AttentionSize":4,"Once":true}""", """{"InputSize":2,"HiddenSize":3,"AttentionSize":4,"Once":true,"Score":null,"Distribution":null}""" })
        {
            PointerNetworkConfig config = JsonSerializer.Deserialize<PointerNetworkConfig>(json)!;
            (config.HiddenSize, config.Once, config.Score, config.Distribution).ShouldBe((3, true, "additive", "softmax"));
        }
    }

    [Theory]
    [InlineData("additive", "softmax")]
    [InlineData("general", "sparsemax")]
    public void It_learns_to_sort_a_few_numbers(string score, string distribution)
    {
        PointerNetwork network = new(new PointerNetworkConfig { InputSize = 1, HiddenSize = 24, AttentionSize = 24, Once = true, Score = score, Distribution = distribution });
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
        Step.Evaluate(pass => network.Probabilities(network.Forward(pass.Input(items, new Shape(Batch, Items, Size)), Ranges, Targets, Ranges.Lengths, pass), pass)).ToArray();

    private static (float[] Numbers, int[] Order) Numbers(RandomStream random, int batch, int count)
    {
        float[] numbers = [.. Enumerable.Range(0, batch * count).Select(_ => random.NextSingle())];
        return (numbers, [.. Enumerable.Range(0, batch).SelectMany(b => Enumerable.Range(0, count).OrderBy(i => numbers[(b * count) + i]))]);
    }

    private static PointerNetwork Create(bool once, string score = "additive", string distribution = "softmax")
    {
        PointerNetwork network = new(new PointerNetworkConfig { InputSize = Size, HiddenSize = 3, AttentionSize = 4, Once = once, Score = score, Distribution = distribution });
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
