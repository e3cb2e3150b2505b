namespace Heed;

/// <summary>Pictures with a mask each: a picture of the same size whose pixels are class numbers.</summary>
/// <remarks>Masks are grey or palette PNGs of at most 8 bits, and are decoded once while the data are read, to be checked; they are kept decoded or not as the pictures are. Immutable and thread-safe.</remarks>
public sealed class MaskData : IPictureData
{
    private readonly PictureList pictures, masks;

    private MaskData(PictureList pictures, PictureList masks, IReadOnlyList<string> labelNames, int? voidLabel, PictureReadCounts counts) =>
        (this.pictures, this.masks, LabelNames, VoidLabel, Counts) = (pictures, masks, labelNames, voidLabel, counts);

    /// <summary>The names of the classes, in the order of their numbers in the masks.</summary>
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>The number of pixels that belong to no class; null if there is none.</summary>
    public int? VoidLabel { get; }

    /// <summary>How many pictures were read, kept and skipped.</summary>
    public PictureReadCounts Counts { get; }

    /// <inheritdoc/>
    public int Count => pictures.Count;

    /// <summary>Reads pairs of files with the same name (up to the ending) below two folders of a folder or archive.</summary>
    /// <param name="path">A folder, tar, tar.gz or zip.</param>
    /// <param name="labelNames">The names of the classes, the first for the number 0.</param>
    /// <param name="voidLabel">The number of pixels that belong to no class, for example 11 or 255; null if there is none.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="imageFolder">Where the pictures are.</param>
    /// <param name="maskFolder">Where the masks are.</param>
    /// <exception cref="InputException">There are no such files, or one has no partner, cannot be read, has another size than its partner or a number that is
    /// no class, and faults are not skipped.</exception>
    public static MaskData Read(
        string path, IReadOnlyList<string> labelNames, int? voidLabel = null, PictureDataOptions? options = null, string imageFolder = "images", string maskFolder = "labels")
    {
        ArgumentNullException.ThrowIfNull(labelNames);
        options ??= new PictureDataOptions();
        options.Validate();
        var faults = new PictureFaultList(options.Faults);
        PictureEntry[] files = PictureFiles.Find(path, options.MaximumBytes);
        Dictionary<string, PictureEntry> masksByName = Below(files, maskFolder, path), picturesByName = Below(files, imageFolder, path);
        PictureReadOptions numbers = options.Decoding with { KeepNumbers = true, Channels = null, ApplyOrientation = false };
        var pairs = new List<(PictureEntry Picture, PictureEntry Mask)>();
        foreach ((string name, PictureEntry picture) in picturesByName.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!masksByName.Remove(name, out PictureEntry? mask))
                faults.Add(new InputException($"the picture has no mask '{name}' in {maskFolder}.", picture.Name), "pictures");
            else if (faults.Try("masks", () => Check(picture, mask, labelNames.Count, voidLabel, options.Decoding, numbers)))
                pairs.Add((picture, mask));
        }
        foreach ((_, PictureEntry mask) in masksByName.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            faults.Add(new InputException($"the mask has no picture in {imageFolder}.", mask.Name), "masks");
        var list = PictureList.Create([.. pairs.Select(pair => pair.Picture)], options, options.Decoding, faults, out List<int> kept);
        if (kept.Count == 0)
            throw new InputException("none of the pictures can be used.", path);
        // The masks went through a check above and can only be kept or not.
        var partners = PictureList.Create([.. kept.Select(i => pairs[i].Mask)], options with { Faults = PictureFaults.Stop, MaximumDecodedBytes = Math.Max(0, options.MaximumDecodedBytes - list.DecodedBytes) }, numbers, new PictureFaultList(PictureFaults.Stop), out _);
        return new MaskData(list, partners, labelNames, voidLabel, new PictureReadCounts(picturesByName.Count, kept.Count, faults.Skipped));
    }

    /// <summary>Pictures and masks in memory.</summary>
    /// <param name="pairs">Each picture and its mask: one channel of class numbers, as large as the picture.</param>
    /// <param name="labelNames">The names of the classes, the first for the number 0.</param>
    /// <param name="voidLabel">The number of pixels that belong to no class; null if there is none.</param>
    /// <exception cref="InputException">A mask has another size than its picture, or a number that is no class.</exception>
    public static MaskData FromPictures(IEnumerable<(Picture Picture, Picture Mask)> pairs, IReadOnlyList<string> labelNames, int? voidLabel = null)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ArgumentNullException.ThrowIfNull(labelNames);
        PictureReadOptions numbers = PictureReadOptions.Default with { KeepNumbers = true, Channels = null };
        (PictureEntry Picture, PictureEntry Mask)[] all = [.. pairs.Select((pair, i) =>
            (PictureEntry.OfPicture(FormattableString.Invariant($"picture {i}"), pair.Picture), PictureEntry.OfPicture(FormattableString.Invariant($"mask {i}"), pair.Mask)))];
        foreach ((PictureEntry picture, PictureEntry mask) in all)
            Check(picture, mask, labelNames.Count, voidLabel, PictureReadOptions.Default, numbers);
        var faults = new PictureFaultList(PictureFaults.Stop);
        PictureDataOptions options = new();
        return new MaskData(
            PictureList.Create([.. all.Select(pair => pair.Picture)], options, options.Decoding, faults, out _), PictureList.Create([.. all.Select(pair => pair.Mask)], options, numbers, faults, out _), labelNames, voidLabel,
            new PictureReadCounts(all.Length, all.Length, []));
    }

    /// <summary>Divides the pictures at random.</summary>
    /// <param name="seed">The same seed gives the same parts.</param>
    /// <param name="dev">Share of the dev part; at least one picture unless 0.</param>
    /// <param name="test">Share of the test part, likewise.</param>
    /// <exception cref="ArgumentOutOfRangeException">The shares do not leave anything to train on.</exception>
    public (MaskData Train, MaskData Dev, MaskData Test) Split(ulong seed, double dev = 0.1, double test = 0.1)
    {
        (int[] train, int[] devRows, int[] testRows) = PictureParts.Draw(Count, seed, dev, test);
        return (Select(train), Select(devRows), Select(testRows));
    }

    /// <inheritdoc/>
    public PictureSample Read(int index) => new(pictures.Read(index), Label: -1) { Mask = masks.Read(index) };

    /// <inheritdoc/>
    public string NameOf(int index) => pictures.NameOf(index);

    /// <summary>Some of the pictures, with the same classes.</summary>
    /// <param name="indices">Which, in this order.</param>
    public MaskData Select(IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return new MaskData(pictures.Select(indices), masks.Select(indices), LabelNames, VoidLabel, new PictureReadCounts(indices.Count, indices.Count, []));
    }

    /// <summary>The files with a folder in their path, by what follows it, without the ending.</summary>
    private static Dictionary<string, PictureEntry> Below(PictureEntry[] files, string folder, string path)
    {
        var found = new Dictionary<string, PictureEntry>(StringComparer.Ordinal);
        foreach (PictureEntry file in files)
        {
            int at = file.Key.StartsWith(folder + "/", StringComparison.Ordinal) ? 0 : file.Key.IndexOf($"/{folder}/", StringComparison.Ordinal) + 1;
            if (at == 0 && !file.Key.StartsWith(folder + "/", StringComparison.Ordinal))
                continue;
            string name = file.Key[..at] + Path.ChangeExtension(file.Key[(at + folder.Length + 1)..], null);
            if (!found.TryAdd(name, file))
                throw new InputException($"it has the same name as {found[name].Name}, up to the ending.", file.Name);
        }
        return found.Count > 0 ? found : throw new InputException($"there are no pictures below a folder '{folder}' in it.", path);
    }

    private static void Check(PictureEntry picture, PictureEntry mask, int count, int? voidLabel, PictureReadOptions decoding, PictureReadOptions numbers)
    {
        Picture decoded = mask.Decode(numbers);
        (int width, int height) = picture.Size(decoding);
        if ((decoded.Width, decoded.Height) != (width, height))
        {
            throw new InputException(FormattableString.Invariant(
                $"the mask has {decoded.Width} × {decoded.Height} pixels, its picture {picture.Name} {width} × {height}. Make them the same size."), mask.Name);
        }
        ReadOnlySpan<byte> samples = decoded.Samples.Span;
        for (int i = 0; i < samples.Length; i++)
        {
            if (samples[i] >= count && samples[i] != voidLabel)
            {
                throw new InputException(FormattableString.Invariant(
                    $"the mask has the number {samples[i]} at row {i / width}, column {i % width}, but there are {count} classes, numbered from 0. Is it the void label?"), mask.Name);
            }
        }
    }
}
