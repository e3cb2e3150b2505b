using System.Diagnostics;
using System.Text.Json;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>Measures, prints the table, writes the JSON lines.</summary>
internal sealed class BenchmarkRun : IDisposable
{
    private const double ShortestMeasurement = 1e-4;
    private const int LongestStale = 200;
    private readonly StreamWriter? json;
    private bool hasHeader;

    public BenchmarkRun(BenchmarkOptions options)
    {
        Options = options;
        if (options.Json is null)
            return;
        json = new StreamWriter(options.Json, append: true);
        if (json.BaseStream.Length == 0)
        {
            json.WriteLine(JsonSerializer.Serialize(new
            {
                machine = new
                {
                    date = FormattableString.Invariant($"{DateTime.UtcNow:yyyy-MM-dd}"),
                    cpu = Processor(),
                    cores = Environment.ProcessorCount,
                    system = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
                    versions = new { dotnet = Environment.Version.ToString(), simd = $"{Simd.Bits} bits" },
                },
            }));
        }
    }

    public BenchmarkOptions Options { get; }

    /// <summary>Measures a case on each number of threads: the peak of the machine, and the case, in turn.</summary>
    /// <param name="name">As in bench/peers/cases.txt.</param>
    /// <param name="pass"><c>fwd</c>, <c>fwdbwd</c>, <c>train</c>, ….</param>
    /// <param name="operations">Floating-point operations of one call.</param>
    /// <param name="once">One call.</param>
    /// <param name="readsMemory">The operations are bytes read, and the limit is the read bandwidth of memory.</param>
    public void Measure(string name, string pass, double operations, Action once, bool readsMemory = false)
    {
        if (!name.Contains(Options.Case, StringComparison.Ordinal))
            return;
        foreach (int threads in Options.Threads)
        {
            Workers.Degree = threads;
            Settle(once);
            // Calls are grouped until a group is long against the clock and against waking a worker.
            var watch = Stopwatch.StartNew();
            once();
            int group = (int)Math.Max(1, Math.Ceiling(ShortestMeasurement / watch.Elapsed.TotalSeconds));
            List<double> times = [];
            double peak = 0;
            for (watch.Restart(); times.Count < 5 || watch.ElapsedMilliseconds < Options.Budget;)
            {
                if (times.Count % 64 == 0)
                    peak = Math.Max(peak, readsMemory ? MachineLimits.Measure().Memory.AllThreads : MachineLimits.Peak(threads));
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < group; i++)
                    once();
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / group);
            }
            times.Sort();
            double rate = operations / times[0] * 1e-6;
            Report(name, threads, pass, times[0], times[times.Count / 2], rate, rate / peak, readsMemory);
        }
    }

    /// <summary>Measures two things in turn, one call of each, and reports what the second takes of the first: the median of the pairs, its interval of 95 %, the quartiles, and the ratio of the best.</summary>
    /// <param name="name">The case.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="one">The first.</param>
    /// <param name="other">The second.</param>
    public void MeasurePair(string name, int threads, Action one, Action other)
    {
        Workers.Degree = threads;
        for (int i = 0; i < 10; i++)
        {
            one();
            other();
        }
        List<(double One, double Other)> times = [];
        for (var watch = Stopwatch.StartNew(); times.Count < PairRatios.Least || watch.ElapsedMilliseconds < Options.Budget;)
            times.Add(PairRatios.Time(one, other, times.Count));
        PairRatios ratios = new(times);
        (double best, double otherBest, Interval median) = (times.Min(t => t.One), times.Min(t => t.Other), ratios.Median);
        (double firstQuartile, double thirdQuartile) = ratios.Quartiles;
        Console.WriteLine(FormattableString.Invariant($"{name}, {threads} threads, {times.Count} pairs: best {best:F1} and {otherBest:F1} ms ({otherBest / best:F4}), median ratio {median.Value:F4} ({median.Low:F4} to {median.High:F4} with 95 %), quartiles {firstQuartile:F4} and {thirdQuartile:F4}"));
        json?.WriteLine(JsonSerializer.Serialize(new
        {
            peer = "heed",
            @case = name,
            threads,
            pass = "pair",
            pairs = times.Count,
            ms_min = Math.Round(otherBest, 3),
            ms_min_first = Math.Round(best, 3),
            ratio_min = Math.Round(otherBest / best, 4),
            ratio_median = Math.Round(median.Value, 4),
            ratio_median_low = Math.Round(median.Low, 4),
            ratio_median_high = Math.Round(median.High, 4),
            ratio_quartile_1 = Math.Round(firstQuartile, 4),
            ratio_quartile_3 = Math.Round(thirdQuartile, 4),
        }));
        json?.Flush();
    }

    // The JIT replaces code that runs often, in the background: calls go on until a second look at the clock finds nothing faster, three at least.
    private void Settle(Action once)
    {
        double best = double.PositiveInfinity;
        int calls = 0, stale = 0;
        for (var total = Stopwatch.StartNew(); calls < 3 || (stale < LongestStale && total.ElapsedMilliseconds < Options.Budget); calls++)
        {
            long start = Stopwatch.GetTimestamp();
            once();
            double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            stale = time < 0.98 * best ? 0 : stale + 1;
            best = Math.Min(best, time);
        }
    }

    /// <summary>Measures a case on one thread whose work is bytes.</summary>
    /// <param name="name">The case.</param>
    /// <param name="bytes">Bytes that one call goes through.</param>
    /// <param name="once">One call.</param>
    public void MeasureBytes(string name, long bytes, Action once)
    {
        once();
        List<double> times = [];
        for (var watch = Stopwatch.StartNew(); times.Count < 3 || watch.ElapsedMilliseconds < Options.Budget;)
        {
            long start = Stopwatch.GetTimestamp();
            once();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        (double best, double median) = (times[0], times[times.Count / 2]);
        Header();
        Console.WriteLine($"| {name,-30} | {1,7} | bytes  | {best,10:F4} | {median,10:F4} | {bytes / best * 1e-3,9:F1} | {"MB/s",7} |");
        json?.WriteLine(JsonSerializer.Serialize(new
        {
            peer = "heed",
            @case = name,
            threads = 1,
            pass = "bytes",
            ms_min = Math.Round(best, 5),
            ms_median = Math.Round(median, 5),
            mbytes = Math.Round(bytes / best * 1e-3, 1),
        }));
        json?.Flush();
    }

    /// <summary>One line of the table and of the file; the rate is in GFLOP/s, or in GB/s.</summary>
    public void Report(string name, int threads, string pass, double best, double median, double rate, double share, bool isBandwidth = false)
    {
        Header();
        Console.WriteLine($"| {name,-30} | {threads,7} | {pass,-6} | {best,10:F4} | {median,10:F4} | {rate,9:F1} | {share,7:P1} |");
        json?.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["peer"] = "heed",
            ["case"] = name,
            ["threads"] = threads,
            ["pass"] = pass,
            ["ms_min"] = Math.Round(best, 5),
            ["ms_median"] = Math.Round(median, 5),
            [isBandwidth ? "gbytes" : "gflops"] = Math.Round(rate, 1),
            ["share"] = Math.Round(share, 4),
        }));
        json?.Flush();
    }

    /// <summary>A limit of the machine.</summary>
    public void ReportLimit(string name, int threads, double value, bool isBandwidth)
    {
        Header();
        Console.WriteLine($"| {name,-30} | {threads,7} | limit  | {"",10} | {"",10} | {value,9:F1} | {(isBandwidth ? "GB/s" : ""),7} |");
        var line = new Dictionary<string, object>(StringComparer.Ordinal) { ["peer"] = "heed", ["case"] = name, ["threads"] = threads, ["pass"] = "limit", ["ms_min"] = 0 };
        line[isBandwidth ? "gbytes" : "gflops"] = Math.Round(value, 1);
        json?.WriteLine(JsonSerializer.Serialize(line));
        json?.Flush();
    }

    /// <summary>Peak memory of a case, in MiB.</summary>
    public void ReportMemory(string name, int threads, double mebibytes, string what = "beyond inputs, outputs and gradients")
    {
        Console.WriteLine(FormattableString.Invariant($"{name}, {threads} threads: {mebibytes:F1} MiB {what}"));
        json?.WriteLine(JsonSerializer.Serialize(new { peer = "heed", @case = name, threads, pass = "memory", ms_min = 0, peak_mib = Math.Round(mebibytes, 1) }));
        json?.Flush();
    }

    public void Dispose() => json?.Dispose();

    private void Header()
    {
        if (hasHeader)
            return;
        hasHeader = true;
        Console.WriteLine($"{Processor()}, {Environment.ProcessorCount} processors, vectors of {Simd.Bits} bits, .NET {Environment.Version}");
        Console.WriteLine($"| {"case",-30} | threads | pass   | {"ms best",10} | {"ms median",10} | {"GFLOP/s",9} | {"share",7} |");
        Console.WriteLine("|---|---:|---|---:|---:|---:|---:|");
    }

    private static string Processor()
    {
        const string List = "/proc/cpuinfo";
        string? line = File.Exists(List) ? File.ReadLines(List).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':') + 1)..].Trim();
    }
}
