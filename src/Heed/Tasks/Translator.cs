using System.Text.Json;

namespace Heed;

/// <summary>Translates texts, or turns them into others in any way that pairs show: an encoder–decoder with attention and its tokens.</summary>
/// <remarks>
/// <para>Immutable once trained or loaded: one instance serves all threads.</para>
/// <example><code>
/// PairSplit data = PairData.Read("pairs.tsv").Split(seed: 1);
/// Translator translator = Translator.Train(data.Train, data.Dev, new TranslatorOptions(), new ConsoleProgress());
/// Translation answer = translator.Translate("Two dogs are playing.");
/// translator.Save("model/");
/// </code></example>
/// </remarks>
public sealed partial class Translator
{
    /// <summary>How many sources <see cref="TranslateMany"/> takes at once.</summary>
    public const int TranslationWindow = 512;

    private readonly PairEncoding encoding;

    internal Translator(SequenceToSequence network, PairEncoding encoding, DecodingOptions decoding, TrainingRecord record) =>
        (Network, this.encoding, Decoding, Record) = (network, encoding, decoding, record);

    /// <summary>The network.</summary>
    public SequenceToSequence Network { get; }

    /// <summary>The source's tokens.</summary>
    public TextEncoder SourceEncoder => encoding.Source;

    /// <summary>The target's tokens.</summary>
    public TextEncoder TargetEncoder => encoding.Target;

    /// <summary>How answers are searched for unless told otherwise.</summary>
    public DecodingOptions Decoding { get; }

    /// <summary>Tokens of a sentence that are read at most, unless <see cref="TranslatorOptions.LongSentences"/> keeps them whole.</summary>
    public int MaximumLength => encoding.MaximumLength;

    /// <summary>How the model came to be.</summary>
    public TrainingRecord Record { get; private set; }

    internal PairEncoding Encoding => encoding;

    /// <summary>Trains a translator.</summary>
    /// <param name="train">Pairs to learn from.</param>
    /// <param name="dev">Pairs that choose the best epoch.</param>
    /// <param name="options">Network, tokens, training; default if null.</param>
    /// <param name="observer">Told of the progress; null for none.</param>
    /// <param name="cancellation">Ends the run after the current step with the best weights so far.</param>
    /// <exception cref="ArgumentException">Options make no sense; says which and why.</exception>
    /// <exception cref="InputException">No pair is left to learn from; the model to go on from cannot be read, or its weights have other shapes.</exception>
    public static Translator Train(PairData train, PairData dev, TranslatorOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new TranslatorOptions();
        options.Validate();
        TrainingOptions training = options.Training with { Monitor = options.Training.Monitor == "auto" ? "loss" : options.Training.Monitor, ClassWeights = "none" };
        TranslatorStart? start = options.InitialModel is { } folder ? TranslatorStart.Load(folder, options.Network) : null;
        (TextEncoder source, TextEncoder target) = start?.Tokens ?? Tokens(train, options);
        PairEncoding pairs = new(source, target, options.MaximumLength, options.LongSentences, options.Network.Copies);
        EncodedPairs learned = pairs.Encode(train), chosen = pairs.Encode(dev);
        if (learned.Sources.Count == 0 || chosen.Sources.Count == 0)
        {
            throw new InputException("no pair is left to learn from; both training and dev pairs are required. Raise the maximum length, or keep long sentences.",
                learned.Sources.Count == 0 ? train.SourcePath : dev.SourcePath);
        }
        SequenceToSequence network = options.Network.Create(source.Vocabulary.Count, target.Vocabulary.Count);
        network.Initialize(training.Seed);
        string[] notes = start is null ? [] : [start.GiveTo(network)];
        Translator translator = new(network, pairs, options.Decoding, TrainingRecord.Create(training, new TrainingReport([], 0, false, default), train, dev));
        TranslatorTask task = new(network, pairs, learned, chosen, training, notes);
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, translator.RunHash()) : null;
        TrainingReport report = new Trainer(network, training, observer is null ? [] : [observer], checkpoint).Run(task, cancellation);
        translator.Record = TrainingRecord.Create(training, report, train, dev);
        return translator;
    }

    private static (TextEncoder Source, TextEncoder Target) Tokens(PairData train, TranslatorOptions options)
    {
        bool isShared = options.Network.SharesTokens;
        TextEncoder source = TextEncoder.Build(isShared ? train.Sources.Concat(train.Targets) : train.Sources, options.SourceTokens with { MaximumLength = TextEncoder.LargestMaximumLength });
        return (source, isShared ? source : TextEncoder.Build(train.Targets, options.TargetTokens with { MaximumLength = TextEncoder.LargestMaximumLength }));
    }

    /// <summary>A translator whose weights are the mean of several that were trained from one start, such as a run's last checkpoints.</summary>
    /// <param name="translators">At least one; with one network shape and one vocabulary.</param>
    /// <exception cref="ArgumentException">There is none, or they are not alike.</exception>
    public static Translator Average(params ReadOnlySpan<Translator> translators)
    {
        if (translators.Length == 0)
            throw new ArgumentException("Translator.Average: at least one translator is required.", nameof(translators));
        Translator first = translators[0];
        foreach (Translator other in translators)
        {
            if (other.Network.Config != first.Network.Config || !IsSame(other.SourceEncoder, first.SourceEncoder) || !IsSame(other.TargetEncoder, first.TargetEncoder))
                throw new ArgumentException("Translator.Average: the translators have other networks or other tokens; average those of one run.", nameof(translators));
        }
        SequenceToSequence network = first.Network.Config.Create(first.SourceEncoder.Vocabulary.Count, first.TargetEncoder.Vocabulary.Count);
        MeanWeights.Fill(network, [.. translators.ToArray().Select(t => t.Network)]);
        return new Translator(network, first.encoding, first.Decoding, first.Record);
    }

    /// <summary>Loads a translator.</summary>
    /// <param name="path">The model's folder.</param>
    /// <exception cref="InputException">The folder is damaged or holds another model; says where.</exception>
    public static Translator Load(string path) => TranslatorFiles.Load(path);

    /// <summary>Whether a folder holds a translator.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsIn(string path) => TranslatorFiles.IsIn(path);

    /// <summary>Saves the translator as a folder; whole, or not at all.</summary>
    /// <param name="path">The folder; one that holds a model is replaced.</param>
    public void Save(string path) => TranslatorFiles.Save(this, path);

    /// <summary>Translates a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">How to search; default <see cref="Decoding"/>.</param>
    /// <returns>The best answer, with further ones if <see cref="DecodingOptions.BestCount"/> asks for them. A text without a token gives an empty answer.</returns>
    public Translation Translate(string text, DecodingOptions? options = null) => Translate([text], options ?? Decoding)[0];

    /// <summary>Translates texts, many at once.</summary>
    /// <param name="texts">The texts; taken as they come, <see cref="TranslationWindow"/> at a time.</param>
    /// <param name="options">How to search; default <see cref="Decoding"/>.</param>
    /// <returns>The answers in the texts' order.</returns>
    public IEnumerable<Translation> TranslateMany(IEnumerable<string> texts, DecodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        foreach (string[] window in texts.Chunk(TranslationWindow))
        {
            foreach (Translation answer in Translate(window, options ?? Decoding))
                yield return answer;
        }
    }

    /// <summary>How probable given targets are.</summary>
    /// <param name="data">Pairs.</param>
    /// <returns>For each pair log P of the target's tokens and its end; NaN where a side has no token, or a translator that drops long pairs drops this one. Of long sentences that are truncated, the part that is read.</returns>
    public double[] Score(PairData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        double[] scores = new double[data.Count];
        for (int first = 0; first < scores.Length; first += 64)
        {
            int[] rows = [.. Enumerable.Range(first, Math.Min(64, scores.Length - first))];
            EncodedPairs[] each = [.. rows.Select(row => encoding.Encode(data.Select([row])))];
            EncodedPairs all = new();
            foreach (EncodedPairs one in each.Where(e => e.Sources.Count == 1))
            {
                all.Sources.AddRange(one.Sources);
                all.Targets.AddRange(one.Targets);
                all.Copies.AddRange(one.Copies);
            }
            float[][] logs = all.Sources.Count == 0 ? [] : Network.Score(all.Batch([.. Enumerable.Range(0, all.Sources.Count)])).LogProbabilities;
            for (int i = 0, at = 0; i < rows.Length; i++)
                scores[rows[i]] = each[i].Sources.Count == 1 ? logs[at++].Sum(l => (double)l) : double.NaN;
        }
        return scores;
    }

    /// <summary>Translates the sources and compares the answers with the targets.</summary>
    /// <param name="data">Pairs.</param>
    /// <param name="options">How to search; default <see cref="Decoding"/>.</param>
    public TranslationReport Evaluate(PairData data, DecodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        Translation[] answers = [.. TranslateMany(data.Sources, options)];
        EncodedPairs pairs = encoding.Encode(data);
        (double loss, _, long count) = TranslatorTask.Measure(Network, pairs);
        return new TranslationReport([.. answers.Select(t => t.Text)], [.. data.Targets])
        {
            Loss = count == 0 ? double.NaN : loss / count,
            CutSourceCount = answers.Count(t => t.CutOff > 0),
            UnmeasuredCount = data.Count - pairs.Sources.Count,
        };
    }

    /// <summary>A report as one HTML file: the training by epochs, figures, and answers with their alignments.</summary>
    /// <param name="data">Pairs; null for the training alone.</param>
    /// <param name="options">Which pairs it holds; those whose answer is not their reference if null.</param>
    /// <param name="decoding">How to search; default <see cref="Decoding"/>.</param>
    /// <returns>The report, to be added to or written.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public HtmlReport Report(PairData? data, ReportOptions? options = null, DecodingOptions? decoding = null) => TranslationReports.Of(this, data, options ?? new ReportOptions(), decoding);

    private Translation[] Translate(string[] texts, DecodingOptions options)
    {
        (int[] Ids, Token[] Tokens, int CutOff)[] read = [.. texts.Select(text => encoding.Read(text ?? throw new ArgumentNullException(nameof(texts))))];
        int[] places = [.. Enumerable.Range(0, read.Length).Where(i => read[i].Ids.Length > 0)];
        (int[] Ids, string[] Further)[] copies = Network.Config.Copies ? [.. places.Select(i => encoding.AsTarget(texts[i], read[i].Tokens))] : [];
        IReadOnlyList<Hypothesis>[] answers = SequenceDecoder.Decode(Network, [.. places.Select(i => read[i].Ids)], options, copies.Length > 0 ? [.. copies.Select(c => c.Ids)] : null);
        Translation[] translations = [.. texts.Select(text => new Translation(text, "", 0, 0, [], [], []))];
        for (int i = 0; i < places.Length; i++)
        {
            (string text, (_, Token[] tokens, int cutOff)) = (texts[places[i]], read[places[i]]);
            string[] further = copies.Length > 0 ? copies[i].Further : [];
            Translation[] all = [.. answers[i].Select(a => Answer(text, tokens, further, a) with { CutOff = cutOff })];
            translations[places[i]] = all[0] with { Others = all[1..] };
        }
        return translations;
    }

    private Translation Answer(string text, Token[] tokens, string[] further, Hypothesis answer)
    {
        string[] words = new string[answer.Ids.Count];
        for (int t = 0; t < words.Length; t++)
        {
            int id = answer.Ids[t];
            // An unknown token is where the network looked: often a name.
            words[t] = id >= Network.TargetCount ? further[id - Network.TargetCount]
                : id != Vocabulary.Unknown ? TargetEncoder.Vocabulary[id]
                : text[tokens[System.Numerics.Tensors.TensorPrimitives.IndexOfMax(answer.Alignment[t])].Range];
        }
        return new Translation(text, TargetText.Of(TargetEncoder.Tokenizer, words), answer.LogProbability, answer.Score, words, [.. tokens.Select(t => t.Range)], [.. answer.Alignment.Take(words.Length)])
        {
            HasEnded = answer.HasEnded,
        };
    }

    private static bool IsSame(TextEncoder a, TextEncoder b) => a.Tokenizer.Name == b.Tokenizer.Name && a.Vocabulary.Learned.SequenceEqual(b.Vocabulary.Learned);

    // All that the weights depend on, but for the machine.
    private string RunHash()
    {
        using MemoryStream tokens = new();
        SourceEncoder.Save(tokens);
        TargetEncoder.Save(tokens);
        return Heed.RunHash.Of(Record, Network, JsonSerializer.SerializeToUtf8Bytes(TranslatorFiles.ConfigOf(this), HeedJson.Default.TranslatorConfig), tokens.ToArray());
    }
}
