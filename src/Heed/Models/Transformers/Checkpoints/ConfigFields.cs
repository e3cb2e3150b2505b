using System.Text.Json;

namespace Heed;

/// <summary>Reads the fields of a <c>config.json</c>, each checked; a fault is a <see cref="FormatException"/> that names the field.</summary>
internal readonly struct ConfigFields(JsonElement root)
{
    // More of anything is no network that a machine could hold, and products of two still fit 63 bits.
    private const int Largest = 1 << 24;

    /// <summary>A field, unless it is missing or null.</summary>
    public JsonElement? Find(string name) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>The fields of an object inside.</summary>
    public ConfigFields? Inside(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new ConfigFields(value),
        _ => throw new FormatException($"'{name}' must be an object"),
    };

    public int Count(string name) => CountOrNone(name) ?? throw new FormatException($"'{name}' is missing");

    public int Count(string name, int absent) => CountOrNone(name) ?? absent;

    /// <summary>A number of things: whole, at least <paramref name="least"/>.</summary>
    public int? CountOrNone(string name, int least = 1) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) && count >= least && count <= Largest ? count
        : throw new FormatException(FormattableString.Invariant($"'{name}' must be a whole number in {least} … {Largest}, got {Shown(value)}"));

    /// <summary>A number in [least, most].</summary>
    public double Number(string name, double absent, double least, double most) => Find(name) is not { } value ? absent
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least && number <= most ? number
        : throw new FormatException(FormattableString.Invariant($"'{name}' must be a number in {least} … {most}, got {Shown(value)}"));

    public bool Flag(string name, bool absent) => Find(name)?.ValueKind switch
    {
        null => absent,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new FormatException($"'{name}' must be true or false"),
    };

    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw new FormatException($"'{name}' must be a text");

    /// <summary>An id or several; those that a vocabulary lacks (some write −1 for none) are left out.</summary>
    public int[] Ids(string name, int vocabularySize)
    {
        if (Find(name) is not { } value)
            return [];
        JsonElement[] all = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (Array.Exists(all, id => id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out _)))
            throw new FormatException($"'{name}' must be the id of a token, or a list of them, got {Shown(value)}");
        return [.. all.Select(id => id.GetInt32()).Where(id => id >= 0 && id < vocabularySize).Distinct()];
    }

    /// <summary>A probability below 1.</summary>
    public double Dropout(string name, double absent) => Number(name, absent, 0, 0.999);

    /// <summary>ε of a normalisation.</summary>
    public double Epsilon(string name, double absent) => Number(name, absent, 1e-30, 1);

    /// <summary>Refuses a setting that changes what the network computes and that is not built.</summary>
    public void Expect(string name, bool expected)
    {
        if (Flag(name, expected) != expected)
            throw new FormatException($"'{name}': {(expected ? "false" : "true")} is not supported");
    }

    /// <summary>One of several names, translated.</summary>
    public string Choose(string name, string absent, params (string Theirs, string Ours)[] choices)
    {
        string text = Text(name) ?? absent;
        foreach ((string theirs, string ours) in choices)
        {
            if (theirs == text)
                return ours;
        }
        throw new FormatException($"'{name}': '{NearestName.Shown(text)}' is not supported; supported are {string.Join(", ", choices.Select(c => c.Theirs))}");
    }

    private static string Shown(JsonElement value) => NearestName.Shown(value.GetRawText());
}
