using System.Security.Cryptography;
using System.Text;

namespace Heed;

/// <summary>One HTML file that shows what a model does: curves, tables, texts shaded by weights, attention by head, pictures under heat maps.</summary>
/// <remarks>
/// <para>The file needs nothing beside it and asks for nothing: style, script and pictures are inside, and its content security policy forbids the rest. Light or dark as the reader's system is, with a switch; usable by
/// keyboard and with screen readers; colours are told apart with every common colour blindness, and letters keep a contrast of 4.5 : 1. Texts, labels and names are escaped; controls and bidirectional marks are shown.</para>
/// <para>How much it holds at most, <see cref="ReportLimits"/> says, and so does the file.</para>
/// <example><code>
/// classifier.Report(data.Test).Write("tickets.report.html");
/// </code></example>
/// </remarks>
/// <param name="title">The heading.</param>
public sealed class HtmlReport(string title)
{
    /// <summary>What the file begins with.</summary>
    internal const string Opening = "<!doctype html>\n<!-- Heed report 1 -->\n";

    private readonly List<ReportSection> sections = [];

    /// <summary>The heading.</summary>
    public string Title { get; } = title ?? throw new ArgumentNullException(nameof(title));

    /// <summary>A sentence or more under the heading: what the file is of, and what it holds of whom.</summary>
    /// <value>Default none.</value>
    public string Introduction { get; init; } = "";

    /// <summary>What stands in it, in its order.</summary>
    public IReadOnlyList<ReportSection> Sections => sections;

    /// <summary>Adds a section at the end.</summary>
    /// <param name="section">The section.</param>
    /// <returns>This report.</returns>
    public HtmlReport Add(ReportSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        sections.Add(section);
        return this;
    }

    /// <summary>Whether a file was written by this class, so that writing over it harms nothing else.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It cannot be read.</exception>
    public static bool IsIn(string path)
    {
        byte[] start = new byte[Opening.Length];
        int read = FileAccessFault.Guard(path, "read", () =>
        {
            using FileStream stream = File.OpenRead(path);
            return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        });
        return read == start.Length && Encoding.ASCII.GetString(start) == Opening;
    }

    /// <summary>Writes the file, in UTF-8; the target is replaced when the new file is whole.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void Write(string path) => AtomicFile.Write(path, stream =>
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        Write(writer);
    });

    /// <summary>Writes the page.</summary>
    /// <param name="output">Where to.</param>
    public void Write(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        HtmlWriter html = new(output);
        WriteHead(html);
        html.Start("body").Element("a", "Skip to the content", ("class", "skip"), ("href", "#content"));
        html.Start("header").Start("div").Element("h1", Title, ("dir", "auto"));
        if (Introduction.Length > 0)
            html.Element("p", Introduction, ("dir", "auto"));
        html.End().Element("button", "Dark", ("id", "theme"), ("type", "button"), ("aria-pressed", "false")).End().Line();
        WriteNavigation(html);
        html.Start("main", ("id", "content"), ("tabindex", "-1")).Line();
        for (int i = 0; i < sections.Count; i++)
            WriteSection(html, sections[i], Id(i));
        html.End().Line();
        html.Start("footer").Element("p", ReportLimits.Sentence).Element("p", "This file loads nothing and sends nothing.").End().Line();
        html.Element("div", "", ("id", "tip"), ("aria-hidden", "true"), ("hidden", "")).Element("div", "", ("id", "say"), ("role", "status"), ("class", "unseen")).Line();
        html.Element("noscript", "Colours and figures are shown as they are; values of single tokens need this file's own script.");
        html.Start("script").Own(ReportAssets.Script).End().End().End().Line();
    }

    /// <summary>The page as a string.</summary>
    public override string ToString()
    {
        using StringWriter text = new();
        Write(text);
        return text.ToString();
    }

    private static string Id(int section) => FormattableString.Invariant($"s{section + 1}");

    private void WriteHead(HtmlWriter html)
    {
        string policy = $"default-src 'none'; img-src data:; style-src '{Hash(ReportAssets.Style)}'; script-src '{Hash(ReportAssets.Script)}'; base-uri 'none'; form-action 'none'";
        html.Own(Opening).Start("html", ("lang", "en")).Start("head").Line();
        html.Empty("meta", ("charset", "utf-8")).Line().Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", policy)).Line();
        html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1")).Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
        html.Empty("meta", ("name", "referrer"), ("content", "no-referrer")).Empty("link", ("rel", "icon"), ("href", "data:,")).Line();
        html.Start("title").PlainText(Title).End().Line().Start("style").Own(ReportAssets.Style).End().End().Line();
    }

    private void WriteNavigation(HtmlWriter html)
    {
        html.Start("nav", ("aria-label", "Sections")).Start("ul");
        for (int i = 0; i < sections.Count; i++)
            html.Start("li").Element("a", sections[i].Title, ("href", "#" + Id(i))).End();
        html.End().End().Line();
    }

    private static void WriteSection(HtmlWriter html, ReportSection section, string id)
    {
        html.Start("section", ("id", id), ("class", section.IsNarrow ? "half" : null), ("aria-labelledby", id + "h")).Element("h2", section.Title, ("id", id + "h"), ("dir", "auto")).Line();
        if (section.Note.Length > 0)
            html.Element("p", section.Note, ("class", "note"), ("dir", "auto")).Line();
        section.Write(html, id);
        html.End().Line();
    }

    private static string Hash(string content) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}
