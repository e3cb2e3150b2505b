using System.Globalization;
using System.Text.RegularExpressions;

namespace Heed;

/// <summary>Pairs that every machine with .NET and ICU has: dates in many languages from the CLDR data behind <see cref="CultureInfo"/>, and the same dates as ISO 8601 writes them.</summary>
/// <remarks>
/// <para>Formats: all of the language's countries that name the month, or write year, month and day in this order; with the whole year, with and without the weekday, names long and short; by the Gregorian
/// calendar. What means two dates, in one language or in several (<c>listopada</c> is October and November), is left out. One in eight dates is in lower case.</para>
/// <para>No date of the dev and test parts is in the training part, in any language or format. The same seed and the same ICU version give the same pairs. Thread-safe.</para>
/// </remarks>
public static partial class CultureDates
{
    private const int FirstYear = 1900, YearCount = 200;

    /// <summary>The languages, by their English names.</summary>
    public static IReadOnlyList<string> Languages => CultureLines.Languages;

    /// <summary>Makes the pairs and divides them.</summary>
    /// <param name="count">Pairs in all three parts together; at least 100.</param>
    /// <param name="seed">The seed of all choices.</param>
    /// <param name="dev">The share of the development part.</param>
    /// <param name="test">The share of the test part.</param>
    /// <exception cref="InputException">The process runs without ICU data.</exception>
    public static PairSplit Make(int count = 60_000, ulong seed = 1, double dev = 0.03, double test = 0.05)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 100);
        if (!(dev > 0 && test > 0 && dev + test < 1))
            throw new ArgumentOutOfRangeException(nameof(test), "CultureDates.Make: dev and test must be above 0 and together below 1.");
        if (!CultureLines.IsAvailable)
            throw new InputException("this process has no culture data (invariant globalization mode). Install ICU and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        Format[][] formats = Formats();
        RandomStream random = new(seed, "culture dates");
        int[] days = [.. Enumerable.Range(0, (int)(new DateTime(FirstYear + YearCount, 1, 1, 0, 0, 0, DateTimeKind.Unspecified) - Day(0)).TotalDays)];
        random.Shuffle<int>(days);
        int testDays = (int)(test * days.Length), devDays = (int)(dev * days.Length);
        HashSet<(string, string)> seen = [];
        PairData Part(ReadOnlySpan<int> from, double share)
        {
            List<(string Source, string Target)> pairs = [];
            for (int attempt = 0; pairs.Count < (int)(share * count) && attempt < 20 * count; attempt++)
            {
                Format[] own = formats[random.Next(formats.Length)];
                Format format = own[random.Next(own.Length)];
                DateTime date = Day(from[random.Next(from.Length)]);
                string source = format.Write(date);
                if (random.Next(8) == 0)
                    source = string.Create(source.Length, source, static (to, text) => LowerCase.Into(text, to));
                (string, string) pair = (source, date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
                if (seen.Add(pair))
                    pairs.Add(pair);
            }
            return PairData.FromPairs(pairs);
        }
        return new PairSplit(Part(days.AsSpan(testDays + devDays), 1 - dev - test), Part(days.AsSpan(testDays, devDays), dev), Part(days.AsSpan(0, testDays), test));
    }

    /// <summary>How many languages and formats there are on this machine.</summary>
    public static (int Languages, int Formats) Count()
    {
        Format[][] formats = Formats();
        return (formats.Length, formats.Sum(own => own.Length));
    }

    private static DateTime Day(int number) => new DateTime(FirstYear, 1, 1, 0, 0, 0, DateTimeKind.Unspecified).AddDays(number);

    // The unambiguous formats of each language that has some.
    private static Format[][] Formats()
    {
        CultureInfo[] all = CultureInfo.GetCultures(CultureTypes.AllCultures);
        Format[][] formats = [.. CultureLines.LanguageCodes.Select(code => CultureSource.Own(code, all).SelectMany(Of)
            .DistinctBy(f => string.Join('|', f.Shapes().Select(s => s.Shape)), StringComparer.Ordinal).ToArray())];
        // A shape that stands for two months, or two weekdays of one month, does not tell the date.
        Dictionary<string, int> months = new(StringComparer.Ordinal);
        foreach ((string shape, int month) in formats.SelectMany(own => own).SelectMany(f => f.Shapes()))
            months[shape] = months.TryGetValue(shape, out int other) && other != month ? 0 : month;
        return [.. formats.Select(own => own.Where(f => f.Shapes().All(s => months[s.Shape] != 0)).ToArray()).Where(own => own.Length > 0)];
    }

    private static IEnumerable<Format> Of(CultureInfo culture)
    {
        DateTimeFormatInfo format = CultureSource.Gregorian(culture);
        if (format.Calendar is not GregorianCalendar)
            yield break;
        HashSet<string> patterns = new(StringComparer.Ordinal);
        foreach (string pattern in format.GetAllDateTimePatterns('D').Concat(format.GetAllDateTimePatterns('d')))
        {
            foreach (string one in new[] { pattern, WithoutWeekday(pattern) })
            {
                patterns.Add(one);
                patterns.Add(one.Replace("MMMM", "MMM", StringComparison.Ordinal).Replace("dddd", "ddd", StringComparison.Ordinal));
            }
        }
        foreach (string pattern in patterns.Where(TellsTheDate))
            yield return new Format(format, pattern);
    }

    private static string WithoutWeekday(string pattern) => Weekday().Replace(pattern, "").Trim();

    // Day, month and the whole year; the month by name, or in the order year, month, day.
    private static bool TellsTheDate(string pattern)
    {
        string bare = Weekday().Replace(Quoted().Replace(pattern, ""), "");
        int year = bare.IndexOf("yyyy", StringComparison.Ordinal), month = bare.IndexOf('M', StringComparison.Ordinal), day = bare.IndexOf('d', StringComparison.Ordinal);
        return year >= 0 && month >= 0 && day >= 0 && !bare.Contains('g', StringComparison.Ordinal) && (bare.Contains("MMM", StringComparison.Ordinal) || (year < month && month < day));
    }

    [GeneratedRegex(@"\s*[,،]?\s*\(?dddd?\)?[,،.]?\s*", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Weekday();

    [GeneratedRegex(@"'[^']*'", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted();

    private sealed class Format(DateTimeFormatInfo format, string pattern)
    {
        public string Write(DateTime date) => CultureSource.Clean(date.ToString(pattern, format));

        /// <summary>What dates of each month look like, apart from numbers and case; where the month is a number, the shape says nothing about it.</summary>
        public IEnumerable<(string Shape, int Month)> Shapes()
        {
            bool isNamed = pattern.Contains("MMM", StringComparison.Ordinal), hasWeekday = pattern.Contains("ddd", StringComparison.Ordinal);
            for (int month = 1; month <= (isNamed ? 12 : 1); month++)
            {
                for (int day = 1; day <= (hasWeekday ? 7 : 1); day++)
                    yield return (CultureSource.Shape(Write(new DateTime(2001, month, day, 0, 0, 0, DateTimeKind.Unspecified))), isNamed ? month : 13);
            }
        }
    }
}
