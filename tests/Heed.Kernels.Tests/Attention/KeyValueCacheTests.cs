namespace Heed.Kernels.Tests;

/// <summary>The cache against attention over the whole sequence.</summary>
[Trait("Legs", "InstructionSets")]
public class KeyValueCacheTests
{
    private const int Batch = 2, Heads = 4, Shared = 2, Length = 700, Dim = 24, ValueDim = 32;

    private readonly AttentionCase c = new(new(Batch, Heads, Shared, Length, Length, Dim) { ValueDim = ValueDim });

    [Theory]
    [InlineData(false, 1000)]
    [InlineData(true, 130)]
    public void Token_by_token_as_whole(bool slides, int capacity)
    {
        var mask = new And<Causal, Window>(default, new(slides ? 100 : 2000, 0));
        (float[] whole, _) = c.Run(default(PlainScore), mask);
        var cache = new KeyValueCache(Batch, Shared, Dim, ValueDim, capacity, slides: slides);
        int at = 0;
        foreach (int count in (int[])[30, .. Enumerable.Repeat(1, 300), 20, .. Enumerable.Repeat(1, 350)])
        {
            cache.Append(Rows(c.K, Shared, at, count, Dim), Rows(c.V, Shared, at, count, ValueDim), count);
            float[] output = new float[Batch * Heads * count * ValueDim];
            cache.Attend(Rows(c.Q, Heads, at, count, Dim), output, Heads, count, default(PlainScore), mask);
            AttentionBitTests.Same(output, Rows(whole, Heads, at, count, ValueDim));
            at += count;
        }
        cache.Length.ShouldBe(slides ? capacity : Length);
        (cache.Position + cache.Length).ShouldBe(Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    public void Its_statistics_are_those_over_the_same_keys(int queries)
    {
        const int Count = 4;
        var cache = new KeyValueCache(Batch, Shared, Dim, ValueDim, Length);
        cache.Append(c.K, c.V, Length);
        int rows = Batch * Heads * queries;
        float[] q = Rows(c.Q, Heads, Length - queries, queries, Dim);
        var (output, log, mass, weights, keys) = (new float[rows * ValueDim], new float[rows], new float[Batch * Heads * Length], new float[rows * Count], new int[rows * Count]);
        cache.Attend(q, output, Heads, queries, default(PlainScore), default(Causal), default, new AttentionStatistics { LogSumExp = log, KeyMass = mass, TopWeights = weights, TopKeys = keys });
        var shape = new AttentionShape(Batch, Heads, Shared, queries, Length, Dim) { ValueDim = ValueDim };
        var (output2, log2, mass2, weights2, keys2) = (new float[rows * ValueDim], new float[rows], new float[mass.Length], new float[rows * Count], new int[rows * Count]);
        FusedAttention.Forward(q, c.K, c.V, output2, shape, default(PlainScore), default(Causal), default, new AttentionStatistics { LogSumExp = log2, KeyMass = mass2, TopWeights = weights2, TopKeys = keys2 });
        AttentionBitTests.Same(output, output2);
        AttentionBitTests.Same(log, log2);
        mass.ShouldBe(mass2, 1e-5);
        weights.ShouldBe(weights2, 1e-6);
        keys.ShouldBe(keys2);
        var half = new KeyValueCache(Batch, Shared, Dim, ValueDim, Length, KeyValueFormat.BFloat16);
        half.Append(c.K, c.V, Length);
        Should.Throw<ArgumentException>(() => half.Attend(q, output, Heads, queries, default(PlainScore), default(Causal), default, new AttentionStatistics { LogSumExp = log, KeyMass = mass })).Message.ShouldContain("cache in float32");
    }

    [Fact]
    public void In_two_bytes_as_over_the_rounded_numbers()
    {
        var cache = new KeyValueCache(Batch, Shared, Dim, ValueDim, Length, KeyValueFormat.BFloat16);
        cache.Append(c.K, c.V, Length);
        float[] output = new float[Batch * Heads * ValueDim];
        cache.Attend(Rows(c.Q, Heads, Length - 1, 1, Dim), output, Heads, 1, default(PlainScore), default(Causal));
        (float[] exact, _) = c.Run(default(PlainScore), default(Causal));
        for (int i = 0; i < c.K.Length; i++)
            c.K[i] = Rounded(c.K[i]);
        for (int i = 0; i < c.V.Length; i++)
            c.V[i] = Rounded(c.V[i]);
        (float[] rounded, _) = c.Run(default(PlainScore), default(Causal));
        AttentionBitTests.Same(output, Rows(rounded, Heads, Length - 1, 1, ValueDim));
        rounded.ShouldNotBe(exact);

        static float Rounded(float x)
        {
            double unit = Math.ScaleB(1, Math.ILogB(x) - 7);
            return (float)(Math.Round(x / unit, MidpointRounding.ToEven) * unit);
        }
    }

    [Theory]
    [InlineData(1, 64, 64)]
    [InlineData(1, 24, 80)]
    [InlineData(1, 128, 192)]
    [InlineData(2, 40, 16)]
    [InlineData(3, 64, 48)]
    [InlineData(4, 128, 128)]
    [InlineData(3, 24, 144)]
    [InlineData(4, 64, 80)]
    [InlineData(4, 36, 32)]
    [InlineData(5, 64, 64)]
    public void Few_rows_as_many(int group, int dim, int valueDim)
    {
        const int Tokens = 900, Many = 20;
        var few = new AttentionCase(new(1, 2 * group, 2, Tokens, Tokens, dim) { ValueDim = valueDim });
        foreach (KeyValueFormat format in new[] { KeyValueFormat.Float32, KeyValueFormat.BFloat16 })
        {
            foreach (int capacity in new[] { Tokens, 301 })
            {
                var cache = new KeyValueCache(1, 2, dim, valueDim, capacity, format, slides: true);
                for (int at = 0; at < Tokens; at += 100)
                    cache.Append(Part(few.K, 2, at, 100, dim), Part(few.V, 2, at, 100, valueDim), 100);
                float[] many = new float[2 * group * Many * valueDim], one = new float[2 * group * valueDim];
                cache.Attend(Part(few.Q, 2 * group, Tokens - Many, Many, dim), many, 2 * group, Many, default(PlainScore), default(Causal));
                cache.Attend(Part(few.Q, 2 * group, Tokens - 1, 1, dim), one, 2 * group, 1, default(PlainScore), default(Causal));
                for (int h = 0; h < 2 * group; h++)
                    AttentionBitTests.Same(one.AsSpan(h * valueDim, valueDim), many.AsSpan(((h * Many) + Many - 1) * valueDim, valueDim));
            }
        }

        static float[] Part(float[] x, int heads, int first, int count, int size)
        {
            float[] part = new float[heads * count * size];
            for (int h = 0; h < heads; h++)
                x.AsSpan(((h * Tokens) + first) * size, count * size).CopyTo(part.AsSpan(h * count * size));
            return part;
        }
    }

    [Theory]
    [InlineData(KeyValueFormat.Float32)]
    [InlineData(KeyValueFormat.BFloat16)]
    public void What_a_window_hides_from_one_query_stays_hidden(KeyValueFormat format)
    {
        const int Left = 100, Hidden = Length - 2 - Left;
        float[] clean = Newest();
        clean.ShouldAllBe(x => float.IsFinite(x));
        for (int row = 0; row < Batch * Shared; row++)
        {
            c.K.AsSpan(((row * Length) + Hidden) * Dim, Dim).Fill(float.PositiveInfinity);
            c.V.AsSpan(((row * Length) + Hidden) * ValueDim, ValueDim).Fill(float.NaN);
        }
        AttentionBitTests.Same(Newest(), clean);

        float[] Newest()
        {
            var cache = new KeyValueCache(Batch, Shared, Dim, ValueDim, Length, format);
            cache.Append(c.K, c.V, Length);
            float[] output = new float[Batch * Heads * ValueDim];
            cache.Attend(Rows(c.Q, Heads, Length - 1, 1, Dim), output, Heads, 1, default(PlainScore), new And<Causal, Window>(default, new(Left, 0)));
            return output;
        }
    }

    [Fact]
    public void Beams_are_reordered_and_guesses_taken_back()
    {
        var cache = new KeyValueCache(Batch, Shared, Dim, ValueDim, 50);
        cache.Append(Rows(c.K, Shared, 0, 40, Dim), Rows(c.V, Shared, 0, 40, ValueDim), 40);
        float[] q = Rows(c.Q, Heads, 39, 1, Dim), before = new float[Batch * Heads * ValueDim], after = new float[before.Length];
        cache.Attend(q, before, Heads, 1, default(PlainScore), default(Causal));
        cache.Append(Rows(c.K, Shared, 40, 3, Dim), Rows(c.V, Shared, 40, 3, ValueDim), 3);
        cache.Truncate(40);
        cache.Attend(q, after, Heads, 1, default(PlainScore), default(Causal));
        AttentionBitTests.Same(after, before);
        cache.Reorder([1, 1]);
        q.AsSpan(q.Length / 2).CopyTo(q);
        cache.Attend(q, after, Heads, 1, default(PlainScore), default(Causal));
        AttentionBitTests.Same(after.AsSpan(0, after.Length / 2), before.AsSpan(after.Length / 2));
        AttentionBitTests.Same(after.AsSpan(after.Length / 2), before.AsSpan(after.Length / 2));
        Should.Throw<InvalidOperationException>(() => cache.Append(Rows(c.K, Shared, 40, 11, Dim), Rows(c.V, Shared, 40, 11, ValueDim), 11)).Message.ShouldContain("40 of 50");
        Should.Throw<ArgumentException>(() => cache.Reorder([0, 2]));
        Should.Throw<ArgumentException>(() => cache.Append(new float[3], new float[3], 1));
        Should.Throw<ArgumentException>(() => cache.Evict(41));
    }

    // Copies, chains, circles and several of them at once; and a selection of fewer, more and repeated sequences with other room.
    [Theory]
    [InlineData(KeyValueFormat.Float32)]
    [InlineData(KeyValueFormat.BFloat16)]
    public void Any_reordering_and_selection_gives_what_a_copy_would(KeyValueFormat format)
    {
        var random = new System.Random(5);
        const int Sequences = 7, Tokens = 4;
        for (int i = 0; i < 300; i++)
        {
            var cache = new KeyValueCache(Sequences, Shared, 2, 3, 6, format, slides: true);
            cache.Append(Numbers(Sequences * Shared * 3 * 2, random), Numbers(Sequences * Shared * 3 * 3, random), 3);
            cache.Append(Numbers(Sequences * Shared * Tokens * 2, random), Numbers(Sequences * Shared * Tokens * 3, random), Tokens);
            cache.Evict(cache.Length - Tokens);
            (float[] keys, float[] values) = Contents(cache);
            int[] sources = [.. Enumerable.Range(0, Sequences)];
            random.Shuffle(sources);
            for (int b = 0; b < Sequences; b++)
                sources[b] = random.Next(3) == 0 ? random.Next(Sequences) : random.Next(3) == 0 ? b : sources[b];
            int[] chosen = [.. Enumerable.Range(0, 1 + random.Next(10)).Select(_ => random.Next(Sequences))];
            KeyValueCache selected = cache.Select(chosen, 4 + random.Next(9));
            cache.Reorder(sources);
            Same(cache, sources);
            Same(selected, chosen);
            selected.Position.ShouldBe(cache.Position);

            void Same(KeyValueCache now, int[] from)
            {
                (float[] k, float[] v) = Contents(now);
                k.ShouldBe(from.SelectMany(b => keys[(b * Shared * Tokens * 2)..((b + 1) * Shared * Tokens * 2)]));
                v.ShouldBe(from.SelectMany(b => values[(b * Shared * Tokens * 3)..((b + 1) * Shared * Tokens * 3)]));
            }
        }
        Should.Throw<ArgumentException>(() => new KeyValueCache(2, 1, 2, 2, 4).Select([2], 4));

        static float[] Numbers(int count, System.Random random) => [.. Enumerable.Range(0, count).Select(_ => random.Next(-64, 64) / 64f)];

        static (float[] Keys, float[] Values) Contents(KeyValueCache cache)
        {
            float[] keys = new float[cache.Batch * Shared * cache.Length * 2], values = new float[cache.Batch * Shared * cache.Length * 3];
            cache.CopyTo(keys, values);
            return (keys, values);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Any_order_of_calls_keeps_what_a_list_would(int seed)
    {
        var random = new System.Random(seed);
        var cache = new KeyValueCache(Batch, Shared, 2, 3, 20, slides: true);
        List<(float[] Keys, float[] Values)> tokens = [];
        int position = 0;
        for (int i = 0; i < 400; i++)
        {
            int kind = random.Next(10), count = random.Next(21);
            switch (kind)
            {
                case 0 when cache.Length > 0:
                    count = random.Next(cache.Length + 1);
                    cache.Evict(count);
                    tokens.RemoveRange(0, count);
                    position += count;
                    break;
                case 1:
                    count = random.Next(cache.Length + 1);
                    cache.Truncate(count);
                    tokens.RemoveRange(count, tokens.Count - count);
                    break;
                case 2:
                    int source = random.Next(Batch);
                    cache.Reorder([source, 1 - source]);
                    if (source == 1)
                        tokens = [.. tokens.Select(t => (Swapped(t.Keys), Swapped(t.Values)))];
                    break;
                default:
                    float[] k = c.Numbers(Batch * Shared * count * 2), v = c.Numbers(Batch * Shared * count * 3);
                    cache.Append(k, v, count);
                    for (int t = 0; t < count; t++)
                        tokens.Add((Token(k, t, count, 2), Token(v, t, count, 3)));
                    position += Math.Max(0, tokens.Count - 20);
                    tokens.RemoveRange(0, Math.Max(0, tokens.Count - 20));
                    break;
            }
            (cache.Length, cache.Position).ShouldBe((tokens.Count, position));
            float[] keys = new float[Batch * Shared * cache.Length * 2], values = new float[Batch * Shared * cache.Length * 3];
            cache.CopyTo(keys, values);
            for (int t = 0; t < tokens.Count; t++)
            {
                Token(keys, t, tokens.Count, 2).ShouldBe(tokens[t].Keys);
                Token(values, t, tokens.Count, 3).ShouldBe(tokens[t].Values);
            }
        }

        static float[] Token(float[] x, int t, int count, int size) => [.. Enumerable.Range(0, Batch * Shared * size).Select(i => x[(((i / size * count) + t) * size) + (i % size)])];
        static float[] Swapped(float[] x) => [.. x[(x.Length / 2)..], .. x[..(x.Length / 2)]];
    }

    [Theory]
    [InlineData(KeyValueFormat.Float32)]
    [InlineData(KeyValueFormat.BFloat16)]
    public void In_half_precision_and_back(KeyValueFormat format)
    {
        var cache = new KeyValueCache(Batch, Shared, Dim, ValueDim, 50, format, slides: true);
        cache.Append(Rows(c.K, Shared, 0, 45, Dim), Rows(c.V, Shared, 0, 45, ValueDim), 45);
        cache.Append(Rows(c.K, Shared, 45, 20, Dim), Rows(c.V, Shared, 45, 20, ValueDim), 20);
        float[] keys = new float[Batch * Shared * 50 * Dim], values = new float[Batch * Shared * 50 * ValueDim];
        cache.CopyTo(keys, values);
        if (format == KeyValueFormat.Float32)
            keys.ShouldBe(Rows(c.K, Shared, 15, 50, Dim));
        Half[] halfKeys = new Half[keys.Length], halfValues = new Half[values.Length];
        cache.CopyTo(halfKeys, halfValues).ShouldBe(0);
        for (int i = 0; i < keys.Length; i++)
            ((float)halfKeys[i]).ShouldBe(keys[i], Math.Abs(keys[i]) / 2048);
        var other = new KeyValueCache(Batch, Shared, Dim, ValueDim, 50, slides: true);
        other.Clear(cache.Position);
        other.Append(halfKeys, halfValues, 50);
        (other.Position, other.Length).ShouldBe((15, 50));
        float[] q = Rows(c.Q, Heads, 64, 1, Dim), before = new float[Batch * Heads * ValueDim], after = new float[before.Length];
        float[] slopes = [0.1f, 0.2f, 0.3f, 0.4f];
        cache.Attend(q, before, Heads, 1, default(Alibi), default(Causal), slopes);
        other.Attend(q, after, Heads, 1, default(Alibi), default(Causal), slopes);
        for (int i = 0; i < before.Length; i++)
            after[i].ShouldBe(before[i], 3e-3f);
        values[0] = 65_600;
        values[1] = -1e9f;
        values[2] = float.NegativeInfinity;
        other.Clear();
        other.Append(keys, values, 50);
        other.CopyTo(halfKeys, halfValues).ShouldBe(2);
        Should.Throw<ArgumentException>(() => other.CopyTo(halfKeys, new Half[3])).Message.ShouldContain("valueDestination");
        Should.Throw<ArgumentException>(() => other.Append(new Half[3], halfValues, 50));
        Should.Throw<ArgumentOutOfRangeException>(() => other.Clear(-1));
    }

    private static float[] Rows(float[] x, int heads, int from, int count, int size)
    {
        float[] rows = new float[Batch * heads * count * size];
        for (int i = 0; i < Batch * heads; i++)
            x.AsSpan(((i * Length) + from) * size, count * size).CopyTo(rows.AsSpan(i * count * size));
        return rows;
    }
}
