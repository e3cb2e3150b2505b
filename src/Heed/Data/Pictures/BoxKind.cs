namespace Heed;

/// <summary>What a box around something counts for.</summary>
public enum BoxKind
{
    /// <summary>One thing, to be found.</summary>
    Thing,

    /// <summary>A thing that is hard to see (<c>difficult</c> of Pascal VOC): it is learned, but nobody misses it, and who finds it is not wrong.</summary>
    Difficult,

    /// <summary>A region with many things that nobody told apart (<c>iscrowd</c> of COCO): it is not learned (places in it without a thing are background, as others train), nobody misses it, and no box that lies in it is wrong.</summary>
    Crowd,
}
