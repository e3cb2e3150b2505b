using System.CommandLine;

namespace Heed.Cli;

/// <summary>The option <c>--threshold</c>: from which probability on an answer counts.</summary>
internal static class Thresholds
{
    /// <summary>What stands in place of an answer that is less probable.</summary>
    public const string Unsure = "unsure";

    public static Option<double> Create(string description) => new("--threshold") { Description = description, HelpName = "P" };

    /// <summary>The threshold; null if none was given.</summary>
    /// <exception cref="UsageException">It is no probability, or the model's answers have none.</exception>
    public static double? Of(ParseResult parsed, Option<double> option, TextClassifier model)
    {
        double? value = Of(parsed, option);
        return value is not null && model.Target == TargetKind.Number ? throw new UsageException("the model answers with numbers, which have no probability; leave --threshold out.") : value;
    }

    /// <summary>The threshold; null if none was given.</summary>
    /// <exception cref="UsageException">It is no probability.</exception>
    public static double? Of(ParseResult parsed, Option<double> option)
    {
        if (!option.IsGiven(parsed))
            return null;
        double value = parsed.GetValue(option);
        return value is >= 0 and <= 1 ? value : throw new UsageException(FormattableString.Invariant($"--threshold must be from 0 to 1, got {value}."));
    }

    public static string Describe(CoveragePoint point) => FormattableString.Invariant(
        $"at probability {point.Threshold} and above: {100 * point.Coverage:F1}% answered, accuracy {point.Accuracy:F3}; the rest is {Unsure}");
}
