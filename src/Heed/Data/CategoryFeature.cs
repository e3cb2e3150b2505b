namespace Heed;

/// <summary>A column of categories: id 0 stands for a value that training did not know, 1 for a missing one, then the known values, sorted ordinally.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class CategoryFeature
{
    /// <summary>The id of a value that training did not know.</summary>
    public const int Unknown = 0;

    /// <summary>The id of a missing value: an empty field.</summary>
    public const int Missing = 1;

    private readonly Dictionary<string, int> ids;

    /// <summary>Creates a column from what is known about it.</summary>
    /// <param name="name">The column.</param>
    /// <param name="values">The known values in the order of their ids from 2 on; none is empty or there twice.</param>
    /// <exception cref="ArgumentException">A value is empty or there twice.</exception>
    public CategoryFeature(string name, IEnumerable<string> values)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(values);
        (Name, Values) = (name, [.. values]);
        ids = new Dictionary<string, int>(StringComparer.Ordinal) { [""] = Missing };
        for (int i = 0; i < Values.Count; i++)
        {
            if (!ids.TryAdd(Values[i], i + 2))
                throw new ArgumentException($"CategoryFeature: the value '{Values[i]}' of '{name}' is empty or there twice.", nameof(values));
        }
    }

    /// <summary>The column.</summary>
    public string Name { get; }

    /// <summary>The known values, from id 2 on.</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>How many ids there are, unknown and missing included.</summary>
    public int Count => Values.Count + 2;

    /// <summary>The id of a field.</summary>
    /// <param name="field">As it stands in the table.</param>
    public int Id(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return ids.TryGetValue(field, out int id) ? id : Unknown;
    }
}
