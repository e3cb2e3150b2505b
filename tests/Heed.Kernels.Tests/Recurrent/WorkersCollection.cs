namespace Heed.Kernels.Tests.Recurrent;

/// <summary>Tests that set <see cref="Workers.Degree"/> run one after the other.</summary>
[CollectionDefinition(nameof(Workers), DisableParallelization = true)]
public sealed class WorkersCollection;
