using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed explain --intervene trained-adversary</c> and <c>uniform-trained</c>: a second model of the same form, which learns to answer alike and look elsewhere, or learns the task without choosing where to look.</summary>
internal sealed class SecondModelSettings
{
    private const string Adversary = AttentionIntervention.TrainedAdversaryKind, Uniform = AttentionIntervention.UniformTrainedKind, Of = $"Of --intervene {Adversary} and {Uniform}: ";
    private static readonly AdversaryOptions usual = new();

    private readonly OptionList options = new(), ofAdversary = new(), ofUniform = new();
    private readonly Option<string?> texts, dev, output;
    private readonly Option<string> label;
    private readonly Option<double> divergence;
    private readonly Option<int?> epochs;

    public SecondModelSettings()
    {
        texts = options.Add<string?>("--learn-from", Of + $"the rows that the second model learns from, all of them, read like those of --data; of {Uniform} a table with labels, of {Adversary} labels are not read.", null, "file");
        epochs = options.Add<int?>("--adversary-epochs", FormattableString.Invariant($"{Of}how often it goes through its rows at most. [default: {usual.Training.EpochCount}; of {Uniform} as the model was trained]"), null);
        output = options.Add<string?>("--adversary-out", Of + "save it here, a model like any other.", null, "folder");
        divergence = ofAdversary.AddNumber("--divergence", $"Of {Adversary}: how much the divergence of its weights counts against the change of its answers; 0 for a second model that only answers alike.", usual.Divergence);
        label = ofUniform.Add("--label", $"Of {Uniform}: the column of the labels in --learn-from, and in --data, where accuracies are compared if it is there: a name, or a number from 1.", "label", "column");
        dev = ofUniform.Add<string?>("--learn-dev", $"Of {Uniform}: the rows that choose its best epoch, best those that chose the model's. [default: a tenth of --learn-from]", null, "file");
    }

    public void AddTo(Command command)
    {
        options.AddTo(command);
        ofAdversary.AddTo(command);
        ofUniform.AddTo(command);
    }

    /// <summary>Whether a second model shall be trained. Throws where its options make no sense, before any work.</summary>
    public bool IsAsked(ParseResult parsed, string? kind)
    {
        bool isAdversary = kind == Adversary, isUniform = kind == Uniform;
        if (!isAdversary && !isUniform && options.FirstGiven(parsed) is { } given)
            throw new UsageException($"{given.Name} is of --intervene {Adversary} or {Uniform}; add one.");
        if (!isAdversary && ofAdversary.FirstGiven(parsed) is { } adverse)
            throw new UsageException($"{adverse.Name} is of --intervene {Adversary}; add that.");
        if (!isUniform && ofUniform.FirstGiven(parsed) is { } even)
            throw new UsageException($"{even.Name} is of --intervene {Uniform}; add that.");
        if ((isAdversary || isUniform) && string.IsNullOrEmpty(parsed.GetValue(texts)))
            throw new UsageException($"--intervene {kind} trains a second model; give the rows that it learns from with {texts.Name}, as those that the model was trained on.");
        if (isUniform && parsed.GetValue(label) is "")
            throw new UsageException("--label must not be empty.");
        if (isAdversary)
            UsageException.Guard(() => AdversaryOptions(parsed, new ExplanationOptions()));
        if (isUniform)
            UsageException.Guard(() => Validated(Training(parsed, new TrainingOptions(), new ExplanationOptions())));
        if (parsed.GetValue(output) is { } folder)
            OutputFolder.Check(folder);
        return isAdversary || isUniform;
    }

    /// <summary>Trains it, and says what it does on the inputs.</summary>
    public int Run(Terminal terminal, ParseResult parsed, string kind, ExplainedModel explained, ExplainedData data, IEnumerable<ExplainedItem> items, ExplanationOptions explanation, bool isJson, CancellationToken cancellation)
    {
        TextClassifier model = explained.Classifier ?? throw new UsageException($"--intervene {kind} is for text classifiers with a learned pooling; the model is of another kind.");
        ConsoleProgress progress = new(terminal.Error, terminal.IsErrorTerminal);
        TextRow[] rows = [.. items.Select(item => item.Row)];
        (TextClassifier second, ModelComparison? accuracies) = kind == Uniform ? TrainUniform(terminal, parsed, model, data, explanation, progress, cancellation)
            : (TrainedAdversary.Train(model, data.Rows(parsed, parsed.GetValue(texts)!, model.Features), AdversaryOptions(parsed, explanation), progress, cancellation), null);
        if (parsed.GetValue(output) is { } folder)
        {
            second.Save(folder);
            terminal.Say($"saved {folder}; 'heed predict {folder} --weights' shows where it looks");
        }
        cancellation.ThrowIfCancellationRequested();
        InterventionListing.WriteChange(terminal, AttentionIntervention.Between(rows.Select(row =>
        {
            cancellation.ThrowIfCancellationRequested();
            ExplainedInput own = model.Explaining(row, explanation.Target);
            return (own, second.Explaining(row, own.Label));
        }), kind), isJson, accuracies);
        return ExitCode.Done;
    }

    // What is wrong with a file is said before the training.
    private (TextClassifier Second, ModelComparison? Accuracies) TrainUniform(
        Terminal terminal, ParseResult parsed, TextClassifier model, ExplainedData data, ExplanationOptions explanation, ConsoleProgress progress, CancellationToken cancellation)
    {
        string column = parsed.GetValue(label)!;
        TextData? inputs = data.LabelledInputs(parsed, model, column);
        TextData rows = data.Labelled(parsed, parsed.GetValue(texts)!, model, column);
        TextSplit parts = parsed.GetValue(dev) is { } file ? new TextSplit(rows, data.Labelled(parsed, file, model, column), rows.Select([])) : rows.Split(explanation.Seed, dev: 0.1, test: 0);
        if (inputs is null)
            terminal.Say($"the inputs have no labels (--data with --text, and the column '{column}'), so accuracies are not compared");
        TextClassifier second = UniformBaseline.Train(model, parts.Train, parts.Dev, Training(parsed, model.Record.Options, explanation), progress, cancellation);
        return (second, inputs is null ? null : model.CompareWith(second, inputs));
    }

    private AdversaryOptions AdversaryOptions(ParseResult parsed, ExplanationOptions explanation)
    {
        AdversaryOptions asked = new() { Divergence = parsed.GetValue(divergence), Training = Training(parsed, usual.Training, explanation) };
        asked.Validate();
        return asked;
    }

    private TrainingOptions Training(ParseResult parsed, TrainingOptions known, ExplanationOptions explanation) => known with { EpochCount = parsed.GetValue(epochs) ?? known.EpochCount, Seed = explanation.Seed };

    private static TrainingOptions Validated(TrainingOptions training)
    {
        training.Validate();
        return training;
    }
}
