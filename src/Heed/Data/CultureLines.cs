using System.Globalization;

namespace Heed;

/// <summary>A labelled set that every machine with .NET and ICU has: lines in many languages from the CLDR data behind <see cref="CultureInfo"/>.
/// The label is the language.</summary>
/// <remarks>
/// <para>Kinds of lines: dates in all formats of the language's countries (2 in 5 lines); names of languages, countries and currencies, alone or
/// two to three in a list (3 in 10); and entries of a glossary such as <c>Saksa – Germany</c> or <c>Germany (Saksa)</c>, where a name in another
/// language is translated and the line counts as written in the language of the translation (3 in 10). Then come typing errors. A name or a
/// date that is the same in several languages, apart from numbers and case, is left out.</para>
/// <para>The same seed and the same ICU version give the same lines; another ICU version has other CLDR data. Cost: about a second.
/// Thread-safe: the caller's culture is not touched.</para>
/// </remarks>
public static class CultureLines
{
    private static readonly (string Code, string Name)[] languages =
    [
        ("af", "Afrikaans"), ("sq", "Albanian"), ("ar", "Arabic"), ("az", "Azerbaijani"), ("eu", "Basque"), ("be", "Belarusian"), ("bs", "Bosnian"),
        ("bg", "Bulgarian"), ("ca", "Catalan"), ("zh", "Chinese"), ("hr", "Croatian"), ("cs", "Czech"), ("da", "Danish"), ("nl", "Dutch"),
        ("en", "English"), ("et", "Estonian"), ("fi", "Finnish"), ("fr", "French"), ("gl", "Galician"), ("de", "German"), ("el", "Greek"),
        ("hi", "Hindi"), ("hu", "Hungarian"), ("is", "Icelandic"), ("id", "Indonesian"), ("it", "Italian"), ("ja", "Japanese"), ("kk", "Kazakh"),
        ("ko", "Korean"), ("lv", "Latvian"), ("lt", "Lithuanian"), ("mk", "Macedonian"), ("ms", "Malay"), ("mr", "Marathi"), ("nb", "Norwegian"),
        ("fa", "Persian"), ("pl", "Polish"), ("pt", "Portuguese"), ("ro", "Romanian"), ("ru", "Russian"), ("sr", "Serbian"), ("sk", "Slovak"),
        ("sl", "Slovenian"), ("es", "Spanish"), ("sw", "Swahili"), ("sv", "Swedish"), ("tr", "Turkish"), ("uk", "Ukrainian"), ("vi", "Vietnamese"),
    ];

    /// <summary>The English names of the languages: the labels.</summary>
    public static IReadOnlyList<string> Languages { get; } = Array.ConvertAll(languages, language => language.Name);

    internal static IReadOnlyList<string> LanguageCodes { get; } = Array.ConvertAll(languages, language => language.Code);

    /// <summary>Whether this process has the CLDR data: not in invariant globalization mode.</summary>
    public static bool IsAvailable
    {
        get
        {
            try
            {
                return CultureInfo.GetCultureInfo("de").DateTimeFormat.GetDayName(DayOfWeek.Monday) == "Montag";
            }
            catch (CultureNotFoundException)
            {
                return false;
            }
        }
    }

    /// <summary>Makes the lines and divides them.</summary>
    /// <param name="options">Seed, number, noise and shares; default if null.</param>
    /// <returns>Parts with the same labels, balanced, with equal texts in one part.</returns>
    /// <exception cref="InputException">The process runs without ICU data; the message says what to install.</exception>
    public static TextSplit Make(CultureLinesOptions? options = null)
    {
        options ??= new CultureLinesOptions();
        options.Validate();
        if (!IsAvailable)
        {
            throw new InputException("this process has no culture data (invariant globalization mode). Install ICU (Debian: apt install libicu72, "
                + "Ubuntu: libicu74, Fedora: libicu, Alpine: icu-libs icu-data-full) and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        }
        List<(string Text, string Label)> rows = [];
        Exception? failure = null;
        // Display names follow the thread's UI culture, so the work gets a thread of its own.
        var thread = new Thread(() =>
        {
            try
            {
                rows = Lines(options);
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
            throw new InvalidOperationException($"CultureLines.Make: the culture data could not be read ({failure.Message}).", failure);
        return TextData.FromRows(rows, Languages).Split(options.Seed, options.Dev, options.Test);
    }

    private static List<(string Text, string Label)> Lines(CultureLinesOptions options)
    {
        CultureInfo[] all = CultureInfo.GetCultures(CultureTypes.AllCultures);
        CultureSource[] sources = Array.ConvertAll(languages, language => new CultureSource(language.Code, all));
        CultureSource.LeaveOutShared(sources);

        var stream = new RandomStream(options.Seed, "culture lines");
        int quota = options.LineCount / languages.Length;
        var lines = new List<string>[languages.Length];
        var owners = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < languages.Length; i++)
        {
            var composer = new CultureLineComposer(sources[i], sources, stream.Fork(languages[i].Code), options.Noise);
            // Some more than needed: a few will turn out to stand in two languages.
            lines[i] = composer.Compose(quota + quota / 10 + 5);
            foreach (string line in lines[i])
                owners[line] = owners.TryGetValue(line, out int owner) && owner != i ? -1 : i;
        }
        var rows = new List<(string Text, string Label)>();
        for (int i = 0; i < languages.Length; i++)
            rows.AddRange(lines[i].Where(line => owners[line] == i).Take(quota).Select(line => (line, languages[i].Name)));
        stream.Fork("order").Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows));
        return rows;
    }
}
