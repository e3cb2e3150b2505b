using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Heed;

/// <summary>Which encoding bytes are probably in; for messages alone, nothing is read by a guess.</summary>
internal static class EncodingGuess
{
    /// <summary>The share of <see cref="RunShare"/> from which on letters beyond ASCII make whole words.</summary>
    public const double WholeWords = 0.5;

    private const int Sample = 1 << 14, LongRun = 4;

    /// <summary>The most likely encoding, or null if there is nothing to go by.</summary>
    public static string? Of(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, Sample)];
        if (bytes.Contains((byte)0))
            return Utf16(bytes);
        if (!bytes.ContainsAnyInRange((byte)0x80, (byte)0xFF))
            return null;
        return IsUtf8(bytes) ? TextEncodingName.Utf8 : IsGb(bytes) ? "gb18030" : RunShare(bytes) > WholeWords ? "windows-1251" : "windows-1252";
    }

    /// <summary>How many of the bytes beyond ASCII stand in runs of four and more: most in Cyrillic or Chinese, hardly any in accented Latin.</summary>
    public static double RunShare(ReadOnlySpan<byte> bytes)
    {
        int high = 0, inRuns = 0;
        for (int i = 0; i < bytes.Length;)
        {
            int run = 0;
            while (i + run < bytes.Length && bytes[i + run] >= 0x80)
                run++;
            high += run;
            inRuns += run >= LongRun ? run : 0;
            i += run + 1;
        }
        return high == 0 ? 0 : inRuns / (double)high;
    }

    // The zero bytes of Latin letters, digits and separators stand in every second place.
    private static string? Utf16(ReadOnlySpan<byte> bytes)
    {
        int even = 0, odd = 0;
        for (int i = 0; i + 1 < bytes.Length; i += 2)
        {
            even += bytes[i] == 0 ? 1 : 0;
            odd += bytes[i + 1] == 0 ? 1 : 0;
        }
        int pairs = bytes.Length / 2, many = Math.Max(2, pairs / 20);
        return odd >= many && even * 10 <= odd ? "utf-16le" : even >= many && odd * 10 <= even ? "utf-16be" : null;
    }

    // The sample may end, and after an error begin, inside of a character.
    private static bool IsUtf8(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && (bytes[0] & 0xC0) == 0x80)
            bytes = bytes[1..];
        for (int cut = 0; cut < 4 && cut < bytes.Length; cut++)
        {
            if (Utf8.IsValid(bytes[..^cut]))
                return true;
        }
        return false;
    }

    // Chinese text consists of the 3,755 frequent characters, whose first byte is B0 to D7, and of punctuation; and it is whole.
    private static bool IsGb(ReadOnlySpan<byte> bytes)
    {
        int pairs = 0, frequent = 0;
        for (int i = 0; i + 1 < bytes.Length; i++)
        {
            if (bytes[i] < 0x80)
                continue;
            if (bytes[i] is 0x80 or 0xFF || bytes[i + 1] is < 0x30 or 0x7F or 0xFF)
                return false;
            pairs++;
            frequent += bytes[i] is >= 0xB0 and <= 0xD7 or 0xA1 or 0xA3 && bytes[i + 1] >= 0xA1 ? 1 : 0;
            i++;
        }
        return pairs > 0 && frequent >= 0.8 * pairs;
    }

    /// <summary>Whether decoded text mixes what no language mixes: capitals behind small letters, signs inside of words.</summary>
    public static bool IsMixed(ReadOnlySpan<char> decoded)
    {
        int pairs = 0, odd = 0;
        for (int i = 1; i < decoded.Length; i++)
        {
            (char before, char after) = (decoded[i - 1], decoded[i]);
            if (before < 0x80 || after < 0x80 || !(Rune.IsValid(before) && Rune.IsValid(after)))
                continue;
            pairs++;
            odd += (char.IsLower(before) && char.IsUpper(after)) || IsOfWord(before) != IsOfWord(after) ? 1 : 0;
        }
        return pairs >= 10 && odd > 0.3 * pairs;
    }

    private static bool IsOfWord(char c) => char.IsLetter(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
