using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed train lm</c>: trains a language model on a text.</summary>
internal sealed class TrainLanguageModelCommand
{
    private readonly Terminal terminal;
    private readonly TrainingRun run;
    private readonly Option<string> data = new("--data") { Description = "The text to learn from, UTF-8, plain or gzip.", HelpName = "file", Required = true };
    private readonly Option<string?> dev = new("--dev") { Description = "The text that chooses the best moment; without it the last tenth of --data.", HelpName = "file" };
    private readonly LanguageModelSettings settings = new();
    private readonly ReportSettings report = new(isDefault: true);

    private TrainLanguageModelCommand(Terminal terminal) => (this.terminal, run) = (terminal, new TrainingRun(terminal, "look at the dev text"));

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        TrainLanguageModelCommand train = new(terminal);
        Command command = new("lm", "Trains a language model on a text: a Transformer that writes, or with --masked one that reads.") { train.data, train.dev, train.run.Output };
        train.settings.AddTo(command);
        train.report.AddTo(command);
        foreach (Option option in train.run.LastOptions)
            command.Add(option);
        command.SetAction(parsed => train.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        run.UseThreads(parsed);
        string folder = run.Folder(parsed);
        if (settings.IsMasked(parsed))
            return Run(parsed, settings.ReadMasked(parsed, folder), cancellation);
        LanguageModelOptions options = settings.Read(parsed, folder);
        using TrainingSession session = run.Start(parsed, cancellation);
        string? page = report.Read(parsed, folder);
        (string text, string? devText) = Read(parsed);
        LanguageModel model = session.Train((observer, token) => devText is null ? LanguageModel.Train(text, options, observer, token) : LanguageModel.Train(text, devText, options, observer, token));
        if (!session.Save(model.Record, model.Save, options.Checkpoint, Stopped(model.Record)))
            return session.ExitCode;
        if (page is not null)
            model.Report(devText ?? LanguageModel.Parts(text).Dev, report.Options(parsed, folder)).Write(page);
        Write(parsed, model.Record, model.Network.ParameterCount, model.Tokenizer.VocabularySize, "next", folder, page);
        run.Say(parsed, $"next: heed generate {folder} \"a beginning\"");
        run.Say(parsed, $"      heed eval {folder} --data FILE");
        return session.ExitCode;
    }

    private int Run(ParseResult parsed, MaskedLanguageModelOptions options, CancellationToken cancellation)
    {
        using TrainingSession session = run.Start(parsed, cancellation);
        string folder = session.Folder;
        string? page = report.Read(parsed, folder);
        (string text, string? devText) = Read(parsed);
        MaskedLanguageModel model = session.Train((observer, token) => devText is null ? MaskedLanguageModel.Train(text, options, observer, token) : MaskedLanguageModel.Train(text, devText, options, observer, token));
        if (!session.Save(model.Record, model.Save, options.Checkpoint, Stopped(model.Record)))
            return session.ExitCode;
        if (page is not null)
            model.Report(devText ?? LanguageModel.Parts(text).Dev, report.Options(parsed, folder)).Write(page);
        Write(parsed, model.Record, model.Network.ParameterCount, model.Tokenizer.VocabularySize, "hidden", folder, page);
        run.Say(parsed, $"next: heed train text --model {folder} --data FILE --out MODEL");
        run.Say(parsed, $"      heed embed {folder} \"a text\"");
        return session.ExitCode;
    }

    private (string Text, string? Dev) Read(ParseResult parsed) => (WholeText.Read(parsed.GetValue(data)!), parsed.GetValue(dev) is { } path ? WholeText.Read(path) : null);

    private static string Stopped(TrainingRecord record) => $"stopped after {record.Epochs.Count} looks at the dev text";

    private void Write(ParseResult parsed, TrainingRecord record, long parameters, int vocabulary, string which, string folder, string? page)
    {
        EpochReport best = record.Epochs[record.BestEpoch - 1];
        if (run.IsJson(parsed))
        {
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteString("model", folder);
                if (page is not null)
                    writer.WriteString("report", page);
                writer.WriteNumber("parameters", parameters);
                writer.WriteNumber("vocabulary", vocabulary);
                writer.WriteNumber("seed", record.Options.Seed);
                writer.WriteStartObject("dev");
                double loss = record.Mean?.DevLoss ?? best.DevLoss;
                writer.WriteFinite("loss", loss);
                writer.WriteFinite("perplexity", Math.Exp(loss));
                writer.WriteFinite("accuracy", record.Mean?.Accuracy ?? best.Accuracy);
                ReportJson.WriteMean(writer, record);
                writer.WriteEndObject();
            }, isIndented: true);
            return;
        }
        terminal.Out.WriteLine(FormattableString.Invariant($"best at look {best.Epoch} of {record.Epochs.Count}: dev loss {best.DevLoss:F4}, perplexity {Math.Exp(best.DevLoss):F2}, {which} token right {best.Accuracy:F4}"));
        if (record.Mean is { } mean)
            terminal.Out.WriteLine(FormattableString.Invariant($"kept: mean of looks {string.Join(", ", mean.Epochs)}: dev loss {mean.DevLoss:F4}, perplexity {Math.Exp(mean.DevLoss):F2}, {which} token right {mean.Accuracy:F4}"));
        terminal.Out.WriteLine($"model {folder}");
        if (page is not null)
            terminal.Out.WriteLine($"report {page}");
    }
}
