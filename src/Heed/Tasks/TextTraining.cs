using System.Security.Cryptography;
using System.Text.Json;

namespace Heed;

/// <summary>How a text classifier comes to be.</summary>
internal static class TextTraining
{
    /// <summary>Checks, builds, trains, fits what the dev rows fit.</summary>
    public static TextClassifier Run(TextData train, TextData dev, TextClassifierOptions options, ITrainingObserver? observer, CancellationToken cancellation)
    {
        options.Validate();
        Check(train, dev);
        (TrainingOptions training, string? note) = Resolve(train, options.Training);
        TextClassifier classifier = Create(train, options, training);
        TextTrainingTask task = new(classifier, train, dev, training) { Notes = note is null ? [] : [note] };
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, RunHash(classifier, train, dev, training)) : null;
        Trainer trainer = new(classifier.Network, training, observer is null ? [] : [observer], checkpoint);
        TrainingReport report = trainer.Run(task, cancellation);
        classifier.Record = TrainingRecord.Create(training, report, train, dev);
        if (report.Epochs.Count > 0)
            classifier.Rule = classifier.Head.FitAnswers(TextInference.Logits(classifier, dev), dev);
        if (options.Baseline && !report.WasCancelled)
            classifier.Baseline = TrainBaseline(classifier.Head, train, dev, training);
        return classifier;
    }

    /// <summary>The baseline's logits (rows, outputs).</summary>
    public static float[] BaselineLogits(TfidfModel model, TextData data) => [.. data.Texts.SelectMany(model.Scores)];

    // All that the weights depend on, but for the machine.
    private static string RunHash(TextClassifier classifier, TextData train, TextData dev, TrainingOptions training)
    {
        TrainingRecord record = TrainingRecord.Create(training, new TrainingReport([], 0, false, default), train, dev);
        byte[] options = JsonSerializer.SerializeToUtf8Bytes(record, HeedJson.Default.TrainingRecord), network = JsonSerializer.SerializeToUtf8Bytes(classifier.Network.Config, HeedJson.Default.BlstmConfig);
        using MemoryStream tokens = new();
        classifier.Encoder.Save(tokens);
        return Convert.ToHexStringLower(SHA256.HashData([.. options, .. network, .. tokens.ToArray()]));
    }

    private static TextClassifier Create(TextData train, TextClassifierOptions options, TrainingOptions training)
    {
        TextHead head = TextHead.Create(train.Target, train.LabelNames);
        head.Prepare(train);
        TextEncoder encoder = TextEncoder.Build(train.Texts, options.Tokens);
        FeatureEncoder features = FeatureEncoder.Build(train);
        BlstmClassifier network = new(options.NetworkFor(train.Target), encoder.Vocabulary.Count, head.OutputCount, features.VectorSize);
        network.Initialize(training.Seed);
        return new TextClassifier(network, encoder, head, features, TrainingRecord.Untrained);
    }

    private static (TrainingOptions Options, string? Note) Resolve(TextData train, TrainingOptions options)
    {
        if (train.Target == TargetKind.Single)
            return Imbalance.Resolve(options, train.LabelNames, train.CountLabels());
        TextHead head = TextHead.Create(train.Target, train.LabelNames);
        if (options.ClassWeights == "balanced")
            throw new ArgumentException($"TrainingOptions: ClassWeights balanced is for single labels, the target is {train.Target}; leave it auto or none.", nameof(options));
        if (train.Target == TargetKind.Number && options.Monitor is "accuracy" or "macro-f1")
            throw new ArgumentException($"TrainingOptions: numbers have no {options.Monitor}; Monitor must be auto or loss.", nameof(options));
        return (options with { ClassWeights = "none", Monitor = options.Monitor == "auto" ? head.NaturalMonitor : options.Monitor }, null);
    }

    private static TfidfModel TrainBaseline(TextHead head, TextData train, TextData dev, TrainingOptions training)
    {
        double Score(float[] logits)
        {
            DevScore score = head.Score(logits, dev);
            return training.Monitor switch { "loss" => -score.Loss, "macro-f1" => score.MacroF1, _ => score.Accuracy };
        }
        TfidfModel model = TfidfModel.Train([.. train.Texts], head.LinearLoss(train, training), [.. dev.Texts], Score);
        AnswerRule rule = head.FitAnswers(BaselineLogits(model, dev), dev);
        return model.With([(float)rule.Temperature, .. rule.Thresholds]);
    }

    private static void Check(TextData train, TextData dev)
    {
        if (train.Count == 0 || dev.Count == 0)
            throw new InputException("there are no rows to train on; both training and dev rows are required.", train.Count == 0 ? train.SourcePath : dev.SourcePath);
        if (train.Target != dev.Target)
            throw new ArgumentException($"TextClassifier.Train: the target of train is {train.Target}, that of dev {dev.Target}; read both with the same Target.", nameof(dev));
        if (train.Target == TargetKind.Number)
        {
            if (train.ToNumbers().Distinct().Count() < 2)
                throw new InputException("all training rows have the same number; there is nothing to learn.", train.SourcePath);
            return;
        }
        int present = train.CountLabels().Count(c => c > 0);
        if (present < (train.Target == TargetKind.Multi ? 1 : 2))
        {
            throw new InputException(train.LabelNames.Count == 0 || present == 0 ? "no training row has a label; there is nothing to learn."
                : $"the training rows have one label only ('{train.LabelNames[Array.FindIndex(train.CountLabels(), c => c > 0)]}'); a classifier needs at least two.", train.SourcePath);
        }
        if (!train.LabelNames.SequenceEqual(dev.LabelNames, StringComparer.Ordinal))
            throw new ArgumentException("TextClassifier.Train: train and dev have other labels; read dev with the LabelNames of train.", nameof(dev));
    }
}
