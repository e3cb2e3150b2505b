namespace Heed.Kernels;

/// <summary>What a mask says about all pairs of a tile.</summary>
public enum TileCoverage
{
    /// <summary>No query of the tile may see any of its keys: the tile is skipped.</summary>
    None,

    /// <summary>Some may, or the mask does not know: it is asked for single scores.</summary>
    Partly,

    /// <summary>Every query may see every key.</summary>
    All,
}
