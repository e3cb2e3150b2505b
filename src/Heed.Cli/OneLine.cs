namespace Heed.Cli;

/// <summary>A text as one line that cannot command a terminal.</summary>
internal static class OneLine
{
    /// <summary>The text with control characters, line ends among them, as spaces; as long as before.</summary>
    public static string Of(string text) => !text.Any(IsControl) ? text
        : string.Create(text.Length, text, static (line, text) =>
        {
            for (int i = 0; i < line.Length; i++)
                line[i] = IsControl(text[i]) ? ' ' : text[i];
        });

    private static bool IsControl(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';
}
