using Heed.Kernels;

namespace Heed;

/// <summary>Labels texts, and shows where it looked.</summary>
/// <remarks>Immutable once trained or loaded: one instance answers all threads, with the same bits as alone.</remarks>
public sealed class TextClassifier
{
    private const int EvaluationBatch = 64;
    private const int Window = 1024;
    private const string BaselineName = "bag of words (TF-IDF, logistic regression)";

    internal TextClassifier(BlstmClassifier network, TextEncoder encoder, IReadOnlyList<string> labels, TrainingRecord record) =>
        (Network, Encoder, Labels, Record) = (network, encoder, labels, record);

    /// <summary>The labels, in the order of the model's outputs.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The network.</summary>
    public BlstmClassifier Network { get; }

    /// <summary>How texts become token ids.</summary>
    public TextEncoder Encoder { get; }

    /// <summary>How the model was trained.</summary>
    public TrainingRecord Record { get; private set; }

    /// <summary>What the logits are divided by before the softmax, so that probabilities mean what they say; fitted on the dev rows.</summary>
    /// <value>1 for a model that was saved before there was such a thing.</value>
    public double Temperature { get; internal set; } = 1;

    /// <summary>The simple model that was trained on the same rows, which reports show beside this one; null if there is none.</summary>
    public TfidfModel? Baseline { get; internal set; }

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
        TextClassifier classifier = new(network, encoder, train.LabelNames, TrainingRecord.Untrained);
        (TrainingOptions training, string? note) = Imbalance.Resolve(options.Training, train.LabelNames, train.CountLabels());
        Trainer trainer = new(network, training, observer is null ? [] : [observer]);
        TextTrainingTask task = new(classifier, train, dev, training) { Notes = note is null ? [] : [note] };
        TrainingReport report = trainer.Run(task, cancellation);
        classifier.Record = TrainingRecord.Create(training, report, train, dev);
        if (report.WasCancelled)
            return classifier;
        classifier.Temperature = Heed.Temperature.Fit(classifier.Logits(dev), dev.Count, logits => MeanLoss(logits, dev.ToLabels(), dev.LabelNames.Count));
        if (options.Baseline)
            classifier.Baseline = TrainBaseline(train, dev, task);
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
    /// <returns>Accuracy and macro F1 with 95 % intervals, each class, calibration; beside the most frequent label and the bag of words.</returns>
    /// <exception cref="ArgumentException">The labels are not the model's.</exception>
    public ClassificationReport Evaluate(TextData data)
    {
        CheckLabels(data);
        int[] targets = data.ToLabels();
        float[] logits = Logits(data), probabilities = new float[logits.Length];
        Heed.Temperature.Divide(logits, Temperature, logits);
        SoftmaxKernel.Forward(logits, Labels.Count, probabilities);
        return ClassificationReport.FromProbabilities(targets, probabilities, Labels, MeanLoss(logits, targets, Labels.Count), Baselines(data, targets, probabilities));
    }

    /// <summary>Tests a newer model against this one on the same rows.</summary>
    /// <param name="newer">The model that shall take this one's place; may know labels that this one does not.</param>
    /// <param name="data">Rows with the newer model's labels, which neither was trained on.</param>
    /// <exception cref="ArgumentException">The labels are not the newer model's.</exception>
    public ModelComparison CompareWith(TextClassifier newer, TextData data)
    {
        ArgumentNullException.ThrowIfNull(newer);
        newer.CheckLabels(data);
        // A label that only this model has is a class that the data cannot have.
        int[] places = [.. Labels.Select(label => newer.Labels.ToList().IndexOf(label) is >= 0 and int place ? place : newer.Labels.Count)];
        int[] own = [.. LargestOf(Logits(data), Labels.Count).Select(c => places[c])];
        return new ModelComparison(data.ToLabels(), own, LargestOf(newer.Logits(data), newer.Labels.Count), newer.Labels);
    }

    /// <summary>The logits of each row (rows, labels), before the temperature.</summary>
    internal float[] Logits(TextData data)
    {
        int[][] ids = [.. data.Texts.Select(Encoder.EncodeIds)];
        float[] all = new float[data.Count * Labels.Count];
        foreach (ReadOnlyMemory<int> rows in BatchPlan.Evaluation(ids.Select(i => i.Length).ToArray(), EvaluationBatch).Epoch(0))
        {
            TextBatch batch = TextBatch.Create(ids, rows.Span);
            Step.Evaluate(pass =>
            {
                ReadOnlySpan<float> logits = Logits(batch, pass).Logits.Values;
                for (int i = 0; i < batch.BatchSize; i++)
                    logits.Slice(i * Labels.Count, Labels.Count).CopyTo(all.AsSpan(batch.RowIndices[i] * Labels.Count));
                return 0;
            });
        }
        return all;
    }

    /// <summary>The mean cross-entropy of logits.</summary>
    internal static double MeanLoss(float[] logits, int[] targets, int classes) => CrossEntropyKernel.Forward(logits, targets, classes, new float[logits.Length]);

    private void CheckLabels(TextData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.LabelNames.SequenceEqual(Labels, StringComparer.Ordinal))
            throw new ArgumentException($"TextClassifier.Evaluate: the data has labels {string.Join(", ", data.LabelNames.Take(10))} but the model {string.Join(", ", Labels.Take(10))}; read the data with the model's LabelNames.", nameof(data));
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

    private static TfidfModel TrainBaseline(TextData train, TextData dev, TextTrainingTask task)
    {
        int[] truth = dev.ToLabels();
        int classes = train.LabelNames.Count;
        LinearLoss loss = new LinearLoss.Classes(train.ToLabels(), classes, task.ClassWeights);
        return TfidfModel.Train([.. train.Texts], loss, [.. dev.Texts], logits =>
        {
            int[] predictions = LargestOf(logits, classes);
            return task.ClassWeights is null ? predictions.Zip(truth).Count(p => p.First == p.Second) : ClassificationReport.MacroF1Of(truth, predictions, classes);
        });
    }

    private static int[] LargestOf(float[] values, int columns) =>
        [.. Enumerable.Range(0, values.Length / columns).Select(i => Largest.IndexOf(values.AsSpan(i * columns, columns)))];

    private BaselineScore[] Baselines(TextData data, int[] targets, float[] probabilities)
    {
        int[] counts = data.CountLabels();
        int most = Array.IndexOf(counts, counts.Max());
        BaselineScore majority = Score($"always the most frequent label ('{Labels[most]}')", targets, [.. targets.Select(_ => most)], null);
        if (Baseline is null)
            return [majority];
        int[] simple = [.. data.Texts.Select(Baseline.Predict)];
        PairedTest test = PairedTest.Compare(targets, LargestOf(probabilities, Labels.Count), simple, Labels.Count);
        return [majority, Score(BaselineName, targets, simple, test)];
    }

    private BaselineScore Score(string name, int[] targets, int[] predictions, PairedTest? test)
    {
        ClassificationReport report = new(targets, predictions, Labels);
        return new BaselineScore(name, report.Accuracy, report.MacroF1, test);
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
        float[] probabilities = new float[logits.Length];
        Heed.Temperature.Divide(logits, Temperature, probabilities);
        SoftmaxKernel.Forward(probabilities, probabilities.Length, probabilities);
        int best = Largest.IndexOf(logits);
        (string Label, float Probability)[] all = [.. probabilities.Select((p, c) => (Labels[c], p))];
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
}
