namespace Heed.Tests.Formats;

/// <summary>Breaks JSON and the like as accidents and enemies do.</summary>
internal static class JsonMutation
{
    private static readonly byte[][] specials =
    [
        [0], [0xFF], "\""u8.ToArray(), ","u8.ToArray(), "{"u8.ToArray(), "}"u8.ToArray(), "["u8.ToArray(), "]"u8.ToArray(), "null"u8.ToArray(), "-1"u8.ToArray(), "1e999"u8.ToArray(), "99999999999"u8.ToArray(),
        "2147483647"u8.ToArray(), "\\ud800"u8.ToArray(), "\\u0000"u8.ToArray(), "(a+)+"u8.ToArray(), "\\\\p{L}"u8.ToArray(), "true"u8.ToArray(), "##"u8.ToArray(), "Sequence"u8.ToArray(), "Metaspace"u8.ToArray(),
    ];

    /// <summary>The bytes with one to three changes: bits, digits and brackets, pieces left out, cut off, doubled, or put in.</summary>
    public static byte[] Of(byte[] whole, RandomStream random)
    {
        List<byte> bytes = [.. whole];
        for (int change = random.Next(3); change >= 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] = (byte)"0123456789,:{}[]\"abl"[random.Next(20)]; break;
                case 2: bytes.RemoveRange(at, Math.Min(1 + random.Next(8), bytes.Count - at)); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(1 + random.Next(60), bytes.Count - at))); break;
                default: bytes.InsertRange(at, specials[random.Next(specials.Length)]); break;
            }
        }
        return [.. bytes];
    }
}
