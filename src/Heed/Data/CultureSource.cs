using System.Globalization;

namespace Heed;

/// <summary>What the culture data hold for one language: names and ways to write a date.</summary>
internal sealed class CultureSource
{
    private static readonly DateTime firstDay = new(2001, 1, 1, 9, 5, 0, DateTimeKind.Unspecified);

    private readonly List<(DateTimeFormatInfo Format, string Pattern)> dates;
    private readonly string[] currencies;
    private HashSet<string> shared = [];

    /// <summary>Reads the data; sets the UI culture of the calling thread.</summary>
    /// <param name="code">The language.</param>
    /// <param name="all">All cultures, which cost time to list.</param>
    public CultureSource(string code, CultureInfo[] all)
    {
        CultureInfo[] own = Own(code, all);
#pragma warning disable RS0030 // Display names come in the UI culture; they are wanted in this language.
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(code);
#pragma warning restore RS0030
        Glossary = [.. DisplayNames(all)];
        currencies = [.. own.Select(culture => Clean(new RegionInfo(culture.Name).CurrencyNativeName))];
        dates = [.. own.SelectMany(Formats).DistinctBy(date => string.Join('|', [date.Pattern, .. date.Format.MonthGenitiveNames,
            .. date.Format.DayNames, .. date.Format.AbbreviatedMonthGenitiveNames, .. date.Format.AbbreviatedDayNames]), StringComparer.Ordinal)];
    }

    /// <summary>Names of languages, of countries and of languages of countries in this language, at the same places for each language;
    /// null where there is no name or another language has the same.</summary>
    public string?[] Glossary { get; private set; }

    /// <summary>The glossary's names and those of currencies, without gaps.</summary>
    public string[] Names { get; private set; } = [];

    /// <summary>A date in a random format, that could not be of another language; null if the draw has no such.</summary>
    public string? Date(RandomStream random)
    {
        (DateTimeFormatInfo format, string pattern) = dates[random.Next(dates.Count)];
        DateTime date = new DateTime(1950, 1, 1, 0, 0, 0, DateTimeKind.Unspecified).AddDays(random.Next(36_500)).AddMinutes(random.Next(1440));
        string line = Clean(date.ToString(pattern, format));
        return shared.Contains(Shape(line)) ? null : line;
    }

    /// <summary>Removes from each language what another one writes the same, apart from case and numbers.</summary>
    public static void LeaveOutShared(CultureSource[] sources)
    {
        HashSet<string> names = Repeated(sources.Select(source => source.Glossary.OfType<string>().Concat(source.currencies).Select(Shape)));
        HashSet<string> shapes = Repeated(sources.Select(source => source.Shapes()));
        foreach (CultureSource source in sources)
        {
            source.Glossary = Array.ConvertAll(source.Glossary, name => name is null || names.Contains(Shape(name)) ? null : name);
            source.Names = [.. source.Glossary.OfType<string>().Concat(source.currencies.Where(name => HasLetter(name) && !names.Contains(Shape(name))))
                .Distinct(StringComparer.Ordinal)];
            source.shared = shapes;
        }
    }

    private static HashSet<string> Repeated(IEnumerable<IEnumerable<string>> perLanguage)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string shape in perLanguage.SelectMany(shapes => shapes.Distinct(StringComparer.Ordinal)))
            counts[shape] = counts.GetValueOrDefault(shape) + 1;
        return [.. counts.Where(entry => entry.Value > 1).Select(entry => entry.Key)];
    }

    // Seven days in each month meet every weekday; morning and evening meet both halves of the day.
    private IEnumerable<string> Shapes()
    {
        foreach ((DateTimeFormatInfo format, string pattern) in dates)
        {
            for (int month = 0; month < 12; month++)
            {
                for (int day = 0; day < (pattern.Contains("ddd", StringComparison.Ordinal) ? 7 : 1); day++)
                {
                    DateTime date = firstDay.AddMonths(month).AddDays(day);
                    yield return Shape(Clean(date.ToString(pattern, format)));
                    if (pattern.Contains('t', StringComparison.Ordinal))
                        yield return Shape(Clean(date.AddHours(12).ToString(pattern, format)));
                }
            }
        }
    }

    /// <summary>The cultures of a language: its main one, then its other countries'.</summary>
    public static CultureInfo[] Own(string code, CultureInfo[] all)
    {
        CultureInfo main = CultureInfo.CreateSpecificCulture(code);
        // Other scripts of the language have parents of their own.
        IEnumerable<CultureInfo> others = all.Where(culture => !culture.IsNeutralCulture && culture.Name != main.Name && culture.Name.Length > 0
            && (culture.Parent.Name == code || culture.Parent.Name == main.Parent.Name) && HasCountry(culture));
        return [main, .. others.OrderBy(culture => culture.Name, StringComparer.Ordinal)];
    }

    private static bool HasCountry(CultureInfo culture) => culture.Name.Split('-') is [.., { Length: 2 }];

    private static IEnumerable<string?> DisplayNames(CultureInfo[] all)
    {
        var countries = new HashSet<string>(StringComparer.Ordinal);
        foreach (CultureInfo culture in all.OrderBy(culture => culture.Name, StringComparer.Ordinal))
        {
            if (culture.Name.Length == 0)
                continue;
            string name = Clean(new CultureInfo(culture.Name).DisplayName);
            yield return HasLetter(name) ? name : null;
            int open = name.IndexOfAny(['(', '（']), close = name.LastIndexOfAny([')', '）']);
            if (culture.Name.Split('-') is [_, { Length: 2 } country] && countries.Add(country))
                yield return open >= 0 && close > open ? name[(open + 1)..close] : null;
        }
    }

    /// <summary>A culture's way to write dates, by the Gregorian calendar where it knows it.</summary>
    public static DateTimeFormatInfo Gregorian(CultureInfo culture)
    {
        var format = (DateTimeFormatInfo)culture.DateTimeFormat.Clone();
        if (culture.OptionalCalendars.OfType<GregorianCalendar>().FirstOrDefault() is { } gregorian)
            format.Calendar = gregorian;
        return format;
    }

    private static IEnumerable<(DateTimeFormatInfo Format, string Pattern)> Formats(CultureInfo culture)
    {
        DateTimeFormatInfo format = Gregorian(culture);
        IEnumerable<string> standard = format.GetAllDateTimePatterns().Where(pattern => !pattern.Contains("GMT", StringComparison.Ordinal)
            && !pattern.StartsWith("yyyy'-'", StringComparison.Ordinal) && (pattern.Contains("MMM", StringComparison.Ordinal)
            || pattern.Contains("ddd", StringComparison.Ordinal)));
        return standard.Concat(standard.Select(Abbreviated)).Append("dddd").Append("MMMM").Distinct(StringComparer.Ordinal)
            .Where(pattern => HasLetter(firstDay.ToString(pattern, format))).Select(pattern => (format, pattern));
    }

    private static string Abbreviated(string pattern) =>
        pattern.Replace("MMMM", "MMM", StringComparison.Ordinal).Replace("dddd", "ddd", StringComparison.Ordinal);

    private static bool HasLetter(string text) => text.Any(char.IsLetter);

    /// <summary>Without marks that nobody types, and with plain spaces.</summary>
    public static string Clean(string text) =>
        string.Concat(text.Where(c => char.GetUnicodeCategory(c) != UnicodeCategory.Format).Select(c => char.IsWhiteSpace(c) ? ' ' : c)).Trim();

    /// <summary>What is left of a line when case and numbers do not count.</summary>
    public static string Shape(string line)
    {
        var shape = new System.Text.StringBuilder(line.Length);
        foreach (char c in line)
        {
            if (!char.IsDigit(c))
                shape.Append((char)LowerCase.Of(c));
            else if (shape.Length == 0 || shape[^1] != '#')
                shape.Append('#');
        }
        return shape.ToString();
    }
}
