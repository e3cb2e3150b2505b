using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options by which a training run can go on after a kill; its checkpoint lies beside the model's folder.</summary>
internal sealed class CheckpointSettings
{
    private readonly Option<double> minutes;
    private readonly Option<bool> resume;

    public CheckpointSettings()
    {
        minutes = Options.AddNumber("--checkpoint-minutes", "Minutes between checkpoints in OUT.checkpoint, which --resume goes on from; 0 for one after each step, negative for none.", 5);
        resume = Options.Flag("--resume", "Go on from the checkpoint that a run with the same command left.");
    }

    /// <summary>Adds the option by which the weights of several moments of a run become one model.</summary>
    /// <param name="list">Gets the option.</param>
    /// <param name="moments">What a run has several of, as <c>epochs</c>.</param>
    public static Option<string> AddAverage(OptionList list, string moments) => list.Add(
        "--average-checkpoints", $"Keep the mean of the weights of several {moments}: best:K, those with the K best dev scores, or last:K; none keeps the best alone.", new TrainingOptions().CheckpointAveraging, "which");

    public OptionList Options { get; } = new();

    /// <summary>Whether an earlier run goes on.</summary>
    public bool Resumes(ParseResult parsed) => parsed.GetValue(resume);

    /// <summary>The checkpoint of a run whose model goes to a folder; null for none.</summary>
    /// <exception cref="UsageException">A checkpoint is missing, or one would be overwritten.</exception>
    public CheckpointOptions? Read(ParseResult parsed, string folder)
    {
        double interval = parsed.GetValue(minutes);
        string path = Path.TrimEndingDirectorySeparator(folder) + ".checkpoint";
        bool goesOn = Resumes(parsed);
        if (goesOn && !Directory.Exists(path))
            throw new UsageException($"there is no checkpoint {path} to go on from; leave --resume out.");
        if (!goesOn && Directory.Exists(path))
            throw new UsageException($"an earlier run left the checkpoint {path}; add --resume to go on from it, or delete it.");
        return interval < 0 && !goesOn ? null : new CheckpointOptions { Path = path, Interval = TimeSpan.FromMinutes(Math.Clamp(interval, 0, 100_000)), Resume = goesOn };
    }

    /// <summary>Deletes the checkpoint of a run that came to its end.</summary>
    public static void Delete(CheckpointOptions? checkpoint)
    {
        if (checkpoint is not null && Directory.Exists(checkpoint.Path))
            Directory.Delete(checkpoint.Path, recursive: true);
    }
}
