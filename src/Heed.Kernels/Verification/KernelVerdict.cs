namespace Heed.Kernels;

/// <summary>How far one result of a kernel is from its double-precision reference.</summary>
/// <param name="Kernel">The kernel, as <c>Gemm</c>.</param>
/// <param name="Result">Which of its results, as <c>A·Bᵀ + bias</c> or <c>dx</c>.</param>
/// <param name="Error">The largest absolute difference, divided by the largest reference value.</param>
/// <param name="Limit">The largest error that passes.</param>
public readonly record struct KernelVerdict(string Kernel, string Result, double Error, double Limit)
{
    /// <summary>Whether the error is within the limit; NaN is not.</summary>
    public bool Passed => Error <= Limit;
}
