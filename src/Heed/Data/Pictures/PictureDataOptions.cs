namespace Heed;

/// <summary>How pictures of a data set are found and read.</summary>
public sealed record PictureDataOptions
{
    /// <summary>How pictures are decoded.</summary>
    public PictureReadOptions Decoding { get; init; } = PictureReadOptions.Default;

    /// <summary>Whether all pictures are decoded once and kept in memory, rather than each time they are asked for.</summary>
    /// <value>false unless set. A decoded picture takes height · width · channels bytes; see <see cref="MaximumDecodedBytes"/>.</value>
    public bool KeepDecoded { get; init; }

    /// <summary>The most bytes that decoded pictures of the data set may take in memory, masks with them; the others stay encoded, and are decoded each time they are asked for. What is read is the same.</summary>
    /// <value>2 GiB unless set, at least 0: all of MNIST (47 MB) and CIFAR (184 MB), but not a hundred thousand photos. Counts with <see cref="KeepDecoded"/> only.</value>
    public long MaximumDecodedBytes { get; init; } = 2L << 30;

    /// <summary>What happens to files that cannot be used.</summary>
    /// <value><see cref="PictureFaults.Stop"/> unless set.</value>
    public PictureFaults Faults { get; init; }

    /// <summary>The names of the classes, in order; null for those that are found, ordered ordinally.</summary>
    /// <value>null unless set. Read development and test data with those of the training data.</value>
    public IReadOnlyList<string>? LabelNames { get; init; }

    /// <summary>How many folders in the path of a picture make up its class, counted behind the folders that all pictures share.</summary>
    /// <value>1 unless set, at least 1: all pictures below <c>cat/</c> are cats. 2 makes <c>Greek/alpha</c> a class.</value>
    public int LabelFolders { get; init; } = 1;

    /// <summary>A table (TSV or CSV, see docs/data.md) with the class of each picture, in place of folders; null for none.</summary>
    public string? LabelTable { get; init; }

    /// <summary>The column of tables that names the picture: its path inside the folder or archive, or its file's name.</summary>
    /// <value><c>image</c> unless set.</value>
    public string ImageColumn { get; init; } = "image";

    /// <summary>The column of tables with the class.</summary>
    /// <value><c>label</c> unless set; for boxes <c>class</c>.</value>
    public string? LabelColumn { get; init; }

    /// <summary>The most bytes that the pictures of an archive may take in memory, still encoded.</summary>
    /// <value>4 GiB unless set.</value>
    public long MaximumBytes { get; init; } = 4L << 30;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Decoding);
        Decoding.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(LabelFolders, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumBytes, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumDecodedBytes);
    }
}
