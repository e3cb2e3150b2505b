using Heed.Kernels;

namespace Heed;

/// <summary>Fused attention, one operation.</summary>
public sealed partial class Tensor
{
    private const string AttentionName = "Attention";

    /// <summary>Scaled dot-product attention over all keys; see <see cref="FusedAttention"/> for formula and contract.</summary>
    /// <param name="q">Queries <c>(batch, heads, queries, headDim)</c>.</param>
    /// <param name="k">Keys <c>(batch, key/value heads, keys, headDim)</c>.</param>
    /// <param name="v">Values <c>(batch, key/value heads, keys, valueDim)</c>.</param>
    /// <param name="inputs">Everything else; default none.</param>
    /// <returns>Contexts <c>(batch, heads, queries, valueDim)</c>, and what was asked.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static AttentionOutputs Attention(Tensor q, Tensor k, Tensor v, AttentionInputs? inputs = null) =>
        Attention(q, k, v, default(PlainScore), default(NoMask), inputs);

    /// <summary>Attention with a score modifier and a mask, fused forward and backward: the matrix of weights is never in memory.</summary>
    /// <remarks>Gradients flow into queries, keys, values and all tensors of <paramref name="inputs"/>. Memory: what <see cref="FusedAttention.EstimateMemory"/> says.
    /// Second derivatives are not offered.</remarks>
    /// <param name="q">Queries <c>(batch, heads, queries, headDim)</c>, or <c>(batch, queries, heads, headDim)</c> where rows come first.</param>
    /// <param name="k">Keys <c>(batch, key/value heads, keys, headDim)</c>; likewise.</param>
    /// <param name="v">Values <c>(batch, key/value heads, keys, valueDim)</c>; likewise.</param>
    /// <param name="modifier">Function of the score.</param>
    /// <param name="mask">Which pairs take part.</param>
    /// <param name="inputs">Everything else; default none.</param>
    /// <typeparam name="TModifier">The score modifier.</typeparam>
    /// <typeparam name="TMask">The mask.</typeparam>
    /// <returns>Contexts <c>(batch, heads, queries, valueDim)</c> in the layout of the queries, and what was asked.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">Lengths, offsets, parameters or the mask's data do not fit.</exception>
    public static AttentionOutputs Attention<TModifier, TMask>(Tensor q, Tensor k, Tensor v, TModifier modifier, TMask mask, AttentionInputs? inputs = null)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        inputs ??= new AttentionInputs();
        AttentionShape shape = AttentionShapeOf(q, k, v, inputs);
        return new AttentionOperation<TModifier, TMask>(q, k, v, shape, modifier, mask, inputs).Run();
    }

    // The sizes, and that every tensor has the shape that belongs to them.
    private static AttentionShape AttentionShapeOf(Tensor q, Tensor k, Tensor v, AttentionInputs inputs)
    {
        string rows = inputs.RowsFirst ? "(batch, sequence, heads, size)" : "(batch, heads, sequence, size)";
        foreach ((string name, Tensor tensor) in new[] { (nameof(q), q), (nameof(k), k), (nameof(v), v) })
        {
            if (tensor.Shape.Rank != 4)
                throw ShapeException.For(AttentionName, name, rows, tensor.Shape);
        }
        int head = inputs.RowsFirst ? 2 : 1, row = 3 - head, batch = q.Shape[0], heads = q.Shape[head], shared = k.Shape[head], queries = q.Shape[row], keys = k.Shape[row], dim = q.Shape[3];
        if (k.Shape[0] != batch || k.Shape[3] != dim || (shared == 0 ? heads != 0 : heads % shared != 0))
            throw ShapeException.For(AttentionName, nameof(k), FormattableString.Invariant($"{rows} with batch = {batch}, size = {dim} and heads that divide {heads}"), k.Shape, inputs.RowsFirst ? "" : "Are rows first? Then set RowsFirst.");
        if (v.Shape[0] != batch || v.Shape[head] != shared || v.Shape[row] != keys)
            throw ShapeException.For(AttentionName, nameof(v), FormattableString.Invariant($"{rows} with batch = {batch}, heads = {shared} and sequence = {keys}, as the keys,"), v.Shape);
        bool isPacked = !inputs.QueryOffsets.IsEmpty;
        if (isPacked && batch != 1)
            throw ShapeException.For(AttentionName, nameof(q), rows + " with batch = 1, since sequences are packed,", q.Shape);
        CheckShape("Sinks", inputs.Sinks, heads);
        CheckShape("QueryTerms", inputs.QueryTerms, batch, heads, queries);
        CheckShape("KeyTerms", inputs.KeyTerms, batch, shared, keys);
        CheckShape("QueryTable", inputs.QueryTable, batch, heads, queries, inputs.QueryTable is { Shape.Rank: 4 } table ? table.Shape[3] : 1);
        CheckShape("ValueTable", inputs.ValueTable, inputs.ValueTable is { Shape.Rank: 2 } vectors ? vectors.Shape[0] : 1, v.Shape[3]);
        inputs.QueryRanges?.Check(AttentionName, batch, queries);
        inputs.KeyRanges?.Check(AttentionName, batch, keys);
        if (inputs.TopKeys < 0 || (long)inputs.TopKeys * batch * heads * queries > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(inputs), inputs.TopKeys, $"{AttentionName}: TopKeys must be at least 0, and (batch, heads, queries, k) must fit an array.");
        AttentionShape shape = new(isPacked ? inputs.QueryOffsets.Length - 1 : batch, heads, shared, queries, keys, dim) { ValueDim = v.Shape[3] };
        return inputs.RowsFirst ? shape.RowsFirst() : shape;
    }

    private static void CheckShape(string name, Tensor? tensor, params ReadOnlySpan<int> sizes)
    {
        if (tensor is not null && !tensor.Shape.Sizes.SequenceEqual(sizes))
            throw ShapeException.For(AttentionName, name, new Shape(sizes).ToString(), tensor.Shape);
    }

    private sealed class AttentionOperation<TModifier, TMask> : Operation
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        private const int Slots = 9, Parameters = 3, Sinks = 4, QueryTerms = 5, KeyTerms = 6, QueryTable = 7, ValueTable = 8;
        private readonly AttentionShape shape;
        private readonly TModifier modifier;
        private readonly TMask mask;
        private readonly AttentionInputs more;
        private readonly int[] at;   // slot → position among the inputs, or −1
        private readonly int entropyAt, logSumExpAt;   // positions among the outputs, or −1
        private readonly Tensor context, logSumExp;
        private readonly Tensor? entropy, valueMass;

        public AttentionOperation(Tensor q, Tensor k, Tensor v, AttentionShape shape, TModifier modifier, TMask mask, AttentionInputs more)
            : base(Present(q, k, v, more))
        {
            (this.shape, this.modifier, this.mask, this.more) = (shape, modifier, mask, more);
            at = new int[Slots];
            int next = 0;
            for (int slot = 0; slot < Slots; slot++)
                at[slot] = Slot(q, k, v, more, slot) is null ? -1 : next++;
            logSumExpAt = more.Ask.HasFlag(AttentionAsk.LogSumExp) ? 1 : -1;
            entropyAt = more.Ask.HasFlag(AttentionAsk.Entropy) ? (logSumExpAt < 0 ? 1 : 2) : -1;
            context = New(more.RowsFirst ? new Shape(q.Shape[0], shape.Queries, shape.HeadCount, shape.ValueDim) : new Shape(q.Shape[0], shape.HeadCount, shape.Queries, shape.ValueDim));
            logSumExp = New(Rows);
            entropy = entropyAt < 0 ? null : New(Rows);
            valueMass = more.ValueTable is { RequiresGradient: true } ? New(new Shape([.. Rows.Sizes, more.ValueTable.Shape[0]])) : null;
        }

        public override string Name => AttentionName;

        private Shape Rows => new(Inputs[0].Shape[0], shape.HeadCount, shape.Queries);

        public AttentionOutputs Run()
        {
            Tensor? maximum = New(AttentionAsk.Maximum), distance = New(AttentionAsk.ExpectedDistance);
            Tensor? mass = more.Ask.HasFlag(AttentionAsk.KeyMass) ? Data(new Shape(Rows[0], Rows[1], shape.Keys)) : null, top = more.TopKeys > 0 ? Data(new Shape([.. Rows.Sizes, more.TopKeys])) : null;
            int[] argMax = new int[more.Ask.HasFlag(AttentionAsk.ArgMax) ? Rows.Length : 0], topKeys = new int[top?.Length ?? 0];
            AttentionStatistics statistics = new()
            {
                LogSumExp = logSumExp.Writable,
                Entropy = Of(entropy),
                Maximum = Of(maximum),
                ExpectedDistance = Of(distance),
                ArgMax = argMax,
                KeyMass = Of(mass),
                TopKeys = topKeys,
                TopWeights = Of(top),
                ValueMass = Of(valueMass),
            };
            FusedAttention.Forward(Values(0), Values(1), Values(2), context.Writable, shape, modifier, mask, Values(Parameters), statistics, Options());
            context.step?.Record(this, [context, .. logSumExpAt < 0 ? Array.Empty<Tensor>() : [logSumExp], .. entropy is null ? Array.Empty<Tensor>() : [entropy]]);
            return new AttentionOutputs(context, Weights, Weights, Weights)
            {
                LogSumExp = logSumExpAt < 0 ? null : logSumExp, Entropy = entropy, Maximum = maximum, ArgMax = argMax, ExpectedDistance = distance, KeyMass = mass, TopKeys = topKeys, TopWeights = top,
            };
        }

        protected internal override void Backward()
        {
            // A gradient that nothing was added to yet is written in place; others by way of a temporary, since the kernel overwrites, but for keys and values.
            Tensor?[] temporary = new Tensor?[Slots];
            bool[] isFirst = new bool[Slots];
            for (int slot = 0; slot < Slots; slot++)
            {
                if (Wants(slot))
                    Accumulate(at[slot], out isFirst[slot]);
            }
            bool adds = AddsToKeys(isFirst);
            for (int slot = 0; slot < Slots; slot++)
                temporary[slot] = !Wants(slot) || isFirst[slot] || (adds && slot is 1 or 2) ? null : context.step!.New(Inputs[at[slot]].Shape);
            AttentionGradients gradients = new(Target(0, temporary), Target(1, temporary), Target(2, temporary), Target(Parameters, temporary))
            {
                AddsToKeys = adds,
                Sinks = Target(Sinks, temporary),
                QueryTerms = Target(QueryTerms, temporary),
                KeyTerms = Target(KeyTerms, temporary),
                QueryTable = Target(QueryTable, temporary),
                ValueTable = Target(ValueTable, temporary),
                ValueMass = Of(valueMass),
                FromLogSumExp = logSumExpAt >= 0 && logSumExp.HasGradient ? GradientOf(logSumExpAt) : default,
                FromEntropy = entropyAt >= 0 && entropy!.HasGradient ? GradientOf(entropyAt) : default,
                Entropy = entropyAt >= 0 && entropy!.HasGradient ? entropy.Values : default,
            };
            FusedAttention.Backward(GradientOf(), Values(0), Values(1), Values(2), context.Values, logSumExp.Values, gradients, shape, modifier, mask, Values(Parameters), Options());
            for (int slot = 0; slot < Slots; slot++)
            {
                if (temporary[slot] is { } sum)
                    Elementwise.AddScaled(sum.Values, 1, Accumulate(at[slot]));
            }
        }

        // Keys and values that were attended to before (or need no gradient), each with a gradient of its own.
        private bool AddsToKeys(bool[] isFirst)
        {
            Span<float> q = Gradient(0), k = Gradient(1), v = Gradient(2);
            return !isFirst[1] && !isFirst[2] && !k.Overlaps(v) && !q.Overlaps(k) && !q.Overlaps(v);
        }

        private Span<float> Gradient(int slot) => Wants(slot) ? Accumulate(at[slot], out _) : default;

        protected internal override void Reference(ReferenceValues values)
        {
            ReferenceAttentionTerms terms = new()
            {
                Sinks = Wide(values, Sinks), QueryTerms = Wide(values, QueryTerms), KeyTerms = Wide(values, KeyTerms), QueryTable = Wide(values, QueryTable), ValueTable = Wide(values, ValueTable),
            };
            ReferenceAttention.Forward(
                values.Input(0), values.Input(1), values.Input(2), values.Output(), shape, modifier, mask, Wide(values, Parameters), Options(), default,
                logSumExpAt < 0 ? default : values.Output(logSumExpAt), entropyAt < 0 ? default : values.Output(entropyAt), terms);
        }

        private static Tensor[] Present(Tensor q, Tensor k, Tensor v, AttentionInputs more) =>
            [.. Enumerable.Range(0, Slots).Select(slot => Slot(q, k, v, more, slot)).OfType<Tensor>()];

        private static Tensor? Slot(Tensor q, Tensor k, Tensor v, AttentionInputs more, int slot) => slot switch
        {
            0 => q,
            1 => k,
            2 => v,
            Parameters => more.Parameters,
            Sinks => more.Sinks,
            QueryTerms => more.QueryTerms,
            KeyTerms => more.KeyTerms,
            QueryTable => more.QueryTable,
            _ => more.ValueTable,
        };

        private static Span<float> Of(Tensor? tensor) => tensor is null ? default : tensor.Writable;

        private Tensor New(Shape result) => Result(AttentionName, result, [.. Inputs]);

        private Tensor? New(AttentionAsk asked) => more.Ask.HasFlag(asked) ? Data(Rows) : null;

        // Memory of the step that no gradient flows to.
        private Tensor Data(Shape result) => context.step is { } step ? step.New(result) : New(result);

        private ReadOnlySpan<float> Values(int slot) => at[slot] < 0 ? default : Inputs[at[slot]].Values;

        private ReadOnlySpan<double> Wide(ReferenceValues values, int slot) => at[slot] < 0 ? default : values.Input(at[slot]);

        private bool Wants(int slot) => at[slot] >= 0 && Needs(at[slot]);

        private Span<float> Target(int slot, Tensor?[] temporary) =>
            temporary[slot] is { } tensor ? tensor.Writable : Gradient(slot);

        private AttentionOptions Options() => new()
        {
            Scale = more.Scale,
            Dropout = more.Dropout,
            DropoutKey = more.DropoutKey,
            Sinks = Values(Sinks),
            QueryTerms = Values(QueryTerms),
            KeyTerms = Values(KeyTerms),
            QueryTable = Values(QueryTable),
            ValueTable = Values(ValueTable),
            QueryLengths = more.QueryRanges is { } queries ? queries.Lengths.Span : default,
            QueryStarts = more.QueryRanges is { } firstQueries ? firstQueries.Starts.Span : default,
            KeyLengths = more.KeyRanges is { } keys ? keys.Lengths.Span : default,
            KeyStarts = more.KeyRanges is { } firstKeys ? firstKeys.Starts.Span : default,
            QueryOffsets = more.QueryOffsets.Span,
            KeyOffsets = more.KeyOffsets.Span,
            KeyPosition = more.KeyPosition,
            QueryPosition = more.QueryPosition,
            MaskNumbers = more.MaskNumbers.Span,
            MaskFlags = more.MaskFlags.Span,
        };

        private Tensor Weights(WeightTile tile)
        {
            bool fits = tile.Queries >= 0 && tile.Keys >= 0 && tile.Queries <= shape.Queries && tile.Keys <= shape.Keys;
            Tensor weights = Data(fits ? new Shape(tile.Queries, tile.Keys) : new Shape(0, 0));
            Weights(tile, weights.Memory);
            return weights;
        }

        private void Weights(WeightTile tile, Memory<float> weights) =>
            FusedAttention.Weights(Values(0), Values(1), logSumExp.Values, weights.Span, shape, tile, modifier, mask, Values(Parameters), Options());

        private Tensor Weights()
        {
            if (!more.QueryOffsets.IsEmpty)
                throw new InvalidOperationException($"{AttentionName}: sequences are packed, so their weights are no one matrix; take the tile of one sequence and head.");
            Tensor weights = Data(new Shape([.. Rows.Sizes, shape.Keys]));
            weights.Writable.Clear();
            for (int i = 0; i < shape.Batch * shape.HeadCount; i++)
            {
                int b = i / shape.HeadCount;
                (int firstQuery, int queries) = Part(more.QueryRanges, b, shape.Queries);
                (int firstKey, int keys) = Part(more.KeyRanges, b, shape.Keys);
                Tensor tile = Weights(new WeightTile(b, i % shape.HeadCount, 0, queries, 0, keys));
                for (int query = 0; query < queries; query++)
                    tile.Values.Slice(query * keys, keys).CopyTo(weights.Writable[((((i * shape.Queries) + firstQuery + query) * shape.Keys) + firstKey)..]);
            }
            return weights;
        }

        private static (int First, int Count) Part(SequenceRanges? ranges, int b, int all) => ranges is { } r ? (r.Starts.Span[b], r.Lengths.Span[b]) : (0, all);
    }
}
