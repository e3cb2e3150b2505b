using System.Globalization;

namespace Heed;

/// <summary>What the culture data hold for one language: names and ways to write a date.</summary>
internal sealed class CultureSource
{
    private static readonly DateTime firstDay = new(2001, 1, 1, 9, 5, 0, DateTimeKind.Unspecified);

    private readonly List<(DateTimeFormatInfo Format, string Pattern)> dates;
    private HashSet<string> shared = [];

    /// <summary>Reads the data; sets the UI culture of the calling thread.</summary>
    /// <param name="code">The language.</param>
    /// <param name="all">All cultures, which cost time to list.</param>
    public CultureSource(string code, CultureInfo[] all)
    {
        CultureInfo[] own = Own(code, all);
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(code);
        Names = [.. DisplayNames(all).Concat(own.Select(culture => Clean(new RegionInfo(culture.Name).CurrencyNativeName))).Where(HasLetter)
            .Distinct(StringComparer.Ordinal)];
        NativeNames = [.. own.Take(1).SelectMany(culture => new[] { culture.Parent.NativeName, new RegionInfo(culture.Name).NativeName }).Select(Clean)];
        dates = [.. own.SelectMany(Formats).DistinctBy(date => string.Join('|', [date.Pattern, .. date.Format.MonthGenitiveNames, .. date.Format.DayNames,
            .. date.Format.AbbreviatedMonthGenitiveNames, .. date.Format.AbbreviatedDayNames]), StringComparer.Ordinal)];
    }

    /// <summary>Names of languages, countries, languages of countries, and currencies, in this language.</summary>
    public string[] Names { get; private set; }

    /// <summary>What the language and its main country are called in it.</summary>
    public string[] NativeNames { get; }

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
        HashSet<string> names = Repeated(sources.Select(source => source.Names.Select(Shape)));
        HashSet<string> shapes = Repeated(sources.Select(source => source.Shapes()));
        foreach (CultureSource source in sources)
        {
            source.Names = [.. source.Names.Where(name => !names.Contains(Shape(name)))];
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

    private static CultureInfo[] Own(string code, CultureInfo[] all)
    {
        CultureInfo main = CultureInfo.CreateSpecificCulture(code);
        // Other scripts of the language have parents of their own.
        IEnumerable<CultureInfo> others = all.Where(culture => !culture.IsNeutralCulture && culture.Name != main.Name && culture.Name.Length > 0
            && (culture.Parent.Name == code || culture.Parent.Name == main.Parent.Name) && HasCountry(culture));
        return [main, .. others.OrderBy(culture => culture.Name, StringComparer.Ordinal)];
    }

    private static bool HasCountry(CultureInfo culture) => culture.Name.Split('-') is [.., { Length: 2 }];

    private static IEnumerable<string> DisplayNames(CultureInfo[] all)
    {
        var countries = new HashSet<string>(StringComparer.Ordinal);
        foreach (CultureInfo culture in all.OrderBy(culture => culture.Name, StringComparer.Ordinal))
        {
            if (culture.Name.Length == 0)
                continue;
            string name = Clean(new CultureInfo(culture.Name).DisplayName);
            yield return name;
            int open = name.IndexOfAny(['(', '（']), close = name.LastIndexOfAny([')', '）']);
            if (culture.Name.Split('-') is [_, { Length: 2 } country] && open >= 0 && close > open && countries.Add(country))
                yield return name[(open + 1)..close];
        }
    }

    private static IEnumerable<(DateTimeFormatInfo Format, string Pattern)> Formats(CultureInfo culture)
    {
        var format = (DateTimeFormatInfo)culture.DateTimeFormat.Clone();
        if (culture.OptionalCalendars.OfType<GregorianCalendar>().FirstOrDefault() is { } gregorian)
            format.Calendar = gregorian;
        IEnumerable<string> standard = format.GetAllDateTimePatterns().Where(pattern => !pattern.Contains("GMT", StringComparison.Ordinal)
            && !pattern.StartsWith("yyyy'-'", StringComparison.Ordinal) && (pattern.Contains("MMM", StringComparison.Ordinal)
            || pattern.Contains("ddd", StringComparison.Ordinal)));
        return standard.Concat(standard.Select(pattern => pattern.Replace("MMMM", "MMM", StringComparison.Ordinal).Replace("dddd", "ddd", StringComparison.Ordinal)))
            .Append("dddd").Append("MMMM").Distinct(StringComparer.Ordinal).Select(pattern => (format, pattern)).Where(date => HasLetter(firstDay.ToString(date.pattern, date.format)));
    }

    private static bool HasLetter(string text) => text.Any(char.IsLetter);

    // Without marks that nobody types, and with plain spaces.
    private static string Clean(string text) =>
        string.Concat(text.Where(c => char.GetUnicodeCategory(c) != UnicodeCategory.Format).Select(c => char.IsWhiteSpace(c) ? ' ' : c)).Trim();

    // What is left of a line when case and numbers do not count.
    private static string Shape(string line)
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
