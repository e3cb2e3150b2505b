namespace Heed.Kernels;

/// <summary>A rectangle of queries and keys about which a mask is asked; all bounds are inclusive.</summary>
public readonly unsafe struct MaskTile
{
    /// <summary>Sequence in the batch.</summary>
    public int Batch { get; init; }

    /// <summary>First query head.</summary>
    public int FirstHead { get; init; }

    /// <summary>Last query head.</summary>
    public int LastHead { get; init; }

    /// <summary>First query, counted from the sequence's first.</summary>
    public int FirstQuery { get; init; }

    /// <summary>Last query.</summary>
    public int LastQuery { get; init; }

    /// <summary>First key, counted from the sequence's first.</summary>
    public int FirstKey { get; init; }

    /// <summary>Last key.</summary>
    public int LastKey { get; init; }

    /// <summary>Position of query 0 of the sequence.</summary>
    public int QueryPosition { get; init; }

    /// <summary>Position of key 0 of the sequence.</summary>
    public int KeyPosition { get; init; }

    /// <summary>Queries of the sequence.</summary>
    public int Queries { get; init; }

    /// <summary>Keys of the sequence.</summary>
    public int Keys { get; init; }

    /// <summary>The smallest and the largest query position − key position in the tile.</summary>
    public (int Least, int Most) Distance =>
        (QueryPosition + FirstQuery - KeyPosition - LastKey, QueryPosition + LastQuery - KeyPosition - FirstKey);

    /// <summary><see cref="AttentionOptions.MaskNumbers"/>.</summary>
    public ReadOnlySpan<int> Numbers => new(NumberSource, (int)NumberCount);

    /// <summary><see cref="AttentionOptions.MaskFlags"/>.</summary>
    public ReadOnlySpan<bool> Flags => new(FlagSource, (int)FlagCount);

    internal int* NumberSource { get; init; }

    internal long NumberCount { get; init; }

    internal bool* FlagSource { get; init; }

    internal long FlagCount { get; init; }
}
