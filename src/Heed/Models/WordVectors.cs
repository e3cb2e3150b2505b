using System.Globalization;

namespace Heed;

/// <summary>Pretrained word vectors, read from the text form of GloVe or fastText; only those that a vocabulary needs are kept.</summary>
/// <remarks>
/// <para>A line is a word and its numbers, between spaces; fastText's first line, the number of words and the length, is recognised. A word with spaces
/// is taken whole: the last numbers count. Plain or gzip, UTF-8. A word that stands twice counts the first time. Where the tokenizer makes lower case, a word with capitals serves for its
/// lower form unless that stands in the file itself.</para>
/// <para>The file is streamed: memory is that of the words that are kept. Sources: Pennington et al., "GloVe", 2014; Bojanowski et al., fastText, 2017.</para>
/// </remarks>
public sealed class WordVectors
{
    private const int LongestLine = 1 << 20, LargestSize = 1 << 14;
    private readonly Dictionary<int, (float[] Values, bool IsExact)> vectors = [];

    private WordVectors(int size) => Size = size;

    /// <summary>Length of a vector.</summary>
    public int Size { get; }

    /// <summary>Tokens of the vocabulary that have a vector.</summary>
    public int Count => vectors.Count;

    /// <summary>Reads the vectors of a vocabulary's tokens.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoder">Tokenizer and vocabulary.</param>
    /// <exception cref="InputException">The file is missing or no such file; says which line is wrong and why.</exception>
    public static WordVectors Read(string path, TextEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(encoder);
        using DecodedText text = DecodedText.Open(path, null);
        LineFeed lines = new(text, path, LongestLine);
        if (!lines.TryRead(out ReadOnlySpan<char> first))
            throw new InputException("the file is empty; word vectors have a word and its numbers on each line.", path);
        int fields = first.TrimEnd().Count(' ') + 1;
        bool isHeader = fields == 2 && int.TryParse(first[..first.IndexOf(' ')], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        int size = isHeader && int.TryParse(first[(first.IndexOf(' ') + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : fields - 1;
        if (size is < 1 or > LargestSize)
            throw new InputException(FormattableString.Invariant($"a vector would have {size} numbers; 1 to {LargestSize} are possible. Are these word vectors in text form?"), path, 1);
        WordVectors result = new(size);
        if (!isHeader)
            result.Add(first, encoder, path, 1);
        while (lines.TryRead(out ReadOnlySpan<char> line))
            result.Add(line, encoder, path, lines.Line);
        return result;
    }

    /// <summary>Writes the vectors over a table's rows; others stay.</summary>
    /// <param name="table">(vocabulary, size).</param>
    /// <exception cref="ShapeException">The table's rows have another length.</exception>
    public void CopyTo(Parameter table)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (table.Shape.Rank != 2 || table.Shape[1] != Size)
            throw ShapeException.For("WordVectors.CopyTo", nameof(table), FormattableString.Invariant($"(vocabulary, {Size})"), table.Shape, "Set EmbeddingSize to the vectors' length.");
        table.Change(
            static (values, own) =>
            {
                foreach ((int id, (float[] vector, _)) in own.vectors)
                    vector.CopyTo(values[(id * own.Size)..]);
            },
            this);
    }

    private void Add(ReadOnlySpan<char> line, TextEncoder encoder, string path, long number)
    {
        line = line.TrimEnd(' ');
        if (line.IsEmpty)
            return;
        // The word ends where the last numbers begin.
        int end = line.Length;
        for (int i = 0; i < Size; i++)
        {
            end = end <= 0 ? -1 : line[..end].LastIndexOf(' ');
            if (end < 0)
                throw new InputException(FormattableString.Invariant($"the line has {line.Count(' ')} numbers, {Size} are required. Is the file cut off?"), path, number);
        }
        if (end is 0 or > Vocabulary.MaximumTokenLength || !Find(line[..end], encoder, out int id, out bool isExact))
            return;
        if (vectors.TryGetValue(id, out (float[] Values, bool IsExact) before) && (before.IsExact || !isExact))
            return;
        float[] vector = new float[Size];
        int place = 0;
        foreach (Range range in line[(end + 1)..].Split(' '))
        {
            ReadOnlySpan<char> field = line[(end + 1)..][range];
            if (!float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out vector[place]) || !float.IsFinite(vector[place]))
                throw new InputException($"'{(field.Length > 40 ? field[..40].ToString() + "…" : field)}' is no number; word vectors have a word and its numbers on each line.", path, number);
            place++;
        }
        vectors[id] = (vector, isExact);
    }

    private static bool Find(ReadOnlySpan<char> word, TextEncoder encoder, out int id, out bool isExact)
    {
        id = encoder.Vocabulary.Id(word);
        isExact = id != Vocabulary.Unknown;
        if (!isExact)
        {
            Span<char> form = stackalloc char[Vocabulary.MaximumTokenLength];
            encoder.Tokenizer.Normalize(word, form);
            id = encoder.Vocabulary.Id(form[..word.Length]);
        }
        return id > Vocabulary.Unknown;
    }
}
