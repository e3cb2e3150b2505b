using System.Text;

namespace Heed;

/// <summary>Lower case by a fixed table (simple mappings of Unicode 16).</summary>
/// <remarks><c>ToLowerInvariant</c> asks the host's ICU, whose Unicode version differs from machine to machine (27 letters between ICU 72 and
/// .NET 10's own data); the forms in a saved vocabulary may not. No mapping changes the number of UTF-16 units.</remarks>
internal static partial class LowerCase
{
    /// <summary>Writes the lower-case form; the spans may be the same memory.</summary>
    public static void Into(ReadOnlySpan<char> source, Span<char> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            char c = source[i];
            if (c < 0x80)
                destination[i] = (uint)(c - 'A') <= 'Z' - 'A' ? (char)(c | 0x20) : c;
            else if (!char.IsHighSurrogate(c) || i + 1 == source.Length || !char.IsLowSurrogate(source[i + 1]))
                destination[i] = (char)Of(c);
            else
            {
                var lower = new Rune(Of(char.ConvertToUtf32(c, source[i + 1])));
                lower.EncodeToUtf16(destination[i..]);
                i++;
            }
        }
    }

    /// <summary>The lower-case form of a code point; itself when there is none.</summary>
    public static int Of(int codePoint)
    {
        // Ideographs, kana and everything between Coptic and Cyrillic Extended-B have no case.
        if (codePoint is >= 0x2E80 and < 0xA640)
            return codePoint;
        int low = 0, high = Ranges.Length / 4 - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            ReadOnlySpan<int> range = Ranges.Slice(middle * 4, 4);
            if (codePoint < range[0])
                high = middle - 1;
            else if (codePoint > range[1])
                low = middle + 1;
            else
                return (codePoint - range[0]) % range[2] == 0 ? codePoint + range[3] : codePoint;
        }
        return codePoint;
    }
}
