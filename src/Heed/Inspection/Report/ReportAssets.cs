using System.Text;

namespace Heed;

/// <summary>Style and script of a report, from the files beside this one, and the colours of its scales.</summary>
/// <remarks>Behind letters two scales of eight steps: <c>p</c> for weights and what speaks for an answer (orange), <c>n</c> for what speaks against it (blue); they stay apart with red-green and blue-yellow blindness. Without letters
/// one of sixteen, <c>h</c>, of one hue, whose lightness changes evenly.</remarks>
internal static class ReportAssets
{
    /// <summary>Steps of a scale, without that for nothing.</summary>
    public const int Levels = 8;

    private const int HeatLevels = 16;

    private static readonly Lazy<string> style = new(() => ScaleStyle() + Read("report.css")), script = new(() => Read("report.js"));

    public static string Style => style.Value;

    public static string Script => script.Value;

    /// <summary>Ink, paper and the strongest colours of a theme.</summary>
    public static (PictureColour Ink, PictureColour Paper, PictureColour For, PictureColour Against) Theme(bool isDark) => isDark
        ? (new(240, 241, 243), new(22, 24, 28), new(148, 82, 0), new(12, 92, 146))
        : (new(26, 26, 26), new(255, 255, 255), new(246, 160, 56), new(108, 176, 232));

    /// <summary>The colour behind letters.</summary>
    /// <param name="level">−8 to 8; below 0 against.</param>
    /// <param name="isDark">Which theme.</param>
    public static PictureColour Shade(int level, bool isDark)
    {
        (_, PictureColour paper, PictureColour positive, PictureColour negative) = Theme(isDark);
        return paper.Mix(level < 0 ? negative : positive, Math.Abs(level) / (double)Levels);
    }

    /// <summary>The colour of a matrix's cell.</summary>
    private static PictureColour Heat(int level, bool isDark)
    {
        (_, PictureColour paper, PictureColour middle, _) = Theme(isDark);
        double share = 2.0 * level / HeatLevels;
        return share <= 1 ? paper.Mix(middle, share) : middle.Mix(isDark ? new(255, 205, 120) : new(132, 58, 0), share - 1);
    }

    /// <summary>The step of a score among scores whose largest size is known: 0 for nothing.</summary>
    public static int Level(float score, float largest) => largest > 0 && float.IsFinite(score) ? (int)Math.Round(Levels * Math.Clamp(score / largest, -1, 1)) : 0;

    /// <summary>The class of a step; null for that of nothing.</summary>
    public static string? ClassOf(int level) => level == 0 ? null : FormattableString.Invariant($"{(level < 0 ? 'n' : 'p')}{Math.Abs(level)}");

    private static string ScaleStyle()
    {
        StringBuilder css = new();
        css.Append(":root{").Append(Variables(isDark: false)).Append("}@media(prefers-color-scheme:dark){:root:not([data-theme=light]){").Append(Variables(isDark: true))
            .Append("}}:root[data-theme=dark]{").Append(Variables(isDark: true)).Append('}');
        for (int level = 1; level <= Levels; level++)
            css.Append(FormattableString.Invariant($".p{level}{{background:var(--p{level})}}.n{level}{{background:var(--n{level})}}"));
        return css.Append('\n').ToString();
    }

    private static string Variables(bool isDark)
    {
        (PictureColour ink, PictureColour paper, _, _) = Theme(isDark);
        StringBuilder css = new($"color-scheme:{(isDark ? "dark" : "light")};--ink:{Hex(ink)};--paper:{Hex(paper)};");
        for (int level = 1; level <= Levels; level++)
            css.Append(FormattableString.Invariant($"--p{level}:{Hex(Shade(level, isDark))};--n{level}:{Hex(Shade(-level, isDark))};"));
        for (int level = 1; level <= HeatLevels; level++)
            css.Append(FormattableString.Invariant($"--h{level}:{Hex(Heat(level, isDark))};"));
        return css.Append(isDark ? "--soft:#a9adb5;--line:#343941;--card:#1d2025;--c0:#5ab4dc;--c1:#e8a050;--c2:#8ccf78;--c3:#d793bd"
            : "--soft:#5b6068;--line:#dcdfe4;--card:#f7f8fa;--c0:#0b6e99;--c1:#b35900;--c2:#2e7d32;--c3:#a0447d").ToString();
    }

    private static string Hex(PictureColour colour) => FormattableString.Invariant($"#{colour.Red:x2}{colour.Green:x2}{colour.Blue:x2}");

    private static string Read(string name)
    {
        using Stream stream = typeof(ReportAssets).Assembly.GetManifestResourceStream("Heed.Report." + name)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
