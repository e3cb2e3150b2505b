using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a text classifier: network, training and tokens; their defaults are the library's.</summary>
internal sealed class TrainingSettings
{
    private static readonly BlstmConfig network = new();
    private static readonly TrainingOptions training = new();

    private readonly OptionList all = new();
    private readonly Option<string> pooling, structure, pairForm, cell, classWeights;
    private readonly Option<int> hidden, embedding, pairs, layers, attention, views;
    private readonly Option<double> penalty, dropout;
    private readonly Option<bool> averageViews, perLabel, variationalDropout;
    private readonly TrainerSettings trainer = new(training, "Rows", "text", "classes", "accuracy, macro-f1, loss; auto takes macro-f1 where labels are unequal");
    private readonly TokenSettings tokens = new();

    public TrainingSettings()
    {
        pooling = all.Add("--pooling", $"How hidden states become one vector: {string.Join(", ", SequencePooling.Names)}.", network.Pooling, "name");
        structure = all.Add("--network", "How a text is read: flat, as one sequence; hierarchical, words, then sentences, with attention on both levels; or directional, by self-attention to what is before and after (DiSAN).", network.Structure, "name");
        hidden = all.Add("--hidden", "Size of a hidden state of one direction.", network.HiddenSize);
        embedding = all.Add("--embedding", "Size of a token's vector.", network.EmbeddingSize);
        pairs = all.Add("--pairs", "Buckets of a table of vectors for pairs of neighbouring tokens, such as 30000; 0 for none.", network.PairBuckets);
        pairForm = all.Add("--pair-form", $"How the two texts of --pair are read: joined, as one; towers, each for itself and then compared; or with co-attention: {string.Join(", ", CoAttention.Names)}.", network.PairForm, "name");
        layers = all.Add("--layers", "Stacked recurrent layers.", network.LayerCount);
        cell = all.Add("--cell", "Recurrent cell: lstm or gru.", network.Cell, "name");
        attention = all.Add("--attention", "Inner size of the poolings additive and structured.", network.AttentionSize);
        views = all.Add("--views", "Distributions of the poolings projection and structured.", network.Views);
        averageViews = all.Flag("--average-views", "Average the views' contexts; otherwise they are concatenated.");
        perLabel = all.Flag("--per-label", "An attention row for each label (pooling projection); what --target multi takes unless told otherwise.");
        penalty = all.AddNumber("--penalty", "Weight of the penalty of the pooling structured.", network.Penalty);
        dropout = all.AddNumber("--dropout", "Probability of dropping an element.", network.Dropout);
        variationalDropout = all.Flag("--variational-dropout", "One dropout mask for all tokens of a text.");
        classWeights = all.Add("--class-weights", "Weights of the classes in the loss: none, balanced; auto balances where labels are unequal.", training.ClassWeights, "name");
        all.AddRange(trainer.Options);
        all.AddRange(tokens.All);
    }

    public void AddTo(Command command) => all.AddTo(command);

    /// <summary>The seed alone, for the split.</summary>
    public ulong Seed(ParseResult parsed) => trainer.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public TextClassifierOptions Read(ParseResult parsed) => UsageException.Guard(() =>
    {
        TextClassifierOptions options = new() { Network = Network(parsed), Training = trainer.Read(parsed) with { ClassWeights = parsed.GetValue(classWeights)! }, Tokens = tokens.Read(parsed) };
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
}
