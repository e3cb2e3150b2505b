namespace Heed;

/// <summary>A box that a detector found.</summary>
/// <param name="Box">Class and edges.</param>
/// <param name="Confidence">How sure the detector is, from 0 to 1.</param>
public readonly record struct ScoredBox(PictureBox Box, float Confidence);
