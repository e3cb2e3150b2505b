using System.Buffers;

namespace Heed;

/// <summary>Watches text that is decoded by an encoding that somebody named, and notices that it was the wrong one.</summary>
internal sealed class EncodingDoubt(string encoding)
{
    private const int EnoughSequences = 4, EnoughBytes = 40;

    private static readonly SearchValues<byte> ascii = SearchValues.Create([.. Enumerable.Range(0, 0x80).Select(i => (byte)i)]);

    private readonly bool isMultiByte = encoding.StartsWith("utf", StringComparison.Ordinal)
        || encoding is "gb18030" or "big5" or "shift_jis" or "euc-kr" or "euc-jp" or "iso-2022-jp" or "hz-gb-2312";
    private readonly bool isLatin = encoding is "windows-1250" or "windows-1252" or "windows-1254" or "windows-1257" or "iso-8859-1" or "iso-8859-2" or "iso-8859-15";
    private int sequences, needed;
    private bool isNotUtf8, isSettled = encoding.StartsWith("utf-", StringComparison.Ordinal);

    /// <summary>What is wrong, or null.</summary>
    /// <param name="bytes">The bytes that were decoded.</param>
    /// <param name="decoded">What they were decoded to.</param>
    /// <param name="isLast">Whether the text ends here.</param>
    public string? Of(ReadOnlySpan<byte> bytes, ReadOnlySpan<char> decoded, bool isLast)
    {
        if (isSettled)
            return null;
        Follow(bytes);
        // Valid UTF-8 arises by chance in hardly any other encoding; a few short sequences may, in Chinese ones.
        int enough = !isLast ? EnoughSequences : isMultiByte ? EnoughSequences - 1 : 1;
        if (!isNotUtf8 && sequences >= enough)
            return Wrong(TextEncodingName.Utf8);
        if (!isNotUtf8 || CountBeyondAscii(bytes) < EnoughBytes)
            return null;
        isSettled = true;
        bool isDoubtful = isLatin ? EncodingGuess.RunShare(bytes) > EncodingGuess.WholeWords
            : encoding == "gb18030" ? EncodingGuess.RunShare(bytes) < EncodingGuess.WholeWords : !isMultiByte && EncodingGuess.IsMixed(decoded);
        return isDoubtful && EncodingGuess.Of(bytes) is { } guess && guess != encoding ? Wrong(guess) : null;
    }

    private string Wrong(string guess) => $"the encoding was said to be {encoding}, but this looks like {guess}; "
        + (guess == TextEncodingName.Utf8 ? "leave the encoding out." : "name that one, or save the file as UTF-8.");

    private static int CountBeyondAscii(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        foreach (byte b in bytes)
            count += b >> 7;
        return count;
    }

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length && !isNotUtf8 && sequences < EnoughSequences; i++)
        {
            if (needed == 0)
            {
                int next = bytes[i..].IndexOfAnyExcept(ascii);
                if (next < 0)
                    return;
                i += next;
            }
            byte b = bytes[i];
            if (needed > 0)
            {
                isNotUtf8 = (b & 0xC0) != 0x80;
                sequences += --needed == 0 ? 1 : 0;
                continue;
            }
            needed = b switch { >= 0xC2 and < 0xE0 => 1, >= 0xE0 and < 0xF0 => 2, >= 0xF0 and < 0xF5 => 3, _ => 0 };
            isNotUtf8 = needed == 0;
        }
    }
}
