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
    private readonly Option<bool> averageViews, perLabel, variationalDropout, shortcut;
    private readonly TrainerSettings trainer = new(training, "Rows", "text", "classes", "accuracy, macro-f1, loss; auto takes macro-f1 where labels are unequal");
    private readonly TokenSettings tokens = new();
    private readonly TextTransformerSettings transformer = new();

    public TrainingSettings()
    {
        all.AddRange(transformer.Options);
        pooling = all.Add("--pooling", $"How hidden states become one vector: {string.Join(", ", SequencePooling.Names)}; of a Transformer also cls, the first token's.", network.Pooling, "name");
        structure = all.Add("--network", "How a text is read: flat, as one sequence; hierarchical, words, then sentences, with attention on both levels; or directional, by self-attention to what is before and after (DiSAN).", network.Structure, "name");
        hidden = all.Add("--hidden", "Size of a hidden state of one direction.", network.HiddenSize);
        embedding = all.Add("--embedding", "Size of a token's vector.", network.EmbeddingSize);
        pairs = all.Add("--pairs", "Buckets of a table of vectors for pairs of neighbouring tokens, such as 30000; 0 for none.", network.PairBuckets);
        pairForm = all.Add("--pair-form", $"How the two texts of --pair are read: joined, as one; towers, each for itself and then compared; or with co-attention: {string.Join(", ", CoAttention.Names)}.", network.PairForm, "name");
        layers = all.Add("--layers", "Stacked layers; a Transformer has 2 unless told otherwise.", network.LayerCount);
        cell = all.Add("--cell", "Recurrent cell: lstm or gru.", network.Cell, "name");
        attention = all.Add("--attention", "Inner size of the poolings additive and structured.", network.AttentionSize);
        views = all.Add("--views", "Distributions of the poolings projection and structured.", network.Views);
        averageViews = all.Flag("--average-views", "Average the views' contexts; otherwise they are concatenated.");
        perLabel = all.Flag("--per-label", "An attention row for each label (pooling projection); what --target multi takes unless told otherwise.");
        penalty = all.AddNumber("--penalty", "Weight of the penalty of the pooling structured.", network.Penalty);
        dropout = all.AddNumber("--dropout", "Probability of dropping an element; for a Transformer 0.1 unless told otherwise.", network.Dropout);
        shortcut = all.Flag("--shortcut", "Pooling and co-attention read each hidden state beside the vector of its token.");
        variationalDropout = all.Flag("--variational-dropout", "One dropout mask for all tokens of a text.");
        classWeights = all.Add("--class-weights", "Weights of the classes in the loss: none, balanced; auto balances where labels are unequal.", training.ClassWeights, "name");
        all.AddRange(trainer.Options);
        all.AddRange(tokens.All);
    }

    public void AddTo(Command command) => all.AddTo(command);

    /// <summary>The seed alone, for the split.</summary>
    public ulong Seed(ParseResult parsed) => trainer.Seed(parsed);

    /// <summary>The options, checked.</summary>
    public TextClassifierOptions Read(ParseResult parsed, bool hasStart) => UsageException.Guard(() =>
    {
        transformer.Check(parsed, [structure, hidden, embedding, pairs, pairForm, cell, shortcut, variationalDropout], [layers, .. tokens.Vocabulary], hasStart);
        LoraConfig? lora = transformer.Lora(parsed);
        bool fineTunes = transformer.Folder(parsed) is not null;
        TrainingOptions? usual = !fineTunes && lora is null ? null
            : lora is null ? TrainingOptions.FineTuning : TrainingOptions.FineTuning with { LearningRate = TrainingOptions.LoraLearningRate };
        TextClassifierOptions options = new()
        {
            Network = transformer.IsRecurrent(parsed) ? Network(parsed) : Transformer(parsed, fineTunes),
            Training = trainer.Read(parsed, usual) with { ClassWeights = parsed.GetValue(classWeights)! },
            Tokens = tokens.Read(parsed),
            Pretrained = transformer.Folder(parsed),
        };
        options.Validate();
        return options with { Lora = lora };
    });

    /// <summary>The network for a target: where sets of labels are learned and no pooling was chosen, an attention row for each label. A model to go on from has a network of its own, of which dropout may change.</summary>
    public TextNetworkConfig? NetworkFor(ParseResult parsed, TextClassifierOptions options, TargetKind target) => options.Start?.Network.Config switch
    {
        null when target == TargetKind.Multi && !pooling.IsGiven(parsed) && options is { Pretrained: null, Network: not null } => UsageException.Guard(() => PerLabelOf(options.Network)),
        null => options.Network,
        TransformerClassifierConfig old => dropout.IsGiven(parsed) ? old with { Dropout = parsed.GetValue(dropout), Encoder = old.Encoder with { Dropout = parsed.GetValue(dropout) } } : null,
        _ => options.Network,
    };

    private static TextNetworkConfig PerLabelOf(TextNetworkConfig chosen) => chosen switch
    {
        BlstmConfig recurrent => recurrent with { Pooling = "projection", PerLabel = true },
        TransformerClassifierConfig encoder => encoder with { Pooling = "projection", PerLabel = true },
        _ => chosen,
    };

    // Of a trained encoder only what was asked for: the library knows what suits it.
    private TransformerClassifierConfig? Transformer(ParseResult parsed, bool fineTunes)
    {
        Option[] own = [pooling, attention, views, averageViews, perLabel, penalty, dropout];
        if (fineTunes && !own.Any(option => option.IsGiven(parsed)))
            return null;
        TransformerClassifierConfig usual = new();
        string chosen = pooling.Or(parsed, parsed.GetValue(perLabel) ? "projection" : fineTunes ? TransformerClassifierConfig.FirstToken : usual.Pooling);
        return usual with
        {
            Encoder = transformer.Encoder(parsed, layers.IsGiven(parsed) ? parsed.GetValue(layers) : null, dropout.IsGiven(parsed) ? parsed.GetValue(dropout) : null),
            Pooling = chosen,
            HasPooler = fineTunes && chosen == TransformerClassifierConfig.FirstToken,
            AttentionSize = parsed.GetValue(attention),
            Views = parsed.GetValue(views),
            AverageViews = parsed.GetValue(averageViews),
            PerLabel = parsed.GetValue(perLabel),
            Penalty = parsed.GetValue(penalty),
            Dropout = dropout.Or(parsed, usual.Dropout),
        };
    }

    private BlstmConfig Network(ParseResult parsed) => new()
    {
        EmbeddingSize = parsed.GetValue(embedding),
        HiddenSize = parsed.GetValue(hidden),
        PairForm = parsed.GetValue(pairForm)!,
        Structure = parsed.GetValue(structure)!,
        PairBuckets = parsed.GetValue(pairs),
        Shortcut = parsed.GetValue(shortcut),
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
