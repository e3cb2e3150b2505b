using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed explain --intervene trained-adversary</c>: a second model learns to answer as the first does and to look elsewhere.</summary>
internal sealed class AdversarySettings
{
    private static readonly AdversaryOptions usual = new();

    private readonly OptionList options = new();
    private readonly Option<string?> texts, output;
    private readonly Option<double> divergence;
    private readonly Option<int> epochs;

    public AdversarySettings()
    {
        texts = options.Add<string?>("--learn-from", "Of --intervene trained-adversary: the texts that it learns from, all of them, read like those of --data; labels are not read.", null, "file");
        divergence = options.AddNumber("--divergence", "Of the same: how much the divergence of its weights counts against the change of its answers; 0 for a second model that only answers alike.", usual.Divergence);
        epochs = options.Add("--adversary-epochs", "Of the same: how often it goes through its texts at most.", usual.Training.EpochCount);
        output = options.Add<string?>("--adversary-out", "Of the same: save it here, a model like any other.", null, "folder");
    }

    public void AddTo(Command command) => options.AddTo(command);

    /// <summary>Whether an adversary shall be trained. Throws where its options make no sense, before any work.</summary>
    public bool IsAsked(ParseResult parsed, string? kind)
    {
        bool isAsked = kind == AttentionIntervention.TrainedAdversaryKind;
        if (!isAsked && options.FirstGiven(parsed) is { } given)
            throw new UsageException($"{given.Name} is of --intervene {AttentionIntervention.TrainedAdversaryKind}; add that.");
        if (isAsked && string.IsNullOrEmpty(parsed.GetValue(texts)))
            throw new UsageException($"--intervene {AttentionIntervention.TrainedAdversaryKind} trains a second model; give the texts that it learns from with {texts.Name}, as those that the model was trained on.");
        if (isAsked)
            UsageException.Guard(() => Options(parsed, new ExplanationOptions()));
        if (parsed.GetValue(output) is { } folder)
            OutputFolder.Check(folder);
        return isAsked;
    }

    /// <summary>Trains it, and says what it does on the inputs.</summary>
    public int Run(Terminal terminal, ParseResult parsed, ExplainedModel explained, ExplainedData data, IEnumerable<ExplainedItem> items, ExplanationOptions explanation, bool isJson, CancellationToken cancellation)
    {
        TextClassifier model = explained.Classifier ?? throw new UsageException($"--intervene {AttentionIntervention.TrainedAdversaryKind} is for text classifiers with a learned pooling; the model is of another kind.");
        TextRow[] rows = [.. data.Rows(parsed, parsed.GetValue(texts)!, model.Features)];
        TextClassifier adversary = TrainedAdversary.Train(model, rows, Options(parsed, explanation), new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal), cancellation);
        if (parsed.GetValue(output) is { } folder)
        {
            adversary.Save(folder);
            terminal.Say($"saved {folder}; 'heed predict {folder} --weights' shows where it looks");
        }
        cancellation.ThrowIfCancellationRequested();
        InterventionListing.WriteChange(terminal, AttentionIntervention.Between(items.Select(item =>
        {
            cancellation.ThrowIfCancellationRequested();
            ExplainedInput own = model.Explaining(item.Row, explanation.Target);
            return (own, adversary.Explaining(item.Row, own.Label));
        })), isJson);
        return ExitCode.Done;
    }

    private AdversaryOptions Options(ParseResult parsed, ExplanationOptions explanation)
    {
        AdversaryOptions asked = new() { Divergence = parsed.GetValue(divergence), Training = usual.Training with { EpochCount = parsed.GetValue(epochs), Seed = explanation.Seed } };
        asked.Validate();
        return asked;
    }
}
