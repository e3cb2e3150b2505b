using System.Text.Json;
using Heed.Kernels;

namespace Heed.Experiments;

/// <summary>The line of figures that an experiment leaves.</summary>
internal static class ExperimentLine
{
    /// <summary>Appends the line, and shows it.</summary>
    public static void Append(ExperimentOptions options, string name, IReadOnlyDictionary<string, object> figures)
    {
        Dictionary<string, object> line = new(StringComparer.Ordinal) { ["experiment"] = name, ["seed"] = options.Seed };
        foreach ((string key, object value) in figures)
            line[key] = value is double number ? Math.Round(number, 4) : value;
        line["threads"] = Workers.Degree;
        line["date"] = FormattableString.Invariant($"{DateTime.UtcNow:yyyy-MM-dd}");
        string text = JsonSerializer.Serialize(line);
        Console.WriteLine(text);
        File.AppendAllText(options.Out, text + "\n");
    }

    /// <summary>Processor time of the process so far: what a run costs, whoever else uses the machine.</summary>
    public static double ProcessorSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;
}
