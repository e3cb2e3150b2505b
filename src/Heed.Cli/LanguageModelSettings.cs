using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a language model's network, training and tokens; their defaults are the library's.</summary>
internal sealed class LanguageModelSettings
{
    private static readonly LanguageModelOptions defaults = new();
    private static readonly TransformerConfig network = defaults.Network;
    private static readonly MaskedLanguageModelOptions hiding = new();
    private readonly OptionList all = new();
    private readonly TransformerSettings layer;
    private readonly Option<string> tokens;
    private readonly Option<int> vocabulary, layers, shared, context, window, steps, interval, batch, accumulate;
    private readonly Option<double> dropout, learningRate, weightDecay, warmup, clip, averaging;
    private readonly Option<string> schedule, averageCheckpoints;
    private readonly Option<bool> masked, untied, recompute;
    private readonly Option<double> maskedShare;
    private readonly Option<ulong> seed = CommonOptions.Seed();
    private readonly CheckpointSettings checkpoint = new();

    public LanguageModelSettings()
    {
        masked = all.Flag("--masked", "Train an encoder that guesses hidden tokens from both sides (BERT), to be fine-tuned by 'heed train text --model FOLDER'. Unless told otherwise tokens are then bpe, positions learned, --context 128, --batch 16, --learning-rate 0.001, --warmup 0.1, --weight-decay 0.01, --dropout 0.1.");
        maskedShare = all.AddNumber("--masked-share", "Share of the tokens that --masked hides.", hiding.MaskedShare);
        tokens = all.Add("--tokens", "What a token is: characters, bpe or unigram (learned from the text), or the path of a tokenizer.json.", defaults.Tokens, "name");
        vocabulary = all.Add("--vocabulary", "Size of a learned vocabulary.", defaults.VocabularySize);
        layers = all.Add("--layers", "Layers.", network.LayerCount);
        layer = new TransformerSettings(all, network);
        shared = all.Add("--key-value-heads", "Heads of keys and values; 0 for as many as query heads, 1 is multi-query attention.", network.KeyValueHeadCount);
        context = all.Add("--context", "Tokens that the model reads.", network.MaximumLength);
        window = all.Add("--window", "Tokens that a layer looks back; 0 for all.", network.Window);
        untied = all.Flag("--untied", "The last layer has weights of its own, not those of the token vectors.");
        dropout = all.AddNumber("--dropout", "Probability of dropping an element.", network.Dropout);
        steps = all.Add("--steps", "Steps of the whole run.", defaults.StepCount);
        interval = all.Add("--evaluate-every", "Steps between two looks at the dev text.", defaults.EvaluationInterval);
        batch = all.Add("--batch", "Windows of the text a step.", defaults.Training.BatchSize);
        accumulate = all.Add("--accumulate", "Batches whose gradients make one step together.", defaults.Training.AccumulationSteps);
        recompute = all.Flag("--recompute", "Layers compute their activations again in the backward pass: less memory, slower, the same results.");
        learningRate = all.AddNumber("--learning-rate", "Highest learning rate.", defaults.Training.LearningRate);
        weightDecay = all.AddNumber("--weight-decay", "Weight decay, relative to the learning rate.", defaults.Training.WeightDecay);
        schedule = all.Add("--schedule", "Learning rate over time: constant or cosine.", defaults.Training.Schedule, "name");
        warmup = all.AddNumber("--warmup", "Share of all steps in which the learning rate rises.", defaults.Training.Warmup);
        clip = all.AddNumber("--clip", "Largest norm of the gradients; 0 for no limit.", defaults.Training.ClipNorm);
        averaging = all.AddNumber("--averaging", "Decay of a running average of the weights, such as 0.999; 0 for none.", defaults.Training.AveragingDecay);
        averageCheckpoints = CheckpointSettings.AddAverage(all, "looks at the dev text");
        all.AddRange([seed]);
        all.AddRange(checkpoint.Options);
    }

    public void AddTo(Command command) => all.AddTo(command);

    /// <summary>Whether hidden tokens are guessed, not next ones.</summary>
    public bool IsMasked(ParseResult parsed) => parsed.GetValue(masked);

    /// <summary>The options of a masked language model, checked.</summary>
    public MaskedLanguageModelOptions ReadMasked(ParseResult parsed, string folder) => UsageException.Guard(() =>
    {
        if (new[] { untied, layer.PostNorm }.FirstOrDefault(option => option.IsGiven(parsed)) is { } given)
            throw new UsageException($"{given.Name} does not go with --masked, which is of BERT's form; leave it out.");
        TrainingOptions usual = hiding.Training;
        MaskedLanguageModelOptions options = hiding with
        {
            MaskedShare = parsed.GetValue(maskedShare),
            Tokens = tokens.Or(parsed, hiding.Tokens),
            VocabularySize = parsed.GetValue(vocabulary),
            StepCount = parsed.GetValue(steps),
            EvaluationInterval = parsed.GetValue(interval),
            Checkpoint = checkpoint.Read(parsed, folder),
            Network = layer.Read(parsed, hiding.Network) with
            {
                LayerCount = layers.Or(parsed, hiding.Network.LayerCount),
                KeyValueHeadCount = parsed.GetValue(shared),
                MaximumLength = context.Or(parsed, hiding.Network.MaximumLength),
                Window = parsed.GetValue(window),
                Dropout = dropout.Or(parsed, hiding.Network.Dropout),
            },
            Training = usual with
            {
                BatchSize = batch.Or(parsed, usual.BatchSize),
                AccumulationSteps = parsed.GetValue(accumulate),
                Recomputes = parsed.GetValue(recompute),
                LearningRate = learningRate.Or(parsed, usual.LearningRate),
                WeightDecay = weightDecay.Or(parsed, usual.WeightDecay),
                Schedule = parsed.GetValue(schedule)!,
                Warmup = warmup.Or(parsed, usual.Warmup),
                ClipNorm = parsed.GetValue(clip),
                AveragingDecay = parsed.GetValue(averaging),
                CheckpointAveraging = parsed.GetValue(averageCheckpoints)!,
                Seed = parsed.GetValue(seed),
            },
        };
        options.Validate();
        return options;
    });

    /// <summary>The options, checked.</summary>
    public LanguageModelOptions Read(ParseResult parsed, string folder) => UsageException.Guard(() =>
    {
        if (maskedShare.IsGiven(parsed))
            throw new UsageException("--masked-share says how many tokens --masked hides; add --masked.");
        LanguageModelOptions options = defaults with
        {
            Tokens = parsed.GetValue(tokens)!,
            VocabularySize = parsed.GetValue(vocabulary),
            IsTied = !parsed.GetValue(untied),
            StepCount = parsed.GetValue(steps),
            EvaluationInterval = parsed.GetValue(interval),
            Checkpoint = checkpoint.Read(parsed, folder),
            Network = layer.Read(parsed, network) with
            {
                LayerCount = parsed.GetValue(layers),
                KeyValueHeadCount = parsed.GetValue(shared),
                MaximumLength = parsed.GetValue(context),
                Window = parsed.GetValue(window),
                Dropout = parsed.GetValue(dropout),
            },
            Training = defaults.Training with
            {
                BatchSize = parsed.GetValue(batch),
                AccumulationSteps = parsed.GetValue(accumulate),
                Recomputes = parsed.GetValue(recompute),
                LearningRate = parsed.GetValue(learningRate),
                WeightDecay = parsed.GetValue(weightDecay),
                Schedule = parsed.GetValue(schedule)!,
                Warmup = parsed.GetValue(warmup),
                ClipNorm = parsed.GetValue(clip),
                AveragingDecay = parsed.GetValue(averaging),
                CheckpointAveraging = parsed.GetValue(averageCheckpoints)!,
                Seed = parsed.GetValue(seed),
            },
        };
        options.Validate();
        return options;
    });
}
