namespace Heed.Experiments;

/// <summary>A training that shows what a mechanism is good for, and appends one line of figures.</summary>
internal interface IExperiment
{
    string Name { get; }

    string Summary { get; }

    void Run(ExperimentOptions options);
}
