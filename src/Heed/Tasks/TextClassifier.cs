namespace Heed;

/// <summary>Labels texts, and shows where it looked.</summary>
/// <remarks>Immutable once trained or loaded: one instance answers all threads, with the same bits as alone.</remarks>
public sealed class TextClassifier
{
    private const int EvaluationBatch = 64;
    private const int Window = 1024;
    private readonly Lazy<NaiveBayes>? baseline;

    internal TextClassifier(BlstmClassifier network, TextEncoder encoder, IReadOnlyList<string> labels, TrainingRecord record, TextData? train = null)
    {
        (Network, Encoder, Labels, Record) = (network, encoder, labels, record);
        if (train is not null)
            baseline = new Lazy<NaiveBayes>(() => NaiveBayes.Train(train));
    }

    /// <summary>The labels, in the order of the model's outputs.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The network.</summary>
    public BlstmClassifier Network { get; }

    /// <summary>How texts become token ids.</summary>
    public TextEncoder Encoder { get; }

    /// <summary>How the model was trained.</summary>
    public TrainingRecord Record { get; private set; }

    /// <summary>Trains a classifier.</summary>
    /// <param name="train">The rows to learn from.</param>
    /// <param name="dev">The rows that choose the best epoch; never learned from.</param>
    /// <param name="options">Network, training, tokens; defaults if null.</param>
    /// <param name="observer">Watches the run; may be null.</param>
    /// <param name="cancellation">Ends the run after the current step, with the best weights so far.</param>
    /// <returns>The classifier with the weights of the best epoch.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or train and dev have other labels.</exception>
    /// <exception cref="InputException">There are no rows, or only one label.</exception>
    public static TextClassifier Train(TextData train, TextData dev, TextClassifierOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        options ??= new TextClassifierOptions();
        options.Validate();
        Check(train, dev);
        TextEncoder encoder = TextEncoder.Build(train.Texts, options.Tokens);
        BlstmClassifier network = new(options.Network, encoder.Vocabulary.Count, train.LabelNames.Count);
        network.Initialize(options.Training.Seed);
        TextClassifier classifier = new(network, encoder, train.LabelNames, TrainingRecord.Untrained, train);
        Trainer trainer = new(network, options.Training, observer is null ? [] : [observer]);
        TrainingReport report = trainer.Run(new TextTrainingTask(classifier, train, dev, options.Training), cancellation);
        classifier.Record = TrainingRecord.Create(options.Training, report, train, dev);
        return classifier;
    }

    /// <summary>Reads a model folder.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">The folder is missing, not Heed's, damaged, or from a newer version.</exception>
    public static TextClassifier Load(string path) => TextClassifierFiles.Load(path);

    /// <summary>Writes a model folder; a folder that held a model is replaced whole.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="InputException">The folder exists and is not a model's, or cannot be written.</exception>
    public void Save(string path) => TextClassifierFiles.Save(this, path);

    /// <summary>Labels one text.</summary>
    /// <param name="text">Any text; one without tokens gets the label that the model prefers without evidence.</param>
    public TextPrediction Predict(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        EncodedText encoded = Encoder.Encode(text);
        return Predict([text], [encoded], TextBatch.Create([encoded.Ids], [0]))[0];
    }

    /// <summary>Labels many texts, in order, in constant memory.</summary>
    /// <param name="texts">The texts; read as they are needed.</param>
    public IEnumerable<TextPrediction> PredictMany(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        foreach (string[] window in texts.Chunk(Window))
        {
            EncodedText[] encoded = [.. window.Select(Encoder.Encode)];
            int[][] ids = [.. encoded.Select(e => e.Ids)];
            TextPrediction[] answers = new TextPrediction[window.Length];
            foreach (ReadOnlyMemory<int> rows in BatchPlan.Evaluation(ids.Select(i => i.Length).ToArray(), EvaluationBatch).Epoch(0))
            {
                TextPrediction[] some = Predict(window, encoded, TextBatch.Create(ids, rows.Span));
                for (int i = 0; i < some.Length; i++)
                    answers[rows.Span[i]] = some[i];
            }
            foreach (TextPrediction answer in answers)
                yield return answer;
        }
    }

    /// <summary>Compares the model's answers with the labels.</summary>
    /// <param name="data">Rows with the model's labels.</param>
    /// <returns>Accuracy and macro F1 with 95 % intervals, each class; beside a bag of words when the model was trained in this process.</returns>
    /// <exception cref="ArgumentException">The labels are not the model's.</exception>
    public ClassificationReport Evaluate(TextData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.LabelNames.SequenceEqual(Labels, StringComparer.Ordinal))
            throw new ArgumentException($"TextClassifier.Evaluate: the data has labels {string.Join(", ", data.LabelNames.Take(10))} but the model {string.Join(", ", Labels.Take(10))}; read the data with the model's LabelNames.", nameof(data));
        (int[] predictions, double loss) = PredictClasses(data);
        int[] targets = data.ToLabels();
        return new ClassificationReport(targets, predictions, Labels, loss) { Baselines = baseline is null ? [] : [Baseline(data, targets)] };
    }

    /// <summary>The predicted class of each row, and the mean loss.</summary>
    internal (int[] Predictions, double Loss) PredictClasses(TextData data)
    {
        int[][] ids = [.. data.Texts.Select(Encoder.EncodeIds)];
        int[] targets = data.ToLabels(), predictions = new int[data.Count];
        double loss = 0;
        foreach (ReadOnlyMemory<int> rows in BatchPlan.Evaluation(ids.Select(i => i.Length).ToArray(), EvaluationBatch).Epoch(0))
        {
            TextBatch batch = TextBatch.Create(ids, rows.Span, targets);
            loss += Step.Evaluate(pass =>
            {
                Tensor logits = Logits(batch, pass).Logits;
                for (int i = 0; i < batch.BatchSize; i++)
                    predictions[batch.RowIndices[i]] = IndexOfMax(logits.Values.Slice(i * Labels.Count, Labels.Count));
                return Tensor.CrossEntropy(logits, batch.Targets).Item * (double)batch.BatchSize;
            });
        }
        return (predictions, loss / Math.Max(1, data.Count));
    }

    private static void Check(TextData train, TextData dev)
    {
        if (train.Count == 0 || dev.Count == 0)
            throw new InputException("there are no rows to train on; both training and dev rows are required.", train.Count == 0 ? train.SourcePath : dev.SourcePath);
        if (train.LabelNames.Count < 2)
            throw new InputException($"the training rows have one label only ('{train.LabelNames[0]}'); a classifier needs at least two.", train.SourcePath);
        if (!train.LabelNames.SequenceEqual(dev.LabelNames, StringComparer.Ordinal))
            throw new ArgumentException("TextClassifier.Train: train and dev have other labels; read dev with the LabelNames of train.", nameof(dev));
    }

    private (Tensor Logits, PoolingResult Pooling) Logits(TextBatch batch, in Pass pass) =>
        Network.Forward(batch.Ids, new SequenceRanges(batch.Lengths, batch.Starts), pass);

    private (string Name, double Accuracy, double MacroF1) Baseline(TextData data, int[] targets)
    {
        int[] predictions = [.. data.Texts.Select(baseline!.Value.Predict)];
        return ("bag of words (naive Bayes)", (double)predictions.Zip(targets).Count(p => p.First == p.Second) / targets.Length, ClassificationReport.MacroF1Of(targets, predictions, Labels.Count));
    }

    private TextPrediction[] Predict(string[] texts, EncodedText[] encoded, TextBatch batch) => Step.Evaluate(
        pass =>
        {
            (Tensor logits, PoolingResult pooling) = Logits(batch, pass);
            TextPrediction[] answers = new TextPrediction[batch.BatchSize];
            for (int i = 0; i < answers.Length; i++)
            {
                int row = batch.RowIndices[i];
                IReadOnlyList<TokenWeight>[] views = ReadWeights(pooling.Weights, i, batch.Starts[i], encoded[row].Tokens);
                answers[i] = Answer(texts[row], logits.Values.Slice(i * Labels.Count, Labels.Count), views, encoded[row].CutOff);
            }
            return answers;
        },
        Capture.Weights);

    private TextPrediction Answer(string text, ReadOnlySpan<float> logits, IReadOnlyList<TokenWeight>[] views, int cutOff)
    {
        int best = IndexOfMax(logits);
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - logits[best]);
        (string Label, float Probability)[] all = new (string, float)[logits.Length];
        for (int c = 0; c < all.Length; c++)
            all[c] = (Labels[c], (float)(Math.Exp(logits[c] - logits[best]) / sum));
        TokenWeight[] mean = [.. views[0].Select((w, t) => w with { Weight = views.Average(v => v[t].Weight) })];
        return new TextPrediction(text, Labels[best], best, all[best].Probability, all, mean, cutOff) { Views = views };
    }

    private static IReadOnlyList<TokenWeight>[] ReadWeights(Tensor weights, int row, int start, Token[] tokens)
    {
        (int views, int time) = (weights.Shape[1], weights.Shape[2]);
        IReadOnlyList<TokenWeight>[] result = new IReadOnlyList<TokenWeight>[views];
        for (int v = 0; v < views; v++)
        {
            TokenWeight[] view = new TokenWeight[tokens.Length];
            for (int t = 0; t < tokens.Length; t++)
                view[t] = new TokenWeight(tokens[t].Range, weights.Values[(((row * views) + v) * time) + start + t]);
            result[v] = view;
        }
        return result;
    }

    private static int IndexOfMax(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
                best = i;
        }
        return best;
    }
}
