namespace Heed.Kernels.Tests.Parallel;

/// <summary>Another number of threads, until disposed. Tests that use it belong to the collection <see cref="WorkerTests.Name"/>.</summary>
internal sealed class WorkerDegree : IDisposable
{
    private readonly int before = Workers.Degree;

    public WorkerDegree(int degree) => Workers.Degree = degree;

    public void Dispose() => Workers.Degree = before;
}
