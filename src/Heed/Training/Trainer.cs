using System.Diagnostics;

namespace Heed;

/// <summary>What a trainer needs to know of a task: batches, the loss of one, and a score.</summary>
/// <typeparam name="TBatch">The task's batch.</typeparam>
internal interface ITrainingTask<TBatch>
{
    string Description { get; }

    IReadOnlyList<string> Notes { get; }

    int StepsPerEpoch { get; }

    IEnumerable<TBatch> Batches(int epoch, CancellationToken cancellation);

    int RowsOf(TBatch batch);

    Tensor Loss(TBatch batch, in Pass pass);

    DevScore Evaluate(CancellationToken cancellation);
}

/// <summary>What the dev rows gave.</summary>
internal readonly record struct DevScore(double Loss, double Accuracy, double MacroF1);

/// <summary>The training loop: AdamW, clipping, schedule, early stopping, the best weights kept.</summary>
/// <remarks>Deterministic: the same seed gives the same bits on any number of threads. Cancelling ends the run after the current step with the
/// best weights so far.</remarks>
internal sealed class Trainer(Module model, TrainingOptions options, IReadOnlyList<ITrainingObserver> observers)
{
    public TrainingReport Run<TBatch>(ITrainingTask<TBatch> task, CancellationToken cancellation)
    {
        options.Validate();
        AdamW optimizer = new(model.NamedParameters().Select(p => p.Parameter), options.WeightDecay);
        RandomStream random = new(options.Seed, "steps");
        WeightSnapshot best = new(model);
        List<EpochReport> epochs = [];
        int bestEpoch = 0;
        Stopwatch clock = Stopwatch.StartNew();
        Tell(o => o.OnStart(new TrainingStart(task.Description, model.ParameterCount, options, task.StepsPerEpoch) { Notes = task.Notes }));
        for (int epoch = 1; epoch <= options.EpochCount && epoch - bestEpoch <= options.Patience && !cancellation.IsCancellationRequested; epoch++)
        {
            Stopwatch epochClock = Stopwatch.StartNew();
            double loss = Epoch(task, epoch, optimizer, random, cancellation);
            TimeSpan duration = epochClock.Elapsed;
            // A cut epoch counts only when there is no whole one to go back to.
            if (cancellation.IsCancellationRequested && epochs.Count > 0)
                break;
            DevScore score = task.Evaluate(CancellationToken.None);
            bool isBest = epochs.Count == 0 || IsBetter(score, epochs[bestEpoch - 1]);
            if (isBest)
            {
                bestEpoch = epoch;
                best.Take();
            }
            EpochReport report = new(epoch, loss, score.Loss, score.Accuracy, score.MacroF1, isBest, duration);
            epochs.Add(report);
            Tell(o => o.OnEpoch(report));
        }
        if (bestEpoch > 0)
            best.Restore();
        TrainingReport result = new(epochs, bestEpoch, cancellation.IsCancellationRequested, clock.Elapsed);
        Tell(o => o.OnEnd(result));
        return result;
    }

    private double Epoch<TBatch>(ITrainingTask<TBatch> task, int epoch, AdamW optimizer, RandomStream random, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        double sum = 0;
        long rows = 0;
        int step = 0;
        long stepCount = (long)task.StepsPerEpoch * options.EpochCount;
        foreach (TBatch batch in task.Batches(epoch, cancellation))
        {
            long number = optimizer.StepCount;
            float loss = Step.Train(random.Fork((ulong)number), number, pass => task.Loss(batch, pass), options.FindAnomalies);
            if (!float.IsFinite(loss))
                throw new ArithmeticException(FormattableString.Invariant($"The loss of step {number} is {loss}. Lower the learning rate, or set FindAnomalies to learn which operation it came from."));
            double rate = options.LearningRateAt(number, stepCount), norm = optimizer.Step(rate, options.ClipNorm);
            int count = task.RowsOf(batch);
            sum += loss * count;
            rows += count;
            step++;
            double seconds = clock.Elapsed.TotalSeconds, left = ((options.EpochCount - epoch) * (long)task.StepsPerEpoch) + task.StepsPerEpoch - step;
            TrainingProgress progress = new(epoch, options.EpochCount, step, task.StepsPerEpoch, sum / rows, rate, norm, rows / seconds, TimeSpan.FromSeconds(seconds / step * left));
            foreach (ITrainingObserver observer in observers)
                observer.OnStep(progress);
            if (cancellation.IsCancellationRequested)
                break;
        }
        return sum / Math.Max(1, rows);
    }

    private bool IsBetter(DevScore score, EpochReport best) => options.Monitor switch
    {
        "loss" => score.Loss < best.DevLoss,
        "macro-f1" => score.MacroF1 > best.MacroF1,
        _ => score.Accuracy > best.Accuracy,
    };

    private void Tell(Action<ITrainingObserver> what)
    {
        foreach (ITrainingObserver observer in observers)
            what(observer);
    }
}
