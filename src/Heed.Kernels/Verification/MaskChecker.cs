namespace Heed.Kernels;

/// <summary>Checks a mask that a user wrote: what it says of tiles against what it says of single pairs, and vectors against one lane.</summary>
public static unsafe class MaskChecker
{
    /// <summary>Asks the mask about many tiles, and about every pair in each.</summary>
    /// <param name="mask">The struct.</param>
    /// <param name="shape">An attention small enough to look at every pair.</param>
    /// <param name="options">The mask's data, lengths, positions.</param>
    /// <param name="tiles">How many tiles; default 2,000.</param>
    /// <param name="seed">Of the tiles.</param>
    /// <typeparam name="TMask">The struct.</typeparam>
    /// <returns>How many tiles were skipped, whole, or looked at pair by pair.</returns>
    /// <exception cref="ScoreCheckException">An answer contradicts another; says where.</exception>
    /// <exception cref="ArgumentException">Shape or options do not fit the struct.</exception>
    public static MaskReport Check<TMask>(TMask mask, in AttentionShape shape, in AttentionOptions options = default, int tiles = 2000, ulong seed = 1)
        where TMask : unmanaged, IAttentionMask
    {
        AttentionCheck.Shape(nameof(MaskChecker), shape, options);
        Require.Range(nameof(MaskChecker), nameof(tiles), tiles, tiles >= 0, "at least 0");
        mask.Check(shape, options);
        CheckAction<TMask> action = new() { Mask = mask, Tiles = tiles, Random = new(seed) };
        AttentionPins.Pin(default, default, default, shape, default, options, ref action);
        return action.Report;
    }

    private struct CheckAction<TMask> : IAttentionAction
        where TMask : unmanaged, IAttentionMask
    {
        public TMask Mask;
        public int Tiles;
        public ScoreDraw Random;
        public MaskReport Report;

        public void Invoke(AttentionCall call)
        {
            bool[][] allowed = [.. Enumerable.Range(0, call.Batch).Select(_ => Array.Empty<bool>())];
            for (int b = 0; b < call.Batch; b++)
                allowed[b] = Pairs(call, b);
            for (int i = 0; i < Tiles && call.Batch > 0 && call.Heads > 0; i++)
            {
                int b = Random.Next(call.Batch);
                AttentionSequence sequence = call.Sequence(b);
                int all = sequence.Queries * call.Group;
                if (all == 0 || sequence.Keys == 0)
                    continue;
                // As the kernel asks: rows are queries times the heads of a group, keys may reach beyond both ends.
                int row = Random.Next(all), rows = 1 + Random.Next(Math.Min(all - row, 1 + Random.Next(40))), keys = 1 + Random.Next(1 + Random.Next(600)), key = Random.Next(sequence.Keys + keys - 1) - keys + 1;
                One(call, b, Random.Next(call.KeyValueHeads), sequence, row, rows, key, keys, allowed[b]);
            }
        }

        private void One(AttentionCall call, int b, int shared, AttentionSequence sequence, int row, int rows, int key, int keys, bool[] allowed)
        {
            TileCoverage c = Mask.Cover(call.Tile(b, shared, sequence, row, rows, key, keys));
            bool any = false, every = true;
            (int Head, int Query, int Key) seen = default, hidden = default;
            for (int r = row; r < row + rows; r++)
            {
                int head = (shared * call.Group) + (r % call.Group), query = r / call.Group;
                for (int j = Math.Max(0, key); j < Math.Min(sequence.Keys, key + keys); j++)
                {
                    bool value = allowed[(((head * sequence.Queries) + query) * sequence.Keys) + j];
                    (any, every) = (any | value, every & value);
                    (seen, hidden) = value ? ((head, query, j), hidden) : (seen, (head, query, j));
                }
            }
            if (c == TileCoverage.None && any)
                throw Contradiction(b, "none", "may see", seen);
            if (c == TileCoverage.All && !every)
                throw Contradiction(b, "all", "may not see", hidden);
            Report = Report with
            {
                Tiles = Report.Tiles + 1,
                Skipped = Report.Skipped + (c == TileCoverage.None ? 1 : 0),
                Whole = Report.Whole + (c == TileCoverage.All ? 1 : 0),
                Needless = Report.Needless + (c == TileCoverage.Partly && any == every ? 1 : 0),
            };
        }

        private static ScoreCheckException Contradiction(int b, string cover, string allows, (int Head, int Query, int Key) at) =>
            new(FormattableString.Invariant($"{typeof(TMask).Name}: Cover says {cover} of a tile in which, by Allows, query {at.Query} of sequence {b}, head {at.Head} {allows} key {at.Key}."));

        // (heads, queries, keys) of one sequence, by one lane; vectors must say the same.
        private readonly bool[] Pairs(AttentionCall call, int b)
        {
            AttentionSequence sequence = call.Sequence(b);
            bool[] allowed = new bool[call.Heads * sequence.Queries * sequence.Keys];
            for (int i = 0; i < call.Heads * sequence.Queries; i++)
            {
                int head = i / sequence.Queries;
                ScoreRow row = call.Context(b, head / call.Group, sequence, (i % sequence.Queries * call.Group) + (head % call.Group));
                Span<bool> pairs = allowed.AsSpan(i * sequence.Keys, sequence.Keys);
                for (int j = 0; j < pairs.Length; j++)
                    pairs[j] = Mask.Allows(new ScoreContext<ReferenceLane>(&row, j)).IsSet;
                Vectors<Simd128>(row, pairs);
                if (Simd.Bits >= 256)
                    Vectors<Simd256>(row, pairs);
                if (Simd.Bits >= 512)
                    Vectors<Simd512>(row, pairs);
            }
            return allowed;
        }

        private readonly void Vectors<V>(ScoreRow row, ReadOnlySpan<bool> pairs)
            where V : unmanaged, ISimd<V>
        {
            float* lanes = stackalloc float[V.Width];
            for (int key = 1 - V.Width; key < pairs.Length; key++)
            {
                V.Store(V.Select(Mask.Allows(new ScoreContext<V>(&row, key)), V.Create(1), V.Zero), lanes);
                for (int i = Math.Max(0, -key); i < V.Width && key + i < pairs.Length; i++)
                {
                    if (lanes[i] != 0 != pairs[key + i])
                        throw ScoreChecker.Wrong<TMask>(FormattableString.Invariant($"Allows in lane {i} of {V.Width}"), row, key + i, lanes[i], pairs[key + i] ? 1 : 0);
                }
            }
        }
    }
}

/// <summary>What a mask said about tiles.</summary>
/// <param name="Tiles">How many were asked about.</param>
/// <param name="Skipped">Of which it said: none. They cost nothing.</param>
/// <param name="Whole">Of which it said: all.</param>
/// <param name="Needless">Of which it said partly, although it allows none or all: time that a sharper Cover would save.</param>
public readonly record struct MaskReport(int Tiles, int Skipped, int Whole, int Needless);
