using System.CommandLine;
using System.Globalization;

namespace Heed.Cli;

/// <summary><c>heed report TRACE</c>: a trace of attention as an HTML report.</summary>
internal static class ReportCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> folder = new("trace") { Description = "The trace's folder, as 'heed explain --trace' and 'heed describe --heads --trace' write it." };
        Option<string?> output = new("--out") { Description = "The HTML file. [default: the trace's folder with .report.html behind its name]", HelpName = "file" };
        Option<string?> layers = new("--layers") { Description = "Layers, as 0,3. [default: all]", HelpName = "list" };
        Option<string?> heads = new("--heads") { Description = "Heads, as 0,3. [default: all]", HelpName = "list" };
        Option<string> pooling = new("--pooling") { Description = "What a cell of a long sequence is: the mean or the max of its weights.", HelpName = "mean|max", DefaultValueFactory = _ => "mean" };
        Option<string?> of = new("--of") { Description = "Refuse the trace if this model did not make it.", HelpName = "model" };
        Command command = new("report", "Shows a trace of attention as an HTML file.") { folder, output, layers, heads, pooling, of };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(folder)!;
            TraceReportOptions options = new()
            {
                Title = ReportSettings.Title(path),
                Layers = Numbers(parsed.GetValue(layers), "--layers"),
                Heads = Numbers(parsed.GetValue(heads), "--heads"),
                Pooling = parsed.GetValue(pooling) switch { "mean" => TracePooling.Mean, "max" => TracePooling.Max, var other => throw new UsageException($"--pooling must be mean or max, got '{other}'.") },
            };
            using AttentionTrace trace = AttentionTrace.Open(path);
            if (parsed.GetValue(of) is { } model)
                trace.Check(ExplainedModel.Load(model).Network);
            string target = ReportSettings.Target(parsed.GetValue(output), path, "--out");
            TraceReport.Of(trace, options).Write(target);
            terminal.Out.WriteLine($"report {target}");
            return ExitCode.Done;
        });
        return command;
    }

    private static int[]? Numbers(string? list, string option) => list is null ? null
        : [.. list.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw new UsageException($"{option} must be whole numbers with commas between, as 0,3; got '{list}'."))];
}
