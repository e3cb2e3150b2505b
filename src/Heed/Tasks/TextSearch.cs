using System.Globalization;

namespace Heed;

/// <summary>One try of a <see cref="TextSearch"/>.</summary>
/// <param name="Number">From 1; the first has the settings as they were given.</param>
/// <param name="Settings">What was tried, as <c>learning rate 0.002, dropout 0.35, word dropout 0.1, averaging 0</c>.</param>
/// <param name="Best">What its best epoch reached on the dev rows.</param>
/// <param name="IsBest">Whether it is the best so far.</param>
public sealed record TextTrial(int Number, string Settings, EpochReport Best, bool IsBest);

/// <summary>A small search over the settings that matter most: learning rate, dropout, word dropout and weight averaging.</summary>
/// <remarks>
/// <para>The first try has the given settings, the others draw each of the four from a few values; no combination comes twice. All tries have the same
/// seed, rows and epochs at most, and the best by the monitor on the dev rows is kept. What the winner reaches on the dev rows is optimistic, the more so the
/// more tries there are; judge it on test rows.</para>
/// <para>Cost: as many trainings as tries. Deterministic. Source: Bergstra and Bengio, "Random search for hyper-parameter optimization", 2012.</para>
/// </remarks>
public static class TextSearch
{
    private static readonly double[] rates = [0.5, 1, 2, 4], wordDropouts = [0, 0.1, 0.2], averages = [0, 0.99];

    /// <summary>Tries settings and keeps the best model.</summary>
    /// <param name="train">The rows to learn from.</param>
    /// <param name="dev">The rows that choose.</param>
    /// <param name="options">The settings to start from.</param>
    /// <param name="trials">How many tries, from 1 to 192.</param>
    /// <param name="onTrial">Is told of each try; may be null.</param>
    /// <param name="observer">Watches each training; may be null.</param>
    /// <param name="cancellation">Ends the search after the current step, with the best so far.</param>
    /// <returns>The best model; its <see cref="TextClassifier.Record"/> says which settings it has.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of tries is out of its range.</exception>
    public static TextClassifier Run(
        TextData train, TextData dev, TextClassifierOptions options, int trials, Action<TextTrial>? onTrial = null, ITrainingObserver? observer = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        ArgumentNullException.ThrowIfNull(options);
        TextClassifierOptions[] all = Settings(options, train.Target, trials);
        (TextClassifier Model, int Number)? best = null;
        for (int i = 0; i < all.Length && !cancellation.IsCancellationRequested; i++)
        {
            TextClassifier model = TextTraining.Run(train, dev, all[i] with { Baseline = all[i].Evidence ?? all[i].Baseline, Checkpoint = null }, observer, cancellation);
            if (model.Record.BestEpoch == 0)
                break;
            EpochReport reached = model.Record.Epochs[model.Record.BestEpoch - 1];
            bool isBest = best is not { } b || IsBetter(model.Record.Options.Monitor, reached, b.Model.Record.Epochs[b.Model.Record.BestEpoch - 1]);
            if (isBest)
                best = (model, i + 1);
            onTrial?.Invoke(new TextTrial(i + 1, Describe(all[i]), reached, isBest));
        }
        TextClassifier winner = best?.Model ?? throw new OperationCanceledException("the search was cancelled before the first step.");
        if (options.Baseline && winner.Baseline is null && !cancellation.IsCancellationRequested)
            winner.Baseline = TextTraining.TrainBaseline(winner, train, dev);
        return winner;
    }

    /// <summary>The settings of each try.</summary>
    internal static TextClassifierOptions[] Settings(TextClassifierOptions options, TargetKind target, int trials)
    {
        TextNetworkConfig network = options.Start?.Network.Config ?? options.NetworkFor(target);
        double[] dropouts = [.. network.UsualDropouts];
        int combinations = rates.Length * dropouts.Length * wordDropouts.Length * averages.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(trials, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(trials, combinations);
        int[] order = [.. Enumerable.Range(0, combinations)];
        new RandomStream(options.Training.Seed, "search").Shuffle<int>(order);
        return [options, .. order.Take(trials - 1).Select(n => options with
        {
            Network = network.WithDropout(dropouts[n % dropouts.Length]),
            Training = options.Training with
            {
                LearningRate = options.Training.LearningRate * rates[n / dropouts.Length % rates.Length],
                WordDropout = wordDropouts[n / (dropouts.Length * rates.Length) % wordDropouts.Length],
                AveragingDecay = averages[n / (dropouts.Length * rates.Length * wordDropouts.Length)],
            },
        })];
    }

    private static string Describe(TextClassifierOptions options) => string.Create(CultureInfo.InvariantCulture,
        $"learning rate {options.Training.LearningRate}, dropout {(options.Network ?? options.NetworkFor(TargetKind.Single)).Dropout}, word dropout {options.Training.WordDropout}, averaging {options.Training.AveragingDecay}");

    private static bool IsBetter(string monitor, EpochReport score, EpochReport best) => Trainer.IsBetter(monitor, new DevScore(score.DevLoss, score.Accuracy, score.MacroF1), best);
}
