using System.Runtime.InteropServices;
using Heed.Kernels.Tests.Parallel;

namespace Heed.Kernels.Tests;

/// <summary>A query's output has the same bits however it is computed.</summary>
[Trait("Legs", "InstructionSets")]
[Trait("Weight", "heavy")]
[Collection(WorkerTests.Name)]
public class AttentionBitTests
{
    private static readonly And<Causal, Window> Mask = new(new(0), new(600, 0));

    [Theory]
    [InlineData(64, 64)]
    [InlineData(33, 18)]
    public void Chunked_and_cached_as_whole(int dim, int valueDim)
    {
        const int Heads = 4, Shared = 2, Length = 1200;
        var c = new AttentionCase(new(1, Heads, Shared, Length, Length, dim) { ValueDim = valueDim });
        (float[] whole, float[] log) = c.Run(default(PlainScore), Mask);
        int at = 0;
        foreach (int chunk in new[] { 1, 2, 3, 100, 494, 1, 1, 400, 197, 1 })
        {
            int end = at + chunk;
            AttentionShape shape = new AttentionShape(1, Heads, Shared, chunk, end, dim)
            {
                ValueDim = valueDim,
                QueryStrides = AttentionStrides.HeadsFirst(Heads, Length, dim),
                KeyStrides = AttentionStrides.HeadsFirst(Shared, Length, dim),
                ValueStrides = AttentionStrides.HeadsFirst(Shared, Length, valueDim),
            };
            float[] part = new float[Heads * chunk * valueDim], partLog = new float[Heads * chunk];
            FusedAttention.Forward(c.Q.AsSpan(at * dim), c.K, c.V, part, shape, default(PlainScore), Mask, default, new AttentionStatistics { LogSumExp = partLog });
            for (int h = 0; h < Heads; h++)
            {
                Same(part.AsSpan(h * chunk * valueDim, chunk * valueDim), whole.AsSpan(((h * Length) + at) * valueDim, chunk * valueDim));
                Same(partLog.AsSpan(h * chunk, chunk), log.AsSpan((h * Length) + at, chunk));
            }
            at = end;
        }
        at.ShouldBe(Length);
    }

    [Fact]
    public void Evicted_keys_that_a_window_hides_change_nothing()
    {
        const int Length = 1500;
        var c = new AttentionCase(new(1, 2, 2, Length, Length, 40));
        (float[] whole, _) = c.Run(default(PlainScore), new And<Causal, Window>(default, new(100, 0)));
        foreach (int evicted in new[] { 1, 31, 333, 512, 1000, 1390 })
        {
            AttentionShape shape = new AttentionShape(1, 2, 2, 7, Length - evicted, 40) { KeyStrides = c.Shape.KeyStrides, ValueStrides = c.Shape.ValueStrides, QueryStrides = c.Shape.QueryStrides };
            float[] part = new float[2 * 7 * 40];
            FusedAttention.Forward(c.Q.AsSpan((Length - 7) * 40), c.K.AsSpan(evicted * 40), c.V.AsSpan(evicted * 40), part, shape, default(PlainScore), new And<Causal, Window>(default, new(100, 0)),
                options: new AttentionOptions { KeyPosition = evicted });
            for (int h = 0; h < 2; h++)
                Same(part.AsSpan(h * 280, 280), whole.AsSpan(((h * Length) + Length - 7) * 40, 280));
        }
    }

    [Theory]
    [InlineData(3, 4, 2, 300, 1100, 64)]
    [InlineData(2, 8, 2, 1, 3000, 128)]
    [InlineData(3, 2, 2, 3, 2000, 32)]
    public void On_any_number_of_threads_alone_or_in_a_batch(int batch, int heads, int shared, int queries, int keys, int dim)
    {
        var c = new AttentionCase(new(batch, heads, shared, queries, keys, dim));
        float[]? expected = null;
        foreach (int degree in new[] { 1, 2, 3, 8 })
        {
            using var workers = new WorkerDegree(degree);
            (float[] output, _) = c.Run(default(PlainScore), new Causal(0));
            expected ??= output;
            Same(output, expected);
            int q = heads * queries * dim, k = shared * keys * dim;
            float[] alone = new float[q];
            FusedAttention.Forward(c.Q.AsSpan(q, q), c.K.AsSpan(k, k), c.V.AsSpan(k, k), alone, c.Shape with { Batch = 1 }, default(PlainScore), new Causal(0));
            Same(alone, expected.AsSpan(q, q));
        }
    }

    // Many rows, one strip of them, and few enough for keys that are read as they lie; on more threads blocks of keys are tasks.
    [Theory]
    [InlineData(50, 24, 24)]
    [InlineData(3, 24, 18)]
    [InlineData(2, 40, 32)]
    [InlineData(1, 64, 64)]
    public void Asking_for_statistics_changes_no_bit(int queries, int dim, int valueDim)
    {
        const int Batch = 2, Heads = 2, Shared = 1, Keys = 1300, All = 7;
        var c = new AttentionCase(new(Batch, Heads, Shared, queries, Keys, dim) { ValueDim = valueDim });
        foreach (int degree in new[] { 1, 2, 5 })
        {
            using var workers = new WorkerDegree(degree);
            Unchanged(isShort: false, statistics => Run(output => FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, default(PlainScore), Mask, default, Told(statistics))));
            foreach (KeyValueFormat format in new[] { KeyValueFormat.Float32, KeyValueFormat.BFloat16 })
            {
                var cache = new KeyValueCache(Batch, Shared, dim, valueDim, Keys, format);
                cache.Append(c.K, c.V, Keys);
                Unchanged(format == KeyValueFormat.BFloat16, statistics => Run(output => cache.Attend(c.Q, output, Heads, queries, default(PlainScore), Mask, default, Told(statistics))));
            }
        }

        // Nothing asked for, each by itself, all at once; of keys in two bytes none that needs a second sweep.
        void Unchanged(bool isShort, Func<(int Which, bool IsShort), float[]> run)
        {
            float[] plain = run((-1, isShort));
            plain.ShouldContain(x => x != 0);
            for (int which = 0; which <= All; which++)
                Same(run((which, isShort)), plain);
        }

        float[] Run(Action<float[]> forward)
        {
            float[] output = [.. Enumerable.Repeat(float.NaN, c.Rows * valueDim)];
            forward(output);
            return output;
        }

        AttentionStatistics Told((int Which, bool IsShort) asked)
        {
            bool Is(int which) => asked.Which == which || asked.Which == All;
            float[] Of(int which, int count) => new float[Is(which) ? count : 0];
            bool hasTop = Is(5) && !asked.IsShort, hasMass = Is(6) && !asked.IsShort;
            return new()
            {
                LogSumExp = new float[Is(0) || hasTop || hasMass ? c.Rows : 0], Maximum = Of(1, c.Rows), Entropy = Of(2, c.Rows), ExpectedDistance = Of(3, c.Rows), ArgMax = new int[Is(4) ? c.Rows : 0],
                TopKeys = new int[hasTop ? 3 * c.Rows : 0], TopWeights = new float[hasTop ? 3 * c.Rows : 0], KeyMass = new float[hasMass ? Batch * Heads * Keys : 0],
            };
        }
    }

    [Fact]
    public void Statistics_of_any_number_of_threads()
    {
        // Few queries over several blocks of keys: with more threads blocks are tasks, and the largest weights come from a sweep of their own.
        const int Keys = 1200, Top = 5;
        var c = new AttentionCase(new(1, 2, 1, 3, Keys, 16));
        // The largest score of the first row twice, in two blocks: the first key goes first, whoever finds it.
        for (int i = 0; i < 16; i++)
            c.K[(700 * 16) + i] = c.K[(1100 * 16) + i] = 4 * c.Q[i];
        (float[] numbers, int[] names) = Told(1);
        names[c.Rows..(c.Rows + 2)].ShouldBe([700, 1100]);
        foreach (int degree in new[] { 2, 3, 5 })
        {
            (float[] others, int[] otherNames) = Told(degree);
            Same(others, numbers);
            otherNames.ShouldBe(names);
        }

        (float[] Numbers, int[] Names) Told(int degree)
        {
            using var workers = new WorkerDegree(degree);
            float[] output = new float[c.Q.Length], log = new float[c.Rows], most = new float[c.Rows], entropy = new float[c.Rows], distance = new float[c.Rows], weights = new float[c.Rows * Top];
            int[] argMax = new int[c.Rows], keys = new int[c.Rows * Top];
            FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, default(PlainScore), Mask, default, new AttentionStatistics
            {
                LogSumExp = log, Maximum = most, Entropy = entropy, ExpectedDistance = distance, ArgMax = argMax, TopKeys = keys, TopWeights = weights,
            });
            keys.ShouldAllBe(key => key >= 0);
            return ([.. output, .. log, .. most, .. entropy, .. distance, .. weights], [.. argMax, .. keys]);
        }
    }

    internal static void Same(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected) =>
        MemoryMarshal.Cast<float, int>(actual).SequenceEqual(MemoryMarshal.Cast<float, int>(expected)).ShouldBeTrue();
}
