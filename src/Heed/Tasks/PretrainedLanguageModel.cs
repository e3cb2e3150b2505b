using System.Text.Json;

namespace Heed;

/// <summary>Language models of others: Hugging Face folders in the form of GPT-2 or Llama, with their tokenizer.</summary>
internal static class PretrainedLanguageModel
{
    private const string Generation = "generation_config.json";
    private const long LargestFile = 4 << 20;
    private const int MaximumDepth = 32;

    /// <summary>Whether a folder has the configuration of others, and no manifest of ours.</summary>
    public static bool IsFolderOfOthers(string path) => !File.Exists(Path.Combine(path, "manifest.json")) && PretrainedTransformer.IsIn(path);

    /// <summary>Loads one.</summary>
    /// <exception cref="InputException">It is an encoder, of an architecture that is not read, damaged, or its tokenizer belongs to another model; says what.</exception>
    public static LanguageModel Load(string folder)
    {
        PretrainedTransformer<TransformerLanguageModel> loaded = PretrainedTransformer.LoadLanguageModel(folder);
        PretrainedTokenizer tokenizer = PretrainedTokenizer.LoadFor(folder, loaded.Config.VocabularySize);
        int most = loaded.Config.Transformer.MaximumLength;
        if (tokenizer.Beginning.Length >= most)
            throw new InputException(FormattableString.Invariant($"its tokenizer puts {tokenizer.Beginning.Length} tokens before a text, the model reads {most}; they do not belong together."), folder);
        return new LanguageModel(loaded.Model, tokenizer, PretrainedEncoder.FilesOf(folder), TrainingRecord.Untrained)
        {
            HasBeginning = true,
            Ends = [.. loaded.Config.EndIds.Union(EndsOfGeneration(folder, loaded.Config.VocabularySize))],
        };
    }

    // Models that answer end a turn with other tokens than a text.
    private static int[] EndsOfGeneration(string folder, int vocabularySize)
    {
        string path = Path.Combine(folder, Generation);
        return !File.Exists(path) ? [] : JsonFile.Read(path, "configuration of generation", LargestFile, MaximumDepth,
            root => root.ValueKind == JsonValueKind.Object ? new ConfigFields(root).Ids("eos_token_id", vocabularySize) : throw new FormatException("it is no object"), "copy the whole folder again");
    }
}
