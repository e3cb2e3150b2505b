using System.Globalization;

namespace Heed;

/// <summary>Writes HTML. Whatever comes from users goes through it as text or as an attribute's value, so nothing of theirs can become markup.</summary>
/// <remarks>Characters that are not seen, or that turn the order of others around (controls, bidirectional marks, halves of surrogate pairs), are written as their names, so that a text shows what it holds.</remarks>
internal sealed class HtmlWriter(TextWriter output)
{
    private readonly Stack<string> open = new();

    /// <summary>Opens an element.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="attributes">Names with values; those with the value null are left out.</param>
    public HtmlWriter Start(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Empty(name, attributes);
        open.Push(name);
        return this;
    }

    /// <summary>Writes an element that has no content and no end, as <c>meta</c>.</summary>
    public HtmlWriter Empty(string name, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        output.Write('<');
        output.Write(name);
        foreach ((string attribute, string? value) in attributes)
        {
            if (value is null)
                continue;
            output.Write(' ');
            output.Write(attribute);
            output.Write("=\"");
            Escape(value, inElement: false);
            output.Write('"');
        }
        output.Write('>');
        return this;
    }

    /// <summary>Closes the element that was opened last.</summary>
    public HtmlWriter End()
    {
        output.Write("</");
        output.Write(open.Pop());
        output.Write('>');
        return this;
    }

    /// <summary>Writes text.</summary>
    public HtmlWriter Text(ReadOnlySpan<char> text)
    {
        Escape(text, inElement: true);
        return this;
    }

    /// <summary>Writes text where elements are not allowed, as in <c>title</c>.</summary>
    public HtmlWriter PlainText(ReadOnlySpan<char> text)
    {
        Escape(text, inElement: false);
        return this;
    }

    /// <summary>An element with text alone.</summary>
    public HtmlWriter Element(string name, ReadOnlySpan<char> text, params ReadOnlySpan<(string Name, string? Value)> attributes) => Start(name, attributes).Text(text).End();

    /// <summary>A line end, for people who read the source.</summary>
    public HtmlWriter Line()
    {
        output.Write('\n');
        return this;
    }

    /// <summary>Writes our own style, script or comment as it is.</summary>
    public HtmlWriter Own(string markup)
    {
        output.Write(markup);
        return this;
    }

    /// <summary>A number with at most so many digits behind the point, in the invariant form.</summary>
    public static string Number(double value, int digits = 4) => double.IsFinite(value) ? value.ToString(digits switch { 0 => "0", 1 => "0.#", 2 => "0.##", 3 => "0.###", _ => "0.####" }, CultureInfo.InvariantCulture) : "–";

    private void Escape(ReadOnlySpan<char> text, bool inElement)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            switch (c)
            {
                case '<':
                    output.Write("&lt;");
                    break;
                case '>':
                    output.Write("&gt;");
                    break;
                case '&':
                    output.Write("&amp;");
                    break;
                case '"':
                    output.Write("&quot;");
                    break;
                case '\'':
                    output.Write("&#39;");
                    break;
                default:
                    if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                    {
                        output.Write(text.Slice(i++, 2));
                        break;
                    }
                    if (!IsHidden(c))
                        output.Write(c);
                    else if (inElement)
                        output.Write($"<span class=\"ctl\">{NameOf(c)}</span>");
                    else
                        output.Write($"[{NameOf(c)}]");
                    break;
            }
        }
    }

    // Tabs and line ends are space; zero-width joiners shape Indic scripts, Persian and emoji and move nothing.
    private static bool IsHidden(char c) => c switch
    {
        '\t' or '\n' or '\r' or '\u200C' or '\u200D' => false,
        '\u00AD' or '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF' => true,
        _ => char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format || c is >= '\uFDD0' and <= '\uFDEF',
    };

    private static string NameOf(char c) => string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:X4}");
}
