namespace Heed.Tests.Tensors;

[Collection(MemoryCollection.Name)]
public sealed class RecomputationTests
{
    private static readonly TransformerConfig Small = new() { Size = 16, HeadCount = 2, LayerCount = 6, MaximumLength = 64, Dropout = 0.3, AttentionDropout = 0.2f };

    public static TheoryData<string> Names => ["encoder", "decoder", "over a memory"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Losses_and_gradients_have_the_same_bits_with_and_without(string name)
    {
        (float loss, float[][] gradients) = Gradients(name, recomputes: false);
        (float again, float[][] recomputed) = Gradients(name, recomputes: true);
        again.ShouldBe(loss);
        recomputed.ShouldBe(gradients);
        gradients.ShouldAllBe(g => g.Length > 0);
    }

    [Fact]
    public void Fewer_activations_are_in_memory_at_once()
    {
        Transformer model = Made(Small with { LayerCount = 8 });
        int[] ids = [.. Enumerable.Range(0, 8 * 64).Select(i => i % 11)];
        long Peak(bool recomputes)
        {
            TensorPool.ResetPeak();
            long before = TensorPool.UsedBytes;
            Step.Train(new RandomStream(1, "test"), 0, pass => model.Forward(ids, SequenceRanges.Full(8, 64), pass).States.Tanh().Sum(), recomputes: recomputes);
            TensorPool.UsedBytes.ShouldBe(before);
            return TensorPool.PeakBytes - before;
        }
        long kept = Peak(recomputes: false), dropped = Peak(recomputes: true);
        dropped.ShouldBeLessThan(kept / 3);
    }

    [Fact]
    public void A_part_that_gives_back_its_input_or_uses_it_twice_passes_gradients_on()
    {
        Parameter p = new(new Shape(2), Initializer.Zeros);
        p.Assign([3, 4]);
        float[] Gradient(Func<IReadOnlyList<Tensor>, Pass, Tensor> work)
        {
            p.ClearGradient();
            Step.Train(new RandomStream(1, "test"), 0, pass =>
            {
                Tensor x = pass.Use(p).Scale(2);
                return (Tensor.Recompute(work, [x], [], pass) + x).Sum();
            });
            return p.Gradient.ToArray();
        }
        Gradient((inputs, _) => inputs[0]).ShouldBe([4, 4]);
        // (2p)² + 2p.
        Gradient((inputs, _) => inputs[0] * inputs[0]).ShouldBe([(8 * 3) + 2, (8 * 4) + 2]);
    }

    [Fact]
    public void Anomalies_inside_are_named_and_evaluation_just_runs()
    {
        Parameter p = new(new Shape(1), Initializer.Zeros);
        p.Assign([-1]);
        Should.Throw<AnomalyException>(() => Step.Train(new RandomStream(1, "test"), 0, pass => Tensor.Recompute((x, _) => x[0].Log(), [pass.Use(p)], [], pass), findAnomalies: true)).Message.ShouldContain("Log made NaN");
        Step.Evaluate(pass => Tensor.Recompute((x, inner) => x[0].Scale(inner.IsTraining ? 1 : 5), [pass.Use(p)], [], pass)).Item.ShouldBe(-5);
    }

    [Fact]
    public void Running_statistics_move_once_a_step()
    {
        float[] Mean(bool recomputes)
        {
            BatchNorm norm = new(2, momentum: 0.25);
            norm.Initialize(1);
            Parameter x = new(new Shape(3, 2), Initializer.Zeros);
            x.Assign([1, 2, 3, 4, 5, 9]);
            Step.Train(new RandomStream(1, "test"), 0, pass => recomputes
                ? Tensor.Recompute((inputs, inner) => norm.Forward(inputs[0], inner).Tanh(), [pass.Use(x)], norm.NamedParameters().Select(p => p.Parameter), pass).Sum()
                : norm.Forward(pass.Use(x), pass).Tanh().Sum());
            return [.. norm.NamedBuffers().SelectMany(b => b.Buffer.Values.ToArray())];
        }
        Mean(recomputes: true).ShouldBe(Mean(recomputes: false));
        Mean(recomputes: false)[0].ShouldBe(0.25f * 3);
    }

    private static (float Loss, float[][] Gradients) Gradients(string name, bool recomputes)
    {
        Transformer model = Made(Small with { IsCausal = name == "decoder", IsPreNorm = name != "encoder" }, name == "over a memory" ? 6 : 0);
        Parameter memory = new(new Shape(2, 3, 6), Initializer.Normal(1));
        memory.Initialize(new RandomStream(1, "memory"));
        SequenceRanges ranges = new(new[] { 4, 2 }, new[] { 0, 1 });
        float loss = Step.Train(new RandomStream(7, "test"), 0, pass =>
        {
            Tensor? read = name == "over a memory" ? pass.Use(memory).Tanh() : null;
            return model.Forward(new[] { 1, 5, 1, 10, 0, 7, 3, 0 }, ranges, pass, memory: read).States.WithoutPadding(ranges).Tanh().Sum();
        }, recomputes: recomputes);
        IEnumerable<Parameter> parameters = model.NamedParameters().Select(p => p.Parameter);
        return (loss, [.. (name == "over a memory" ? parameters.Append(memory) : parameters).Select(p => p.Gradient.ToArray())]);
    }

    private static Transformer Made(TransformerConfig config, int memorySize = 0)
    {
        Transformer model = new(config, 11, memorySize);
        model.Initialize(3);
        return model;
    }
}
