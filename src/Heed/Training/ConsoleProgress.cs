using System.Diagnostics;
using System.Globalization;
using Heed.Kernels;

namespace Heed;

/// <summary>Shows a training run as text: one line at the start, one for each epoch, and on a terminal a status line with rate and remaining
/// time that is written over and over.</summary>
/// <remarks>Where the writer is no terminal, only whole lines are written, without control codes: the first line, an estimate of the whole time
/// once it is known, and the epochs. Called by the thread that trains; the status line is written at most ten times a second.</remarks>
public sealed class ConsoleProgress : ITrainingObserver
{
    private const string ClearLine = "\r\u001b[K";
    private static readonly TimeSpan BeforeEstimate = TimeSpan.FromSeconds(2), BetweenStatus = TimeSpan.FromSeconds(0.1);
    private readonly TextWriter writer;
    private readonly bool isLive;
    private long started, lastStatus;
    private double rate;
    private bool isEstimated;

    /// <summary>Shows the run on standard error.</summary>
    public ConsoleProgress()
        : this(Console.Error, !Console.IsErrorRedirected)
    {
    }

    /// <summary>Shows the run on a writer.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="isLive">Whether it is a terminal, so that a status line can be written over.</param>
    public ConsoleProgress(TextWriter writer, bool isLive)
    {
        ArgumentNullException.ThrowIfNull(writer);
        (this.writer, this.isLive) = (writer, isLive);
    }

    /// <inheritdoc/>
    public void OnStart(TrainingStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        started = Stopwatch.GetTimestamp();
        isEstimated = false;
        string threads = Workers.Degree == 1 ? "thread" : "threads";
        Line($"{start.Description}; {start.ParameterCount:N0} parameters, float32 in {Simd.Bits}-bit vectors, {Workers.Degree} {threads}, seed {start.Options.Seed}");
        foreach (string note in start.Notes)
            Line($"{note}");
        Line($"epoch  train loss  dev loss  accuracy  {start.ScoreName ?? "macro F1",8}    rows/s     time");
    }

    /// <inheritdoc/>
    public void OnStep(in TrainingProgress progress)
    {
        rate = progress.RowsPerSecond;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        if (isLive)
        {
            if (progress.Step < progress.StepsPerEpoch && Stopwatch.GetElapsedTime(lastStatus) < BetweenStatus)
                return;
            lastStatus = Stopwatch.GetTimestamp();
            Write($"{ClearLine}epoch {progress.Epoch}/{progress.EpochCount}  step {progress.Step}/{progress.StepsPerEpoch}  loss {progress.Loss:F4}  ");
            Write($"{progress.RowsPerSecond:N0} rows/s  {Time(progress.Remaining)} left");
        }
        else if (!isEstimated && elapsed > BeforeEstimate)
        {
            isEstimated = true;
            Line($"about {Time(elapsed + progress.Remaining)} for {progress.EpochCount} epochs; less if the dev score stops rising");
        }
    }

    /// <inheritdoc/>
    public void OnEpoch(EpochReport epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        string clear = isLive ? ClearLine : "", best = epoch.IsBest ? "  best" : "";
        FormattableString scores = $"{epoch.TrainLoss,10:F4}  {epoch.DevLoss,8:F4}  {Score(epoch.Accuracy),8}  {Score(epoch.Score ?? epoch.MacroF1),8}";
        Line($"{clear}{epoch.Epoch,5}  {scores}  {rate,8:N0}  {Time(epoch.Duration),7}{best}");
    }

    /// <inheritdoc/>
    public void OnEnd(TrainingReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (isLive)
            Write($"{ClearLine}");
        if (report.Mean is { } mean)
            Line($"kept is the mean of epochs {string.Join(", ", mean.Epochs)}: dev loss {mean.DevLoss:F4}, accuracy {Score(mean.Accuracy)}");
    }

    private static string Score(double value) => double.IsNaN(value) ? "-" : value.ToString("F4", CultureInfo.InvariantCulture);

    // As 1:02:03 or 2:03; below a minute in seconds, below ten with tenths.
    private static string Time(TimeSpan time) => time.TotalMinutes >= 1
        ? time.ToString(time.TotalHours < 1 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture)
        : time.TotalSeconds.ToString(time.TotalSeconds < 10 ? "0.0 s" : "0 s", CultureInfo.InvariantCulture);

    private void Write(FormattableString text)
    {
        writer.Write(text.ToString(CultureInfo.InvariantCulture));
        writer.Flush();
    }

    private void Line(FormattableString text) => writer.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
