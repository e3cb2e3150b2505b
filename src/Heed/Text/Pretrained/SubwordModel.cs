namespace Heed;

/// <summary>Makes tokens of a piece. The kinds of <c>model</c> in a tokenizer's file.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal abstract class SubwordModel
{
    /// <summary>The id of the token for what is unknown; null if there is none.</summary>
    public abstract int? UnknownId { get; }

    /// <summary>Adds the tokens of a piece.</summary>
    /// <param name="piece">Any units, not empty.</param>
    /// <param name="output">Tokens with places in the piece are added in its order.</param>
    public abstract void Tokenize(ReadOnlySpan<char> piece, List<SubToken> output);
}

/// <summary>A token and where it stands in a piece.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">The first unit.</param>
/// <param name="End">Behind the last unit.</param>
internal readonly record struct SubToken(int Id, int Start, int End);

/// <summary>The tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> for the bytes of what a vocabulary does not know.</summary>
internal sealed class ByteTokens
{
    private readonly int[] ids = new int[256];

    /// <summary>Looks the tokens up; those that are missing stand for nothing.</summary>
    public ByteTokens(IReadOnlyDictionary<string, int> vocabulary)
    {
        for (int value = 0; value < 256; value++)
            ids[value] = vocabulary.GetValueOrDefault(NameOf((byte)value), -1);
    }

    public static string NameOf(byte value) => FormattableString.Invariant($"<0x{value:X2}>");

    /// <summary>The byte that a token stands for; −1 for other tokens.</summary>
    public static int ByteOf(string token) => token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && char.IsAsciiHexDigit(token[3]) && char.IsAsciiHexDigit(token[4])
        ? Convert.FromHexString(token.AsSpan(3, 2))[0] : -1;

    /// <summary>Adds the bytes of a code point, all at its place; false, and nothing, if one has no token.</summary>
    public bool TryAdd(int codePoint, int start, int end, List<SubToken> output)
    {
        int count = CodePoint.Utf8Length(codePoint);
        for (int i = 0; i < count; i++)
        {
            if (ids[CodePoint.Utf8Byte(codePoint, i)] < 0)
                return false;
        }
        for (int i = 0; i < count; i++)
            output.Add(new SubToken(ids[CodePoint.Utf8Byte(codePoint, i)], start, end));
        return true;
    }
}
