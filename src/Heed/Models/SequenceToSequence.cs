using System.Numerics.Tensors;

namespace Heed;

/// <summary>A network that writes one sequence for another, token by token: what <see cref="SequenceDecoder"/> decodes and <see cref="Translator"/> trains.</summary>
/// <remarks>
/// <para><see cref="EncoderDecoder"/> is the recurrent one, <see cref="TransformerEncoderDecoder"/> that of Vaswani et al. 2017.</para>
/// <para>Id 0 is the edge of a target: the start as a token read, the end as a token written.</para>
/// </remarks>
public abstract class SequenceToSequence : Module
{
    /// <summary>The id before the first token of a target, and behind its last.</summary>
    public const int Edge = 0;

    private protected SequenceToSequence(int sourceCount, int targetCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sourceCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(targetCount, 1);
        (SourceCount, TargetCount) = (sourceCount, targetCount);
    }

    /// <summary>The shape.</summary>
    public abstract SequenceToSequenceConfig Config { get; }

    /// <summary>Ids of the source's vocabulary.</summary>
    public int SourceCount { get; }

    /// <summary>Ids of the target's vocabulary.</summary>
    public int TargetCount { get; }

    /// <summary>The mean loss of the targets' tokens, their ends among them; each is foretold from those before it.</summary>
    /// <param name="batch">Pairs.</param>
    /// <param name="pass">The call.</param>
    /// <param name="labelSmoothing">Share of each target that goes to all tokens alike; not where tokens are copied.</param>
    /// <returns>A scalar: cross-entropy, with what the network adds to it.</returns>
    public abstract Tensor Loss(PairBatch batch, in Pass pass, float labelSmoothing = 0);

    /// <summary>How well the tokens of targets are foretold, each from those before it.</summary>
    /// <param name="batch">Pairs.</param>
    /// <returns>For each pair the logarithms of its tokens' probabilities, the last that of the end, and how many tokens were the most probable.</returns>
    public (float[][] LogProbabilities, int Right) Score(PairBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Step.Evaluate(pass =>
        {
            (Tensor logits, Tensor logs, int[] targets) = Foretell(batch, pass);
            float[][] pairs = [.. batch.TargetLengths.Select(length => new float[length])];
            int right = 0;
            for (int b = 0, i = 0; b < pairs.Length; b++)
            {
                for (int t = 0; t < pairs[b].Length; t++, i++)
                {
                    pairs[b][t] = logs.Values[i];
                    right += TensorPrimitives.IndexOfMax(logits.Values.Slice(i * TargetCount, TargetCount)) == targets[i] ? 1 : 0;
                }
            }
            return (pairs, right);
        });
    }

    /// <summary>Logits of the real tokens <c>(tokens, targets)</c>, the logarithms of their probabilities, and what they are; pair after pair.</summary>
    private protected abstract (Tensor Logits, Tensor LogProbabilities, int[] Targets) Foretell(PairBatch batch, in Pass pass);

    /// <summary>The log-probability of each token of the targets, pair by pair.</summary>
    internal Tensor LogProbabilities(PairBatch batch, in Pass pass) => Foretell(batch, pass).LogProbabilities;

    /// <summary>The module that makes the source's vectors, as an <see cref="InputProbe"/> watches it.</summary>
    internal abstract object SourceVectors { get; }

    /// <summary>The place whose weights, their mean over its heads, are the alignment: a row for each target token, a key for each source token.</summary>
    internal abstract Module AlignmentPlace { get; }

    /// <summary>Reads sources; all hypotheses of a source stand before their first token.</summary>
    /// <param name="ids">Ids of the sources <c>(batch · time)</c>, row-major.</param>
    /// <param name="ranges">The real tokens of each.</param>
    /// <param name="width">Hypotheses of each source.</param>
    internal abstract DecodingState Begin(ReadOnlyMemory<int> ids, SequenceRanges ranges, int width);

    /// <summary>Rows of x, a matrix once its leading axes are one.</summary>
    private protected static Tensor Rows(Tensor x, int[] rows)
    {
        int size = x.Shape[^1];
        return Tensor.Embed(x.Reshape(new Shape(x.Length / size, size)), rows, new Shape(rows.Length));
    }
}

/// <summary>The shape of a <see cref="SequenceToSequence"/>.</summary>
public abstract record SequenceToSequenceConfig
{
    private protected SequenceToSequenceConfig()
    {
    }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or values do not go together; says which and why.</exception>
    public abstract void Validate();

    /// <summary>Whether tokens of the source can be copied, so that a batch needs <see cref="PairBatch.CopyIds"/>.</summary>
    internal virtual bool Copies => false;

    /// <summary>Whether source and target have one vocabulary.</summary>
    internal virtual bool SharesTokens => false;

    /// <summary>Tokens of a source, and tokens and end of a target, that the network can place at most.</summary>
    internal virtual int LongestSequence => int.MaxValue;

    // Tokens that a source may have at most, beside that.
    internal virtual int LongestSource => int.MaxValue;

    /// <summary>The network in a few words, for the first line of a training run.</summary>
    internal abstract string Description { get; }

    /// <summary>Weights that such a network has at least.</summary>
    internal abstract double LeastWeights(int sourceCount, int targetCount);

    /// <summary>The network, its weights not drawn yet.</summary>
    internal abstract SequenceToSequence Create(int sourceCount, int targetCount);
}
