namespace Heed.Tests.Attention;

public sealed class DirectionalAttentionTests
{
    private const int Batch = 3, Time = 4, Size = 3, Features = 2;
    private static readonly SequenceRanges Ranges = new(new[] { 4, 2, 0 }, new[] { 0, 2, 1 });

    [Theory]
    [InlineData(AttentionDirection.All)]
    [InlineData(AttentionDirection.Before)]
    [InlineData(AttentionDirection.After)]
    public void Gradients_agree_with_differences(AttentionDirection direction)
    {
        DirectionalAttention attend = Create(direction);
        (string, Parameter Parameter)[] all = [.. attend.NamedParameters(), ("x", Drawn())];
        GradientCheck.Run(all, pass =>
        {
            (Tensor output, Tensor weights) = attend.Forward(pass.Use(all[^1].Parameter), Ranges, pass);
            return Tensor.Concatenate(output.Reshape(new Shape(output.Length)), weights.Reshape(new Shape(weights.Length)));
        }).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(AttentionDirection.All)]
    [InlineData(AttentionDirection.Before)]
    [InlineData(AttentionDirection.After)]
    public void Each_feature_of_each_item_has_a_distribution_over_the_items_that_it_sees(AttentionDirection direction)
    {
        DirectionalAttention attend = Create(direction);
        float[] x = Drawn().Values.ToArray();
        (float[] output, float[] weights) = Run(attend, x, Batch, Time, Ranges);
        for (int row = 0; row < Batch * Time * Features; row++)
        {
            int b = row / (Time * Features), i = row / Features % Time, first = Ranges.Starts.Span[b], end = first + Ranges.Lengths.Span[b];
            bool[] sees = [.. Enumerable.Range(0, Time).Select(j => i >= first && i < end && j >= first && j < end && (direction == AttentionDirection.All || (direction == AttentionDirection.Before ? j < i : j > i)))];
            float[] w = weights.AsSpan(row * Time, Time).ToArray();
            w.Select(v => v > 0).ShouldBe(sees);
            w.Sum().ShouldBe(sees.Contains(true) ? 1 : 0, 1e-5);
        }
        foreach (int i in new[] { 4, 5, 8, 9, 10, 11 })
        {
            x.AsSpan(i * Size, Size).Fill(float.NaN);
            output.AsSpan(i * Features, Features).ToArray().ShouldAllBe(v => v == 0);
        }
        Run(attend, x, Batch, Time, Ranges).Output.ShouldBe(output);
        Run(attend, x.AsSpan(6 * Size, 2 * Size).ToArray(), 1, 2, new[] { 2 }).Output.ShouldBe(output.AsSpan(6 * Features, 2 * Features).ToArray(), "alone, without padding");
    }

    [Fact]
    public void It_is_what_the_formulas_say()
    {
        DirectionalAttention attend = new(1, 1, AttentionDirection.Before);
        foreach ((string name, Parameter parameter) in attend.NamedParameters())
        {
            parameter.Assign([name switch { "input.weight" => 1, "input.bias" => 0, "keys.weight" => 2, "queries.weight" => 0.5f, "queries.bias" => 0.1f, "gate_context.weight" => 1, "gate_item.weight" => -1, "gate_item.bias" => 0.2f, _ => throw new ArgumentException(name) }]);
        }
        (float[] output, float[] weights) = Run(attend, [0.5f, -1, 2], 1, 3, new[] { 3 });
        double[] h = [Math.Tanh(0.5), Math.Tanh(-1), Math.Tanh(2)];
        double E(int i, int j) => 5 * Math.Tanh(((2 * h[j]) + (0.5 * h[i]) + 0.1) / 5);
        double p = 1 / (1 + Math.Exp(E(2, 1) - E(2, 0))), s = (p * h[0]) + ((1 - p) * h[1]), gate = 1 / (1 + Math.Exp(-(s - h[2] + 0.2)));
        weights[6].ShouldBe((float)p, 1e-5);
        output[2].ShouldBe((float)((gate * h[2]) + ((1 - gate) * s)), 1e-5);
        // The first item sees none: s = 0.
        output[0].ShouldBe((float)(h[0] / (1 + Math.Exp(h[0] - 0.2))), 1e-5);
    }

    [Fact]
    public void The_encoder_sees_both_sides_and_order()
    {
        DirectionalEncoder encoder = new(Size, Features);
        encoder.Initialize(3);
        float[] x = Drawn().Values.ToArray().AsSpan(0, 3 * Size).ToArray();
        float[] Last(float[] items) => Step.Evaluate(pass => encoder.Forward(pass.Input(items, new Shape(1, 3, Size)), new[] { 3 }, pass)).ToArray();
        float[] before = Last(x);
        before.Length.ShouldBe(3 * 2 * Features);
        float[] changed = [.. x];
        changed[2 * Size] += 1;
        float[] after = Last(changed);
        after.AsSpan(0, Features).ToArray().ShouldBe(before.AsSpan(0, Features).ToArray(), "what is before the first item is nothing");
        after.AsSpan(Features, Features).ToArray().ShouldNotBe(before.AsSpan(Features, Features).ToArray(), "what is after it changed");
    }

    [Fact]
    public void Wrong_input_is_refused()
    {
        Should.Throw<ShapeException>(() => Run(Create(AttentionDirection.All), new float[8], 1, 2, new[] { 2 }, 4)).Message.ShouldContain("input = 3");
        Should.Throw<ArgumentOutOfRangeException>(() => new DirectionalAttention(1, 1, (AttentionDirection)7));
    }

    private static (float[] Output, float[] Weights) Run(DirectionalAttention attend, float[] x, int batch, int time, SequenceRanges ranges, int size = 0) => Step.Evaluate(pass =>
    {
        (Tensor output, Tensor weights) = attend.Forward(pass.Input(x, new Shape(batch, time, size == 0 ? attend.InputSize : size)), ranges, pass);
        return (output.ToArray(), weights.ToArray());
    });

    private static DirectionalAttention Create(AttentionDirection direction)
    {
        DirectionalAttention attend = new(Size, Features, direction);
        attend.Initialize(5);
        return attend;
    }

    private static Parameter Drawn()
    {
        Parameter parameter = new(new Shape(Batch, Time, Size), Initializer.Normal(0.7));
        parameter.Initialize(new RandomStream(4, "items"));
        return parameter;
    }
}
