using System.Runtime.InteropServices;

namespace Heed;

/// <summary>How often each chunk of a corpus occurs.</summary>
internal static class ChunkCounts
{
    // Beyond this, chunks that were not seen yet are left out: the pairs of the frequent ones decide.
    private const int MostChunks = 1 << 20;

    /// <summary>Counts chunks in their vocabulary form.</summary>
    public static Dictionary<string, long> Of(IEnumerable<string> texts, bool lowerCase)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> buffer = stackalloc char[TextChunk.MaximumLength];
        foreach (string text in texts)
        {
            for (int start = 0; start < text.Length;)
            {
                int length = TextChunk.Length(text, start);
                Span<char> form = buffer[..length];
                TextChunk.Normalize(text.AsSpan(start, length), form, lowerCase);
                start += length;
                if (counts.Count < MostChunks || lookup.ContainsKey(form))
                    CollectionsMarshal.GetValueRefOrAddDefault(lookup, form, out _)++;
            }
        }
        return counts;
    }
}
