using Heed.Kernels;

namespace Heed;

/// <summary>Texts as TF-IDF weighted n-grams, each text scaled to length 1; see <see cref="TfidfModel"/> for the formula.</summary>
/// <param name="ngrams">The n-grams.</param>
/// <param name="rarity">The inverse document frequency of each.</param>
internal sealed class TfidfFeatures(NgramIndex ngrams, float[] rarity)
{
    private const int WeightsPerFeature = 16;

    public int Count => ngrams.Count;

    public NgramIndex Ngrams => ngrams;

    public float[] Rarity => rarity;

    /// <summary>The n-grams of texts, and each text's values.</summary>
    public static (TfidfFeatures Features, (int Column, float Value)[][] Rows) Learn(IReadOnlyList<string> texts, int outputs, TfidfOptions options)
    {
        (NgramIndex ngrams, (int Feature, int Count)[][] counts) = CountNgrams(texts, outputs, options);
        TfidfFeatures features = new(ngrams, Rarities(counts, ngrams.Count));
        float[] logs = Logarithms(counts.Max(row => row.Length == 0 ? 1 : row.Max(entry => entry.Count)));
        return (features, [.. counts.Select(row => features.Weigh(row, logs))]);
    }

    /// <summary>The values of a text.</summary>
    public (int Column, float Value)[] Of(string text) => Of(ngrams.Of(text));

    /// <summary>The values of a text, given its n-grams.</summary>
    public (int Column, float Value)[] Of(IEnumerable<int> found)
    {
        (int Feature, int Count)[] counts = Counted(found);
        return Weigh(counts, Logarithms(counts.Length == 0 ? 1 : counts.Max(entry => entry.Count)));
    }

    private static (NgramIndex Ngrams, (int Feature, int Count)[][] Counts) CountNgrams(IReadOnlyList<string> texts, int outputs, TfidfOptions options)
    {
        // Not by TextEncoder.Build, which refuses texts without a frequent token: here they leave a model of biases alone.
        VocabularyOptions tokens = new() { MinimumCount = options.MinimumCount, MaximumSize = options.MaximumFeatures };
        Vocabulary vocabulary = Vocabulary.Build(texts.Select(text => RedactedText.Of(text, options.Redaction).Text), options.Tokenizer, tokens);
        TextEncoder encoder = new(options.Tokenizer, vocabulary, TextEncoder.LargestMaximumLength, options.Redaction) { MinimumCount = options.MinimumCount };
        NgramIndex all = new(encoder, options.MaximumOrder);
        var counts = new (int Feature, int Count)[texts.Count][];
        for (int r = 0; r < counts.Length; r++)
            counts[r] = Counted(all.Of(texts[r], grow: true));
        int[] documents = new int[all.Count];
        foreach ((int feature, _) in counts.SelectMany(row => row))
            documents[feature]++;
        // A run occurs in no more texts than its shorter ones, which have lower numbers: they stay where it does.
        int most = (int)Math.Min(options.MaximumFeatures, Math.Max(1, (long)options.MaximumFeatures * WeightsPerFeature / outputs));
        bool[] kept = new bool[all.Count];
        foreach (int feature in Enumerable.Range(0, all.Count).Where(f => documents[f] >= options.MinimumCount).OrderByDescending(f => documents[f]).Take(most))
            kept[feature] = true;
        (NgramIndex ngrams, int[] renumbered) = all.Keep(kept);
        for (int r = 0; r < counts.Length; r++)
            counts[r] = [.. counts[r].Where(entry => kept[entry.Feature]).Select(entry => (renumbered[entry.Feature], entry.Count))];
        return (ngrams, counts);
    }

    private static (int Feature, int Count)[] Counted(IEnumerable<int> features)
    {
        int[] sorted = [.. features];
        Array.Sort(sorted);
        List<(int, int)> counted = [];
        for (int i = 0, end; i < sorted.Length; i = end)
        {
            for (end = i + 1; end < sorted.Length && sorted[end] == sorted[i]; end++)
            {
            }
            counted.Add((sorted[i], end - i));
        }
        return [.. counted];
    }

    private static float[] Rarities((int Feature, int Count)[][] rows, int features)
    {
        float[] rare = new float[features];
        foreach ((int feature, _) in rows.SelectMany(row => row))
            rare[feature]++;
        for (int f = 0; f < features; f++)
            rare[f] = (1f + rows.Length) / (1 + rare[f]);
        Elementwise.Log(rare, rare);
        for (int f = 0; f < features; f++)
            rare[f] += 1;
        return rare;
    }

    private (int Column, float Value)[] Weigh((int Feature, int Count)[] counts, float[] logs)
    {
        var row = new (int Column, float Value)[counts.Length];
        double squares = 0;
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (counts[i].Feature, (1 + logs[counts[i].Count]) * rarity[counts[i].Feature]);
            squares += (double)row[i].Value * row[i].Value;
        }
        float scale = squares == 0 ? 0 : (float)(1 / Math.Sqrt(squares));
        for (int i = 0; i < row.Length; i++)
            row[i].Value *= scale;
        return row;
    }

    // ln of 0 … longest; that of 0 is not used.
    private static float[] Logarithms(int longest)
    {
        float[] logs = [1, .. Enumerable.Range(1, longest).Select(n => (float)n)];
        Elementwise.Log(logs, logs);
        return logs;
    }
}
