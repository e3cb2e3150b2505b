using Heed.Testing;

namespace Heed.Tests.Training;

public sealed class TrainingOptionsTests
{
    [Fact]
    public void The_learning_rate_rises_and_falls()
    {
        TrainingOptions o = new() { LearningRate = 1, Warmup = 0.1, Schedule = "cosine" };
        double[] rates = [.. Enumerable.Range(0, 100).Select(s => o.LearningRateAt(s, 100))];
        rates[..10].ShouldBeInOrder(SortDirection.Ascending);
        rates[10].ShouldBe(1);
        rates[10..].ShouldBeInOrder(SortDirection.Descending);
        rates[55].ShouldBe(0.5, 1e-12);
        rates[99].ShouldBeLessThan(0.001);
        new TrainingOptions { LearningRate = 0.3 }.LearningRateAt(77, 100).ShouldBe(0.3);
    }

    [Fact]
    public void Values_out_of_range_are_named()
    {
        Should.Throw<ArgumentException>(new TrainingOptions { EpochCount = 0 }.Validate).Message.ShouldContain("EpochCount must be at least 1, got 0");
        Should.Throw<ArgumentException>(new TrainingOptions { Monitor = "f1" }.Validate).Message.ShouldContain("macro-f1");
        Should.Throw<ArgumentException>(new TrainingOptions { Nesterov = true }.Validate).Message.ShouldContain("got adamw with 0.9; leave it out");
        Should.Throw<ArgumentException>(new TrainingOptions { Optimizer = "sgd", Momentum = 0, Nesterov = true }.Validate).Message.ShouldContain("got sgd with 0;");
        Should.Throw<ArgumentException>(new TrainingOptions { LearningRate = double.NaN }.Validate);
        Should.Throw<ArgumentException>(new BlstmConfig { Dropout = 1 }.Validate).Message.ShouldContain("[0, 1)");
    }

    [Fact]
    public void AdamW_and_clipping_agree_with_torch()
    {
        Golden g = Golden.Load("adamw");
        string weight = g.InputNames.First(n => !n.StartsWith("grad", StringComparison.Ordinal));
        Parameter p = new(new Shape(g.InputShape(weight)), Initializer.Zeros);
        p.Assign(g.Input(weight));
        AdamW optimizer = new([p]);
        foreach (string name in g.InputNames.Where(n => n.StartsWith("grad", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            g.Input(name).CopyTo(p.GradientForWriting(out _));
            optimizer.Step(1e-3);
        }
        float[] expected = g.Floats(g.Names.Where(n => g.Shape(n).SequenceEqual(p.Shape.Sizes.ToArray())).Order(StringComparer.Ordinal).Last());
        for (int i = 0; i < expected.Length; i++)
            p.Values[i].ShouldBe(expected[i], 1e-6f);
    }

    [Fact]
    public void Gradients_that_touch_few_rows_give_the_same_step_as_dense_ones()
    {
        int[] ids = [3, 7, 3, 1];
        Parameter sparse = new(new Shape(11, 5), Initializer.Normal(1)), dense = new(new Shape(11, 5), Initializer.Zeros);
        dense.Assign(sparse.Values);
        AdamW a = new([sparse]), b = new([dense]);
        for (int step = 0; step < 3; step++)
        {
            Step.Train(new RandomStream(1, "t"), step, pass => Tensor.Embed(pass.Use(sparse), ids, new Shape(4)).Tanh().Sum());
            Step.Train(new RandomStream(1, "t"), step, pass => Tensor.Embed(pass.Use(dense).Scale(1), ids, new Shape(4)).Tanh().Sum());
            a.Step(1e-2, 1).ShouldBe(b.Step(1e-2, 1), 1e-6);
            for (int i = 0; i < 55; i++)
                sparse.Values[i].ShouldBe(dense.Values[i], 1e-7f);
        }
    }
}
