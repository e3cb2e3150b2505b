using System.CommandLine;
using System.Globalization;
using Heed.Kernels;

namespace Heed.Cli;

/// <summary>Options that mean the same in every command that has them.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Results as JSON." };

    public static Option<bool> Quiet() => new("--quiet") { Description = "No progress, only results and errors." };

    public static Option<ulong> Seed() => new("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => 1 };

    public static Option<int> Threads() => new("--threads")
    {
        Description = "Threads to compute with; results do not depend on it. [default: all processors]",
        HelpName = "N",
    };

    /// <summary>A number with a decimal point. The library's own parser takes "0,001" for 1, with a comma between thousands.</summary>
    public static Option<double> Number(string name, string description, double value) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
                result.AddError($"Cannot parse argument '{text}' for option '{name}' as a number with a decimal point");
            return number;
        },
    };

    public static Argument<string> Model() => new("model") { Description = "The model's folder." };

    /// <summary>Whether an option stands on the command line.</summary>
    public static bool IsGiven(this Option option, ParseResult parsed) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>What was given, else another value than the option's own.</summary>
    public static T Or<T>(this Option<T> option, ParseResult parsed, T otherwise) => option.IsGiven(parsed) ? parsed.GetValue(option)! : otherwise;

    /// <summary>Sets the number of threads if one was given.</summary>
    public static void Apply(this Option<int> threads, ParseResult parsed)
    {
        if (parsed.GetResult(threads) is not { Implicit: false })
            return;
        int count = parsed.GetValue(threads);
        if (count is < 1 or > 1024)
            throw new UsageException(FormattableString.Invariant($"--threads must be from 1 to 1024, got {count}."));
        Workers.Degree = count;
    }
}
