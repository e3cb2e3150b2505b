using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Heed;

/// <summary>An encoder pretrained on running text: it guesses hidden tokens, and learns to read on the way.</summary>
/// <remarks>
/// <para>The folder that it saves is a trained encoder: <see cref="TextClassifierOptions.Pretrained"/> fine-tunes it, <see cref="TextEmbedder"/> makes vectors with it. For other systems:
/// <c>PretrainedTransformer.Of(model.Network.Transformer).Save(…)</c>.</para>
/// <para>Immutable once trained or loaded.</para>
/// <para>Source: Devlin et al., "BERT", 2019, section 3.1, without the prediction of the next sentence (Liu et al., "RoBERTa", 2019, section 4.2).</para>
/// </remarks>
public sealed partial class MaskedLanguageModel
{
    private readonly byte[] tokenizerFile;

    internal MaskedLanguageModel(TransformerMaskedLanguageModel network, PretrainedTokenizer tokenizer, byte[] tokenizerFile, double maskedShare, TrainingRecord record) =>
        (Network, Tokenizer, this.tokenizerFile, MaskedShare, Record) = (network, tokenizer, tokenizerFile, maskedShare, record);

    /// <summary>The network.</summary>
    public TransformerMaskedLanguageModel Network { get; }

    /// <summary>The tokens.</summary>
    public PretrainedTokenizer Tokenizer { get; }

    /// <summary>Share of the tokens that were hidden in training.</summary>
    public double MaskedShare { get; }

    /// <summary>How the model came to be.</summary>
    public TrainingRecord Record { get; private set; }

    internal ReadOnlySpan<byte> TokenizerFile => tokenizerFile;

    /// <summary>Trains a model on a text; its last tenth chooses the best moment.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Network, tokens, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense; says which and why.</exception>
    /// <exception cref="InputException">The text is too short.</exception>
    public static MaskedLanguageModel Train(string text, MaskedLanguageModelOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        (string train, string dev) = LanguageModel.Parts(text);
        return Train(train, dev, options, observer, cancellation);
    }

    /// <summary>Trains a model.</summary>
    /// <param name="train">What it learns from.</param>
    /// <param name="dev">What chooses the best moment.</param>
    /// <param name="options">Network, tokens, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense; says which and why.</exception>
    /// <exception cref="InputException">A text is too short.</exception>
    public static MaskedLanguageModel Train(string train, string dev, MaskedLanguageModelOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new MaskedLanguageModelOptions();
        options.Validate();
        byte[] file = MaskedTokens.WithMask(LanguageModelFiles.Tokens(options.AsLanguageModel, train, cancellation).File);
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Parse(file);
        int[] learned = LanguageModel.Ids(tokenizer, train), chosen = LanguageModel.Ids(tokenizer, dev);
        if (learned.Length < 2 || chosen.Length < 1)
            throw new InputException(FormattableString.Invariant($"there is too little text: {learned.Length} training and {chosen.Length} dev tokens. At least 2 and 1 are required."));
        TransformerMaskedLanguageModel network = new(options.Network, tokenizer.VocabularySize);
        network.Initialize(options.Training.Seed);
        TrainingOptions run = options.AsLanguageModel.Run;
        MaskedLanguageModel model = new(network, tokenizer, file, options.MaskedShare, TrainingRecord.Create(run, new TrainingReport([], 0, false, default), Hash(train), Hash(dev)));
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, model.RunHash()) : null;
        TrainingReport report = new Trainer(network, run, observer is null ? [] : [observer], checkpoint).Run(new MaskedLanguageModelTask(network, tokenizer, learned, chosen, options), cancellation);
        model.Record = TrainingRecord.Create(run, report, Hash(train), Hash(dev));
        return model;
    }

    /// <summary>Loads a model.</summary>
    /// <param name="path">The model's folder.</param>
    /// <exception cref="InputException">The folder is damaged or holds another model; says where.</exception>
    public static MaskedLanguageModel Load(string path) => MaskedLanguageModelFiles.Load(path);

    /// <summary>Whether a folder holds a masked language model.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsIn(string path) => ModelFolder.Open(path, ModelFolderCheck.Lengths).TaskOf() == MaskedLanguageModelConfig.TaskName;

    /// <summary>Saves the model as a folder; whole, or not at all.</summary>
    /// <param name="path">The folder; one that holds a model is replaced.</param>
    public void Save(string path) => MaskedLanguageModelFiles.Save(this, path);

    /// <summary>How well hidden tokens of a text are guessed; the same ones are hidden each time.</summary>
    /// <param name="text">The text.</param>
    public MaskedLanguageModelReport Evaluate(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return MaskedLanguageModelTask.Measure(Network, Tokenizer, LanguageModel.Ids(Tokenizer, text), MaskedShare);
    }

    /// <summary>A report as one HTML file: the training, figures, and passages of a text shaded by how badly hidden tokens were guessed.</summary>
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
    public HtmlReport Report(string text, out MaskedLanguageModelReport measured, ReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        (HtmlReport page, MaskedLanguageModelReport? found) = LanguageModelReports.Of(this, text, options ?? new ReportOptions());
        measured = found!;
        return page;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private string RunHash() => Heed.RunHash.Of(Record, Network, JsonSerializer.SerializeToUtf8Bytes(MaskedLanguageModelFiles.ConfigOf(this), HeedJson.Default.MaskedLanguageModelConfig), tokenizerFile);
}
