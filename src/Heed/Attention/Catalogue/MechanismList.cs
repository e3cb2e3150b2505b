using System.Globalization;

namespace Heed;

/// <summary>The mechanisms among which a configuration chooses by name.</summary>
/// <typeparam name="TBuilder">What makes one of them.</typeparam>
/// <param name="what">What they are called in messages: score, pooling.</param>
/// <param name="entries">Their entries; each has a builder.</param>
internal sealed class MechanismList<TBuilder>(string what, params Mechanism[] entries)
    where TBuilder : Delegate
{
    public IReadOnlyList<Mechanism> All => entries;

    public IReadOnlyList<string> Names { get; } = [.. entries.Select(e => e.Name)];

    /// <summary>The builder of a name, and its numbers where they stand in parentheses behind it.</summary>
    /// <exception cref="ArgumentException">The name is unknown, or the numbers are wrong; the message says what there is, and what is nearest.</exception>
    public (TBuilder Builder, double[] Numbers) Find(string operation, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int open = text.IndexOf('(', StringComparison.Ordinal);
        string name = (open < 0 ? text : text[..open]).Trim();
        Mechanism entry = Array.Find(entries, e => e.Name == name)
            ?? throw new ArgumentException($"{operation}: there is no {what} '{NearestName.Shown(name)}'; there are {string.Join(", ", Names)}.{NearestName.Hint(name, Names)}");
        return ((TBuilder)entry.Builder!, entry.Arguments(operation, open < 0 ? [] : Numbers(operation, entry, text[(open + 1)..].TrimEnd())));
    }

    private static double[] Numbers(string operation, Mechanism entry, string text)
    {
        string inside = text.EndsWith(')') ? text[..^1] : "?";
        double[] numbers = new double[inside.Trim().Length == 0 ? 0 : inside.Count(c => c == ',') + 1];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!double.TryParse(inside.Split(',')[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !double.IsFinite(numbers[i]))
                throw new ArgumentException($"{operation}: '{NearestName.Shown(text)}' are no numbers in parentheses; write {entry.Signature}.");
        }
        return numbers;
    }
}
