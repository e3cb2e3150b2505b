namespace Heed;

/// <summary>Which pairs of query and key take part; <c>&amp;</c> and <c>|</c> join two. Padding needs none: it follows from the lengths that a call gets.</summary>
/// <remarks>A mask is a rule over positions, so that one mask serves all lengths. With n queries over m keys, query i stands at position m − n + i: queries are the last of the keys.</remarks>
public sealed partial class AttentionMask
{
    private readonly Func<int, int, bool> allows;
    private readonly string name;

    private AttentionMask(string name, Func<int, int, bool> allows, bool isCausal = false)
    {
        this.name = name;
        this.allows = allows;
        IsCausal = isCausal;
    }

    /// <summary>Every pair.</summary>
    public static AttentionMask None { get; } = new("none", static (_, _) => true);

    /// <summary>Keys up to the query's own position.</summary>
    public static AttentionMask Causal { get; } = new("causal", static (query, key) => key <= query, isCausal: true);

    /// <summary>Keys strictly before the query (DiSAN's forward mask).</summary>
    public static AttentionMask Before { get; } = new("before", static (query, key) => key < query);

    /// <summary>Keys strictly after the query (DiSAN's backward mask).</summary>
    public static AttentionMask After { get; } = new("after", static (query, key) => key > query);

    /// <summary>Keys from <paramref name="left"/> before the query to <paramref name="right"/> after it, both included.</summary>
    /// <param name="left">At least 0.</param>
    /// <param name="right">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is negative.</exception>
    public static AttentionMask Window(int left, int right)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        return new(FormattableString.Invariant($"window({left}, {right})"), (query, key) => key >= query - (long)left && key <= query + (long)right) { Sides = (left, right) };
    }

    /// <summary>The first keys, for every query.</summary>
    /// <param name="length">How many; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static AttentionMask Prefix(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new(FormattableString.Invariant($"prefix({length})"), (_, key) => key < length);
    }

    /// <summary>A rule of your own.</summary>
    /// <param name="allows">Query's and key's position → may attend. A pure function.</param>
    /// <param name="name">For messages.</param>
    public static AttentionMask Rule(Func<int, int, bool> allows, string name = "rule")
    {
        ArgumentNullException.ThrowIfNull(allows);
        return new(name, allows);
    }

    /// <summary>Both must allow.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static AttentionMask operator &(AttentionMask a, AttentionMask b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.IsNone ? b : b.IsNone ? a : new($"{a} and {b}", (query, key) => a.allows(query, key) && b.allows(query, key));
    }

    /// <summary>One must allow.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static AttentionMask operator |(AttentionMask a, AttentionMask b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.IsNone || b.IsNone ? None : new($"({a} or {b})", (query, key) => a.allows(query, key) || b.allows(query, key));
    }

    internal bool IsNone => ReferenceEquals(this, None);

    internal bool IsCausal { get; }

    // The sides of a window that fused attention knows as such, so that it leaves out what lies outside.
    internal (int Left, int Right)? Sides { get; private init; }

    /// <summary>Whether a pair takes part.</summary>
    /// <param name="query">The query's position.</param>
    /// <param name="key">The key's position.</param>
    public bool Allows(int query, int key) => allows(query, key);

    /// <inheritdoc/>
    public override string ToString() => name;

    // The table of a written-out call: (queries, keys), or with padding (batch, queries, keys); empty where every pair takes part.
    internal bool[] Table(int batch, int queries, int keys, SequenceRanges? queryRanges, SequenceRanges? keyRanges)
    {
        bool isPadded = queryRanges is not null || keyRanges is not null;
        if (IsNone && !isPadded)
            return [];
        bool[] table = new bool[checked((isPadded ? batch : 1) * queries * keys)];
        for (int b = 0; b * queries * keys < table.Length; b++)
        {
            (int firstQuery, int queryCount) = Range(queryRanges, b, queries);
            (int firstKey, int keyCount) = Range(keyRanges, b, keys);
            for (int i = 0; i < queryCount; i++)
            {
                for (int j = 0; j < keyCount; j++)
                    table[(((b * queries) + firstQuery + i) * keys) + firstKey + j] = allows(keyCount - queryCount + i, j);
            }
        }
        return table;
    }

    // The table of a decoder's step, whose queries all stand at the state's position; rows of keys are absolute, or count from each sequence's first real one. Empty where every pair takes part.
    internal bool[] StepTable(int batch, int queries, int keys, SequenceRanges? keyRanges, AttentionState state, bool isRelative)
    {
        if (IsNone && keyRanges is null)
            return [];
        bool[] table = new bool[checked(batch * queries * keys)];
        for (int b = 0; b < batch; b++)
        {
            (int firstKey, int keyCount) = Range(keyRanges, b, keys);
            int position = state.PositionOf(b), first = isRelative ? 0 : firstKey;
            for (int j = 0; j < keyCount; j++)
            {
                if (!allows(position, j))
                    continue;
                for (int i = 0; i < queries; i++)
                    table[(((b * queries) + i) * keys) + first + j] = true;
            }
        }
        return table;
    }

    // The table of a fused call, in which rows count from each sequence's first real one.
    internal bool[] RelativeTable(int batch, int queries, int keys, SequenceRanges? queryRanges, SequenceRanges? keyRanges) =>
        Table(batch, queries, keys, FromStart(queryRanges), FromStart(keyRanges));

    private static SequenceRanges? FromStart(SequenceRanges? ranges) => ranges is { } real ? new SequenceRanges(real.Lengths) : default(SequenceRanges?);

    private static (int First, int Count) Range(SequenceRanges? ranges, int b, int all) => ranges is { } real ? (real.Starts.Span[b], real.Lengths.Span[b]) : (0, all);
}
