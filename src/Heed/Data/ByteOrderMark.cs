namespace Heed;

/// <summary>Skips the mark at the start of a file and says which encoding it stands for.</summary>
internal static class ByteOrderMark
{
    /// <summary>The encoding to use: the one that was asked for, else that of the mark, else UTF-8.</summary>
    /// <exception cref="InputException">The mark contradicts what was asked for, or the bytes are no text.</exception>
    public static string Choose(ByteFeed feed, string name, string? asked)
    {
        ReadOnlySpan<byte> head = feed.Head;
        if (FileKind.Of(head) is { } kind && !(asked is "utf-32" && kind.StartsWith("UTF-32", StringComparison.Ordinal)))
            throw new InputException($"this is {kind}; save the table as CSV or TSV in UTF-8.", name);
        (string? marked, int length) = head switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (TextEncodingName.Utf8, 3),
            [0xFF, 0xFE, ..] => ("utf-16le", 2),
            [0xFE, 0xFF, ..] => ("utf-16be", 2),
            _ => ((string?)null, 0),
        };
        if (marked is not null && asked is not null && asked != marked && !(asked == "utf-16" && length == 2) && asked != "utf-32")
        {
            // Two marks begin with letters of other encodings (þÿ, ÿþ, ï»¿), with which no table begins.
            throw new InputException($"the encoding was said to be {asked}, but the byte order mark says {marked}; leave the encoding out.", name);
        }
        feed.Take(length);
        string chosen = marked ?? asked ?? TextEncodingName.Utf8;
        if (marked is null && chosen.StartsWith("utf-16", StringComparison.Ordinal))
        {
            feed.Fill(1 << 12, line: 1);
            // A table has line ends and separators, each with a zero byte.
            if (!feed.Pending.Contains((byte)0) && feed.Pending.Length > 0)
                throw new InputException($"the encoding was said to be {asked}, but the file looks like {EncodingGuess.Of(feed.Pending) ?? TextEncodingName.Utf8}.", name);
        }
        return chosen;
    }
}
