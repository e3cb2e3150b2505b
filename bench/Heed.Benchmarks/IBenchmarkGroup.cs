namespace Heed.Benchmarks;

/// <summary>Cases that are measured together. Every class that implements this is found by itself.</summary>
internal interface IBenchmarkGroup
{
    /// <summary>The name for <c>--only</c>.</summary>
    string Name { get; }

    /// <summary>Place in the table.</summary>
    int Order { get; }

    /// <summary>Measures all cases.</summary>
    void Run(BenchmarkRun run);
}
