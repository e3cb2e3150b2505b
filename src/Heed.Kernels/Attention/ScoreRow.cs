namespace Heed.Kernels;

/// <summary>What modifiers and masks can see of one query row; <see cref="ScoreContext{V}"/> and <see cref="ParameterGradient{V}"/> are views of it.</summary>
internal unsafe struct ScoreRow
{
    public void* Parameters;      // float*, or double* for ReferenceLane
    public long ParameterCount;
    public int* Numbers;
    public long NumberCount;
    public bool* Flags;
    public long FlagCount;
    public void* QueryTerms;      // of all rows, or null; these three as Parameters
    public void* KeyTerms;        // of this sequence and head, or null
    public void* QueryTable;      // of all rows, or null
    public int TableWidth;
    public float* ValueDots;      // of this row: dOutput·(row of the value table), or null
    public int ValueRows;

    public int Batch, Head, KeyValueHead, Query, Queries, Keys, QueryPosition, KeyPosition;
    public long Row;              // row of the statistics

    // Where the backward pass adds up: null in the forward pass.
    public double* ParameterSums;
    public double* QueryTermSum;  // of this row
    public double* KeyTermSums;   // of this sequence's keys
    public double* TableSums;     // of this row
}
