namespace Heed;

/// <summary>Some pictures as one block of floats.</summary>
/// <remarks>Shapes: <see cref="Pixels"/> (batch, height, width, channels); <see cref="Targets"/> and <see cref="RowIndices"/> (batch); <see cref="Masks"/>
/// (batch, height, width). The arrays belong to the batch and are not changed by it later.</remarks>
public sealed class PictureBatch
{
    internal PictureBatch(ReadOnlySpan<int> rows, PictureBatchOptions options, bool hasMasks)
    {
        (Height, Width, Channels) = (options.Height, options.Width, options.Channels);
        RowIndices = rows.ToArray();
        Pixels = new float[rows.Length * Height * Width * Channels];
        Targets = new int[rows.Length];
        Boxes = new IReadOnlyList<PictureBox>[rows.Length];
        Masks = hasMasks ? new int[rows.Length * Height * Width] : [];
    }

    /// <summary>How many pictures there are.</summary>
    public int BatchSize => RowIndices.Length;

    /// <summary>Pixels down.</summary>
    public int Height { get; }

    /// <summary>Pixels across.</summary>
    public int Width { get; }

    /// <summary>Samples of a pixel.</summary>
    public int Channels { get; }

    /// <summary>The normalised samples, (batch, height, width, channels), row-major.</summary>
    public float[] Pixels { get; }

    /// <summary>The class of each picture; −1 where it has none.</summary>
    public int[] Targets { get; }

    /// <summary>Which picture of the data each one is.</summary>
    public int[] RowIndices { get; }

    /// <summary>Of each picture the class of what was mixed into it; empty without mixup. The loss is
    /// <c>w · loss(Targets) + (1 − w) · loss(MixedTargets)</c> with w = <see cref="MixWeight"/>.</summary>
    public int[] MixedTargets { get; internal set; } = [];

    /// <summary>The weight of each picture's own samples and class; 1 without mixup.</summary>
    public float MixWeight { get; internal set; } = 1;

    /// <summary>The boxes of each picture, in pixels of the batch; empty lists where there are none.</summary>
    public IReadOnlyList<PictureBox>[] Boxes { get; }

    /// <summary>The class of each pixel, (batch, height, width), row-major; −1 for pixels outside the picture or of the void class. Empty where the
    /// data have no masks.</summary>
    public int[] Masks { get; }

    /// <summary>The samples as a tensor (batch, height, width, channels), over the same memory.</summary>
    public Tensor ToTensor() => new(Pixels, new Shape(BatchSize, Height, Width, Channels));

    /// <summary>The same with left and right exchanged; memory of its own.</summary>
    internal Tensor Mirrored()
    {
        float[] mirrored = new float[Pixels.Length];
        for (int row = 0; row < Pixels.Length; row += Width * Channels)
        {
            for (int x = 0; x < Width; x++)
                Pixels.AsSpan(row + (x * Channels), Channels).CopyTo(mirrored.AsSpan(row + ((Width - 1 - x) * Channels)));
        }
        return new Tensor(mirrored, new Shape(BatchSize, Height, Width, Channels));
    }
}
