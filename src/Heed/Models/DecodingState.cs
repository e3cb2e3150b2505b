namespace Heed;

/// <summary>What a <see cref="SequenceToSequence"/> carries from token to token: its sources, each with as many hypotheses, side by side.</summary>
/// <remarks>Outlives the steps in which it is used. Rows are hypotheses, those of a source next to each other.</remarks>
internal abstract class DecodingState
{
    /// <summary>One step of all hypotheses.</summary>
    /// <param name="ids">The last token of each, <c>(rows)</c>.</param>
    /// <param name="pass">The call.</param>
    public abstract DecodingStep Next(ReadOnlyMemory<int> ids, in Pass pass);

    /// <summary>New hypotheses go on from those that they continue; sources that are done leave.</summary>
    /// <param name="sources">The sources that stay, in order.</param>
    /// <param name="rows">For each hypothesis of theirs the row that it continues, one of its own source.</param>
    public abstract void Move(int[] sources, int[] rows);
}

/// <summary>What a step of decoding gives; lives as long as its pass.</summary>
/// <param name="Logits"><c>(rows, targets)</c>.</param>
/// <param name="Gate">p_gen <c>(rows, 1)</c>, where tokens can be copied.</param>
/// <param name="Weights">α: where each hypothesis looked, <c>(sources, heads, hypotheses, keys)</c>; of the first head.</param>
internal readonly record struct DecodingStep(Tensor Logits, Tensor? Gate, Tensor Weights);
