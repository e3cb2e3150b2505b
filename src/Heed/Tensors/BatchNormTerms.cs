namespace Heed;

/// <summary>What a batch norm brings to an operation that takes it in: scale, shift, and statistics, which are read where they are fixed and else written.</summary>
/// <param name="Gamma">γ: <c>(channels)</c>.</param>
/// <param name="Beta">β: <c>(channels)</c>.</param>
/// <param name="Mean"><c>(channels)</c>.</param>
/// <param name="Variance">Biased: <c>(channels)</c>.</param>
/// <param name="IsFixed">Whether the statistics are given.</param>
/// <param name="Epsilon">ε.</param>
internal sealed record BatchNormTerms(Tensor Gamma, Tensor Beta, Memory<float> Mean, Memory<float> Variance, bool IsFixed, float Epsilon);
