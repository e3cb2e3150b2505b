namespace Heed;

/// <summary>From the further columns of a table to what a network reads: ids for categories, standardised values for numbers.</summary>
/// <remarks>Learned from the training rows alone, so nothing of the test leaks. Immutable and thread-safe. Saved as one JSON file,
/// <c>features.json</c>.</remarks>
public sealed class FeatureEncoder
{
    /// <summary>Puts an encoder together.</summary>
    /// <param name="categories">The columns of categories, in the order of the fields.</param>
    /// <param name="numbers">The columns of numbers, whose fields follow.</param>
    public FeatureEncoder(IEnumerable<CategoryFeature> categories, IEnumerable<NumberFeature> numbers)
    {
        ArgumentNullException.ThrowIfNull(categories);
        ArgumentNullException.ThrowIfNull(numbers);
        (Categories, Numbers) = ([.. categories], [.. numbers]);
        VectorSize = Categories.Sum(column => column.Count) + 2 * Numbers.Count;
    }

    /// <summary>The columns of categories.</summary>
    public IReadOnlyList<CategoryFeature> Categories { get; }

    /// <summary>The columns of numbers.</summary>
    public IReadOnlyList<NumberFeature> Numbers { get; }

    /// <summary>How many fields a row has.</summary>
    public int FieldCount => Categories.Count + Numbers.Count;

    /// <summary>The length of a row's vector: one place for each id of each category, and for each number its value and whether it is missing.</summary>
    public int VectorSize { get; }

    /// <summary>Learns the values of the further columns.</summary>
    /// <param name="train">The training rows.</param>
    /// <param name="options">Which values are kept; default if null.</param>
    /// <returns>An encoder of no columns if the rows have none.</returns>
    public static FeatureEncoder Build(TextData train, FeatureEncoderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        options ??= new FeatureEncoderOptions();
        options.Validate();
        int categories = train.CategoryColumns.Count;
        return new FeatureEncoder(
            train.CategoryColumns.Select((name, i) => new CategoryFeature(name, Frequent(train.Select(row => row.Values[i]), options))),
            train.NumberColumns.Select((name, i) => NumberFeature.Learn(name, train.Select(row => row.Values[categories + i]))));
    }

    /// <summary>Encodes all rows of a set.</summary>
    /// <param name="data">Rows with the same further columns.</param>
    /// <exception cref="ArgumentException">The columns are others.</exception>
    public FeatureTable Encode(TextData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.CategoryColumns.SequenceEqual(Categories.Select(c => c.Name), StringComparer.Ordinal)
            || !data.NumberColumns.SequenceEqual(Numbers.Select(n => n.Name), StringComparer.Ordinal))
        {
            throw new ArgumentException($"FeatureEncoder.Encode: the rows have the columns {Shown(data.CategoryColumns, data.NumberColumns)}, "
                + $"the encoder {Shown([.. Categories.Select(c => c.Name)], [.. Numbers.Select(n => n.Name)])}; read them with the same Categories and Numbers.",
                nameof(data));
        }
        return Encode([.. data.Select(row => row.Values)]);
    }

    /// <summary>Encodes rows by their fields.</summary>
    /// <param name="rows">For each row the fields of the categories, then of the numbers.</param>
    /// <exception cref="ArgumentException">A row has another number of fields.</exception>
    /// <exception cref="InputException">A field of a number is none.</exception>
    public FeatureTable Encode(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        int[] ids = new int[checked(rows.Count * Categories.Count)];
        float[] numbers = new float[checked(rows.Count * Numbers.Count)];
        bool[] missing = new bool[numbers.Length];
        for (int row = 0; row < rows.Count; row++)
        {
            IReadOnlyList<string> fields = rows[row];
            if (fields.Count != FieldCount)
            {
                throw new ArgumentException(FormattableString.Invariant(
                    $"FeatureEncoder.Encode: row {row} has {fields.Count} fields, {FieldCount} are required: categories, then numbers."), nameof(rows));
            }
            for (int i = 0; i < Categories.Count; i++)
                ids[row * Categories.Count + i] = Categories[i].Id(fields[i]);
            for (int i = 0; i < Numbers.Count; i++)
            {
                int at = row * Numbers.Count + i;
                numbers[at] = Numbers[i].Standardize(fields[Categories.Count + i], out missing[at]);
            }
        }
        return new FeatureTable(this, rows.Count, ids, numbers, missing);
    }

    /// <summary>Writes the encoder as one JSON file (UTF-8).</summary>
    /// <param name="stream">The destination; stays open.</param>
    public void Save(Stream stream) => FeatureFile.Save(this, stream);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is missing, is not such a file, is damaged or of a later version.</exception>
    public static FeatureEncoder Load(string path) => FeatureFile.Load(path);

    private static IEnumerable<string> Frequent(IEnumerable<string> fields, FeatureEncoderOptions options) => fields.Where(field => field.Length > 0)
        .GroupBy(field => field, StringComparer.Ordinal).Where(group => group.Count() >= options.MinimumCount)
        .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).Take(options.MaximumSize)
        .Select(group => group.Key).Order(StringComparer.Ordinal);

    private static string Shown(IReadOnlyList<string> categories, IReadOnlyList<string> numbers) =>
        categories.Count + numbers.Count == 0 ? "none" : NearestName.List([.. categories, .. numbers]);
}
