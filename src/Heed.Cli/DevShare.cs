using System.CommandLine;

namespace Heed.Cli;

/// <summary>How much of the training data chooses the best epoch where no data of its own does.</summary>
/// <param name="what">What is divided, as <c>pictures</c>.</param>
/// <param name="dev">Options that name dev data; with one of them nothing is divided.</param>
internal sealed class DevShare(string what, params Option[] dev)
{
    /// <summary>The option of the command line.</summary>
    public Option<double> Option { get; } = CommonOptions.Number("--dev-share", $"Share of the training {what} that is put aside to choose the best epoch where there is no --dev.", 0.1);

    /// <summary>The share, checked.</summary>
    /// <exception cref="UsageException">It is out of its range, or dev data are given, too.</exception>
    public double Read(ParseResult parsed)
    {
        double share = parsed.GetValue(Option);
        if (share is not (>= 0.001 and <= 0.5))
            throw new UsageException(FormattableString.Invariant($"--dev-share must be from 0.001 to 0.5, got {share}."));
        if (Option.IsGiven(parsed) && Array.Find(dev, option => option.IsGiven(parsed)) is { } given)
            throw new UsageException($"--dev-share puts training {what} aside, {given.Name} gives others; leave one of them out.");
        return share;
    }
}
