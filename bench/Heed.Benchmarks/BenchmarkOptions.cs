using System.Globalization;

namespace Heed.Benchmarks;

/// <summary>What is measured, and where the figures go.</summary>
internal sealed record BenchmarkOptions
{
    public const string Usage = "usage: [--json FILE] [--only \"GROUP …\"] [--case TEXT] [--threads \"1 2\"] [--budget MILLISECONDS] [--data DIR]";

    /// <summary>Figures are appended here as JSON lines, if set.</summary>
    public string? Json { get; init; }

    /// <summary>Names of groups; empty: all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Only cases whose name contains this text.</summary>
    public string Case { get; init; } = "";

    /// <summary>Numbers of threads; default 1 and all processors.</summary>
    public IReadOnlyList<int> Threads { get; init; } = [.. new[] { 1, Environment.ProcessorCount }.Distinct()];

    /// <summary>Time for the repetitions of a case, in milliseconds.</summary>
    public int Budget { get; init; } = 400;

    /// <summary>Folder of the data sets, for groups that want real data.</summary>
    public string? Data { get; init; }

    public static bool TryParse(string[] args, out BenchmarkOptions options, out string message)
    {
        options = new BenchmarkOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            message = $"{args[i]}: unknown, or without a value.\n{Usage}";
            if (i + 1 == args.Length)
                return false;
            string[] words = args[i + 1].Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
            switch (args[i])
            {
                case "--json": options = options with { Json = args[i + 1] }; break;
                case "--data": options = options with { Data = args[i + 1] }; break;
                case "--case": options = options with { Case = args[i + 1] }; break;
                case "--only": options = options with { Only = words }; break;
                case "--threads" when Numbers(words, 1024) is { } threads: options = options with { Threads = threads }; break;
                case "--budget" when Numbers(words, 600_000) is [int budget]: options = options with { Budget = budget }; break;
                default: return false;
            }
        }
        message = "";
        return true;
    }

    private static int[]? Numbers(string[] words, int most)
    {
        int[] numbers = [.. words.Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0)];
        return numbers.Length > 0 && numbers.All(n => n >= 1 && n <= most) ? numbers : null;
    }
}
