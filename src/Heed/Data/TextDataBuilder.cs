namespace Heed;

/// <summary>Collects rows and gives labels their indices.</summary>
internal sealed class TextDataBuilder(TextReadOptions options, string? path)
{
    // More labels than that with less than two rows each are no classes.
    private const int ManyLabels = 100;

    private readonly List<TextExample> rows = [];
    private readonly List<string> names = [.. options.LabelNames ?? []];
    private readonly Dictionary<string, int> indices = (options.LabelNames ?? []).Select((label, i) => (label, i))
        .ToDictionary(pair => pair.label, pair => pair.i, StringComparer.Ordinal);
    private readonly HashSet<(string, string)>? seen = options.DropDuplicates ? [] : null;
    private readonly long[] missing = new long[options.Categories.Count + options.Numbers.Count];
    private long emptyTexts, duplicates, unlabelled, ungrouped;

    public void Add(TextRow row)
    {
        ArgumentNullException.ThrowIfNull(row.Text);
        if (string.IsNullOrEmpty(row.Label) && (options.Target != TargetKind.Multi || row.Label is null))
            throw new InputException(FormattableString.Invariant($"row {rows.Count} has no label; each row needs one."), path, row.Line);
        TextExample example = Target(row);
        if (options.DropEmptyTexts && row.Text.Length == 0)
            emptyTexts++;
        else if (seen is not null && !seen.Add((row.Text, row.Label!)))
            duplicates++;
        else
            Keep(example, row);
    }

    public TextData ToData(TableFormat? format, long blankLines)
    {
        if (rows.Count == 0)
        {
            throw new InputException(emptyTexts + blankLines == 0 ? "there is no row; at least one is needed." : FormattableString.Invariant(
                $"no row is left (empty lines: {blankLines}, empty texts: {emptyTexts}); is this the right file, and '{options.Text}' the text column?"), path);
        }
        if (options is { Target: TargetKind.Single, LabelNames: null } && names.Count > ManyLabels && names.Count > rows.Count / 2)
        {
            throw new InputException(FormattableString.Invariant(
                $"there are {names.Count:N0} different labels in {rows.Count:N0} rows, such as {NearestName.List(names, 3)}; is '{options.Label}' the label column? ")
                + "Numbers and sets of labels are targets of other kinds.", path);
        }
        DroppedRows[] dropped = [new("empty lines", blankLines), new("empty texts", emptyTexts), new("duplicates", duplicates)];
        IEnumerable<DroppedRows> noted = options.Categories.Concat(options.Numbers).Select((column, i) => new DroppedRows($"without {column}", missing[i]))
            .Prepend(new DroppedRows("without group", ungrouped)).Prepend(new DroppedRows("without label", unlabelled));
        TextExample[] sorted = Sorted();
        var schema = new TextSchema(options.Target, [.. names], [.. options.Categories], [.. options.Numbers],
            options.Pair is not null, options.Group is not null, options.Time is not null);
        var data = new TextData(sorted, schema, path, format, new TextReadCounts(0, 0, []));
        noted = data.CountRepeated().Concat(noted);
        var counts = new TextReadCounts(rows.Count + dropped.Sum(d => d.Count), rows.Count, [.. dropped.Where(d => d.Count > 0)])
        {
            Noted = [.. noted.Where(n => n.Count > 0)],
        };
        return data.With(counts);
    }

    private void Keep(TextExample example, TextRow row)
    {
        unlabelled += row.Label!.Length == 0 ? 1 : 0;
        if (row.Values.Count != missing.Length)
        {
            throw new InputException(FormattableString.Invariant(
                $"row {rows.Count} has {row.Values.Count} values; the options name {missing.Length} further columns."), path, row.Line);
        }
        ungrouped += options.Group is not null && string.IsNullOrEmpty(row.Group) ? 1 : 0;
        if (options.Time is not null && !TimeField.TryRead(row.Time ?? "", out _, out _))
            throw new InputException(TimeField.Complaint(row.Time ?? ""), path, row.Line);
        for (int i = 0; i < missing.Length; i++)
        {
            int number = i - options.Categories.Count;
            if (number >= 0 && !NumberField.TryRead(row.Values[i], out _))
                throw new InputException(NumberField.Complaint(row.Values[i], $"'{options.Numbers[number]}'"), path, row.Line);
            missing[i] += number < 0 ? row.Values[i].Length == 0 ? 1 : 0 : NumberField.IsMissing(row.Values[i]) ? 1 : 0;
        }
        rows.Add(example);
    }

    private TextExample Target(TextRow row)
    {
        var example = new TextExample(row.Text, -1, row.Line) { Values = row.Values, Group = row.Group, Time = row.Time };
        switch (options.Target)
        {
            case TargetKind.Number:
                if (NumberField.TryRead(row.Label!, out double number) && !double.IsNaN(number))
                    return example with { Number = number };
                throw new InputException(NumberField.Complaint(row.Label!, "the label"), path, row.Line);
            case TargetKind.Multi:
                string[] parts = row.Label!.Split(options.LabelSeparator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                return example with { Labels = [.. parts.Select(part => Index(part, row.Line)).Distinct().Order()] };
            default:
                return example with { Label = Index(row.Label!, row.Line) };
        }
    }

    private int Index(string label, long line)
    {
        if (indices.TryGetValue(label, out int index))
            return index;
        if (options.LabelNames is not null)
        {
            throw new InputException($"the label '{NearestName.Shown(label)}' is not known; known are {NearestName.List(names)}."
                + NearestName.Hint(label, names), path, line);
        }
        names.Add(label);
        indices[label] = names.Count - 1;
        return names.Count - 1;
    }

    // Labels got their indices in the order of the file; the sorted order does not depend on it.
    private TextExample[] Sorted()
    {
        int[] rank = [.. Enumerable.Range(0, names.Count)];
        if (options.LabelNames is null)
        {
            string[] old = [.. names];
            Sort();
            var places = names.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);
            rank = Array.ConvertAll(old, name => places[name]);
        }
        return options.Target switch
        {
            TargetKind.Number => [.. rows],
            TargetKind.Multi => [.. rows.Select(row => row with { Labels = [.. row.Labels.Select(label => rank[label]).Order()] })],
            TargetKind.Ordinal => [.. rows.Select(row => row with { Label = rank[row.Label], Number = rank[row.Label] })],
            _ => [.. rows.Select(row => row with { Label = rank[row.Label] })],
        };
    }

    private void Sort()
    {
        if (options.Target != TargetKind.Ordinal)
        {
            names.Sort(StringComparer.Ordinal);
            return;
        }
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (!NumberField.TryRead(name, out double number) || double.IsNaN(number))
            {
                throw new InputException($"the labels are no numbers ('{NearestName.Shown(name)}'), so their order is not known; "
                    + "give the labels from low to high (LabelNames).", path);
            }
            values[name] = number;
        }
        names.Sort((a, b) => values[a].CompareTo(values[b]) is var order and not 0 ? order : string.CompareOrdinal(a, b));
    }
}
