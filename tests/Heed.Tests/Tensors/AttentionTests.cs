using Heed.Kernels;
using Heed.Testing;

namespace Heed.Tests.Tensors;

/// <summary>Fused attention as an operation on the tape.</summary>
public sealed class AttentionTests
{
    private static readonly RandomStream Random = new(3, "attention");

    [Fact]
    public void Agrees_with_products_and_softmax_and_tells_its_weights()
    {
        Tensor q = Drawn(2, 3, 5, 4), k = Drawn(2, 3, 7, 4), v = Drawn(2, 3, 7, 6);
        AttentionOutputs a = Tensor.Attention(q, k, v, new AttentionInputs { Ask = (AttentionAsk)63, TopKeys = 2 });
        Tensor weights = q.MatMulTransposed(k).Scale(0.5f).Softmax(), context = weights.MatMul(v);
        Close(a.Context, context);
        Close(a.Weights(), weights);
        a.Weights(new WeightTile(1, 2, 3, 2, 1, 4)).ToArray().ShouldBe(Enumerable.Range(0, 8).Select(i => weights.Values[(((((1 * 3) + 2) * 5) + 3 + (i / 4)) * 7) + 1 + (i % 4)]), 2e-6);
        Close(a.Entropy!, (weights * weights.Log()).MeanLast().Scale(-7));
        Close(a.LogSumExp!, (q.MatMulTransposed(k).Scale(0.5f).Exp().MeanLast().Scale(7)).Log());
        for (int row = 0; row < 30; row++)
        {
            ReadOnlySpan<float> w = weights.Values.Slice(row * 7, 7);
            int best = w.IndexOf(w.ToArray().Max());
            (a.ArgMax.Span[row], a.TopKeys.Span[2 * row]).ShouldBe((best, best));
            a.TopWeights!.Values[2 * row].ShouldBe(w[best], 1e-6f);
            a.Maximum!.Values[row].ShouldBe(MathF.Log(w[best]) + a.LogSumExp!.Values[row], 1e-5f);
        }
        a.KeyMass!.Values.ToArray().Sum().ShouldBe(30, 1e-4f);
        a.ExpectedDistance!.Values.ToArray().ShouldAllBe(x => x > 0 && x < 7);
        Tensor.Attention(q, k, v).Context.ToArray().ShouldBe(a.Context.ToArray());
    }

    [Fact]
    public void Padding_is_zero_and_layouts_agree()
    {
        Tensor q = Drawn(2, 3, 5, 4), k = Drawn(2, 3, 7, 4), v = Drawn(2, 3, 7, 6);
        AttentionInputs inputs = new() { QueryRanges = new SequenceRanges(new[] { 5, 2 }, new[] { 0, 1 }), KeyRanges = new SequenceRanges(new[] { 3, 4 }, new[] { 4, 0 }) };
        AttentionOutputs heads = Tensor.Attention(q, k, v, default(PlainScore), default(Causal), inputs);
        AttentionOutputs rows = Tensor.Attention(Swapped(q), Swapped(k), Swapped(v), default(PlainScore), default(Causal), inputs with { RowsFirst = true });
        Swapped(rows.Context).ToArray().ShouldBe(heads.Context.ToArray());
        Tensor weights = heads.Weights();
        weights.ToArray().ShouldBe(rows.Weights().ToArray());
        for (int row = 0; row < 30; row++)
        {
            bool isReal = row < 15 || row % 5 is 1 or 2;
            heads.Context.Values.Slice(row * 6, 6).ContainsAnyExcept(0f).ShouldBe(isReal && weights.Values.Slice(row * 7, 7).ContainsAnyExcept(0f));
            float sum = weights.Values.Slice(row * 7, 7).ToArray().Sum();
            (sum == 0 || Math.Abs(sum - 1) < 1e-5).ShouldBeTrue();
            weights.Values.Slice(row * 7, row < 15 ? 4 : 0).ContainsAnyExcept(0f).ShouldBeFalse();
            (isReal || sum == 0).ShouldBeTrue();
        }
    }

    [Fact]
    public void Learns_to_look_up_the_value_of_a_key()
    {
        const int Batch = 32, Keys = 8, Values = 4;
        Parameter keys = Seeded("keys", Keys, 8), values = Seeded("values", Values, Values), slopes = Seeded("slopes", 1), sinks = Seeded("sinks", 1);
        Parameter[] all = [keys, values, slopes, sinks];
        AdamW optimizer = new(all);
        RandomStream random = new(5, "lookup");
        float loss = 0, first = 0;
        for (int i = 0; i < 150; i++)
        {
            int[] shown = new int[Batch * Keys], said = new int[Batch * Keys], asked = new int[Batch], targets = new int[Batch];
            for (int b = 0; b < Batch; b++)
            {
                Span<int> order = shown.AsSpan(b * Keys, Keys);
                for (int j = 0; j < Keys; j++)
                    (order[j], said[(b * Keys) + j]) = (j, random.Next(Values));
                random.Shuffle(order);
                int at = random.Next(Keys);
                (asked[b], targets[b]) = (order[at], said[(b * Keys) + at]);
            }
            loss = Step.Train(new RandomStream(1, "t"), i, pass =>
            {
                Tensor table = pass.Use(keys);
                Tensor q = Tensor.Embed(table, asked, new Shape(Batch, 1, 1)), k = Tensor.Embed(table, shown, new Shape(Batch, 1, Keys)), v = Tensor.Embed(pass.Use(values), said, new Shape(Batch, 1, Keys));
                AttentionOutputs a = Tensor.Attention(q, k, v, default(Alibi), default(NoMask), new() { Parameters = pass.Use(slopes), Sinks = pass.Use(sinks), Ask = AttentionAsk.Entropy });
                return Tensor.CrossEntropy(a.Context.Reshape(new Shape(Batch, Values)), targets) + a.Entropy!.Mean().Scale(0.01f);
            });
            optimizer.Step(0.05);
            first = i == 0 ? loss : first;
        }
        first.ShouldBeGreaterThan(1.2f);
        loss.ShouldBeLessThan(0.1f);
    }

    [Fact]
    public void A_loss_on_the_entropy_alone_narrows_attention()
    {
        Parameter q = Seeded("q", 1, 1, 4, 8), k = Seeded("k", 1, 1, 9, 8);
        AdamW optimizer = new([q, k]);
        Tensor v = Drawn(1, 1, 9, 2);
        float first = 0, last = 0;
        for (int i = 0; i < 60; i++)
        {
            last = Step.Train(new RandomStream(1, "t"), i, pass => Tensor.Attention(pass.Use(q), pass.Use(k), v, new() { Ask = AttentionAsk.Entropy }).Entropy!.Mean());
            optimizer.Step(0.05);
            first = i == 0 ? last : first;
        }
        first.ShouldBeGreaterThan(1.5f);
        last.ShouldBeLessThan(0.3f);
    }

    [Fact]
    public void Wrong_shapes_are_named_with_a_fix()
    {
        Tensor q = Drawn(2, 3, 5, 4), k = Drawn(2, 3, 7, 4), v = Drawn(2, 3, 7, 6);
        Throws(() => Tensor.Attention(Drawn(5, 4), k, v), "q has shape (5, 4)", "(batch, heads, sequence, size)");
        Throws(() => Tensor.Attention(q, Drawn(2, 7, 3, 4), v), "k has shape", "RowsFirst");
        Throws(() => Tensor.Attention(q, Drawn(2, 2, 7, 4), v), "heads that divide 3");
        Throws(() => Tensor.Attention(q, k, Drawn(2, 3, 6, 6)), "v has shape", "sequence = 7");
        Throws(() => Tensor.Attention(q, k, v, new() { Sinks = Drawn(4) }), "Sinks has shape (4)", "(3)");
        Throws(() => Tensor.Attention(q, k, v, new ShawScore(2, 1), default(NoMask), new() { ValueTable = Drawn(5, 4) }), "ValueTable has shape (5, 4)", "(5, 6)");
        Throws(() => Tensor.Attention(q, k, v, new() { QueryOffsets = new[] { 0, 5 }, KeyOffsets = new[] { 0, 7 } }), "batch = 1");
        Throws(() => Tensor.Attention(q, k, v, new() { KeyRanges = new SequenceRanges(new[] { 3, 8 }) }), "sequence 1");
        Should.Throw<ArgumentException>(() => Tensor.Attention(q, k, v, default(Alibi), default(NoMask))).Message.ShouldContain("parameters 0 … 2");

        static void Throws(Action action, params string[] parts)
        {
            string message = Should.Throw<ShapeException>(action).Message;
            foreach (string part in parts)
                message.ShouldContain(part);
        }
    }

    [Fact]
    public void Second_derivatives_are_refused()
    {
        Parameter q = Seeded("q", 1, 1, 2, 4);
        Should.Throw<InvalidOperationException>(() => Step.Train(new RandomStream(1, "t"), 0, pass =>
        {
            Tensor x = pass.Use(q), y = pass.Step.New(Shape.Scalar, requiresGradient: true);
            pass.Step.Record(new DifferentiatesAgain(x), y);
            return y;
        })).Message.ShouldContain("second derivatives are not offered");
    }

    private static Tensor Swapped(Tensor x)
    {
        (int a, int b, int c, int d) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        float[] y = new float[x.Length];
        for (int i = 0; i < y.Length; i++)
            y[((((i / (b * c * d) * c) + (i / d % c)) * b) + (i / (c * d) % b)) * d + (i % d)] = x.Values[i];
        return Tensor.From(y, new Shape(a, c, b, d));
    }

    private static void Close(Tensor actual, Tensor expected)
    {
        actual.Shape.ShouldBe(expected.Shape);
        Tolerance.AssertWithin(actual.Values, [.. expected.ToArray().Select(x => (double)x)], 3e-6);
    }

    private static Tensor Drawn(params int[] sizes)
    {
        Shape shape = new(sizes);
        RandomStream random = Random.Fork((ulong)shape.Length);
        return Tensor.From([.. Enumerable.Range(0, shape.Length).Select(_ => (float)random.NextNormal())], shape);
    }

    private static Parameter Seeded(string name, params int[] sizes)
    {
        Parameter parameter = new(new Shape(sizes), Initializer.Normal(0.7));
        parameter.Initialize(new RandomStream(1, name));
        return parameter;
    }

    private sealed class DifferentiatesAgain(Tensor x) : Operation(x)
    {
        protected internal override void Backward() => Tensor.Attention(Inputs[0], Inputs[0], Inputs[0]);

        protected internal override void Reference(ReferenceValues values) => throw new NotSupportedException();
    }
}
