using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Heed;

/// <summary>Writes text: a decoder that was trained to foretell the next token, and its tokenizer.</summary>
/// <remarks>
/// <para>Immutable once trained or loaded: one instance serves all threads; each <see cref="Generate"/> has a cache of its own.</para>
/// <example><code>
/// LanguageModel model = LanguageModel.Train(File.ReadAllText("input.txt"), new LanguageModelOptions(), new ConsoleProgress());
/// foreach (string piece in model.Generate("ROMEO:", new GenerationOptions { MaximumTokens = 300 }))
///     Console.Write(piece);
/// </code></example>
/// </remarks>
public sealed partial class LanguageModel
{
    internal LanguageModel(TransformerLanguageModel network, PretrainedTokenizer tokenizer, IReadOnlyDictionary<string, byte[]> tokenizerFiles, TrainingRecord record) =>
        (Network, Tokenizer, TokenizerFiles, Record) = (network, tokenizer, tokenizerFiles, record);

    /// <summary>The network.</summary>
    public TransformerLanguageModel Network { get; }

    /// <summary>The tokens.</summary>
    public PretrainedTokenizer Tokenizer { get; }

    /// <summary>How the model came to be; without an epoch for a checkpoint of others.</summary>
    public TrainingRecord Record { get; private set; }

    /// <summary>The tokenizer's files by name.</summary>
    internal IReadOnlyDictionary<string, byte[]> TokenizerFiles { get; }

    /// <summary>Whether a text stands behind what its tokenizer puts before it, as <c>&lt;s&gt;</c>; models that are trained here see running text alone.</summary>
    internal bool HasBeginning { get; init; }

    /// <summary>Tokens that end a text, beside those that the tokenizer names.</summary>
    internal IReadOnlyList<int> Ends { get; init; } = [];

    internal int[] Beginning => HasBeginning ? Tokenizer.Beginning : [];

    /// <summary>Trains a model on a text; its last tenth chooses the best moment.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Network, tokens, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense; says which and why.</exception>
    /// <exception cref="InputException">The text is too short.</exception>
    public static LanguageModel Train(string text, LanguageModelOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        (string train, string dev) = Parts(text);
        return Train(train, dev, options, observer, cancellation);
    }

    /// <summary>A text without its last tenth, from which a model learns where no dev text is given, and that tenth.</summary>
    /// <param name="text">The text.</param>
    public static (string Train, string Dev) Parts(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int cut = (int)(text.Length * 0.9);
        if (cut > 0 && cut < text.Length && char.IsLowSurrogate(text[cut]))
            cut--;
        return (text[..cut], text[cut..]);
    }

    /// <summary>Trains a model.</summary>
    /// <param name="train">What it learns from.</param>
    /// <param name="dev">What chooses the best moment.</param>
    /// <param name="options">Network, tokens, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense; says which and why.</exception>
    /// <exception cref="InputException">A text is too short.</exception>
    public static LanguageModel Train(string train, string dev, LanguageModelOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new LanguageModelOptions();
        options.Validate();
        (PretrainedTokenizer tokenizer, byte[] file) = LanguageModelFiles.Tokens(options, train, cancellation);
        int[] learned = Ids(tokenizer, train), chosen = Ids(tokenizer, dev);
        if (learned.Length < 3 || chosen.Length < 2)
            throw new InputException(FormattableString.Invariant($"there is too little text: {learned.Length} training and {chosen.Length} dev tokens. At least 3 and 2 are required."));
        TransformerLanguageModel network = new(options.Causal, tokenizer.VocabularySize, options.IsTied);
        network.Initialize(options.Training.Seed);
        TrainingOptions run = options.Run;
        LanguageModel model = new(network, tokenizer, new Dictionary<string, byte[]>(StringComparer.Ordinal) { [LanguageModelFiles.Tokenizer] = file }, TrainingRecord.Create(run, new TrainingReport([], 0, false, default), Hash(train), Hash(dev)));
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, model.RunHash()) : null;
        TrainingReport report = new Trainer(network, run, observer is null ? [] : [observer], checkpoint).Run(new LanguageModelTask(network, learned, chosen, options), cancellation);
        model.Record = TrainingRecord.Create(run, report, Hash(train), Hash(dev));
        return model;
    }

    /// <summary>Loads a model.</summary>
    /// <param name="path">The model's folder, or that of a checkpoint of others in the form of GPT-2 or Llama with its tokenizer (see <see cref="PretrainedTransformer"/>).</param>
    /// <exception cref="InputException">The folder is damaged or holds another model; says where.</exception>
    public static LanguageModel Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return PretrainedLanguageModel.IsFolderOfOthers(path) ? PretrainedLanguageModel.Load(path) : LanguageModelFiles.Load(path);
    }

    /// <summary>Whether a folder holds a language model, ours or of others.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">The folder holds nothing of the kind, or a checkpoint of others of an architecture that is not read; says which are.</exception>
    public static bool IsIn(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return PretrainedLanguageModel.IsFolderOfOthers(path) ? PretrainedConfig.Read(path).IsDecoder : LanguageModelFiles.IsIn(path);
    }

    /// <summary>Saves the model as a folder; whole, or not at all.</summary>
    /// <param name="path">The folder; one that holds a model is replaced.</param>
    public void Save(string path) => LanguageModelFiles.Save(this, path);

    /// <summary>Writes behind a prompt.</summary>
    /// <param name="prompt">Any text with at least one token.</param>
    /// <param name="options">How; default if null.</param>
    /// <param name="cancellation">Ends the writing.</param>
    /// <returns>Pieces of text as they come, without the prompt; only whole characters.</returns>
    /// <exception cref="ArgumentException">The prompt has no token or is longer than the model reads, or an option is out of its range.</exception>
    public IEnumerable<string> Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellation = default) =>
        new TextWriterSession(this).Generate(prompt, options, cancellation);

    /// <summary>A text's tokens as the model reads them when it is to go on: behind those that its tokenizer puts first (a Llama's <c>&lt;s&gt;</c>), and without those that would end it.</summary>
    /// <param name="text">Any text.</param>
    public TokenizedText Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        TokenizedText whole = Tokenizer.WithMaximumLength(null).Encode(text, addSpecialTokens: HasBeginning);
        int count = Beginning.Length + whole.TextIndexes.Count(index => index >= 0);
        return count == whole.Count ? whole
            : new TokenizedText(whole.Ids[..count], whole.Tokens[..count], whole.Offsets[..count], whole.TypeIds[..count], whole.TextIndexes[..count], whole.SpecialTokens[..count], whole.CutOff);
    }

    /// <summary>How well a text is foretold: in windows as long as the model reads (shorter where a gigabyte of logits does not hold one), which begin with what its tokenizer puts first.</summary>
    /// <param name="text">The text.</param>
    public LanguageModelReport Evaluate(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Evaluate(text, Ids(Tokenizer, text), null);
    }

    /// <summary>A report as one HTML file: the training, figures, and passages of a text shaded by how badly each token was foretold.</summary>
    /// <param name="text">A text; null for the training alone.</param>
    /// <param name="options">Which passages it holds, word for word; if null those whose loss is above the text's mean, the highest first.</param>
    /// <returns>The report, to be added to or written.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public HtmlReport Report(string? text, ReportOptions? options = null) => LanguageModelReports.Of(this, text, options ?? new ReportOptions()).Page;

    /// <summary>The same, and the figures of <see cref="Evaluate(string)"/>, which are measured once for both.</summary>
    /// <param name="text">The text.</param>
    /// <param name="measured">The figures.</param>
    /// <param name="options">As above.</param>
    /// <exception cref="ArgumentException">As above.</exception>
    public HtmlReport Report(string text, out LanguageModelReport measured, ReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        (HtmlReport page, LanguageModelReport? found) = LanguageModelReports.Of(this, text, options ?? new ReportOptions());
        measured = found!;
        return page;
    }

    /// <summary>The same, and each token's loss; the first one has none.</summary>
    internal LanguageModelReport Evaluate(string text, int[] ids, float[]? losses)
    {
        (double loss, long right, long count) = LanguageModelTask.Measure(Network, ids, Beginning, losses is null ? null : (token, own) => losses[token] = own);
        return new LanguageModelReport(count, count == 0 ? double.NaN : loss / count, count == 0 ? double.NaN : right / (double)count, Encoding.UTF8.GetByteCount(text), loss);
    }

    internal static int[] Ids(PretrainedTokenizer tokenizer, string text) => tokenizer.WithMaximumLength(null).Encode(text, addSpecialTokens: false).Ids;

    /// <summary>The text of a token; empty for a row of a table that was filled up.</summary>
    internal string TextOf(int id) => id < Tokenizer.VocabularySize ? Tokenizer.Decode([id], skipSpecialTokens: false) : "";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private string RunHash() => Heed.RunHash.Of(Record, Network, [JsonSerializer.SerializeToUtf8Bytes(LanguageModelFiles.ConfigOf(this), HeedJson.Default.LanguageModelConfig), .. TokenizerFiles.Values]);
}

/// <summary>How well a <see cref="LanguageModel"/> foretells a text.</summary>
/// <param name="TokenCount">Tokens that were foretold.</param>
/// <param name="Loss">Mean of −ln P of a token, in nats.</param>
/// <param name="Accuracy">Share of tokens that were the most probable ones.</param>
/// <param name="ByteCount">Bytes of the text in UTF-8.</param>
/// <param name="TotalLoss">Sum of −ln P, in nats.</param>
public sealed record LanguageModelReport(long TokenCount, double Loss, double Accuracy, long ByteCount, double TotalLoss)
{
    /// <summary>e^loss.</summary>
    public double Perplexity => Math.Exp(Loss);

    /// <summary>Bits a byte: comparable between tokenizers.</summary>
    public double BitsPerByte => ByteCount == 0 ? double.NaN : TotalLoss / Math.Log(2) / ByteCount;
}
