namespace Heed.Kernels.Tests.Vectors;

/// <summary>Every member of the alphabet, lane by lane against scalar code, at every width.</summary>
[Trait("Legs", "InstructionSets")]
public unsafe class SimdTests
{
    private static readonly float[] Values =
    [
        0f, -0f, 1f, -1f, 0.5f, 1.5f, 2.5f, -2.5f, 3.25f, -7.75f, 1e-40f, -1e-40f, 1e38f, -1e38f, 16777216f, 8388609f,
        float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.Epsilon, float.MaxValue, 123.456f, -0.001f, 8388607.5f,
    ];

    [Fact]
    public void Partial_loads_and_stores_touch_nothing_else() => EveryWidth.Run(default(Partial));

    [Fact]
    public void Arithmetic_is_that_of_scalars() => EveryWidth.Run(default(Arithmetic));

    [Fact]
    public void Reductions_fold_halves() => EveryWidth.Run(default(Reductions));

    [Fact]
    public void Chosen_lanes_move_together_and_back() => EveryWidth.Run(default(Choices));

    [Fact]
    public void Powers_of_two_scale_exactly() => EveryWidth.Run(default(Powers));

    [Fact]
    public void Uniform_numbers_are_the_same_at_every_width()
    {
        const int Count = 64;
        float[]? first = null;
        foreach (ulong key in new[] { 0ul, 1ul, 0xDEADBEEF_12345678ul, ulong.MaxValue })
        {
            first = null;
            EveryWidth.Run(new Numbers(key, 0xFFFFFFE0u, Count, numbers =>
            {
                first ??= numbers;
                numbers.ShouldBe(first);
            }));
        }
    }

    [Fact]
    public void Uniform_numbers_are_uniform()
    {
        foreach (ulong key in new[] { 3ul, 4ul, 0x1_0000_0000ul })
        {
            EveryWidth.Run(new Numbers(key, 0, 1 << 16, numbers =>
            {
                double n = numbers.Length, mean = numbers.Average(x => (double)x);
                numbers.All(x => x >= 0 && x < 1).ShouldBeTrue();
                // Five standard errors each; the streams are fixed, so this passes or fails for ever.
                Math.Abs(mean - 0.5).ShouldBeLessThan(5 * Math.Sqrt(1 / 12.0 / n));
                Math.Abs(numbers.Average(x => (x - mean) * (x - mean)) - (1 / 12.0)).ShouldBeLessThan(5 * Math.Sqrt(1 / 180.0 / n));
                Math.Abs(Enumerable.Range(1, numbers.Length - 1).Average(i => (numbers[i] - 0.5) * (numbers[i - 1] - 0.5))).ShouldBeLessThan(5 / 12.0 / Math.Sqrt(n));
                for (int bit = 0; bit < 24; bit++)
                    Math.Abs(numbers.Count(x => (((int)(x * (1 << 24)) >> bit) & 1) == 1) - (n / 2)).ShouldBeLessThan(5 * Math.Sqrt(n) / 2);
            }));
        }
    }

    [Fact]
    public void Neighbouring_keys_give_unrelated_numbers()
    {
        float[] a = [], b = [];
        EveryWidth.Run(new Numbers(17, 0, 1 << 16, numbers => a = numbers));
        foreach (ulong key in new[] { 18ul, 16ul, 17ul + (1ul << 32), 17ul + (1ul << 63) })
        {
            EveryWidth.Run(new Numbers(key, 0, 1 << 16, numbers => b = numbers));
            Math.Abs(a.Zip(b).Average(pair => (pair.First - 0.5) * (pair.Second - 0.5))).ShouldBeLessThan(5 / 12.0 / Math.Sqrt(a.Length));
        }
    }

    private struct Choices : ISimdKernel
    {
        public readonly void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            float* lanes = stackalloc float[V.Width], side = stackalloc float[V.Width], result = stackalloc float[V.Width];
            for (int choice = 0; choice < 1 << V.Width; choice++)
            {
                for (int i = 0; i < V.Width; i++)
                    (lanes[i], side[i]) = (Values[(choice + i) % Values.Length], (choice >> i) & 1);
                V mask = V.LessThan(V.Zero, V.Load(side));
                int rank = 0;
                float[] together = new float[V.Width], apart = new float[V.Width];
                for (int i = 0; i < V.Width; i++)
                {
                    if (side[i] == 0)
                        continue;
                    together[rank] = lanes[i];
                    apart[i] = lanes[rank++];
                }
                V.Store(V.Compress(V.Load(lanes), mask), result);
                new ReadOnlySpan<float>(result, V.Width).SequenceEqual(together).ShouldBeTrue(customMessage: FormattableString.Invariant($"together, {V.Width} lanes, choice {choice:X}"));
                V.Store(V.Expand(V.Load(lanes), mask), result);
                new ReadOnlySpan<float>(result, V.Width).SequenceEqual(apart).ShouldBeTrue(customMessage: FormattableString.Invariant($"apart, {V.Width} lanes, choice {choice:X}"));
            }
        }
    }

    private struct Partial : ISimdKernel
    {
        public readonly void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            float* memory = stackalloc float[3 * V.Width], lanes = stackalloc float[V.Width];
            for (int count = 0; count <= V.Width; count++)
            {
                new Span<float>(memory, 3 * V.Width).Fill(float.NaN);
                for (int i = 0; i < count; i++)
                    memory[V.Width + i] = i + 1;
                V.Store(V.Load(memory + V.Width, count), lanes);
                for (int i = 0; i < V.Width; i++)
                    lanes[i].ShouldBe(i < count ? i + 1 : 0);
                new Span<float>(memory, 3 * V.Width).Fill(-9);
                V.Store(V.Lanes + V.Create(1), memory + V.Width, count);
                for (int i = 0; i < 3 * V.Width; i++)
                    memory[i].ShouldBe(i >= V.Width && i < V.Width + count ? i - V.Width + 1 : -9);
            }
        }
    }

    private struct Arithmetic : ISimdKernel
    {
        public readonly void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            V.Width.ShouldBe(sizeof(V) / sizeof(float));
            foreach (float a in Values)
            {
                Same(V.Abs(a), MathF.Abs(a));
                Same(V.Sqrt(a), MathF.Sqrt(a));
                Same(V.Round(a), MathF.Round(a, MidpointRounding.ToEven));
                Same(-(V)a, -a);
                foreach (float b in Values)
                {
                    Same((V)a + b, a + b);
                    Same((V)a - b, a - b);
                    Same((V)a * b, a * b);
                    Same((V)a / b, a / b);
                    Same(V.Min(a, b), a < b ? a : b);
                    Same(V.Max(a, b), a > b ? a : b);
                    Same(V.CopySign(a, b), MathF.CopySign(a, b));
                    Same(V.Select(V.LessThan(a, b), 1f, 2f), a < b ? 1f : 2f);
                    Same(V.Select(V.AreEqual(a, b), 1f, 2f), a == b ? 1f : 2f);
                }
            }
            if (Simd.Bits > 128)
                Same(V.FusedMultiplyAdd(1f + MathF.ScaleB(1, -23), 1f - MathF.ScaleB(1, -23), -1f), -MathF.ScaleB(1, -46));
        }

        private static void Same<V>(V actual, float expected)
            where V : unmanaged, ISimd<V>
        {
            float* lanes = stackalloc float[V.Width];
            V.Store(actual, lanes);
            for (int i = 0; i < V.Width; i++)
            {
                if (!float.IsNaN(expected) || !float.IsNaN(lanes[i]))
                    BitConverter.SingleToUInt32Bits(lanes[i]).ShouldBe(BitConverter.SingleToUInt32Bits(expected));
            }
        }
    }

    private struct Reductions : ISimdKernel
    {
        public readonly void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            float* lanes = stackalloc float[V.Width];
            for (int seed = 0; seed < 50; seed++)
            {
                var random = new System.Random(seed);
                for (int i = 0; i < V.Width; i++)
                    lanes[i] = (random.NextSingle() - 0.5f) * MathF.ScaleB(1, random.Next(20));
                V.MaxAcross(V.Load(lanes)).ShouldBe(new ReadOnlySpan<float>(lanes, V.Width).ToArray().Max());
                float sum = V.Sum(V.Load(lanes));
                for (int half = V.Width / 2; half > 0; half /= 2)
                {
                    for (int i = 0; i < half; i++)
                        lanes[i] += lanes[i + half];
                }
                sum.ShouldBe(lanes[0]);
            }
        }
    }

    private struct Powers : ISimdKernel
    {
        public readonly void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            float* lanes = stackalloc float[V.Width];
            foreach (float x in new[] { 1f, 1.9999999f, -1.25f, 0f, 1e-30f, 1e30f })
            {
                for (int n = -252; n <= 254; n++)
                {
                    V.Store(V.ScaleByPowerOfTwo(x, n), lanes);
                    lanes[0].ShouldBe((float)Math.ScaleB(x, n));
                }
            }
            for (int e = -126; e < 128; e++)
            {
                V.Store(V.Exponent(MathF.ScaleB(1.75f, e)), lanes);
                lanes[V.Width - 1].ShouldBe(e);
            }
        }
    }

    private readonly struct Numbers(ulong key, uint index, int count, Action<float[]> use) : ISimdKernel
    {
        public void Run<V>()
            where V : unmanaged, ISimd<V>
        {
            float[] numbers = new float[count];
            fixed (float* start = numbers)
            {
                for (int i = 0; i < count; i += V.Width)
                    V.Store(V.Uniform(key, index + (uint)i), start + i);
            }
            use(numbers);
        }
    }
}
