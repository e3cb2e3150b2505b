namespace Heed.Cli;

/// <summary>Several observers as one.</summary>
internal sealed class Observers : ITrainingObserver
{
    private readonly ITrainingObserver[] all;

    private Observers(ITrainingObserver[] all) => this.all = all;

    /// <summary>Those that are there.</summary>
    public static ITrainingObserver Of(params ITrainingObserver?[] observers) => new Observers([.. observers.OfType<ITrainingObserver>()]);

    public void OnStart(TrainingStart start) => Array.ForEach(all, o => o.OnStart(start));

    public void OnStep(in TrainingProgress progress)
    {
        foreach (ITrainingObserver observer in all)
            observer.OnStep(progress);
    }

    public void OnEpoch(EpochReport epoch) => Array.ForEach(all, o => o.OnEpoch(epoch));

    public void OnEnd(TrainingReport report) => Array.ForEach(all, o => o.OnEnd(report));
}
