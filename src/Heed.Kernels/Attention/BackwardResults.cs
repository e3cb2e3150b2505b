namespace Heed.Kernels;

/// <summary>What a backward pass reads beside the operands, and where it writes; a null pointer is not computed.</summary>
internal unsafe struct BackwardResults
{
    public float* DO, O, LogSumExp, FromLogSumExp, FromEntropy, Entropy, ValueMass;
    public float* Centers;   // (rows, valueDim): the values weighed by slopes, where a distribution is not softmax
    public float* DQ, DK, DV, Parameters, Sinks, QueryTerms, KeyTerms, QueryTable, ValueTable;
    public long ParameterCount;
    public bool Adds;   // to DK and DV

    /// <summary>Whether something of the queries is computed, which several tasks add to.</summary>
    public readonly bool SharesRows => DQ != null || QueryTerms != null || QueryTable != null;
}
