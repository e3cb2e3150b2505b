namespace Heed;

/// <summary>The shape of a <see cref="MultiHeadAttention"/>; multi-query and grouped-query attention are numbers of key/value heads, cross-attention a memory.</summary>
public sealed record MultiHeadConfig
{
    /// <summary>The positions that <see cref="Position"/> may name.</summary>
    public static IReadOnlyList<string> Positions { get; } = ["none", "rope", "rope-interleaved", "alibi", "t5", "shaw"];

    /// <summary>Features of the queries' sequence, and of the result.</summary>
    public required int Size { get; init; }

    /// <summary>Query heads.</summary>
    /// <value>Default 8.</value>
    public int HeadCount { get; init; } = 8;

    /// <summary>Heads of keys and values, which divide the query heads: 1 is multi-query, a few grouped-query attention.</summary>
    /// <value>Default 0: as many as query heads.</value>
    public int KeyValueHeadCount { get; init; }

    /// <summary>Features of a head's query and key.</summary>
    /// <value>Default 0: <see cref="Size"/>/<see cref="HeadCount"/>.</value>
    public int HeadSize { get; init; }

    /// <summary>Features of a head's value.</summary>
    /// <value>Default 0: <see cref="HeadSize"/>.</value>
    public int ValueSize { get; init; }

    /// <summary>Features of the sequence that is attended to, in cross-attention.</summary>
    /// <value>Default 0: <see cref="Size"/>.</value>
    public int MemorySize { get; init; }

    /// <summary>Whether the projections of queries, keys and values add a bias.</summary>
    /// <value>Default true.</value>
    public bool HasBias { get; init; } = true;

    /// <summary>Whether the projection of the result adds a bias.</summary>
    /// <value>Default null: as <see cref="HasBias"/>.</value>
    public bool? HasOutputBias { get; init; }

    /// <summary>Whether each head's query and key are divided by their root mean square before they meet (QK-norm; Henry et al. 2020, in the form of Qwen 3).</summary>
    /// <value>Default false.</value>
    public bool NormalizesHeads { get; init; }

    /// <summary>Whether each head's context is multiplied by a gate σ(W_g·x), one number a feature, before the output projection (Qiu et al. 2025).</summary>
    /// <value>Default false.</value>
    public bool HasGate { get; init; }

    /// <summary>Scores become cap·tanh(score/cap); 0 for none.</summary>
    /// <value>Default 0.</value>
    public float SoftCap { get; init; }

    /// <summary>Whether each head has a learned logit that takes part in the softmax without a value, so that a head may attend to nothing.</summary>
    /// <value>Default false.</value>
    public bool HasSinks { get; init; }

    /// <summary>Probability that a weight is dropped in training.</summary>
    /// <value>Default 0.</value>
    public float Dropout { get; init; }

    /// <summary>Factor of the scores.</summary>
    /// <value>Default null: 1/√<see cref="HeadSize"/>.</value>
    public float? Scale { get; init; }

    /// <summary>Whether a query sees no later keys.</summary>
    /// <value>Default false.</value>
    public bool IsCausal { get; init; }

    /// <summary>How many keys back a query sees, its own among them, and without <see cref="IsCausal"/> as many ahead; 0 for all.</summary>
    /// <value>Default 0.</value>
    public int Window { get; init; }

    /// <summary>How positions reach the scores: <c>none</c>; <c>rope</c> (Su et al. 2021, pairs are halves as in Llama's checkpoints) or <c>rope-interleaved</c> (pairs are neighbours, as in the paper);
    /// <c>alibi</c> (Press et al. 2022); <c>t5</c> (learned bias of distance buckets, Raffel et al. 2020); <c>shaw</c> (learned vectors of clipped distances for keys and values, Shaw et al. 2018).</summary>
    /// <value>Default <c>none</c>.</value>
    public string Position { get => field ?? "none"; init; } = "none";

    /// <summary>The base of the frequencies of <c>rope</c>.</summary>
    /// <value>Default 10,000.</value>
    public double RopeBase { get; init; } = 10_000;

    /// <summary>What positions of <c>rope</c> are divided by (linear scaling).</summary>
    /// <value>Default 1.</value>
    public double RopeFactor { get; init; } = 1;

    /// <summary>Features of a head that <c>rope</c> turns.</summary>
    /// <value>Default 0: all.</value>
    public int RopeSize { get; init; }

    /// <summary>Buckets of <c>t5</c>, a multiple of 4. A quarter of them (with <see cref="IsCausal"/> a half) hold one distance each, those behind them grow with the distance.</summary>
    /// <value>Default 32.</value>
    public int Buckets { get; init; } = 32;

    /// <summary>Largest distance that <c>t5</c> (default 128) or <c>shaw</c> (default 16) tells apart.</summary>
    /// <value>Default 0: as said.</value>
    public int MaximumDistance { get; init; }

    internal int Heads => HeadCount;

    internal int KeyHeads => KeyValueHeadCount == 0 ? HeadCount : KeyValueHeadCount;

    internal int KeyDim => HeadSize == 0 ? Size / HeadCount : HeadSize;

    internal int ValueDim => ValueSize == 0 ? KeyDim : ValueSize;

    internal int Clip => MaximumDistance == 0 ? 16 : MaximumDistance;

    internal int FarthestBucket => MaximumDistance == 0 ? 128 : MaximumDistance;

    /// <summary>The weights that a layer has, at the least: its projections and tables.</summary>
    internal double LeastWeights =>
        ((double)Heads * Size * (KeyDim + ValueDim)) + (KeyHeads * (double)(MemorySize == 0 ? Size : MemorySize) * (KeyDim + ValueDim))
        + (Position == "t5" ? (double)Buckets * Heads : Position == "shaw" ? 2.0 * Clip * (KeyDim + ValueDim) : 0);

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or two do not go together; says which and why.</exception>
    public void Validate()
    {
        foreach ((string name, int value, int least) in new[]
            {
                (nameof(Size), Size, 1), (nameof(HeadCount), HeadCount, 1), (nameof(KeyValueHeadCount), KeyValueHeadCount, 0), (nameof(HeadSize), HeadSize, 0), (nameof(ValueSize), ValueSize, 0),
                (nameof(MemorySize), MemorySize, 0), (nameof(Window), Window, 0), (nameof(RopeSize), RopeSize, 0), (nameof(MaximumDistance), MaximumDistance, 0),
            })
        {
            if (value < least || value > 1 << 20)
                throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: {name} must be in {least} … 1048576, got {value}."), name);
        }
        if (HeadSize == 0 && Size % HeadCount != 0)
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: {HeadCount} heads do not divide {Size} features; set HeadSize, or another number of heads."), nameof(HeadCount));
        if (HeadCount % KeyHeads != 0)
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: {KeyHeads} key/value heads do not divide {HeadCount} query heads."), nameof(KeyValueHeadCount));
        if (!Positions.Contains(Position, StringComparer.Ordinal))
            throw new ArgumentException($"MultiHeadConfig: there is no Position '{Position}'; there are {string.Join(", ", Positions)}.{NearestName.Hint(Position, Positions)}", nameof(Position));
        if (Position.StartsWith("rope", StringComparison.Ordinal) && (RopeSize > KeyDim || (RopeSize == 0 ? KeyDim : RopeSize) % 2 != 0))
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: rope turns pairs, so RopeSize must be even and at most {KeyDim}, got {(RopeSize == 0 ? KeyDim : RopeSize)}."), nameof(RopeSize));
        if (Position.StartsWith("rope", StringComparison.Ordinal) && !(RopeBase > 1 && double.IsFinite(RopeBase) && RopeFactor > 0 && double.IsFinite(RopeFactor)))
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: RopeBase must be above 1 and RopeFactor above 0, got {RopeBase} and {RopeFactor}."), nameof(RopeBase));
        if (Position == "t5" && (Buckets is < 4 or > 1 << 20 || Buckets % 4 != 0))
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: Buckets of t5 must be a multiple of 4 in 4 … 1048576, got {Buckets}."), nameof(Buckets));
        int single = Buckets / (IsCausal ? 2 : 4);
        if (Position == "t5" && FarthestBucket <= single)
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: {Buckets} buckets of t5 hold the distances below {single} one by one, so MaximumDistance must be above {single}, got {FarthestBucket}."), nameof(MaximumDistance));
        if (Dropout is not (>= 0 and < 1))
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: Dropout must be in [0, 1), got {Dropout}."), nameof(Dropout));
        if (!(SoftCap >= 0) || !float.IsFinite(SoftCap))
            throw new ArgumentException(FormattableString.Invariant($"MultiHeadConfig: SoftCap must be at least 0, got {SoftCap}."), nameof(SoftCap));
    }
}
