using System.Buffers;
using System.Runtime.InteropServices;

namespace Heed;

/// <summary>A model with a memory of pieces it has seen, and the step from text to bytes before it where the tokenizer works on bytes.</summary>
/// <remarks>Entries are immutable and replaced whole: threads that meet lose a little work and nothing else. Only short pieces that come a second time are
/// kept.</remarks>
internal sealed class PieceEncoder(SubwordModel model, bool isByteLevel)
{
    private const int CacheSize = 1 << 15, LongestKept = 48;

    private readonly Entry?[] cache = new Entry?[CacheSize];
    private readonly byte[] traces = new byte[CacheSize];

    /// <summary>Adds the tokens of a piece; places count the units of the piece.</summary>
    public ReadOnlySpan<SubToken> Encode(ReadOnlySpan<char> piece, List<SubToken> scratch)
    {
        if (piece.Length > LongestKept)
            return Compute(piece, scratch);
        uint hash = BytePairTokenizer.Hash(piece);
        ref Entry? slot = ref cache[hash % CacheSize];
        Entry? known = Volatile.Read(ref slot);
        if (known is not null && piece.SequenceEqual(known.Piece))
            return known.Tokens;
        ReadOnlySpan<SubToken> tokens = Compute(piece, scratch);
        ref byte trace = ref traces[hash % CacheSize];
        byte own = (byte)(hash >> 24);
        if (trace == own)
            Volatile.Write(ref slot, new Entry(piece.ToString(), tokens.ToArray()));
        trace = own;
        return tokens;
    }

    private ReadOnlySpan<SubToken> Compute(ReadOnlySpan<char> piece, List<SubToken> scratch)
    {
        scratch.Clear();
        if (isByteLevel)
            ComputeBytes(piece, scratch);
        else
            model.Tokenize(piece, scratch);
        return CollectionsMarshal.AsSpan(scratch);
    }

    // The model counts bytes; a token's place is that of all code points that it has a byte of.
    private void ComputeBytes(ReadOnlySpan<char> piece, List<SubToken> scratch)
    {
        int size = 3 * piece.Length;
        char[]? rented = size > 512 ? ArrayPool<char>.Shared.Rent(size) : null;
        int[]? rentedPlaces = size > 512 ? ArrayPool<int>.Shared.Rent(size) : null;
        Span<char> bytes = rented ?? stackalloc char[512];
        Span<int> starts = rentedPlaces ?? stackalloc int[512];
        int count = 0;
        for (int i = 0; i < piece.Length;)
        {
            int codePoint = CodePoint.At(piece, i, out int length);
            for (int k = 0; k < CodePoint.Utf8Length(codePoint); k++)
                (bytes[count], starts[count++]) = (ByteAlphabet.Of(CodePoint.Utf8Byte(codePoint, k)), i);
            i += length;
        }
        model.Tokenize(bytes[..count], scratch);
        Span<SubToken> tokens = CollectionsMarshal.AsSpan(scratch);
        foreach (ref SubToken token in tokens)
        {
            int last = starts[token.End - 1];
            CodePoint.At(piece, last, out int length);
            token = token with { Start = starts[token.Start], End = last + length };
        }
        if (rented is not null)
            ArrayPool<char>.Shared.Return(rented);
        if (rentedPlaces is not null)
            ArrayPool<int>.Shared.Return(rentedPlaces);
    }

    private sealed record Entry(string Piece, SubToken[] Tokens);
}
