using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Heed;

/// <summary>Stands for a text up to case and white space: equal for texts that a split may not tear apart.</summary>
/// <remarks>128 bits of a SHA-256, so that two texts are never taken for one, and a set of keys takes 16 bytes a text.</remarks>
internal readonly record struct TextKey(UInt128 Value)
{
    /// <summary>The key of a text: lower case by a fixed table, each run of white space as one space, none at the ends.</summary>
    public static TextKey Of(ReadOnlySpan<char> text)
    {
        char[]? rented = text.Length > 1024 ? ArrayPool<char>.Shared.Rent(text.Length) : null;
        Span<char> form = rented ?? stackalloc char[1024];
        LowerCase.Into(text, form);
        int length = Squeeze(form[..text.Length]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes<char>(form[..length]), hash);
        if (rented is not null)
            ArrayPool<char>.Shared.Return(rented);
        return new TextKey(BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }

    private static int Squeeze(Span<char> text)
    {
        int length = 0;
        bool isGap = false;
        foreach (char c in text)
        {
            if (c == ' ' || (c is < '!' or > '~' && char.IsWhiteSpace(c)))
            {
                isGap = length > 0;
                continue;
            }
            if (isGap)
                text[length++] = ' ';
            isGap = false;
            text[length++] = c;
        }
        return length;
    }
}
