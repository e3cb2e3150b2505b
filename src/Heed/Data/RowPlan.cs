namespace Heed;

/// <summary>Which columns make up a row, and how their fields become one.</summary>
internal sealed class RowPlan
{
    private readonly TextReadOptions options;
    private readonly int pair, label, values, group, time;

    public RowPlan(TextReadOptions options)
    {
        this.options = options;
        var wanted = new List<WantedColumn> { new(options.Text, "text", IsRequired: true) };
        wanted.AddRange(options.MoreText.Select(name => new WantedColumn(name, "text", IsRequired: true)));
        pair = Add(options.Pair, "second text", isRequired: true);
        label = Add(options.Label, "label", options.LabelRequired);
        values = wanted.Count;
        wanted.AddRange(options.Categories.Select(name => new WantedColumn(name, "category", IsRequired: true)));
        wanted.AddRange(options.Numbers.Select(name => new WantedColumn(name, "number", IsRequired: true)));
        group = Add(options.Group, "group", isRequired: true);
        time = Add(options.Time, "time", isRequired: true);
        Wanted = wanted;

        int Add(string? name, string role, bool isRequired)
        {
            if (name is null)
                return -1;
            wanted.Add(new WantedColumn(name, role, isRequired));
            return wanted.Count - 1;
        }
    }

    /// <summary>The columns in the order in which <see cref="Row"/> takes their fields; the text is the first.</summary>
    public IReadOnlyList<WantedColumn> Wanted { get; }

    /// <summary>Whether a wanted column holds a text, which in JSON must be a string.</summary>
    public bool IsText(int index) => index <= options.MoreText.Count || index == pair;

    /// <summary>Whether a wanted column holds the label.</summary>
    public bool IsLabel(int index) => index == label;

    /// <summary>Puts a row together; a field is null where the column is not there.</summary>
    public TextRow Row(ReadOnlySpan<string?> fields, long line)
    {
        string text = fields[0]!;
        for (int i = 1; i <= options.MoreText.Count; i++)
            text = fields[i]!.Length == 0 ? text : text.Length == 0 ? fields[i]! : text + "\n" + fields[i];
        if (pair >= 0)
            text = TextPair.Join(text, fields[pair]!);
        int count = options.Categories.Count + options.Numbers.Count;
        var row = new TextRow(text, label < 0 ? null : fields[label]?.Trim(), line);
        if (count == 0 && group < 0 && time < 0)
            return row;
        string[] further = new string[count];
        for (int i = 0; i < count; i++)
            further[i] = fields[values + i]!.Trim();
        return row with { Values = further, Group = group < 0 ? null : fields[group]!.Trim(), Time = time < 0 ? null : fields[time]!.Trim() };
    }
}

/// <summary>A column that is to be read.</summary>
/// <param name="Name">Its name, or a number from 1.</param>
/// <param name="Role">What messages call it.</param>
/// <param name="IsRequired">Whether a file without it is an error.</param>
internal readonly record struct WantedColumn(string Name, string Role, bool IsRequired);
