using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed explain MODEL INPUT…</c>: what counted for an answer, method by method, and whether that holds.</summary>
internal static class ExplainCommand
{
    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Argument<string[]> inputs = new("inputs") { Description = "Texts, or paths of pictures.", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> data = new("--data") { Description = "Texts from a file: one a line, or with --text a column of a TSV, CSV or JSON Lines file.", HelpName = "file" };
        Option<string?> column = new("--text") { Description = "The file is a table, and the texts stand in this column: a name, or a number from 1.", HelpName = "column" };
        Option<string?> encoding = TableOptions.Encoding();
        Option<int> limit = new("--limit") { Description = "At most so many inputs of the file.", HelpName = "N", DefaultValueFactory = _ => 100 };
        ExplanationSettings settings = new();
        Option<bool> faithfulness = new("--faithfulness") { Description = "Do not show the inputs one by one: measure over all of them which methods explain the model." };
        Option<string?> intervene = new("--intervene")
        {
            Description = "Change the model by force and see what its answers, or explanations, do: uniform or permute (attention), adversarial (other weights, same answer), randomize (weights drawn anew, part by part).",
            HelpName = "kind",
        };
        Option<string?> output = new("--out") { Description = "Of one picture and one method: writes the picture with the scores over it, a PNG.", HelpName = "file" };
        Option<string?> report = new("--report") { Description = "Write the inputs under the scores of all methods, or with --faithfulness the figures, to this HTML file.", HelpName = "file" };
        Option<bool> gates = new("--gates") { Description = "Of pictures: shows how far channel attention opens its gates in each layer." };
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json();
        json.Description = "One JSON object an input and method; with --faithfulness one for all.";
        Command command = new("explain", "Shows what counted for an answer, and whether that explanation holds.") { model, inputs, data, column, encoding, limit };
        settings.AddTo(command);
        foreach (Option option in new Option[] { faithfulness, intervene, output, report, gates, threads, json })
            command.Add(option);
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            if (parsed.GetValue(limit) < 1)
                throw new UsageException(FormattableString.Invariant($"--limit must be at least 1, got {parsed.GetValue(limit)}."));
            string[] given = parsed.GetValue(inputs) ?? [];
            (string? file, string? of) = (parsed.GetValue(data), parsed.GetValue(column));
            if (given.Length > 0 == file is not null || (of is not null && file is null) || file is "" || of is "")
                throw new UsageException("give inputs, or --data with a file (and --text with a column of it), and not both.");
            ExplanationOptions options = settings.Read(parsed);
            bool listsNothing = parsed.GetValue(gates) || parsed.GetValue(output) is not null || parsed.GetValue(intervene) is not null;
            if (parsed.GetValue(report) is not null && listsNothing)
                throw new UsageException("--report is of explanations or of --faithfulness; leave --gates, --out and --intervene away.");
            ExplanationPage? page = parsed.GetValue(report) is { } target ? new ExplanationPage(ReportSettings.Target(target, parsed.GetValue(model)!, report.Name), parsed.GetValue(model)!) : null;
            ExplainedModel explained = ExplainedModel.Load(parsed.GetValue(model)!);
            if (parsed.GetValue(gates))
                return WriteGates(terminal, explained, given, parsed.GetValue(json));
            if (parsed.GetValue(output) is { } path)
                return UsageException.Guard(() => Paint(explained, given, options, path));
            IEnumerable<ExplainedInput> all = file is null ? explained.Inputs(given, options) : explained.InputsOf(file, of, parsed.GetValue(encoding), options).Take(parsed.GetValue(limit));
            if (parsed.GetValue(intervene) is { } kind)
                return UsageException.Guard(() => InterventionListing.Write(terminal, explained, all, kind, options, parsed.GetValue(json), cancellation));
            return UsageException.Guard(() => parsed.GetValue(faithfulness) ? Measure(terminal, all, options, page, parsed.GetValue(json), cancellation) : Show(terminal, all, options, page, parsed.GetValue(json), cancellation));
        });
        return command;
    }

    private static int Show(Terminal terminal, IEnumerable<ExplainedInput> inputs, ExplanationOptions options, ExplanationPage? page, bool isJson, CancellationToken cancellation)
    {
        ExplanationListing listing = new(terminal);
        foreach (ExplainedInput input in inputs)
        {
            cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<Explanation> explanations = ExplanationMethod.Explain(input, options);
            if (!isJson)
                listing.Write(input, explanations);
            foreach (Explanation explanation in isJson ? explanations : [])
                JsonText.WriteObject(terminal.Out, writer => ExplanationJson.Write(writer, explanation));
            terminal.Out.Flush();
            page?.Add(explanations);
        }
        page?.Write(terminal);
        return ExitCode.Done;
    }

    private static int Paint(ExplainedModel model, string[] paths, ExplanationOptions options, string output)
    {
        if (paths.Length != 1 || options.Methods is { Count: not 1 })
            throw new UsageException("--out paints one picture by one method; give one path, and one name with --methods (default grad-cam).");
        ExplainedInput input = model.Inputs(paths, options).First();
        if (input.Grid.Rows == 0)
            throw new UsageException("--out paints over a picture; the model reads texts.");
        Explanation explanation = ExplanationMethod.Explain(input, options with { Methods = options.Methods ?? ["grad-cam"] })[0];
        PictureOverlay.Of(Picture.Read(paths[0]), explanation).WritePng(output);
        return ExitCode.Done;
    }

    private static int WriteGates(Terminal terminal, ExplainedModel model, string[] paths, bool isJson)
    {
        foreach (string path in paths)
        {
            IReadOnlyList<LayerGates> layers = model.GatesOf(path);
            if (isJson)
            {
                JsonText.WriteObject(terminal.Out, writer => ExplanationJson.Write(writer, path, layers));
                continue;
            }
            terminal.Out.Write(OneLine.Of(path) + (layers.Count == 0 ? ": the network has no channel attention\n" : "\n"));
            foreach (LayerGates layer in layers)
                terminal.Out.Write(FormattableString.Invariant($"  {layer.Layer}: {layer.Values.Min():F3} to {layer.Values.Max():F3}, mean {layer.Values.Average():F3}, {layer.Values.Count} channels\n"));
        }
        return ExitCode.Done;
    }

    private static int Measure(Terminal terminal, IEnumerable<ExplainedInput> inputs, ExplanationOptions options, ExplanationPage? page, bool isJson, CancellationToken cancellation)
    {
        FaithfulnessReport report = FaithfulnessReport.Measure(inputs, new FaithfulnessOptions { Explanation = options }, cancellation);
        if (isJson)
            JsonText.WriteObject(terminal.Out, writer => FaithfulnessJson.Write(writer, report), isIndented: true);
        else
            FaithfulnessListing.Write(terminal, report);
        page?.Add(report);
        page?.Write(terminal);
        return ExitCode.Done;
    }
}
