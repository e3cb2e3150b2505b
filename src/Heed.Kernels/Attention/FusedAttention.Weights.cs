namespace Heed.Kernels;

/// <content>Weights of a tile, and partial results put together.</content>
public static unsafe partial class FusedAttention
{
    /// <summary>A tile of the weight matrix of one head, rebuilt from the log-sum-exp: weights of long sequences can be looked at in O(tile) memory.</summary>
    /// <param name="q">As in the forward pass.</param>
    /// <param name="k">As in the forward pass.</param>
    /// <param name="logSumExp">The forward pass's <see cref="AttentionStatistics.LogSumExp"/>.</param>
    /// <param name="weights">(queries, keys): overwritten with the weights before dropout.</param>
    /// <param name="shape">As in the forward pass.</param>
    /// <param name="tile">Which sequence, head, queries and keys, counted from the sequence's first.</param>
    /// <param name="modifier">As in the forward pass.</param>
    /// <param name="mask">As in the forward pass.</param>
    /// <param name="parameters">As in the forward pass.</param>
    /// <param name="options">As in the forward pass.</param>
    /// <typeparam name="TModifier">The score modifier.</typeparam>
    /// <typeparam name="TMask">The mask.</typeparam>
    /// <remarks>Cost: 2·queries·keys·headDim operations of the tile.</remarks>
    /// <exception cref="ArgumentException">A size, length or range does not fit; nothing was written.</exception>
    public static void Weights<TModifier, TMask>(
        ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> logSumExp, Span<float> weights, in AttentionShape shape, WeightTile tile, TModifier modifier, TMask mask,
        ReadOnlySpan<float> parameters = default, in AttentionOptions options = default)
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        const string Operation = "FusedAttention.Weights";
        CheckModel(Operation, shape, options, modifier, mask, parameters.Length);
        Require.Length(Operation, nameof(logSumExp), logSumExp.Length, shape.Rows(!options.QueryOffsets.IsEmpty));
        bool sane = tile.Batch >= 0 && tile.Batch < shape.Batch && tile.Head >= 0 && tile.Head < shape.HeadCount && tile.FirstQuery >= 0 && tile.Queries >= 0 && tile.FirstKey >= 0 && tile.Keys >= 0;
        if (!sane)
            throw new ArgumentException($"{Operation}: {tile} lies outside of {shape}.", nameof(tile));
        Require.Length(Operation, nameof(weights), weights.Length, (long)tile.Queries * tile.Keys);
        AttentionOverlap.Check(Operation, new AttentionInput { Q = q, K = k, Parameters = parameters, LogSumExp = logSumExp, Options = options }, weights);
        WeightsAction<TModifier, TMask> action = new() { LogSumExp = logSumExp, Weights = weights, Tile = tile, Modifier = modifier, Mask = mask };
        AttentionPins.Run(Operation, q, k, default, shape with { ValueDim = 0 }, parameters, options, ref action);
    }

    /// <summary>Puts the results over some keys together with those over other keys: output and log-sum-exp become those over both.</summary>
    /// <param name="output">(rows, size).</param>
    /// <param name="logSumExp">(rows).</param>
    /// <param name="otherOutput">(rows, size), over other keys.</param>
    /// <param name="otherLogSumExp">(rows), over other keys.</param>
    /// <remarks>out = out·e^(lse − new) + other·e^(otherLse − new), new = ln(e^lse + e^otherLse); a row that saw no key counts for nothing. Keys must be in one part only.</remarks>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap what is read.</exception>
    public static void Merge(Span<float> output, Span<float> logSumExp, ReadOnlySpan<float> otherOutput, ReadOnlySpan<float> otherLogSumExp)
    {
        const string Operation = "FusedAttention.Merge";
        int size = logSumExp.Length == 0 ? 0 : output.Length / logSumExp.Length;
        Require.Length(Operation, nameof(output), output.Length, (long)size * logSumExp.Length);
        Require.Length(Operation, nameof(otherOutput), otherOutput.Length, output.Length);
        Require.Length(Operation, nameof(otherLogSumExp), otherLogSumExp.Length, logSumExp.Length);
        Require.Apart(Operation, nameof(otherOutput), otherOutput, output);
        Require.Apart(Operation, nameof(otherLogSumExp), otherLogSumExp, logSumExp);
        Require.Apart(Operation, nameof(otherLogSumExp), otherLogSumExp, output);
        Require.Apart(Operation, nameof(otherOutput), otherOutput, logSumExp);
        Require.Apart(Operation, nameof(logSumExp), logSumExp, output);
        for (int row = 0; row < logSumExp.Length; row++)
        {
            float a = logSumExp[row], b = otherLogSumExp[row], most = Math.Max(a, b);
            if (float.IsNegativeInfinity(b))
                continue;
            float fa = AttentionMath.PowerOfTwo<Simd128>((a - most) * AttentionMath.LogTwoE), fb = AttentionMath.PowerOfTwo<Simd128>((b - most) * AttentionMath.LogTwoE), sum = fa + fb;
            logSumExp[row] = most + AttentionMath.Log<Simd128>(sum);
            for (int i = row * size; i < (row + 1) * size; i++)
                output[i] = (output[i] * (fa / sum)) + (otherOutput[i] * (fb / sum));
        }
    }

    private ref struct WeightsAction<TModifier, TMask> : IAttentionAction
        where TModifier : unmanaged, IScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        public ReadOnlySpan<float> LogSumExp;
        public Span<float> Weights;
        public WeightTile Tile;
        public TModifier Modifier;
        public TMask Mask;

        public readonly void Invoke(AttentionCall call)
        {
            AttentionSequence sequence = call.Sequence(Tile.Batch);
            if ((long)Tile.FirstQuery + Tile.Queries > sequence.Queries || (long)Tile.FirstKey + Tile.Keys > sequence.Keys)
                throw new ArgumentException(FormattableString.Invariant($"FusedAttention.Weights: {Tile} lies outside of the sequence's {sequence.Queries} queries and {sequence.Keys} keys."));
            fixed (float* log = LogSumExp, weights = Weights)
            {
                AttentionSweep<TModifier, TMask, TileConsumer> sweep = new()
                {
                    Call = call, Modifier = Modifier, Mask = Mask, LogSumExp = log,
                    Consumer = new() { Tile = weights, FirstQuery = Tile.FirstQuery, FirstKey = Tile.FirstKey, Keys = Tile.Keys },
                    FirstTask = (Tile.Batch * call.Heads) + Tile.Head, Tasks = 1,
                    FirstQuery = Tile.FirstQuery, EndQuery = Tile.FirstQuery + Tile.Queries, FirstKey = Tile.FirstKey, EndKey = Tile.FirstKey + Tile.Keys,
                };
                Simd.Run(ref sweep);
            }
        }
    }
}

/// <summary>A rectangle of the weight matrix of one sequence and head.</summary>
/// <param name="Batch">Sequence.</param>
/// <param name="Head">Query head.</param>
/// <param name="FirstQuery">First query.</param>
/// <param name="Queries">Number of queries.</param>
/// <param name="FirstKey">First key.</param>
/// <param name="Keys">Number of keys.</param>
public readonly record struct WeightTile(int Batch, int Head, int FirstQuery, int Queries, int FirstKey, int Keys);
