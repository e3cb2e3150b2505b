using System.CommandLine;
using System.Globalization;

namespace Heed.Cli;

/// <summary><c>heed explain MODEL INPUT…</c>: what counted for an answer, method by method, and whether that holds.</summary>
internal sealed class ExplainCommand
{
    private readonly Terminal terminal;
    private readonly CancellationToken cancellation;
    private readonly Argument<string> model = CommonOptions.Model();
    private readonly Argument<string[]> inputs = new("inputs") { Description = "Texts, or paths of pictures.", Arity = ArgumentArity.ZeroOrMore };
    private readonly ExplainedData data = new();
    private readonly ExplanationSettings settings = new();
    private readonly SecondModelSettings second = new();
    private readonly GivenWeights weights = new();
    private readonly Option<bool> faithfulness = new("--faithfulness") { Description = "Do not show the inputs one by one: measure over all of them which methods explain the model." };
    private readonly Option<string?> intervene = new("--intervene")
    {
        Description = "Change the model by force and see what its answers, or explanations, do: uniform or permute (attention), given (the attention of --weights), adversarial (other weights, same answer, text by text), trained-adversary (a second model that learns to answer alike and look elsewhere), uniform-trained (one that learns the task with even weights), randomize (parameters drawn anew, part by part).",
        HelpName = "kind",
    };
    private readonly Option<string?> against = new("--against") { Description = "Another model of the same task, as one trained with another seed: how far each method says the same of both.", HelpName = "model" };
    private readonly Option<string?> output = new("--out") { Description = "Of one picture and one method: writes the picture with the scores over it, a PNG.", HelpName = "file" };
    private readonly Option<string?> report = new("--report") { Description = "Write the inputs under the scores of all methods, or with --faithfulness the figures, to this HTML file.", HelpName = "file" };
    private readonly Option<string?> trace = new("--trace") { Description = "Write what all heads attend to on each input to this folder, as traces that 'heed report' shows; of several inputs to folders in it, 0001 and so on.", HelpName = "folder" };
    private readonly Option<string> traceType = new("--trace-type") { Description = "How a trace stores weights: f32, f16 or u8.", HelpName = "type", DefaultValueFactory = _ => "f16" };
    private readonly Option<bool> heads = new("--heads") { Description = "Also say what each head does on the input: mean entropy and distance, weight of the first token and of the one before. From the kernel's statistics, so that long texts need no matrix." };
    private readonly Option<bool> gates = new("--gates") { Description = "Of pictures: shows how far channel attention opens its gates in each layer." };
    private readonly Option<bool> byClass = new("--by-class") { Description = "Of --gates: their mean over the pictures that the model answers alike, and how far that lies from the mean of all." };
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> json = CommonOptions.Json();

    private ExplainCommand(Terminal terminal, CancellationToken cancellation) => (this.terminal, this.cancellation) = (terminal, cancellation);

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        ExplainCommand explain = new(terminal, cancellation);
        explain.json.Description = "One JSON object an input and method; with --faithfulness one for all.";
        Command command = new("explain", "Shows what counted for an answer, and whether that explanation holds.") { explain.model, explain.inputs };
        foreach (Option option in explain.data.Options)
            command.Add(option);
        explain.settings.AddTo(command);
        foreach (Option option in new Option[] { explain.faithfulness, explain.intervene, explain.against, explain.output, explain.report, explain.trace, explain.traceType, explain.heads, explain.gates, explain.byClass, explain.threads, explain.json })
            command.Add(option);
        explain.weights.AddTo(command);
        explain.second.AddTo(command);
        command.SetAction(explain.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        threads.Apply(parsed);
        string[] given = parsed.GetValue(inputs) ?? [];
        string path = parsed.GetValue(model)!;
        bool isData = data.IsIn(parsed, given);
        ExplanationOptions options = settings.Read(parsed);
        CheckWhat(parsed);
        bool hasWeights = weights.IsAsked(parsed, parsed.GetValue(intervene), isData ? 0 : given.Length);
        bool isTrained = second.IsAsked(parsed, parsed.GetValue(intervene));
        ExplanationPage? page = parsed.GetValue(report) is { } target ? new ExplanationPage(ReportSettings.Target(target, path, report.Name), path) : null;
        TraceType type = HeadListing.TypeOf(parsed.GetValue(traceType)!);
        ExplainedModel explained = ExplainedModel.Load(path);
        explained.Check(options, parsed.GetValue(against) is not null);
        IEnumerable<ExplainedItem> items = isData ? explained.Items(data, parsed) : given.Select(explained.Item);
        bool isJson = parsed.GetValue(json);
        if (parsed.GetValue(gates))
            return parsed.GetValue(byClass) ? UsageException.Guard(() => GateListing.WriteByClass(terminal, explained, items, options, isJson)) : GateListing.Write(terminal, explained, items, isJson);
        IEnumerable<ExplainedInput> all = items.SelectMany(item => Read(explained, item, options));
        return UsageException.Guard(() =>
        {
            if (parsed.GetValue(output) is { } file)
                return Paint(all, given.Length, options, file);
            if (hasWeights)
                return weights.Run(terminal, parsed, all, isJson);
            if (isTrained)
                return second.Run(terminal, parsed, parsed.GetValue(intervene)!, explained, data, items, options, isJson, cancellation);
            if (parsed.GetValue(intervene) is { } kind)
                return InterventionListing.Write(terminal, explained.Network, all, kind, options, isJson, cancellation);
            if (parsed.GetValue(against) is { } other)
                return Compare(explained, ExplainedModel.Load(other), items, options, isJson);
            if (parsed.GetValue(faithfulness))
                return Measure(all, options, page, isJson);
            return Show(all, options, page, parsed.GetValue(trace) is { } folder ? (folder, isData || given.Length > 1, type) : null, parsed.GetValue(heads), isJson);
        });
    }

    // What is asked for is one thing.
    private void CheckWhat(ParseResult parsed)
    {
        if (parsed.GetValue(intervene) is { } kind && !InterventionListing.Kinds.Contains(kind, StringComparer.Ordinal))
            throw new UsageException($"--intervene must be one of {string.Join(", ", InterventionListing.Kinds)}; got '{kind}'.");
        string[] asked = [.. new (string Name, bool Is)[]
        {
            (gates.Name, parsed.GetValue(gates)), (output.Name, parsed.GetValue(output) is not null), (intervene.Name, parsed.GetValue(intervene) is not null), (against.Name, parsed.GetValue(against) is not null),
            (faithfulness.Name, parsed.GetValue(faithfulness)),
        }.Where(o => o.Is).Select(o => o.Name)];
        if (asked.Length > 1)
            throw new UsageException($"{string.Join(" and ", asked)} are different questions; ask one.");
        if (parsed.GetValue(report) is not null && asked is not ([] or ["--faithfulness"]))
            throw new UsageException($"--report is of explanations or of --faithfulness; leave {asked[0]} away.");
        if (parsed.GetValue(byClass) && !parsed.GetValue(gates))
            throw new UsageException("--by-class is of --gates; add that.");
        if (parsed.GetValue(heads) && asked.Length > 0)
            throw new UsageException($"--heads goes with explanations input by input; leave {asked[0]} away.");
        if (parsed.GetValue(trace) is not null && asked.Length > 0)
            throw new UsageException($"--trace goes with explanations input by input; leave {asked[0]} away.");
    }

    // An empty translation has no token that could be explained.
    private ExplainedInput[] Read(ExplainedModel explained, ExplainedItem item, ExplanationOptions options)
    {
        ExplainedInput[] read = [.. explained.Read(item, options)];
        if (read.Length == 0)
            terminal.Say($"'{OneLine.Of(item.Row.Text)}': the model's answer is empty, so there is nothing to explain");
        return read;
    }

    private int Show(IEnumerable<ExplainedInput> all, ExplanationOptions options, ExplanationPage? page, (string Folder, bool IsOneOfMany, TraceType Type)? traces, bool showsHeads, bool isJson)
    {
        ExplanationListing listing = new(terminal);
        (string? last, int number) = (null, 0);
        foreach (ExplainedInput input in all)
        {
            cancellation.ThrowIfCancellationRequested();
            // The tokens of one translation come from one pass.
            bool isNew = input.Source != last;
            last = input.Source;
            if (traces is { } wanted && isNew)
            {
                number++;
                string folder = wanted.IsOneOfMany ? Path.Combine(wanted.Folder, number.ToString("0000", CultureInfo.InvariantCulture)) : wanted.Folder;
                if (wanted.IsOneOfMany)
                    Directory.CreateDirectory(wanted.Folder);
                input.WriteTrace(folder, wanted.Type);
                terminal.Say($"trace {folder}; 'heed report {folder}' shows it");
            }
            IReadOnlyList<Explanation> explanations = ExplanationMethod.Explain(input, options);
            if (!isJson)
                listing.Write(input, explanations);
            foreach (Explanation explanation in isJson ? explanations : [])
                JsonText.WriteObject(terminal.Out, writer => ExplanationJson.Write(writer, explanation));
            if (showsHeads && isNew)
                HeadListing.Write(terminal, input, isJson);
            terminal.Out.Flush();
            page?.Add(input, explanations);
        }
        page?.Write(terminal);
        return ExitCode.Done;
    }

    private static int Paint(IEnumerable<ExplainedInput> all, int count, ExplanationOptions options, string file)
    {
        if (count != 1 || options.Methods is { Count: not 1 })
            throw new UsageException("--out paints one picture by one method; give one path, and one name with --methods (default grad-cam, of a vision Transformer rollout).");
        ExplainedInput input = all.First();
        if (input.Picture is not { } picture)
            throw new UsageException("--out paints over a picture; the model reads texts.");
        string usual = input.Features is null && input.Attention is not null ? "rollout" : "grad-cam";
        PictureOverlay.Of(picture, ExplanationMethod.Explain(input, options with { Methods = options.Methods ?? [usual] })[0]).WritePng(file);
        return ExitCode.Done;
    }

    private int Compare(ExplainedModel first, ExplainedModel second, IEnumerable<ExplainedItem> items, ExplanationOptions options, bool isJson)
    {
        if (first.GetType() != second.GetType())
            throw new UsageException("--against compares two models of one kind, as two text classifiers; the other model is of another kind.");
        int count = 0, same = 0;
        IEnumerable<(ExplainedInput, ExplainedInput)> pairs = items.Select(item =>
        {
            cancellation.ThrowIfCancellationRequested();
            ExplainedInput own = first.Read(item, options).Single();
            (count, same) = (count + 1, same + (second.Read(item, options).Single().Label == own.Label ? 1 : 0));
            return (own, second.Read(item, options with { Target = own.Label }).Single());
        });
        IReadOnlyList<ExplanationAgreement> found = ExplanationAgreement.Measure(pairs, options);
        AgreementListing.Write(terminal, found, (count, options.Target is null ? same : null), isJson);
        return ExitCode.Done;
    }

    private int Measure(IEnumerable<ExplainedInput> all, ExplanationOptions options, ExplanationPage? page, bool isJson)
    {
        FaithfulnessReport measured = FaithfulnessReport.Measure(all, new FaithfulnessOptions { Explanation = options }, cancellation);
        if (isJson)
            JsonText.WriteObject(terminal.Out, writer => FaithfulnessJson.Write(writer, measured), isIndented: true);
        else
            FaithfulnessListing.Write(terminal, measured);
        page?.Add(measured);
        page?.Write(terminal);
        return ExitCode.Done;
    }
}
