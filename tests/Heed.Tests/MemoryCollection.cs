namespace Heed.Tests;

/// <summary>Tests that measure memory run alone: the pool of the steps and the heap belong to the whole process.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryCollection
{
    public const string Name = "memory";
}
