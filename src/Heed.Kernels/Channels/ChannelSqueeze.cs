namespace Heed.Kernels;

/// <summary>What a squeeze-and-excitation block sees of a channel.</summary>
public enum ChannelSqueeze
{
    /// <summary>The mean over all places, as published.</summary>
    Average,

    /// <summary>The largest value; of equal ones the first counts.</summary>
    Max,

    /// <summary>Half of each.</summary>
    Both,
}
