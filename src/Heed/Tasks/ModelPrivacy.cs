using System.Text.Json;

namespace Heed;

/// <summary>Lists what a model folder holds of the texts and tables that the model was trained on.</summary>
/// <remarks>Texts themselves are never in it. A token is there if it occurred often enough (<see cref="VocabularyOptions.MinimumCount"/>), so a word that
/// stands once in the training texts is not; <see cref="TextRedaction"/> takes out addresses and numbers before. Labels, and values of
/// categories that occur at least twice, are there as they were written.</remarks>
public static class ModelPrivacy
{
    private const int ExampleCount = 20;
    private const int ManyDigits = 3;

    /// <summary>Looks through a folder.</summary>
    /// <param name="path">The model folder.</param>
    /// <returns>The kinds of things in the order of the files' names.</returns>
    /// <exception cref="InputException">The folder is missing, no Heed model, or damaged.</exception>
    public static IReadOnlyList<PrivacyItem> List(string path)
    {
        ModelFolder folder = ModelFolder.Open(path);
        bool isTheirs = folder.TaskOf() is LanguageModelConfig.TaskName or MaskedLanguageModelConfig.TaskName || HasPretrainedTokens(folder);
        var items = new List<PrivacyItem>();
        foreach ((string file, ModelFile content) in folder.Files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (isTheirs && file is "tokenizer.json" or "vocab.txt" or "vocab.json")
                items.AddRange(Tokens(file, PretrainedTokenizer.Load(file == "tokenizer.json" ? folder.PathOf(file) : folder.Path)));
            else if (isTheirs && file is "merges.txt" or "tokenizer_config.json" or "special_tokens_map.json")
                items.Add(new PrivacyItem(file, "bytes of a tokenizer that was not trained with the model", content.Length, []));
            else if (file.EndsWith("tokenizer.json", StringComparison.Ordinal))
                items.AddRange(Tokens(file, TextEncoder.Load(folder.PathOf(file))));
            else if (file == "features.json")
                items.AddRange(Features(file, FeatureEncoder.Load(folder.PathOf(file))));
            else if (file == "config.json")
                items.Add(Labels(folder, file));
            else if (file == "training.json")
                items.Add(new PrivacyItem(file, "options, scores, and a SHA-256 of all rows of a set together, which shows whether somebody has the same set", content.Length, []));
            else if (file.EndsWith(".safetensors", StringComparison.Ordinal))
                items.Add(new PrivacyItem(file, "bytes of learned numbers; no text, but what a model has learned by heart can show in its answers", content.Length, []));
            else
                items.Add(new PrivacyItem(file, "bytes that this listing does not know", content.Length, []));
        }
        return items;
    }

    private static bool HasPretrainedTokens(ModelFolder folder) => JsonFile.Read(folder.PathOf("config.json"), "configuration", 64 << 20, maximumDepth: 64,
        root => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("tokens", out JsonElement tokens) && tokens.ValueKind == JsonValueKind.Object);

    private static IEnumerable<PrivacyItem> Tokens(string file, TextEncoder encoder)
    {
        string often = encoder.MinimumCount > 0 ? FormattableString.Invariant($", each at least {encoder.MinimumCount} times in the training texts") : "";
        string redacted = encoder.Redaction == TextRedaction.None ? "; nothing was redacted" : $"; redacted: {encoder.Redaction.ToString().ToLowerInvariant()}";
        string[] tokens = [.. encoder.Vocabulary.Learned];
        yield return new PrivacyItem(file, $"tokens ({encoder.Tokenizer.Name}){often}{redacted}", tokens.Length, Telling(tokens));
        string[] marked = [.. tokens.Where(IsMarked)];
        yield return new PrivacyItem(file, FormattableString.Invariant($"of these with {ManyDigits} digits or more, or an @"), marked.Length, Telling(marked));
        if (encoder.Tokenizer is BytePairTokenizer { Merges: var merges })
            yield return new PrivacyItem(file, "merges of pieces, each at least twice in the training texts", merges.Count, Telling([.. merges.Select(merge => merge.Left + merge.Right)]));
    }

    private static IEnumerable<PrivacyItem> Tokens(string file, PretrainedTokenizer tokenizer)
    {
        string[] tokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.TokenOf).Where(token => token.Length > 0)];
        yield return new PrivacyItem(file, "tokens, as the tokenizer writes them; nothing was redacted", tokens.Length, Telling(tokens));
        string[] marked = [.. tokens.Where(IsMarked)];
        yield return new PrivacyItem(file, FormattableString.Invariant($"of these with {ManyDigits} digits or more, or an @"), marked.Length, Telling(marked));
    }

    private static IEnumerable<PrivacyItem> Features(string file, FeatureEncoder encoder)
    {
        foreach (CategoryFeature column in encoder.Categories)
            yield return new PrivacyItem(file, $"values of '{column.Name}'", column.Values.Count, Telling([.. column.Values]));
        foreach (NumberFeature column in encoder.Numbers)
            yield return new PrivacyItem(file, $"mean and deviation of '{column.Name}'", 2, []);
    }

    private static PrivacyItem Labels(ModelFolder folder, string file) => JsonFile.Read(folder.PathOf(file), "configuration", 64 << 20, maximumDepth: 64, root =>
    {
        string[] labels = root.TryGetProperty("labels", out JsonElement names) ? [.. names.EnumerateArray().Select(name => name.GetString() ?? "")] : [];
        return new PrivacyItem(file, "labels as they were written", labels.Length, Telling(labels));
    });

    private static bool IsMarked(string token) => token.Contains('@', StringComparison.Ordinal) || token.Count(char.IsDigit) >= ManyDigits;

    private static string[] Telling(string[] tokens) =>
        [.. tokens.OrderByDescending(IsMarked).ThenByDescending(token => token.Length).ThenBy(token => token, StringComparer.Ordinal).Take(ExampleCount)];
}
