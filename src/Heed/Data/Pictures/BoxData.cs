namespace Heed;

/// <summary>Pictures with boxes around things.</summary>
/// <remarks>
/// <para>Boxes are taken as they stand in the file: corners in pixels from the upper left corner (TSV, Pascal VOC), or corner, width and height (COCO).
/// A box must have an area, lie inside its picture and have a class; one that does not is a fault of kind <c>boxes</c>. Skipping it keeps the picture.</para>
/// <para>Immutable and thread-safe.</para>
/// </remarks>
public sealed class BoxData : IPictureData
{
    private readonly PictureList pictures;
    private readonly PictureBox[][] boxes;

    private BoxData(PictureList pictures, PictureBox[][] boxes, IReadOnlyList<string> labelNames, PictureReadCounts counts) =>
        (this.pictures, this.boxes, LabelNames, Counts) = (pictures, boxes, labelNames, counts);

    /// <summary>The names of the classes, ordered ordinally unless they were given.</summary>
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>How many pictures were read and kept, and what was skipped.</summary>
    public PictureReadCounts Counts { get; }

    /// <summary>How many boxes there are of each kind.</summary>
    public BoxCounts BoxCounts
    {
        get
        {
            int[] counts = new int[3];
            foreach (PictureBox box in boxes.SelectMany(own => own))
                counts[(int)box.Kind]++;
            return new BoxCounts(counts[(int)BoxKind.Thing], counts[(int)BoxKind.Difficult], counts[(int)BoxKind.Crowd]);
        }
    }

    /// <inheritdoc/>
    public int Count => boxes.Length;

    /// <summary>Reads boxes from a table with a row for each: the picture, the class, and the columns <c>xmin</c>, <c>ymin</c>, <c>xmax</c>, <c>ymax</c>.</summary>
    /// <param name="pictures">A folder, tar, tar.gz or zip. Pictures without a row have no boxes.</param>
    /// <param name="table">The table, TSV or CSV, see docs/data.md.</param>
    /// <param name="options">Null for the defaults; the class's column is <c>class</c> unless named.</param>
    /// <param name="rows">Which rows count, by the value of a column: <c>("split", "train")</c>. Only pictures with such a row are read. Null for all.</param>
    /// <exception cref="InputException">A file cannot be read, a row is wrong, or a box or picture is and faults are not skipped.</exception>
    public static BoxData ReadTable(string pictures, string table, PictureDataOptions? options = null, (string Column, string Value)? rows = null)
    {
        options ??= new PictureDataOptions();
        options.Validate();
        var faults = new PictureFaultList(options.Faults);
        PictureEntry[] entries = PictureFiles.Find(pictures, options.MaximumBytes);
        Dictionary<string, int> names = PictureFiles.ByName(entries);
        var found = new List<NamedBox>[entries.Length];
        var columns = new TextReadOptions
        {
            Text = options.ImageColumn, Label = options.LabelColumn ?? "class", Numbers = ["xmin", "ymin", "xmax", "ymax"], Categories = rows is { } filter ? [filter.Column] : [],
        };
        foreach (TextRow row in TextTable.ReadRows(table, columns))
        {
            // Categories stand before numbers.
            int first = rows is null ? 0 : 1;
            if ((rows is { } wanted && row.Values[0] != wanted.Value) || PictureLabels.Find(names, row, table, faults) is not { } picture)
                continue;
            float[] corners = new float[4];
            if (!faults.Try("boxes", () =>
            {
                for (int i = 0; i < corners.Length; i++)
                    corners[i] = BoxNumber.Parse(row.Values[first + i], table, row.Line);
            }))
            {
                continue;
            }
            (found[picture] ??= []).Add(new NamedBox(row.Label!, corners[0], corners[1], corners[2], corners[3], FormattableString.Invariant($"{table}, line {row.Line}")));
        }
        int[] kept = [.. Enumerable.Range(0, entries.Length).Where(i => rows is null || found[i] is not null)];
        return Create([.. kept.Select(i => entries[i])], [.. kept.Select(i => found[i] ?? [])], table, options, faults);
    }

    /// <summary>Reads a folder of XML files in the form of Pascal VOC: one for each picture, found by its <c>filename</c>, else by its own name. Objects with <c>difficult</c> 1 are <see cref="BoxKind.Difficult"/>.</summary>
    /// <param name="pictures">A folder, tar, tar.gz or zip.</param>
    /// <param name="annotations">The folder of the XML files.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="InputException">See <see cref="ReadTable"/>.</exception>
    public static BoxData ReadVoc(string pictures, string annotations, PictureDataOptions? options = null)
    {
        options ??= new PictureDataOptions();
        options.Validate();
        var faults = new PictureFaultList(options.Faults);
        PictureEntry[] entries = PictureFiles.Find(pictures, options.MaximumBytes);
        VocFile[] files = VocFile.ReadFolder(annotations, faults);
        // Pictures by their names without what follows the last dot, for files that name none.
        ILookup<string, string> stems = entries.Select(entry => Path.GetFileName(entry.Key)).ToLookup(Path.GetFileNameWithoutExtension, StringComparer.Ordinal)!;
        string PictureOf(VocFile file) => file.Picture.Length > 0 ? file.Picture : stems[Path.GetFileNameWithoutExtension(file.Path)].FirstOrDefault(Path.GetFileNameWithoutExtension(file.Path) + ".jpg");
        return Create(files.Select(file => (file.Path, PictureOf(file), file.Boxes)), entries, annotations, options, faults);
    }

    /// <summary>Reads a JSON file in the form of COCO: <c>images</c>, <c>annotations</c> with <c>bbox</c>, <c>categories</c>.</summary>
    /// <param name="pictures">A folder, tar, tar.gz or zip.</param>
    /// <param name="annotations">The JSON file. Annotations with <c>iscrowd</c> are <see cref="BoxKind.Crowd"/>.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="InputException">See <see cref="ReadTable"/>.</exception>
    public static BoxData ReadCoco(string pictures, string annotations, PictureDataOptions? options = null)
    {
        options ??= new PictureDataOptions();
        options.Validate();
        var faults = new PictureFaultList(options.Faults);
        PictureEntry[] entries = PictureFiles.Find(pictures, options.MaximumBytes);
        CocoFile file = CocoFile.Read(annotations);
        return Create(file.Pictures.Select(picture => (annotations, picture.Name, picture.Boxes)), entries, annotations, options with { LabelNames = options.LabelNames ?? file.LabelNames }, faults);
    }

    /// <summary>Pictures and boxes in memory.</summary>
    /// <param name="pictures">Each picture and its boxes.</param>
    /// <param name="labelNames">The names of the classes.</param>
    /// <exception cref="InputException">A box has no area, leaves its picture, or its label is no class.</exception>
    public static BoxData FromPictures(IEnumerable<(Picture Picture, IReadOnlyList<PictureBox> Boxes)> pictures, IReadOnlyList<string> labelNames)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentNullException.ThrowIfNull(labelNames);
        (Picture Picture, IReadOnlyList<PictureBox> Boxes)[] all = [.. pictures];
        var faults = new PictureFaultList(PictureFaults.Stop);
        return Create(
            [.. all.Select((one, i) => PictureEntry.OfPicture(FormattableString.Invariant($"picture {i}"), one.Picture))],
            [.. all.Select(one => one.Boxes.Select(box => new NamedBox(
                (uint)box.Label < (uint)labelNames.Count ? labelNames[box.Label] : FormattableString.Invariant($"{box.Label}"), box.Left, box.Top, box.Right, box.Bottom, "the boxes") { Kind = box.Kind }).ToList())],
            "the pictures", new PictureDataOptions { LabelNames = labelNames }, faults);
    }

    /// <summary>Divides the pictures at random.</summary>
    /// <param name="seed">The same seed gives the same parts.</param>
    /// <param name="dev">Share of the dev part; at least one picture unless 0.</param>
    /// <param name="test">Share of the test part, likewise.</param>
    /// <exception cref="ArgumentOutOfRangeException">The shares do not leave anything to train on.</exception>
    public (BoxData Train, BoxData Dev, BoxData Test) Split(ulong seed, double dev = 0.1, double test = 0.1)
    {
        (int[] train, int[] devRows, int[] testRows) = PictureParts.Draw(Count, seed, dev, test);
        return (Select(train), Select(devRows), Select(testRows));
    }

    /// <inheritdoc/>
    public PictureSample Read(int index) => new(pictures.Read(index), Label: -1) { Boxes = boxes[index] };

    /// <summary>The boxes of a picture, which is not decoded.</summary>
    /// <param name="index">From 0.</param>
    public IReadOnlyList<PictureBox> Boxes(int index) => boxes[index];

    /// <inheritdoc/>
    public string NameOf(int index) => pictures.NameOf(index);

    /// <summary>Some of the pictures, with the same classes.</summary>
    /// <param name="indices">Which, in this order.</param>
    public BoxData Select(IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return new BoxData(pictures.Select(indices), [.. indices.Select(i => boxes[i])], LabelNames, new PictureReadCounts(indices.Count, indices.Count, []));
    }

    /// <summary>From annotations that name their pictures; pictures that none names are not read.</summary>
    private static BoxData Create(
        IEnumerable<(string File, string Picture, List<NamedBox> Boxes)> annotations, PictureEntry[] entries, string path, PictureDataOptions options, PictureFaultList faults)
    {
        Dictionary<string, int> names = PictureFiles.ByName(entries);
        var chosen = new List<PictureEntry>();
        var found = new List<List<NamedBox>>();
        foreach ((string file, string picture, List<NamedBox> own) in annotations)
        {
            if (names.TryGetValue(picture, out int index) && index >= 0)
            {
                chosen.Add(entries[index]);
                found.Add(own);
            }
            else
                faults.Add(new InputException($"the picture '{picture}' is missing, or several have its name. Correct the name, or give the path inside the folder or archive.", file), "pictures");
        }
        return Create(chosen, found, path, options, faults);
    }

    private static BoxData Create(List<PictureEntry> entries, List<List<NamedBox>> found, string path, PictureDataOptions options, PictureFaultList faults)
    {
        IReadOnlyList<string> names = options.LabelNames ?? [.. found.SelectMany(own => own).Select(box => box.Label).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Dictionary<string, int> numbers = PictureLabels.Numbers(names);
        var list = PictureList.Create(entries, options, options.Decoding, faults, out List<int> kept);
        if (kept.Count == 0)
            throw new InputException("none of the pictures can be used.", path);
        var ofPicture = new PictureBox[kept.Count][];
        for (int i = 0; i < ofPicture.Length; i++)
        {
            PictureEntry entry = entries[kept[i]];
            (int width, int height) = entry.Size(options.Decoding);
            var own = new List<PictureBox>();
            foreach (NamedBox box in found[kept[i]])
            {
                if (box.Fault(width, height, entry.Name, numbers) is { } fault)
                    faults.Add(fault, "boxes");
                else
                    own.Add(new PictureBox(numbers[box.Label], box.Left, box.Top, box.Right, box.Bottom) { Kind = box.Kind });
            }
            ofPicture[i] = [.. own];
        }
        return new BoxData(list, ofPicture, names, new PictureReadCounts(entries.Count, ofPicture.Length, faults.Skipped));
    }
}
