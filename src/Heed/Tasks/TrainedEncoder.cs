namespace Heed;

/// <summary>A trained Transformer encoder with its tokens, from whatever folder holds one: a Hugging Face checkpoint, or a model of ours.</summary>
internal sealed record TrainedEncoder(Transformer Network, TokenEncoder Tokens)
{
    private const string Manifest = "manifest.json", Config = "config.json";

    // Where the network gives no limit, texts still need one.
    private const int LongestText = 512;

    /// <summary>The folder of a Hugging Face checkpoint, whose pooler can be read, too; null for a model of ours.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The dense layer that the encoder was trained with behind its first token; null if there is none.</summary>
    public Linear? Pooler { get; init; }

    /// <summary>Whether each text begins with a token that stands for the whole.</summary>
    public bool HasClassToken => Tokens is PretrainedEncoder { Tokenizer: { } tokenizer } && tokenizer.ClsId is not null;

    /// <summary>Reads a folder.</summary>
    /// <exception cref="InputException">It holds no encoder, or is damaged; says what would do.</exception>
    public static TrainedEncoder Load(string path)
    {
        if (!Directory.Exists(path))
            throw new InputException(File.Exists(path) ? "is a file; a model is a folder." : "no such folder. Is the path right?", path);
        return File.Exists(Path.Combine(path, Manifest)) ? Ours(path) : Theirs(path);
    }

    private static TrainedEncoder Theirs(string path)
    {
        PretrainedTransformer<Transformer> loaded = PretrainedTransformer.LoadEncoder(path);
        TransformerConfig config = loaded.Model.Config;
        PretrainedEncoder tokens = PretrainedEncoder.Load(path, config.AddsPositions ? config.MaximumLength : LongestText);
        tokens.Tokenizer.RequireVectors(loaded.Model.VocabularySize, path);
        return new TrainedEncoder(loaded.Model, tokens) { Checkpoint = path, Pooler = PretrainedTransformer.LoadPooler(path, config) };
    }

    private static TrainedEncoder Ours(string path)
    {
        ModelFolder folder = ModelFolder.Open(path, ModelFolderCheck.Lengths);
        switch (folder.TaskOf())
        {
            case TextClassifierConfig.TaskName:
                TextClassifier classifier = TextClassifier.Load(path);
                if (classifier.Network is TransformerClassifier network)
                    return new TrainedEncoder(network.Transformer, classifier.Tokens) { Pooler = network.Pooler };
                throw new InputException("the model is a recurrent network; an encoder is a Transformer. To go on training from it take --init (TextClassifierOptions.Start).", folder.PathOf(Config));
            case MaskedLanguageModelConfig.TaskName:
                Transformer encoder = MaskedLanguageModel.Load(path).Network.Transformer;
                return new TrainedEncoder(encoder, PretrainedEncoder.Load(path, encoder.Config.MaximumLength));
            case var task:
                throw new InputException($"the model is for '{task}', which has no encoder of texts; give a text classifier with a Transformer, a masked language model, or a Hugging Face folder.", folder.PathOf(Config));
        }
    }

    /// <summary>The tokens, cut at a length that the network and a user allow.</summary>
    public TokenEncoder TokensFor(TextEncoderOptions options) => Tokens is PretrainedEncoder pretrained ? pretrained.With(options.MaximumLength, options.Redaction) : Tokens;

    /// <summary>Copies the encoder's weights, and the pooler's where both have one of the same size.</summary>
    public void CopyTo(TransformerClassifier classifier)
    {
        Copy(Network, classifier.Transformer);
        if (Pooler is not null && classifier.Pooler is { } pooler && pooler.Weight.Shape == Pooler.Weight.Shape)
            Copy(Pooler, pooler);
    }

    private static void Copy(Module from, Module to)
    {
        Dictionary<string, Parameter> sources = from.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in to.NamedParameters())
            parameter.Assign(sources[name].Values);
        // A span holds no mapped file.
        GC.KeepAlive(from);
    }
}
