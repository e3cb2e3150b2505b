using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>Random calls on a cache, half of them wrong in one thing: these are refused, leave the cache as it was, and write nothing.</summary>
[Trait("Legs", "InstructionSets")]
public class KeyValueCacheHostileTests
{
    private const int Batch = 2, Shared = 2, Heads = 4, Dim = 3, ValueDim = 5, Capacity = 20;
    private static readonly int calls = ChildTestRun.IsChild ? 200 : 1000;
    private static readonly int[] nonsense = [-1, int.MinValue, int.MaxValue];

    [SkippableTheory]
    [InlineData(KeyValueFormat.Float32, false)]
    [InlineData(KeyValueFormat.Float32, true)]
    [InlineData(KeyValueFormat.BFloat16, false)]
    [InlineData(KeyValueFormat.BFloat16, true)]
    public void A_wrong_call_leaves_the_cache_as_it_was(KeyValueFormat format, bool slides)
    {
        Skip.IfNot(GuardedMemory.IsSupported, "guarded pages are taken from Linux");
        using var run = new Calls(format, slides);
        for (int i = 0; i < calls; i++)
            run.One(isWrong: i % 2 == 1);
    }

    [Fact]
    public void Sizes_that_cannot_be_are_refused()
    {
        for (int field = 0; field < 5; field++)
        {
            foreach (int size in nonsense)
            {
                int Of(int one, int otherwise) => field == one ? size : otherwise;
                Should.Throw<ArgumentOutOfRangeException>(() => new KeyValueCache(Of(0, 2), Of(1, 2), Of(2, 3), Of(3, 3), Of(4, 4)), $"field {field}, {size}");
            }
        }
        var far = new KeyValueCache(1, 1, 1, 1, 4, slides: true);
        far.Clear((1 << 24) - 1);
        far.Append(new float[1], new float[1], 1);
        Should.Throw<InvalidOperationException>(() => far.Append(new float[1], new float[1], 1)).Message.ShouldContain("2²⁴");
        (far.Length, far.Position).ShouldBe((1, (1 << 24) - 1));
    }

    private sealed class Calls(KeyValueFormat format, bool slides) : IDisposable
    {
        private readonly KeyValueCache cache = new(Batch, Shared, Dim, ValueDim, Capacity, format, slides);
        private readonly System.Random random = new(3);
        private readonly List<HostileBuffer> buffers = [];

        public void One(bool isWrong)
        {
            (float[] keys, float[] values, int length, int position) = Contents();
            (Action call, string what) = isWrong ? Wrong(random.Next(16)) : Right(random.Next(6));
            Exception? refusal = null;
            try
            {
                call();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                refusal = e;
            }
            what = $"{what} of {length} tokens: {refusal?.Message ?? "not refused"}";
            (refusal is not null).ShouldBe(isWrong, what);
            buffers.ForEach(b => b.Check(isWrong, what));
            if (isWrong)
            {
                (float[] keysNow, float[] valuesNow, int lengthNow, int positionNow) = Contents();
                (lengthNow, positionNow).ShouldBe((length, position), what);
                keysNow.ShouldBe(keys, what);
                valuesNow.ShouldBe(values, what);
            }
            Dispose();
        }

        public void Dispose()
        {
            buffers.ForEach(b => b.Dispose());
            buffers.Clear();
        }

        private (Action Call, string What) Right(int kind)
        {
            int length = cache.Length;
            switch (kind)
            {
                case 0:
                    int evicted = random.Next(length + 1);
                    return (() => cache.Evict(evicted), "evict");
                case 1:
                    int kept = length - random.Next(Math.Min(length, 3) + 1);
                    return (() => cache.Truncate(kept), "truncate");
                case 2:
                    int[] sources = [random.Next(Batch), random.Next(Batch)];
                    return (() => cache.Reorder(sources), "reorder");
                case 3:
                    int capacity = length + random.Next(3);
                    return (() => cache.Select([1, 0, 1], capacity).Length.ShouldBe(length), "select");
                case 4:
                    return (Attend(), "attend");
                default:
                    int count = random.Next(slides ? Capacity + 1 : Capacity - length + 1);
                    HostileBuffer keys = Operand(Batch * Shared * count * Dim), values = Operand(Batch * Shared * count * ValueDim);
                    return (() => cache.Append(keys.Span, values.Span, count), "append");
            }
        }

        private (Action Call, string What) Wrong(int kind)
        {
            int length = cache.Length, one = nonsense[random.Next(3)], beyond = random.Next(2) == 0 ? one : length + 1;
            HostileBuffer keys = Operand(Batch * Shared * Dim), values = Operand(Batch * Shared * ValueDim);
            HostileBuffer keyResult = Result(Batch * Shared * length * Dim), valueResult = Result(Batch * Shared * length * ValueDim);
            switch (kind)
            {
                case 0:
                    return (() => cache.Append(keys.Span, values.Span, one), "append a senseless number");
                case 1:
                    (random.Next(2) == 0 ? keys : values).Cut(random);
                    return (() => cache.Append(keys.Span, values.Span, 1), "append too little");
                case 2:
                    Half[] halves = new Half[keys.Length], fewer = new Half[values.Length - 1];
                    return (() => cache.Append(halves, fewer, 1), "append too little in half precision");
                case 3:
                    int many = slides ? Capacity + 1 : Capacity - length + 1;
                    HostileBuffer manyKeys = Operand(Batch * Shared * many * Dim), manyValues = Operand(Batch * Shared * many * ValueDim);
                    return (() => cache.Append(manyKeys.Span, manyValues.Span, many), "append too many");
                case 4:
                    return (() => cache.Evict(beyond), "evict too many");
                case 5:
                    return (() => cache.Truncate(beyond), "keep more than there is");
                case 6:
                    return (() => cache.Clear(one), "start at a senseless position");
                case 7:
                    int[] sources = random.Next(2) == 0 ? [0, random.Next(2) == 0 ? one : Batch] : new int[random.Next(2) == 0 ? Batch + 1 : Batch - 1];
                    return (() => cache.Reorder(sources), "reorder what is not there");
                case 8:
                    return (() => cache.Select([0, one], Capacity), "select what is not there");
                case 9:
                    int room = length > 0 && random.Next(2) == 0 ? length - 1 : one;
                    return (() => cache.Select([0], room), "select into too little or too much");
                case 10 when length > 0:
                    (random.Next(2) == 0 ? keyResult : valueResult).Cut(random);
                    return (() => cache.CopyTo(keyResult.Span, valueResult.Span), "copy into too little");
                case 11:
                    Half[] halfKeys = new Half[keyResult.Length], moreValues = new Half[valueResult.Length + 1];
                    return (() => cache.CopyTo(halfKeys, moreValues), "copy into too much");
                default:
                    int what = random.Next(10);
                    return (Attend(what), FormattableString.Invariant($"attend wrongly ({what})"));
            }
        }

        // Of new queries, and with one of ten things wrong if that is said.
        private Action Attend(int wrong = -1)
        {
            int queries = random.Next(1, 4), heads = Heads, rows = Batch * Heads * queries, left = 7, position = 0, one = nonsense[random.Next(3)];
            // A cache of two bytes has neither the mass of its keys nor other distributions than softmax.
            bool isShort = format == KeyValueFormat.BFloat16, asksTooMuch = wrong == 8 && isShort && cache.Length > 0, isSparse = asksTooMuch && random.Next(2) == 0;
            HostileBuffer q = Operand(rows * Dim), sinks = Operand(isSparse ? 0 : Heads), output = Result(rows * ValueDim), log = Result(rows);
            HostileBuffer entropy = Result(isSparse ? 0 : rows), mass = Result(isShort && (!asksTooMuch || isSparse) ? 0 : Batch * Heads * cache.Length);
            int[] offsets = [], lengths = [];
            switch (wrong)
            {
                case 0:
                    heads = random.Next(2) == 0 ? Heads + 1 : random.Next(2) == 0 ? 0 : one;
                    break;
                case 1:
                    queries = random.Next(2) == 0 ? queries + 1 : one;
                    break;
                case 2:
                    HostileBuffer[] all = [q, sinks, output, log, entropy];
                    all[random.Next(all.Length)].Cut(random);
                    break;
                case 3:
                    HostileBuffer[] results = [output, log, entropy];
                    int which = random.Next(3);
                    results[which].LieOn(random.Next(2) == 0 ? q : results[(which + 1) % 3]);
                    break;
                case 4:
                    position = one;
                    break;
                case 5:
                    left = one;
                    break;
                case 6:
                    offsets = [0, 1, queries];
                    break;
                case 7:
                    lengths = [0, one];
                    break;
                case 8 when asksTooMuch:
                    break;
                case > 7:
                    lengths = [cache.Length];
                    break;
                default:
                    break;
            }
            return () =>
            {
                AttentionOptions options = new() { Sinks = sinks.Span, KeyPosition = position, QueryOffsets = offsets, KeyOffsets = offsets, KeyLengths = lengths };
                AttentionStatistics statistics = new() { LogSumExp = log.Span, Entropy = entropy.Span, KeyMass = mass.Span };
                var mask = new And<Causal, Window>(default, new(left, 0));
                if (isSparse)
                    cache.Attend(q.Span, output.Span, heads, queries, default(Distributed<PlainScore, SparsemaxFunction>), mask, default, statistics, options);
                else
                    cache.Attend(q.Span, output.Span, heads, queries, default(PlainScore), mask, default, statistics, options);
            };
        }

        private (float[] Keys, float[] Values, int Length, int Position) Contents()
        {
            float[] keys = new float[Batch * Shared * cache.Length * Dim], values = new float[Batch * Shared * cache.Length * ValueDim];
            cache.CopyTo(keys, values);
            return (keys, values, cache.Length, cache.Position);
        }

        private HostileBuffer Operand(int length) => Add(HostileBuffer.Operand(random, length));

        private HostileBuffer Result(int length) => Add(HostileBuffer.Result(random, length));

        private HostileBuffer Add(HostileBuffer buffer)
        {
            buffers.Add(buffer);
            return buffer;
        }
    }
}
