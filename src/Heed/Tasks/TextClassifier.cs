namespace Heed;

/// <summary>Labels texts, and shows where it looked.</summary>
/// <remarks>What a label is, <see cref="Target"/> says: one class, a set of classes, an ordered class, or a number. Immutable once trained or
/// loaded: one instance answers all threads, with the same bits as alone.</remarks>
public sealed partial class TextClassifier
{
    /// <summary>How many rows <see cref="PredictMany(IEnumerable{TextRow})"/> reads ahead, and answers together: 1,024.</summary>
    public const int PredictionWindow = 1024;

    private Lazy<TrainingRecord> record = new(TrainingRecord.Untrained);

    internal TextClassifier(TextNetwork network, TokenEncoder tokens, TextHead head, FeatureEncoder features)
    {
        (Network, Tokens, Head, Features) = (network, tokens, head, features);
        Rule = new AnswerRule(1, Enumerable.Repeat(0.5f, head.Labels.Count).ToArray());
    }

    /// <summary>What a label is.</summary>
    public TargetKind Target => Head.Kind;

    /// <summary>The labels, in the order of the model's outputs; none for numbers.</summary>
    public IReadOnlyList<string> Labels => Head.Labels;

    /// <summary>The network.</summary>
    public TextNetwork Network { get; }

    /// <summary>How texts become token ids.</summary>
    public TokenEncoder Tokens { get; }

    /// <summary>How texts become token ids, where the vocabulary was learned from the training texts.</summary>
    /// <exception cref="InvalidOperationException">The model has the tokenizer of a pretrained encoder; ask <see cref="Tokens"/>.</exception>
    public TextEncoder Encoder => Tokens as TextEncoder ?? throw new InvalidOperationException("TextClassifier.Encoder: the model has the tokenizer of a pretrained encoder; ask Tokens.");

    /// <summary>How further columns become features; one of no columns where the model reads texts alone.</summary>
    public FeatureEncoder Features { get; }

    /// <summary>How the model was trained; of a loaded model read when it is first asked for, as no answer needs it.</summary>
    /// <exception cref="InputException">The model's file of it is damaged.</exception>
    public TrainingRecord Record
    {
        get => record.Value;
        internal set => record = new Lazy<TrainingRecord>(value);
    }

    /// <summary>What logits are divided by so that probabilities mean what they say; fitted on the dev rows.</summary>
    /// <value>1 for numbers, and for a model that was saved before there was such a thing.</value>
    public double Temperature => Rule.Temperature;

    /// <summary>For each label of a set from which probability on it is chosen; tuned on the dev rows. Empty for other targets.</summary>
    public IReadOnlyList<float> Thresholds => Target == TargetKind.Multi ? Rule.Thresholds : [];

    /// <summary>The simple model that was trained on the same rows, which reports show beside this one; null if there is none.</summary>
    public TfidfModel? Baseline { get; internal set; }

    /// <summary>Sets <see cref="Record"/> to what is read when it is asked for.</summary>
    internal Lazy<TrainingRecord> LateRecord
    {
        init => record = value;
    }

    internal bool IsHierarchical => Network.Config is BlstmConfig { Structure: "hierarchical" };

    /// <summary>Whether one learned pooling gives every token a weight, each view one distribution over all of them.</summary>
    internal bool HasPooledTokens => Network.Config is not (BlstmConfig { Structure: "hierarchical" } or BlstmConfig { PairForm: not "joined" })
        && Network.NamedModules().Any(m => m.Module is SequencePooling { IsFocused: true } and not MultiDimensionalPooling);

    internal TextHead Head { get; }

    internal AnswerRule Rule { get; set; }

    /// <summary>Trains a classifier.</summary>
    /// <param name="train">The rows to learn from; their target decides what the model answers.</param>
    /// <param name="dev">The rows that choose the best epoch; never learned from.</param>
    /// <param name="options">Network, training, tokens; defaults if null.</param>
    /// <param name="observer">Watches the run; may be null.</param>
    /// <param name="cancellation">Ends the run after the current step, with the best weights so far.</param>
    /// <returns>The classifier with the weights of the best epoch.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or train and dev have other labels, targets or columns.</exception>
    /// <exception cref="InputException">There are no rows, or only one label.</exception>
    public static TextClassifier Train(TextData train, TextData dev, TextClassifierOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        return TextTraining.Run(train, dev, options ?? new TextClassifierOptions(), observer, cancellation);
    }

    /// <summary>Reads a model folder: one that <see cref="Save"/> wrote, or one of Hugging Face with a head for sequence classification (BERT, RoBERTa, XLM-R, DistilBERT; see docs/checkpoints.md), which answers as it is,
    /// without temperature and simple model.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">The folder is missing, no such model, damaged, or from a newer version.</exception>
    public static TextClassifier Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (PretrainedClassifier.IsIn(path))
            return PretrainedClassifier.Load(path);
        PretrainedClassifier.RefuseOther(path);
        return TextClassifierFiles.Load(path);
    }

    /// <summary>Whether a folder is a classifier of others that <see cref="Load"/> reads.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">Its configuration is damaged.</exception>
    public static bool IsCheckpoint(string path) => PretrainedClassifier.IsIn(path);

    /// <summary>Compiles what a prediction runs, by answering one text with a tiny network, so that the first real answer does not wait for it.</summary>
    /// <returns>Ends when it is done; nobody has to wait for it. Called before <see cref="Load"/>, it works while the files are read.</returns>
    public static Task WarmUpAsync() => Task.Run(TextInference.WarmUp);

    /// <summary>Writes a model folder; a folder that held a model is replaced whole.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">The folder exists and is not a model's, or cannot be written.</exception>
    public void Save(string path) => TextClassifierFiles.Save(this, path);

    /// <summary>Labels one text.</summary>
    /// <param name="text">Any text; one without tokens gets the label that the model prefers without evidence. Further columns count as missing.</param>
    public TextPrediction Predict(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Predict(new TextRow(text, null, 0));
    }

    /// <summary>Labels one row.</summary>
    /// <param name="row">Text and the fields of the further columns, in the order of <see cref="Features"/>; without fields they count as missing.</param>
    public TextPrediction Predict(TextRow row) => TextInference.Predict(this, [row])[0];

    /// <summary>Labels many texts, in order, in constant memory.</summary>
    /// <param name="texts">The texts; read as they are needed.</param>
    public IEnumerable<TextPrediction> PredictMany(IEnumerable<string> texts) => PredictMany(texts.Select(text => new TextRow(text, null, 0)));

    /// <summary>Labels many rows, in order, in constant memory.</summary>
    /// <param name="rows">Texts with the fields of the further columns; read as they are needed.</param>
    public IEnumerable<TextPrediction> PredictMany(IEnumerable<TextRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        foreach (TextRow[] window in rows.Chunk(PredictionWindow))
        {
            foreach (TextPrediction answer in TextInference.Predict(this, window))
                yield return answer;
        }
    }

    /// <summary>Compares the model's answers with the labels, where these are classes.</summary>
    /// <param name="data">Rows with the model's labels.</param>
    /// <returns>Accuracy and macro F1 with 95 % intervals, each class, calibration; beside the most frequent label and the bag of words.</returns>
    /// <exception cref="ArgumentException">The labels are not the model's.</exception>
    /// <exception cref="InvalidOperationException">The model gives sets or numbers.</exception>
    public ClassificationReport Evaluate(TextData data) => EvaluateAny(data) as ClassificationReport
        ?? throw new InvalidOperationException($"TextClassifier.Evaluate: the model's target is {Target}; use EvaluateAny, which gives a report of another kind.");

    /// <summary>Compares the model's answers with the labels, whatever these are.</summary>
    /// <param name="data">Rows with the model's target, labels and columns.</param>
    /// <returns>A <see cref="ClassificationReport"/> for classes, a <see cref="LabelSetReport"/> for sets, a <see cref="RegressionReport"/> for numbers.</returns>
    /// <exception cref="ArgumentException">The labels or the target are not the model's.</exception>
    public EvaluationReport EvaluateAny(TextData data)
    {
        CheckLabels(data, "TextClassifier.Evaluate");
        (float[], AnswerRule)? simple = Baseline is { } model
            ? (TextTraining.BaselineLogits(model, data), new AnswerRule(model.Settings[0], model.Settings[1..])) : null;
        return Head.Report(TextInference.Logits(this, data), Rule, data, simple);
    }

    /// <summary>Tests a newer model against this one on the same rows, where labels are classes.</summary>
    /// <param name="newer">The model that shall take this one's place; may know labels that this one does not.</param>
    /// <param name="data">Rows with the newer model's labels, which neither was trained on.</param>
    /// <exception cref="ArgumentException">The labels are not the newer model's.</exception>
    /// <exception cref="InvalidOperationException">A model gives sets or numbers.</exception>
    public ModelComparison CompareWith(TextClassifier newer, TextData data)
    {
        ArgumentNullException.ThrowIfNull(newer);
        newer.CheckLabels(data, "TextClassifier.CompareWith");
        if (Target is not (TargetKind.Single or TargetKind.Ordinal) || newer.Target != Target)
            throw new InvalidOperationException($"TextClassifier.CompareWith: both models must give classes of the same kind, the old one's target is {Target}, the new one's {newer.Target}.");
        // A label that only this model has is a class that the data cannot have.
        List<string> known = [.. newer.Labels];
        int[] places = [.. Labels.Select(label => known.IndexOf(label) is >= 0 and int place ? place : known.Count)];
        return new ModelComparison(data.ToLabels(), [.. Classes(data).Select(c => places[c])], newer.Classes(data), newer.Labels);
    }

    /// <summary>A classifier of the same form that has learned nothing yet; labels, tokens, temperature and simple model are this one's.</summary>
    internal TextClassifier WithNewWeights(ulong seed)
    {
        TextNetwork network = Network.Config.Create(Tokens.VocabularySize, Head.OutputCount, Features.VectorSize, (Tokens as TextEncoder)?.SeparatorId ?? Vocabulary.Unknown);
        network.Initialize(seed);
        return new TextClassifier(network, Tokens, Head, Features) { Rule = Rule, Baseline = Baseline };
    }

    internal void CheckLabels(TextData data, string operation)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.Target != Target)
            throw new ArgumentException($"{operation}: the data's target is {data.Target} but the model's {Target}; read the data with the model's Target.", nameof(data));
        if (!data.LabelNames.SequenceEqual(Labels, StringComparer.Ordinal))
            throw new ArgumentException($"{operation}: the data has labels {string.Join(", ", data.LabelNames.Take(10))} but the model {string.Join(", ", Labels.Take(10))}; read the data with the model's LabelNames.", nameof(data));
    }

    private int[] Classes(TextData data)
    {
        float[] logits = TextInference.Logits(this, data);
        return Head is OrdinalHead ordinal ? ordinal.Predictions(logits) : SingleHead.Predictions(logits, Labels.Count);
    }
}
