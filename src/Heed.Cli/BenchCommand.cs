using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Heed.Kernels;

namespace Heed.Cli;

/// <summary><c>heed bench</c>: what this machine can do, and where each kernel stands against it.</summary>
internal static class BenchCommand
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        Option<string> only = new("--only") { Description = "Only kernels whose name contains this.", HelpName = "TEXT" };
        Option<string> picture = new("--svg") { Description = "Also writes a roofline picture of the kernels on all threads.", HelpName = "FILE" };
        Option<int> budget = new("--budget") { Description = "Milliseconds for each kernel.", HelpName = "MS", DefaultValueFactory = _ => 150 };
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
        Command command = new("bench", "Measures this machine and how near the kernels come to its limits.") { only, picture, budget, threads, json, quiet };
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            string? filter = parsed.GetValue(only);
            if (filter is not null && !KernelBenchmarks.Names.Any(n => n.Contains(filter, StringComparison.OrdinalIgnoreCase)))
                throw new UsageException($"--only '{filter}': no kernel's name contains it; there are {string.Join("; ", KernelBenchmarks.Names)}.");
            if (parsed.GetValue(budget) is < 1 or > 60_000)
                throw new UsageException(string.Create(culture, $"--budget must be from 1 to 60000, got {parsed.GetValue(budget)}."));
            Run run = new(terminal, parsed.GetValue(quiet), filter, TimeSpan.FromMilliseconds(parsed.GetValue(budget)), cancellation);
            run.Measure();
            if (parsed.GetValue(json))
                JsonText.WriteObject(terminal.Out, run.Write, isIndented: true);
            else
                run.Write();
            if (parsed.GetValue(picture) is { } file)
                Save(file, run.Picture());
            return cancellation.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;
        });
        return command;
    }

    private static void Save(string file, string svg)
    {
        try
        {
            File.WriteAllText(file, svg);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"the picture cannot be written: {e.Message}", file);
        }
    }

    private sealed class Run(Terminal terminal, bool quiet, string? filter, TimeSpan budget, CancellationToken cancellation)
    {
        private MachineLimits limits = null!;

        private List<KernelFigure> Figures { get; } = [];

        public void Measure()
        {
            int all = Workers.Degree;
            Say("limits of the machine");
            limits = MachineLimits.Measure();
            foreach (int count in all == 1 ? [1] : (int[])[1, all])
            {
                foreach (KernelFigure figure in KernelBenchmarks.Measure(count, budget, filter, cancellation))
                {
                    Figures.Add(figure);
                    Say(string.Create(culture, $"{count} thread{(count == 1 ? "" : "s")}: {figure.Kernel}"));
                }
            }
            if (!quiet && terminal.IsErrorTerminal)
                terminal.Error.Write("\r\u001b[K");
        }

        public string Picture() => RooflinePicture.Draw(limits, [.. Figures.Where(f => f.Threads == Figures[^1].Threads)]);

        public void Write()
        {
            Styled.WriteTable(terminal, ["limit", ">1 thread", string.Create(culture, $">{limits.Threads} threads"), ""], [
                [string.Create(culture, $"FMA peak, vectors of {limits.VectorBits} bits"), Rate(limits.PeakOneThread), Rate(limits.PeakAllThreads), "GFLOP/s"],
                ["read from L2", Rate(limits.SecondLevelCache.OneThread), Rate(limits.SecondLevelCache.AllThreads), "GB/s"],
                ["read from L3", Rate(limits.LastLevelCache.OneThread), Rate(limits.LastLevelCache.AllThreads), "GB/s"],
                ["read from memory", Rate(limits.Memory.OneThread), Rate(limits.Memory.AllThreads), "GB/s"],
            ]);
            terminal.Out.WriteLine();
            Styled.WriteTable(terminal, ["kernel", ">threads", ">ms", ">GFLOP/s", ">GB/s", ">of limit", "limit"], Figures.Select(f => new[]
            {
                f.Kernel, f.Threads.ToString(culture), f.Milliseconds.ToString("F4", culture), Rate(f.OperationRate), Rate(f.ByteRate), (100 * f.Share(limits)).ToString("F0", culture) + " %", f.Limit(limits),
            }));
        }

        public void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject("limits");
            json.WriteNumber("vectorBits", limits.VectorBits);
            json.WriteNumber("threads", limits.Threads);
            Pair("fmaGigaflops", limits.PeakOneThread, limits.PeakAllThreads);
            Pair("l2Gigabytes", limits.SecondLevelCache.OneThread, limits.SecondLevelCache.AllThreads);
            Pair("l3Gigabytes", limits.LastLevelCache.OneThread, limits.LastLevelCache.AllThreads);
            Pair("memoryGigabytes", limits.Memory.OneThread, limits.Memory.AllThreads);
            json.WriteEndObject();
            json.WriteStartArray("kernels");
            foreach (KernelFigure f in Figures)
            {
                json.WriteStartObject();
                json.WriteString("kernel", f.Kernel);
                json.WriteNumber("threads", f.Threads);
                json.WriteNumber("milliseconds", f.Milliseconds);
                json.WriteNumber("gigaflops", Math.Round(f.OperationRate, 2));
                json.WriteNumber("gigabytes", Math.Round(f.ByteRate, 2));
                json.WriteNumber("share", Math.Round(f.Share(limits), 4));
                json.WriteString("limit", f.Limit(limits));
                json.WriteEndObject();
            }
            json.WriteEndArray();

            void Pair(string name, double one, double all)
            {
                json.WriteStartArray(name);
                json.WriteNumberValue(Math.Round(one, 1));
                json.WriteNumberValue(Math.Round(all, 1));
                json.WriteEndArray();
            }
        }

        private static string Rate(double value) => value.ToString("F1", culture);

        private void Say(string message)
        {
            if (!quiet && terminal.IsErrorTerminal)
                terminal.Error.Write("\r\u001b[K" + message);
        }
    }
}
