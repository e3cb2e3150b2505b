using System.Diagnostics;

namespace Heed;

/// <summary>What a trainer needs to know of a task: batches, the loss of one, and a score.</summary>
/// <typeparam name="TBatch">The task's batch.</typeparam>
internal interface ITrainingTask<TBatch>
{
    string Description { get; }

    IReadOnlyList<string> Notes { get; }

    /// <summary>Batches of an epoch.</summary>
    int StepsPerEpoch { get; }

    /// <summary>Batches of this epoch (from 1): the last one may have fewer.</summary>
    int StepsIn(int epoch) => StepsPerEpoch;

    /// <summary>What a step of this epoch (from 1) costs beside those of others: by it the remaining time is foretold.</summary>
    double StepCost(int epoch) => 1;

    /// <summary>The name of the task's own score; null where it has none.</summary>
    string? ScoreName => null;

    /// <summary>The batches of an epoch (from 1), from its first-th on.</summary>
    IEnumerable<TBatch> Batches(int epoch, int first, CancellationToken cancellation);

    int RowsOf(TBatch batch);

    /// <summary>How many things the loss of a batch is the mean of: rows, or tokens.</summary>
    long LossCountOf(TBatch batch) => RowsOf(batch);

    Tensor Loss(TBatch batch, in Pass pass);

    DevScore Evaluate(CancellationToken cancellation);
}

/// <summary>What the dev rows gave.</summary>
internal readonly record struct DevScore(double Loss, double Accuracy, double MacroF1, double? Score = null);

/// <summary>The training loop: optimizer, clipping, schedule, early stopping, the best weights kept, checkpoints.</summary>
/// <remarks>Deterministic: the same seed gives the same bits on any number of threads, in one go or resumed from a checkpoint. Cancelling ends the run
/// after the current step with the best weights so far.</remarks>
internal sealed class Trainer
{
    private readonly Module model;
    private readonly TrainingOptions options;
    private readonly IReadOnlyList<ITrainingObserver> observers;
    private readonly Optimizer optimizer;
    private readonly WeightSnapshot best;
    private readonly WeightAverage? average;
    private readonly KeptCheckpoints? kept;
    private readonly Checkpoint? checkpoint;
    private readonly RandomStream random;
    private TrainerState state = new();

    public Trainer(Module model, TrainingOptions options, IReadOnlyList<ITrainingObserver> observers, Checkpoint? checkpoint = null)
    {
        options.Validate();
        (this.model, this.options, this.observers, this.checkpoint) = (model, options, observers, checkpoint);
        Parameter[] parameters = [.. model.NamedParameters().Select(p => p.Parameter)];
        optimizer = options.Optimizer == "sgd" ? new Sgd(parameters, options.Momentum, options.WeightDecay, options.Nesterov) : new AdamW(parameters, options.WeightDecay);
        best = new WeightSnapshot(model);
        average = options.AveragingDecay > 0 ? new WeightAverage(model, options.AveragingDecay) : null;
        kept = KeptCheckpoints.Of(model, options.CheckpointAveraging);
        random = new RandomStream(options.Seed, "steps");
    }

    public TrainingReport Run<TBatch>(ITrainingTask<TBatch> task, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        string[] resumed = [];
        if (checkpoint?.Read(model, Expected) is { } saved)
        {
            (state, optimizer.StepCount) = (saved, saved.StepCount);
            resumed = [FormattableString.Invariant($"going on from epoch {saved.Epoch}, step {StepsOf(saved.Step)} of {StepsOf(task.StepsPerEpoch)}")];
        }
        Tell(o => o.OnStart(new TrainingStart(task.Description, model.ParameterCount, options, StepsOf(task.StepsPerEpoch)) { Notes = [.. task.Notes, .. resumed], ScoreName = task.ScoreName }));
        foreach (EpochReport earlier in state.Epochs)
            Tell(o => o.OnEpoch(earlier));
        while (state.Epoch <= options.EpochCount && state.Epoch - state.BestEpoch <= options.Patience && !cancellation.IsCancellationRequested)
        {
            Stopwatch epochClock = Stopwatch.StartNew();
            Epoch(task, cancellation);
            TimeSpan duration = epochClock.Elapsed;
            bool isCut = state.Step < task.StepsIn(state.Epoch);
            if (isCut)
                WriteCheckpoint();
            // A cut epoch counts only when there is no whole one to go back to.
            if (isCut && state.Epochs.Count > 0)
                break;
            EndEpoch(task, duration);
            if (isCut)
                break;
            // After the last step too: a kill before the model is saved must not lose more than an interval.
            if (checkpoint?.IsDue == true || cancellation.IsCancellationRequested)
                WriteCheckpoint();
        }
        TrainingReport result = new(state.Epochs, state.BestEpoch, cancellation.IsCancellationRequested, clock.Elapsed) { Mean = Restore(task) };
        Tell(o => o.OnEnd(result));
        return result;
    }

    // What is kept: the best weights, or the mean of some, with what that reaches.
    private CheckpointMean? Restore<TBatch>(ITrainingTask<TBatch> task)
    {
        if (state.BestEpoch == 0)
            return null;
        best.Restore();
        if (kept is null)
            return null;
        kept.RestoreMean();
        return new CheckpointMean(kept.Epochs, task.Evaluate(CancellationToken.None));
    }

    private void Epoch<TBatch>(ITrainingTask<TBatch> task, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        (long rowsBefore, int stepBefore) = (state.Rows, state.Step);
        int steps = task.StepsIn(state.Epoch), lastSteps = task.StepsIn(options.EpochCount);
        long stepCount = ((long)StepsOf(task.StepsPerEpoch) * (options.EpochCount - 1)) + StepsOf(lastSteps);
        // In steps of this epoch.
        double later = Enumerable.Range(state.Epoch + 1, options.EpochCount - state.Epoch).Sum(epoch => task.StepCost(epoch) * (epoch == options.EpochCount ? lastSteps : task.StepsPerEpoch)) / task.StepCost(state.Epoch);
        Stopwatch waiting = new();
        foreach (TBatch[] batches in Timed(task.Batches(state.Epoch, state.Step, cancellation), waiting).Chunk(options.AccumulationSteps))
        {
            long number = optimizer.StepCount;
            float loss = AddGradients(task, batches, number);
            if (!float.IsFinite(loss))
                throw new ArithmeticException(FormattableString.Invariant($"The loss of step {number} is {loss}. Lower the learning rate, or set FindAnomalies to learn which operation it came from."));
            double rate = options.LearningRateAt(number, stepCount), norm = optimizer.Step(rate, options.ClipNorm);
            average?.Update(number);
            int count = batches.Sum(task.RowsOf);
            state = state with { Step = state.Step + batches.Length, StepCount = number + 1, LossSum = state.LossSum + (loss * count), Rows = state.Rows + count };
            double seconds = clock.Elapsed.TotalSeconds, left = steps - state.Step + later;
            TrainingProgress progress = new(state.Epoch, options.EpochCount, StepsOf(state.Step), StepsOf(steps), state.LossSum / state.Rows, rate, norm,
                (state.Rows - rowsBefore) / seconds, TimeSpan.FromSeconds(seconds / (state.Step - stepBefore) * left))
            {
                DataShare = Math.Min(1, waiting.Elapsed.TotalSeconds / seconds),
            };
            foreach (ITrainingObserver observer in observers)
                observer.OnStep(progress);
            if (cancellation.IsCancellationRequested)
                break;
            if (checkpoint?.IsDue == true && state.Step < steps)
                WriteCheckpoint();
        }
    }

    // The watch runs while an item is waited for.
    private static IEnumerable<T> Timed<T>(IEnumerable<T> items, Stopwatch watch)
    {
        using IEnumerator<T> source = items.GetEnumerator();
        while (true)
        {
            watch.Start();
            bool isThere = source.MoveNext();
            watch.Stop();
            if (!isThere)
                yield break;
            yield return source.Current;
        }
    }

    // A step's batches are one in several parts: each loss counts by its share of what the whole's mean is taken over.
    private float AddGradients<TBatch>(ITrainingTask<TBatch> task, TBatch[] batches, long number)
    {
        RandomStream stream = random.Fork((ulong)number);
        if (batches.Length == 1)
            return Step.Train(stream, number, pass => task.Loss(batches[0], pass), options.FindAnomalies, options.Recomputes);
        long all = batches.Sum(task.LossCountOf);
        float loss = 0;
        for (int i = 0; i < batches.Length; i++)
        {
            TBatch batch = batches[i];
            float share = all == 0 ? 1f / batches.Length : task.LossCountOf(batch) / (float)all;
            loss += Step.Train(stream.Fork((ulong)i), number, pass => task.Loss(batch, pass).Scale(share), options.FindAnomalies, options.Recomputes);
        }
        return loss;
    }

    // How many steps so many batches make.
    private int StepsOf(int batches) => (batches + options.AccumulationSteps - 1) / options.AccumulationSteps;

    private void EndEpoch<TBatch>(ITrainingTask<TBatch> task, TimeSpan duration)
    {
        average?.Exchange();
        DevScore score = task.Evaluate(CancellationToken.None);
        bool isBest = state.Epochs.Count == 0 || IsBetter(options.Monitor, score, state.Epochs[state.BestEpoch - 1]);
        if (isBest)
            best.Take();
        EpochReport report = new(state.Epoch, state.LossSum / Math.Max(1, state.Rows), score.Loss, score.Accuracy, score.MacroF1, isBest, duration) { Score = score.Score };
        kept?.Take([.. state.Epochs, report], options.Monitor);
        average?.Exchange();
        state = state with
        {
            Epoch = state.Epoch + 1,
            Step = 0,
            LossSum = 0,
            Rows = 0,
            BestEpoch = isBest ? state.Epoch : state.BestEpoch,
            Epochs = [.. state.Epochs, report],
            KeptEpochs = kept?.Epochs ?? [],
        };
        Tell(o => o.OnEpoch(report));
    }

    private void WriteCheckpoint() => checkpoint?.Write(state, model, Arrays());

    private IEnumerable<(string Name, Memory<float> Values)> Arrays() => optimizer.State().Select(a => ("optimizer." + a.Name, a.Values))
        .Concat(best.State().Select(a => ("best." + a.Name, a.Values)))
        .Concat((average?.State() ?? []).Select(a => ("average." + a.Name, a.Values)))
        .Concat((kept?.State() ?? []).Select(a => ("kept." + a.Name, a.Values)));

    private IEnumerable<(string Name, Memory<float> Values)> Expected(TrainerState saved)
    {
        kept?.Expect(saved.KeptEpochs);
        return Arrays();
    }

    /// <summary>Whether a score is better than that of an epoch.</summary>
    public static bool IsBetter(string monitor, DevScore score, EpochReport best) => monitor switch
    {
        "loss" => score.Loss < best.DevLoss,
        "macro-f1" => score.MacroF1 > best.MacroF1,
        "mean-iou" or "mean-ap" => score.Score > best.Score,
        _ => score.Accuracy > best.Accuracy,
    };

    private void Tell(Action<ITrainingObserver> what)
    {
        foreach (ITrainingObserver observer in observers)
            what(observer);
    }
}
