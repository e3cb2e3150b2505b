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
        (TextClassifier classifier, string? start) = Create(train, options, training);
        return Fit(classifier, train, dev, options, training, [note, start], observer, cancellation);
    }

    /// <summary>Trains a classifier that is there already: labels, tokens and columns are its own, and those of the rows.</summary>
    public static TextClassifier Fit(TextClassifier classifier, TextData train, TextData dev, TextClassifierOptions options, ITrainingObserver? observer, CancellationToken cancellation)
    {
        options.Validate();
        Check(train, dev);
        (TrainingOptions training, string? note) = Resolve(train, options.Training);
        return Fit(classifier, train, dev, options, training, [note], observer, cancellation);
    }

    private static TextClassifier Fit(
        TextClassifier classifier, TextData train, TextData dev, TextClassifierOptions options, TrainingOptions training, string?[] notes, ITrainingObserver? observer, CancellationToken cancellation)
    {
        classifier.Record = TrainingRecord.Create(training, new TrainingReport([], 0, false, default), train, dev);
        EvidenceRows? evidence = null;
        if (classifier.Network.Config.Evidence)
        {
            TfidfModel whole = classifier.Baseline = TrainBaseline(classifier, train, dev);
            evidence = new EvidenceRows(whole, train, rows => FitBaseline(classifier, rows, dev, [whole.Strength]), classifier.Tokens);
        }
        TextTrainingTask task = new(classifier, train, dev, training, evidence) { Notes = [.. notes.OfType<string>()] };
        Checkpoint? checkpoint = options.Checkpoint is { } where ? new Checkpoint(where, RunHash(classifier, train, dev, training, options.Lora)) : null;
        Trainer trainer = new(classifier.Network, training, observer is null ? [] : [observer], checkpoint);
        TrainingReport report = trainer.Run(task, cancellation);
        LoraAdapter.Merge(classifier.Network);
        classifier.Record = TrainingRecord.Create(training, report, train, dev);
        if (report.Epochs.Count > 0)
            classifier.Rule = classifier.Head.FitAnswers(TextInference.Logits(classifier, dev), dev);
        if (options.Baseline && classifier.Baseline is null && !report.WasCancelled)
            classifier.Baseline = TrainBaseline(classifier, train, dev);
        return classifier;
    }

    /// <summary>The baseline's logits (rows, outputs).</summary>
    public static float[] BaselineLogits(TfidfModel model, TextData data) => [.. data.Texts.SelectMany(model.Scores)];

    // All that the weights depend on, but for the machine.
    private static string RunHash(TextClassifier classifier, TextData train, TextData dev, TrainingOptions training, LoraConfig? lora)
    {
        TrainingRecord record = TrainingRecord.Create(training, new TrainingReport([], 0, false, default), train, dev);
        using MemoryStream tokens = new();
        TextClassifierFiles.SaveTokens(classifier.Tokens, tokens);
        return Heed.RunHash.Of(record, classifier.Network, TextClassifierFiles.Bytes(classifier.Network.Config), tokens.ToArray(), lora is null ? [] : BitConverter.GetBytes(lora.Alpha));
    }

    private static (TextClassifier Classifier, string? Note) Create(TextData train, TextClassifierOptions options, TrainingOptions training)
    {
        if (options.Start is { } old)
            return GoOn(old, train, options, training);
        TextHead head = TextHead.Create(train.Target, train.LabelNames);
        head.Prepare(train);
        FeatureEncoder features = FeatureEncoder.Build(train);
        if (options.Pretrained is { } folder)
            return FineTune(TrainedEncoder.Load(folder), head, features, options, training);
        TextEncoder encoder = TextEncoder.Build(train.Texts, options.Tokens);
        WordVectors? vectors = options.Vectors is null ? null : WordVectors.Read(options.Vectors, encoder);
        TextNetworkConfig config = options.NetworkFor(train.Target).For(encoder);
        TextNetwork network = (vectors is not null && config is BlstmConfig blstm ? blstm with { EmbeddingSize = vectors.Size } : config)
            .Create(encoder.VocabularySize, head.OutputCount, features.VectorSize, encoder.SeparatorId);
        network.Initialize(training.Seed);
        vectors?.CopyTo(network.TokenVectors);
        network.TokenVectors.IsTrained = !options.FreezeVectors;
        string? note = vectors is null ? null : FormattableString.Invariant($"{vectors.Count:N0} of {encoder.Vocabulary.Count - 2:N0} tokens have a vector of length {vectors.Size} in {options.Vectors}");
        return (new TextClassifier(network, encoder, head, features), note);
    }

    private static (TextClassifier Classifier, string? Note) FineTune(TrainedEncoder source, TextHead head, FeatureEncoder features, TextClassifierOptions options, TrainingOptions training)
    {
        TokenEncoder tokens = source.TokensFor(options.Tokens);
        TransformerClassifierConfig shape = options.Network as TransformerClassifierConfig ?? new() { Pooling = source.HasClassToken ? TransformerClassifierConfig.FirstToken : "mean", HasPooler = source.HasClassToken };
        shape = (TransformerClassifierConfig)(shape with { Encoder = source.Network.Config, VocabularySize = source.Network.VocabularySize, Evidence = false }).For(tokens);
        // Positions beyond those that were learned mean nothing.
        if (shape.Encoder.MaximumLength > source.Network.Config.MaximumLength && shape.Encoder.Position == "learned")
            throw new ArgumentException(FormattableString.Invariant($"TextClassifierOptions: the encoder reads {source.Network.Config.MaximumLength} tokens, and the pooling {shape.Pooling} needs one more than a text may have; take mean."), nameof(options));
        TransformerClassifier network = new(shape, source.Network.VocabularySize, head.OutputCount, features.VectorSize);
        network.Initialize(training.Seed);
        source.CopyTo(network);
        network.TokenVectors.IsTrained = !options.FreezeVectors;
        return (new TextClassifier(network, tokens, head, features), "fine-tuning a trained encoder" + Adapt(network, options, training));
    }

    // Low-rank adapters, if they were asked for; says what is trained.
    private static string Adapt(TextNetwork network, TextClassifierOptions options, TrainingOptions training)
    {
        if (options.Lora is not { } lora)
            return "";
        IReadOnlyList<string> adapted = LoraAdapter.Apply(((TransformerClassifier)network).Transformer, lora, training.Seed);
        long trained = network.NamedParameters().Where(p => p.Parameter.IsTrained).Sum(p => (long)p.Parameter.Shape.Length);
        return FormattableString.Invariant($", {adapted.Count} of its layers by adapters of rank {lora.Rank}: {trained:N0} of {network.ParameterCount:N0} weights are trained");
    }

    private static (TextClassifier Classifier, string? Note) GoOn(TextClassifier old, TextData train, TextClassifierOptions options, TrainingOptions training)
    {
        if (old.Target != train.Target)
            throw new ArgumentException($"TextClassifierOptions: the target of Start is {old.Target}, that of the rows {train.Target}; read the rows with the same Target.", nameof(options));
        if (options.Vectors is not null)
            throw new ArgumentException("TextClassifierOptions: Start has token vectors already; leave Vectors out.", nameof(options));
        string[] lost = [.. old.Labels.Except(train.LabelNames, StringComparer.Ordinal)];
        if (lost.Length > 0 || (train.Target == TargetKind.Ordinal && !old.Labels.SequenceEqual(train.LabelNames, StringComparer.Ordinal)))
            throw new ArgumentException($"TextClassifierOptions: the rows' LabelNames must hold all labels of Start{(lost.Length > 0 ? $", '{lost[0]}' is missing" : ", and for ordered ones no others")}; read the rows with them.", nameof(options));
        TextHead head = TextHead.Create(train.Target, train.LabelNames);
        if (head is NumberHead number && old.Head is NumberHead before)
            (number.Mean, number.Deviation) = (before.Mean, before.Deviation);
        TokenEncoder encoder = TextStart.Extend(old.Tokens, train.Texts, options.Tokens.Vocabulary);
        // Shapes are the old ones; dropout is free.
        TextNetworkConfig config = options.Network is null ? old.Network.Config : old.Network.Config.WithTrainingOf(options.Network);
        TextNetwork network = config.Create(encoder.VocabularySize, head.OutputCount, old.Features.VectorSize, (encoder as TextEncoder)?.SeparatorId ?? Vocabulary.Unknown);
        network.Initialize(training.Seed);
        TextStart.Copy(old, network, train.LabelNames);
        network.TokenVectors.IsTrained = !options.FreezeVectors;
        string note = FormattableString.Invariant($"going on from a trained model: {encoder.VocabularySize - old.Tokens.VocabularySize:N0} new tokens, {train.LabelNames.Count - old.Labels.Count} new labels") + Adapt(network, options, training);
        return (new TextClassifier(network, encoder, head, old.Features), note);
    }

    private static (TrainingOptions Options, string? Note) Resolve(TextData train, TrainingOptions options)
    {
        if (train.Target == TargetKind.Single)
            return Imbalance.Resolve(options, train.LabelNames, train.CountLabels());
        TextHead head = TextHead.Create(train.Target, train.LabelNames);
        if (options.ClassWeights == "balanced" && train.Target != TargetKind.Multi)
            throw new ArgumentException($"TrainingOptions: ClassWeights balanced is for single labels and sets of labels, the target is {train.Target}; leave it auto or none.", nameof(options));
        if (train.Target == TargetKind.Number && options.Monitor is "accuracy" or "macro-f1")
            throw new ArgumentException($"TrainingOptions: numbers have no {options.Monitor}; Monitor must be auto or loss.", nameof(options));
        return (options with { ClassWeights = options.ClassWeights == "balanced" ? "balanced" : "none", Monitor = options.Monitor == "auto" ? head.NaturalMonitor : options.Monitor }, null);
    }

    /// <summary>The simple model on the same rows, with its own temperature and thresholds.</summary>
    public static TfidfModel TrainBaseline(TextClassifier classifier, TextData train, TextData dev)
    {
        TfidfModel model = FitBaseline(classifier, train, dev, null);
        AnswerRule rule = classifier.Head.FitAnswers(BaselineLogits(model, dev), dev);
        return model.With([(float)rule.Temperature, .. rule.Thresholds]);
    }

    private static TfidfModel FitBaseline(TextClassifier classifier, TextData train, TextData dev, double[]? strengths)
    {
        (TextHead head, TrainingOptions training) = (classifier.Head, classifier.Record.Options);
        double Score(float[] logits)
        {
            DevScore score = head.Score(logits, dev);
            return training.Monitor switch { "loss" => -score.Loss, "macro-f1" => score.MacroF1, _ => score.Accuracy };
        }
        // It may keep no more of the texts than the model itself does.
        TfidfOptions simple = TfidfOptions.For(train.Texts) with { Redaction = classifier.Tokens.Redaction, MinimumCount = Math.Max(2, classifier.Tokens.MinimumCount) };
        if (strengths is not null)
            simple = simple with { Strengths = strengths };
        return TfidfModel.Train([.. train.Texts], head.LinearLoss(train, training), [.. dev.Texts], Score, simple);
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
