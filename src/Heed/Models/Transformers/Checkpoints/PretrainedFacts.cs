namespace Heed;

/// <summary>What a checkpoint holds.</summary>
/// <param name="Config">Its shape.</param>
/// <param name="ParameterCount">Weights that are used, tied ones once.</param>
/// <param name="FileBytes">Bytes of all tensors as they are stored.</param>
/// <param name="FileCount">Files of weights.</param>
/// <param name="Types">How the numbers are stored.</param>
public sealed record PretrainedFacts(PretrainedConfig Config, long ParameterCount, long FileBytes, int FileCount, IReadOnlyList<SafetensorsType> Types)
{
    /// <summary>The value of <c>model_type</c>, as <c>bert</c>.</summary>
    public string Architecture => Config.Architecture;

    /// <summary>Most tokens of a text.</summary>
    public int ContextLength => Config.Transformer.MaximumLength;

    /// <summary>Tensors of the files that neither the model nor a known head or constant of its form has; often none.</summary>
    public IReadOnlyList<string> Unexpected { get; init; } = [];

    /// <summary>Bytes of the weights in memory, as float32.</summary>
    public long MemoryBytes => 4 * ParameterCount;
}
