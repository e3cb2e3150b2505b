using System.Text;

namespace Heed;

/// <summary>Puts tokens together to a text again.</summary>
/// <remarks>Byte pairs and characters cover their text from end to end, so they are put side by side. Words get spaces, but not before closing punctuation, behind opening, around a hyphen or apostrophe,
/// or between ideographs.</remarks>
internal static class TargetText
{
    private const string Closing = ".,!?;:%)]}”»…。，、！？；：）」』】", Opening = "([{„“«（「『【¿¡#$€£", Joining = "-'’/";

    public static string Of(ITokenizer tokenizer, IEnumerable<string> tokens) => (tokenizer.Name == TokenKinds.Word ? Words(tokens) : string.Concat(tokens)).Trim();

    private static string Words(IEnumerable<string> tokens)
    {
        StringBuilder text = new();
        string before = "";
        bool isQuoted = false;
        foreach (string token in tokens)
        {
            bool opens = token == "\"" && !isQuoted, closes = token == "\"" && isQuoted;
            bool behindOpening = before.Length == 0 || (before == "\"" && isQuoted) || Is(Opening, before);
            if (text.Length > 0 && !behindOpening && !closes && !Is(Closing, token) && !Is(Joining, token) && !Is(Joining, before) && !(IsIdeograph(before) && IsIdeograph(token)) && !Follows(before, token))
                text.Append(' ');
            text.Append(token);
            isQuoted = opens || (isQuoted && !closes);
            before = token;
        }
        return text.ToString();
    }

    // Full-width punctuation takes no space behind it.
    private static bool Follows(string before, string token) => before.Length == 1 && before[0] >= '\u3000' && IsIdeograph(token);

    private static bool Is(string kinds, string token) => token.Length == 1 && kinds.Contains(token[0], StringComparison.Ordinal);

    private static bool IsIdeograph(string token) => token.Length > 0 && token[0] is >= '\u3040' and <= '\u9FFF';
}
