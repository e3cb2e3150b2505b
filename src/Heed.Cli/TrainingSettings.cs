using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of network, training and tokens; their defaults are the library's.</summary>
internal sealed class TrainingSettings
{
    private static readonly BlstmConfig network = new();
    private static readonly TrainingOptions training = new();

    private readonly List<Option> all = [];
    private readonly Option<string> pooling, structure, pairForm, cell, schedule, monitor, classWeights, optimizer;
    private readonly Option<int> hidden, embedding, pairs, layers, attention, views, epochs, batch, patience;
    private readonly Option<double> penalty, dropout, learningRate, weightDecay, warmup, clip, momentum, labelSmoothing, wordDropout, averaging;
    private readonly Option<bool> averageViews, perLabel, variationalDropout, findAnomalies;
    private readonly Option<ulong> seed = CommonOptions.Seed();
    private readonly TokenSettings tokens = new();

    public TrainingSettings()
    {
        pooling = Add("--pooling", $"How hidden states become one vector: {string.Join(", ", SequencePooling.Names)}.", network.Pooling, "name");
        structure = Add("--network", "How a text is read: flat, as one sequence; or hierarchical, words, then sentences, with attention on both levels.", network.Structure, "name");
        hidden = Add("--hidden", "Size of a hidden state of one direction.", network.HiddenSize);
        embedding = Add("--embedding", "Size of a token's vector.", network.EmbeddingSize);
        pairs = Add("--pairs", "Buckets of a table of vectors for pairs of neighbouring tokens, such as 30000; 0 for none.", network.PairBuckets);
        pairForm = Add("--pair-form", $"How the two texts of --pair are read: joined, as one; towers, each for itself and then compared; or with co-attention: {string.Join(", ", CoAttention.Names)}.", network.PairForm, "name");
        layers = Add("--layers", "Stacked recurrent layers.", network.LayerCount);
        cell = Add("--cell", "Recurrent cell: lstm or gru.", network.Cell, "name");
        attention = Add("--attention", "Inner size of the poolings additive and structured.", network.AttentionSize);
        views = Add("--views", "Distributions of the poolings projection and structured.", network.Views);
        averageViews = Flag("--average-views", "Average the views' contexts; otherwise they are concatenated.");
        perLabel = Flag("--per-label", "An attention row for each label (pooling projection); what --target multi takes unless told otherwise.");
        penalty = AddNumber("--penalty", "Weight of the penalty of the pooling structured.", network.Penalty);
        dropout = AddNumber("--dropout", "Probability of dropping an element.", network.Dropout);
        variationalDropout = Flag("--variational-dropout", "One dropout mask for all tokens of a text.");
        wordDropout = AddNumber("--word-dropout", "Probability that a token of a training text is read as unknown.", training.WordDropout);
        optimizer = Add("--optimizer", "What makes the steps: adamw or sgd.", training.Optimizer, "name");
        momentum = AddNumber("--momentum", "Momentum of sgd.", training.Momentum);
        labelSmoothing = AddNumber("--label-smoothing", "Share of each target that goes to all classes alike.", training.LabelSmoothing);
        averaging = AddNumber("--averaging", "Decay of a running average of the weights, such as 0.999; 0 for none.", training.AveragingDecay);
        epochs = Add("--epochs", "Epochs at most.", training.EpochCount);
        batch = Add("--batch", "Rows a step.", training.BatchSize);
        learningRate = AddNumber("--learning-rate", "Highest learning rate.", training.LearningRate);
        weightDecay = AddNumber("--weight-decay", "Weight decay, relative to the learning rate.", training.WeightDecay);
        schedule = Add("--schedule", "Learning rate over time: constant or cosine.", training.Schedule, "name");
        warmup = AddNumber("--warmup", "Share of all steps in which the learning rate rises.", training.Warmup);
        clip = AddNumber("--clip", "Largest norm of the gradients; 0 for no limit.", training.ClipNorm);
        patience = Add("--patience", "Epochs without a better dev score before training stops.", training.Patience);
        monitor = Add("--monitor", "The dev score that decides: accuracy, macro-f1, loss; auto takes macro-f1 where labels are unequal.", training.Monitor, "name");
        classWeights = Add("--class-weights", "Weights of the classes in the loss: none, balanced; auto balances where labels are unequal.", training.ClassWeights, "name");
        all.AddRange(tokens.All);
        findAnomalies = Flag("--find-anomalies", "Name the operation where the first NaN or infinity arises; slower.");
        all.Add(seed);
    }

    public void AddTo(Command command) => all.ForEach(command.Add);

    /// <summary>The seed alone, for the split.</summary>
    public ulong Seed(ParseResult parsed) => parsed.GetValue(seed);

    /// <summary>The options, checked.</summary>
    public TextClassifierOptions Read(ParseResult parsed) => UsageException.Guard(() =>
    {
        TextClassifierOptions options = new() { Network = Network(parsed), Training = Training(parsed), Tokens = tokens.Read(parsed) };
        options.Validate();
        return options;
    });

    /// <summary>The network for a target: where sets of labels are learned and no pooling was chosen, an attention row for each label.</summary>
    public BlstmConfig NetworkFor(ParseResult parsed, BlstmConfig chosen, TargetKind target) =>
        target == TargetKind.Multi && parsed.GetResult(pooling) is not { Implicit: false } ? chosen with { Pooling = "projection", PerLabel = true } : chosen;

    private BlstmConfig Network(ParseResult parsed) => new()
    {
        EmbeddingSize = parsed.GetValue(embedding),
        HiddenSize = parsed.GetValue(hidden),
        PairForm = parsed.GetValue(pairForm)!,
        Structure = parsed.GetValue(structure)!,
        PairBuckets = parsed.GetValue(pairs),
        LayerCount = parsed.GetValue(layers),
        Cell = parsed.GetValue(cell)!,
        Pooling = parsed.GetValue(perLabel) && parsed.GetResult(pooling) is not { Implicit: false } ? "projection" : parsed.GetValue(pooling)!,
        AttentionSize = parsed.GetValue(attention),
        Views = parsed.GetValue(views),
        AverageViews = parsed.GetValue(averageViews),
        Penalty = parsed.GetValue(penalty),
        Dropout = parsed.GetValue(dropout),
        PerLabel = parsed.GetValue(perLabel),
        VariationalDropout = parsed.GetValue(variationalDropout),
    };

    private TrainingOptions Training(ParseResult parsed) => new()
    {
        Seed = parsed.GetValue(seed),
        EpochCount = parsed.GetValue(epochs),
        BatchSize = parsed.GetValue(batch),
        LearningRate = parsed.GetValue(learningRate),
        WeightDecay = parsed.GetValue(weightDecay),
        Schedule = parsed.GetValue(schedule)!,
        Warmup = parsed.GetValue(warmup),
        ClipNorm = parsed.GetValue(clip),
        Patience = parsed.GetValue(patience),
        Monitor = parsed.GetValue(monitor)!,
        ClassWeights = parsed.GetValue(classWeights)!,
        Optimizer = parsed.GetValue(optimizer)!,
        Momentum = parsed.GetValue(momentum),
        LabelSmoothing = parsed.GetValue(labelSmoothing),
        WordDropout = parsed.GetValue(wordDropout),
        AveragingDecay = parsed.GetValue(averaging),
        FindAnomalies = parsed.GetValue(findAnomalies),
    };

    private Option<T> Add<T>(string name, string description, T value, string help = "N")
    {
        Option<T> option = new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => value };
        all.Add(option);
        return option;
    }

    private Option<double> AddNumber(string name, string description, double value)
    {
        Option<double> option = CommonOptions.Number(name, description, value);
        all.Add(option);
        return option;
    }

    private Option<bool> Flag(string name, string description)
    {
        Option<bool> option = new(name) { Description = description };
        all.Add(option);
        return option;
    }
}
