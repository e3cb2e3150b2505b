using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a run as a whole: where it starts, how it can go on after a kill, whether it searches or cross-validates.</summary>
internal sealed class TrainingPlan
{
    private readonly Option<string?> init = new("--init")
    {
        Description = "Go on from this model: its weights, and new tokens and labels beside its own.",
        HelpName = "model",
    };
    private readonly Option<string?> vectors = new("--vectors")
    {
        Description = "Pretrained word vectors to start from, in the text form of GloVe or fastText; sets --embedding to their length.",
        HelpName = "file",
    };
    private readonly Option<bool> freeze = new("--freeze-vectors") { Description = "Token vectors stay as they start." };
    private readonly CheckpointSettings checkpoint = new();
    private readonly Option<int> search = new("--search")
    {
        Description = "Try N settings of learning rate, dropout, word dropout and averaging, and keep the best on the dev rows.",
        HelpName = "N",
    };
    private readonly Option<int> folds = new("--folds")
    {
        Description = "Cross-validate in K parts first: the report is their mean with its interval, the saved model learns from all rows.",
        HelpName = "K",
    };
    private readonly Option<bool> noBaseline = new("--no-baseline") { Description = "Train no bag of words to show beside the results; the network then has no evidence of it either." };
    private readonly Option<bool> noEvidence = new("--no-evidence") { Description = "The network reads tokens alone, not what the bag of words says about each of them." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { init, vectors, freeze })
            command.Add(option);
        checkpoint.Options.AddTo(command);
        foreach (Option option in new Option[] { search, folds, noBaseline, noEvidence })
            command.Add(option);
    }

    /// <summary>Whether the run goes on from a model.</summary>
    public bool HasStart(ParseResult parsed) => parsed.GetValue(init) is not null;

    /// <summary>Adds the plan to the options of network and training.</summary>
    public TextClassifierOptions Read(ParseResult parsed, TextClassifierOptions options, string folder)
    {
        if (parsed.GetValue(init) is not null && parsed.GetValue(vectors) is not null)
            throw new UsageException("--init brings token vectors of its own; leave --vectors out.");
        if (parsed.GetValue(vectors) is not null && options.Network is not BlstmConfig)
            throw new UsageException("--vectors are for the recurrent network; leave them out, or take --model blstm.");
        CheckpointOptions? file = checkpoint.Read(parsed, folder);
        return options with
        {
            Start = parsed.GetValue(init) is { } model ? TextClassifier.Load(model) : null,
            Vectors = parsed.GetValue(vectors),
            FreezeVectors = parsed.GetValue(freeze),
            Baseline = !parsed.GetValue(noBaseline),
            Evidence = parsed.GetValue(noEvidence) ? false : null,
            Checkpoint = file,
        };
    }

    /// <summary>Refuses what does not go together.</summary>
    public void Check(ParseResult parsed, bool hasOwnParts)
    {
        if (Folds(parsed) is not null && hasOwnParts)
            throw new UsageException("--folds makes its own dev and test parts; leave --dev and --test out.");
        if (Trials(parsed) is not null && checkpoint.Resumes(parsed))
            throw new UsageException("a search keeps no checkpoints; leave --resume out.");
    }

    /// <summary>How many settings to try; null for no search.</summary>
    public int? Trials(ParseResult parsed) => Given(parsed, search, 1, 192);

    /// <summary>How many parts to cross-validate in; null for none.</summary>
    public int? Folds(ParseResult parsed) => Given(parsed, folds, 2, 100);

    /// <summary>Reads the training rows; once more with the labels of both where the start model knows others.</summary>
    public static TextData ReadAll(Func<IReadOnlyList<string>?, TextData> read, TextClassifier? start)
    {
        TextData rows = read(null);
        if (start is null || start.Target != rows.Target || rows.Target == TargetKind.Number || start.Labels.All(rows.LabelNames.Contains))
            return rows;
        return read([.. start.Labels.Union(rows.LabelNames, StringComparer.Ordinal)]);
    }

    /// <summary>A line on a try.</summary>
    public static string Describe(TextTrial trial)
    {
        string scores = double.IsNaN(trial.Best.Accuracy) ? "" : FormattableString.Invariant($"accuracy {trial.Best.Accuracy:F4}, macro F1 {trial.Best.MacroF1:F4}, ");
        return FormattableString.Invariant($"try {trial.Number}: {trial.Settings}: dev {scores}loss {trial.Best.DevLoss:F4}{(trial.IsBest ? "  best" : "")}");
    }

    private static int? Given(ParseResult parsed, Option<int> option, int least, int most)
    {
        if (parsed.GetResult(option) is not { Implicit: false })
            return null;
        int value = parsed.GetValue(option);
        return value >= least && value <= most ? value : throw new UsageException(FormattableString.Invariant($"{option.Name} must be from {least} to {most}, got {value}."));
    }
}
