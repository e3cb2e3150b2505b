namespace Heed;

/// <summary>A network that starts from a trained one: with more tokens, and with other labels.</summary>
internal static class TextStart
{
    /// <summary>The old tokens with their ids, then those that the new texts bring; the tokenizer of a pretrained encoder stays as it is.</summary>
    public static TokenEncoder Extend(TokenEncoder tokens, IEnumerable<string> texts, VocabularyOptions options)
    {
        // A pretrained tokenizer has pieces for every word.
        if (tokens is not TextEncoder old)
            return tokens;
        string[] known = [.. old.Vocabulary.Learned];
        Vocabulary found = Vocabulary.Build(texts.Select(text => RedactedText.Of(text, old.Redaction).Text), old.Tokenizer, options);
        string[] added = [.. found.Learned.ToArray().Where(token => old.Vocabulary.Id(token) == Vocabulary.Unknown)];
        return new TextEncoder(old.Tokenizer, new Vocabulary(known.Concat(added)), old.MaximumLength, old.Redaction) { MinimumCount = Math.Min(old.MinimumCount, options.MinimumCount) };
    }

    /// <summary>The labels of both, the old ones first.</summary>
    public static IReadOnlyList<string> Labels(IReadOnlyList<string> old, IReadOnlyList<string> added) => [.. old.Union(added, StringComparer.Ordinal)];

    /// <summary>Copies what both networks have: token vectors by id, outputs by label, everything else whole. What is new keeps its random start.</summary>
    /// <exception cref="ArgumentException">The networks differ in more than tokens and labels.</exception>
    public static void Copy(TextClassifier from, TextNetwork to, IReadOnlyList<string> labels)
    {
        Dictionary<string, Parameter> old = from.Network.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        List<string> oldLabels = [.. from.Labels];
        // For each new output the old one; ordered labels and numbers have the same ones.
        int[] places = from.Target is TargetKind.Single or TargetKind.Multi ? [.. labels.Select(label => oldLabels.IndexOf(label))] : [.. Enumerable.Range(0, from.Head.OutputCount)];
        foreach ((string name, Parameter parameter) in to.NamedParameters())
        {
            if (!old.TryGetValue(name, out Parameter? source) || source.Shape.Rank != parameter.Shape.Rank || (source.Shape.Rank > 1 && source.Shape[^1] != parameter.Shape[^1]))
                throw new ArgumentException($"TextClassifierOptions: the network differs from that of Start in '{name}' ({parameter.Shape}); leave Network out to take the same.", nameof(to));
            bool hasLabels = name.StartsWith("output.", StringComparison.Ordinal) || name == "features.weight" || name.StartsWith("evidence.", StringComparison.Ordinal) || (to.Config.PerLabel && name.StartsWith("pooling.", StringComparison.Ordinal));
            int[] rows = hasLabels ? places : [.. Enumerable.Range(0, source.Shape[0])];
            int length = parameter.Shape.Length / parameter.Shape[0];
            parameter.Change(
                static (values, copy) =>
                {
                    for (int row = 0; row < copy.Rows.Length; row++)
                    {
                        if (copy.Rows[row] >= 0)
                            copy.Source.Values.Slice(copy.Rows[row] * copy.Length, copy.Length).CopyTo(values[(row * copy.Length)..]);
                    }
                },
                (Rows: rows, Source: source, Length: length));
        }
    }
}
