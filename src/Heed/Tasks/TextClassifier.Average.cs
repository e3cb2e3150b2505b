namespace Heed;

public sealed partial class TextClassifier
{
    /// <summary>A classifier whose weights are the mean of several that were trained from one start, with the answers, tokens and thresholds of the first.</summary>
    /// <param name="classifiers">At least one; with one network shape, one vocabulary, the same labels, features and simple model.</param>
    /// <exception cref="ArgumentException">There is none, or they are not alike; says in what.</exception>
    public static TextClassifier Average(params ReadOnlySpan<TextClassifier> classifiers)
    {
        if (classifiers.Length == 0)
            throw new ArgumentException("TextClassifier.Average: at least one classifier is required.", nameof(classifiers));
        TextClassifier first = classifiers[0];
        foreach (TextClassifier other in classifiers)
        {
            string? difference = other.Network.Config != first.Network.Config ? "networks" : !SavedAlike(first.SaveTokens, other.SaveTokens) ? "tokens"
                : other.Target != first.Target || !other.Labels.SequenceEqual(first.Labels, StringComparer.Ordinal) ? "labels" : !SavedAlike(first.Features.Save, other.Features.Save) ? "features"
                : !SavedAlike(first.SaveBaseline, other.SaveBaseline) ? "simple models" : null;
            if (difference is not null)
                throw new ArgumentException($"TextClassifier.Average: the classifiers have other {difference}; average those that go on from one model over the same data.", nameof(classifiers));
        }
        TextNetwork network = first.CreateNetwork(first.Network.Config, first.Tokens);
        MeanWeights.Fill(network, [.. classifiers.ToArray().Select(c => c.Network)]);
        return new TextClassifier(network, first.Tokens, first.Head, first.Features) { Rule = first.Rule, Baseline = first.Baseline, Record = first.Record };
    }

    // Two parts are alike where the same bytes would be saved.
    internal static bool SavedAlike(Action<Stream> a, Action<Stream> b)
    {
        using MemoryStream first = new(), second = new();
        a(first);
        b(second);
        return first.GetBuffer().AsSpan(0, (int)first.Length).SequenceEqual(second.GetBuffer().AsSpan(0, (int)second.Length));
    }

    private void SaveTokens(Stream stream) => TextClassifierFiles.SaveTokens(Tokens, stream);

    private TextNetwork CreateNetwork(TextNetworkConfig config, TokenEncoder tokens) =>
        config.Create(tokens.VocabularySize, Head.OutputCount, Features.VectorSize, (tokens as TextEncoder)?.SeparatorId ?? Vocabulary.Unknown);

    private void SaveBaseline(Stream stream)
    {
        if (Baseline is not null)
            TfidfFile.SaveWeights(Baseline, stream);
    }
}
