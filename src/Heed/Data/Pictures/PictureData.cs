namespace Heed;

/// <summary>Pictures with one class each.</summary>
/// <remarks>
/// <para>Where nothing else is said, pictures stay encoded (in their files, or an archive's in memory) and are decoded each time they are asked for:
/// memory is bounded by what is in use. While the data are read only their headers are checked.</para>
/// <para>Immutable and thread-safe; several threads may decode at once.</para>
/// </remarks>
public sealed class PictureData : IPictureData
{
    private readonly PictureList pictures;
    private readonly int[] labels;

    private PictureData(PictureList pictures, int[] labels, IReadOnlyList<string> labelNames, PictureReadCounts counts) =>
        (this.pictures, this.labels, LabelNames, Counts) = (pictures, labels, labelNames, counts);

    /// <summary>The names of the classes, ordered ordinally unless they were given.</summary>
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>How many pictures were read, kept and skipped.</summary>
    public PictureReadCounts Counts { get; }

    /// <inheritdoc/>
    public int Count => labels.Length;

    /// <summary>The class of each picture.</summary>
    public IReadOnlyList<int> Labels => labels;

    /// <summary>Reads pictures whose folders are their classes, or whose classes are in a table.</summary>
    /// <param name="path">A folder, tar, tar.gz or zip, with files <c>class/name.png</c> or <c>.jpg</c>; folders that all pictures share may come before.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="InputException">There are no pictures, a class has none, a picture has no class or one that is not among the names, or a
    /// file cannot be read and faults are not skipped.</exception>
    public static PictureData Read(string path, PictureDataOptions? options = null)
    {
        options ??= new PictureDataOptions();
        options.Validate();
        var faults = new PictureFaultList(options.Faults);
        PictureEntry[] entries = PictureFiles.Find(path, options.MaximumBytes);
        string?[] classes = options.LabelTable is { } table ? PictureLabels.FromTable(entries, table, options, faults) : PictureLabels.FromFolders(entries, path, options, faults);
        return Create(entries, classes, path, options, faults);
    }

    /// <summary>Reads files in CIFAR's binary format, see <see cref="CifarFile"/>.</summary>
    /// <param name="paths">The files, read one behind the other.</param>
    /// <param name="labelNames">The names in the order of the label bytes; null for <c>00</c>, <c>01</c>, ….</param>
    /// <param name="labelCount">Label bytes of a picture: 1 for CIFAR-10; 2 for CIFAR-100, whose second, fine one is the class; 0 for what the files' lengths say.</param>
    /// <exception cref="InputException">A file cannot be read, or has a label beyond the names.</exception>
    public static PictureData ReadCifar(IReadOnlyList<string> paths, IReadOnlyList<string>? labelNames = null, int labelCount = 1)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var entries = new List<PictureEntry>();
        var numbers = new List<int>();
        foreach (string path in paths)
        {
            CifarFile file = CifarFile.Read(path, labelCount);
            for (int i = 0; i < file.Count; i++)
            {
                numbers.Add(CheckLabel(file.Label(i, file.LabelCount - 1), labelNames, path, i));
                entries.Add(PictureEntry.OfPicture(Record(path, i), file.Picture(i)));
            }
        }
        return OfNumbers(entries, numbers, labelNames);
    }

    /// <summary>Reads a pair of idx files, as MNIST's, see <see cref="IdxFile"/>.</summary>
    /// <param name="images">The file with the pictures: (count, height, width) or (count, height, width, channels).</param>
    /// <param name="labels">The file with the labels: (count).</param>
    /// <param name="labelNames">The names in the order of the labels; null for <c>0</c>, <c>1</c>, … (with leading zeros where there are more than ten).</param>
    /// <exception cref="InputException">A file cannot be read, the shapes do not fit, or a label is beyond the names.</exception>
    public static PictureData ReadIdx(string images, string labels, IReadOnlyList<string>? labelNames = null)
    {
        IdxFile pixels = IdxFile.Read(images), classes = IdxFile.Read(labels);
        IReadOnlyList<int> shape = pixels.Shape;
        int channels = shape.Count == 4 ? shape[3] : 1;
        if (shape.Count is not (3 or 4) || channels is not (1 or 3 or 4) || shape[1] == 0 || shape[2] == 0)
            throw new InputException($"the idx file has the shape ({string.Join(", ", shape)}); pictures are (count, height, width) or (count, height, width, channels).", images);
        if (classes.Shape.Count != 1 || classes.Shape[0] != shape[0])
        {
            throw new InputException($"the idx file has the shape ({string.Join(", ", classes.Shape)}); labels of the {FormattableString.Invariant($"{shape[0]}")} pictures in {images} "
                + "are (count). Do the files belong together?", labels);
        }
        int size = shape[1] * shape[2] * channels;
        var entries = new List<PictureEntry>();
        var numbers = new List<int>();
        for (int i = 0; i < shape[0]; i++)
        {
            numbers.Add(CheckLabel(classes.Values.Span[i], labelNames, labels, i));
            entries.Add(PictureEntry.OfPicture(Record(images, i), new Picture(shape[2], shape[1], channels, pixels.Values.Slice(i * size, size))));
        }
        return OfNumbers(entries, numbers, labelNames);
    }

    /// <summary>Pictures that are in memory.</summary>
    /// <param name="pictures">The pictures and their classes' names.</param>
    /// <param name="labelNames">The names, in order; null for those that occur, ordered ordinally.</param>
    /// <exception cref="InputException">There are no pictures, or a class is not among the names.</exception>
    public static PictureData FromPictures(IEnumerable<(Picture Picture, string Label)> pictures, IReadOnlyList<string>? labelNames = null)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        (Picture Picture, string Label)[] all = [.. pictures];
        PictureEntry[] entries = [.. all.Select((p, i) => PictureEntry.OfPicture(FormattableString.Invariant($"picture {i}"), p.Picture))];
        return Create(entries, [.. all.Select(p => p.Label)], "the pictures", new PictureDataOptions { LabelNames = labelNames }, new PictureFaultList(PictureFaults.Stop));
    }

    /// <inheritdoc/>
    public PictureSample Read(int index) => new(pictures.Read(index), labels[index]);

    /// <inheritdoc/>
    public string NameOf(int index) => pictures.NameOf(index);

    /// <summary>Some of the pictures, with the same classes.</summary>
    /// <param name="indices">Which, in this order.</param>
    public PictureData Select(IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return new PictureData(pictures.Select(indices), [.. indices.Select(i => labels[i])], LabelNames, new PictureReadCounts(indices.Count, indices.Count, []));
    }

    /// <summary>Divides the pictures into parts in which each class has its share.</summary>
    /// <param name="seed">The same seed and pictures give the same parts.</param>
    /// <param name="dev">The share of the development part, from 0.</param>
    /// <param name="test">The share of the test part, from 0; both together below 1.</param>
    public (PictureData Train, PictureData Dev, PictureData Test) Split(ulong seed, double dev = 0.1, double test = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dev);
        ArgumentOutOfRangeException.ThrowIfNegative(test);
        if (!(dev + test < 1))
            throw new ArgumentOutOfRangeException(nameof(test), "PictureData.Split: dev + test must be below 1, or nothing is left to learn from.");
        List<List<int>> alone = [.. Enumerable.Range(0, Count).Select(i => new List<int> { i })];
        int[] parts = BalancedParts.Deal(alone, [.. labels.Select(label => new[] { label })], LabelNames.Count, [1 - dev - test, dev, test], new RandomStream(seed, "split"));
        return (Part(0), Part(1), Part(2));

        PictureData Part(int part) => Select([.. Enumerable.Range(0, Count).Where(i => parts[i] == part)]);
    }

    private static PictureData Create(PictureEntry[] entries, string?[] classes, string path, PictureDataOptions options, PictureFaultList faults)
    {
        IReadOnlyList<string> names = options.LabelNames ?? [.. classes.OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        int[] numbers = PictureLabels.Number(entries, classes, names, faults, out List<int> labelled);
        var list = PictureList.Create([.. labelled.Select(i => entries[i])], options, options.Decoding, faults, out List<int> kept);
        if (kept.Count == 0)
            throw new InputException(FormattableString.Invariant($"none of the {entries.Length} pictures can be used; the first: {faults.Skipped[0].Reason}"), path);
        return new PictureData(list, [.. kept.Select(i => numbers[labelled[i]])], names, new PictureReadCounts(entries.Length, kept.Count, faults.Skipped));
    }

    private static PictureData OfNumbers(List<PictureEntry> entries, List<int> labels, IReadOnlyList<string>? names)
    {
        int count = labels.Count == 0 ? 0 : labels.Max() + 1;
        string digits = count > 100 ? "000" : count > 10 ? "00" : "0";
        names ??= [.. Enumerable.Range(0, count).Select(i => i.ToString(digits, System.Globalization.CultureInfo.InvariantCulture))];
        var options = new PictureDataOptions();
        var list = PictureList.Create(entries, options, options.Decoding, new PictureFaultList(PictureFaults.Stop), out _);
        return new PictureData(list, [.. labels], names, new PictureReadCounts(entries.Count, entries.Count, []));
    }

    private static int CheckLabel(int label, IReadOnlyList<string>? names, string path, int index) => names is null || label < names.Count ? label
        : throw new InputException(FormattableString.Invariant($"picture {index} has the label {label}, but there are {names.Count} names, numbered from 0."), path);

    private static string Record(string path, int index) => FormattableString.Invariant($"{path}, picture {index}");
}
