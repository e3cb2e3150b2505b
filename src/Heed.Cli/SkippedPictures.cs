using System.CommandLine;

namespace Heed.Cli;

/// <summary>Says what became of pictures that were read, and of the first that were skipped why.</summary>
internal static class SkippedPictures
{
    private const int Shown = 5;

    /// <summary>Says it on standard error, unless it shall be quiet.</summary>
    /// <param name="run">The run.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="line">What was read, with its counts.</param>
    /// <param name="counts">What was skipped.</param>
    public static void Say(TrainingRun run, ParseResult parsed, string line, PictureReadCounts counts)
    {
        run.Say(parsed, line);
        foreach (SkippedPicture skipped in counts.Skipped.Take(Shown))
            run.Say(parsed, $"  skipped: {skipped.Reason}");
        if (counts.Skipped.Count > Shown)
            run.Say(parsed, FormattableString.Invariant($"  skipped: {counts.Skipped.Count - Shown:N0} more"));
    }
}
