using Heed.Kernels;

namespace Heed;

/// <summary>Scores in memory under a struct of one's own.</summary>
public sealed partial class Tensor
{
    /// <summary>A score modifier over scores in memory: what <see cref="Attention{TModifier, TMask}"/> does inside. See <see cref="ScoreModification"/>.</summary>
    /// <param name="modifier">Function of the scaled score.</param>
    /// <param name="parameters">What it reads and learns; any shape; null: nothing.</param>
    /// <param name="queryRanges">The real queries of each sequence; null: all.</param>
    /// <param name="keyRanges">The real keys of each; null: all.</param>
    /// <param name="positions">For each sequence the one position of all its queries; default: the last query stands at the last key.</param>
    /// <typeparam name="TModifier">The struct.</typeparam>
    /// <returns>Scores of the shape of this, <c>(batch, heads, queries, keys)</c>.</returns>
    /// <exception cref="ShapeException">There are not four axes.</exception>
    /// <exception cref="ArgumentException">Ranges, or what the struct reads, do not fit.</exception>
    public Tensor ModifyScores<TModifier>(TModifier modifier, Tensor? parameters = null, SequenceRanges? queryRanges = null, SequenceRanges? keyRanges = null, ReadOnlyMemory<int> positions = default)
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        const string Name = "ModifyScores";
        if (Shape.Rank != 4)
            throw ShapeException.For(Name, "this", "(batch, heads, queries, keys)", Shape);
        queryRanges?.Check(Name, Shape[0], Shape[2]);
        keyRanges?.Check(Name, Shape[0], Shape[3]);
        Tensor[] inputs = parameters is null ? [this] : [this, parameters];
        Tensor y = Result(Name, Shape, inputs);
        ModifyScoresOperation<TModifier> operation = new(inputs, modifier, queryRanges, keyRanges, positions);
        operation.Forward(y);
        return Record(operation, y);
    }

    private sealed class ModifyScoresOperation<TModifier>(Tensor[] inputs, TModifier modifier, SequenceRanges? queryRanges, SequenceRanges? keyRanges, ReadOnlyMemory<int> positions) : Operation(inputs)
        where TModifier : unmanaged, IDifferentiableScoreModifier
    {
        public override string Name => "ModifyScores";

        // A modifier may mask pairs.
        protected internal override bool Masks => true;

        private AttentionShape Sizes => new(Inputs[0].Shape[0], Inputs[0].Shape[1], Inputs[0].Shape[1], Inputs[0].Shape[2], Inputs[0].Shape[3], 1);

        private ReadOnlySpan<float> Parameters => Inputs.Count > 1 ? Inputs[1].Values : default;

        public void Forward(Tensor y) => ScoreModification.Forward(Inputs[0].Values, y.Writable, Sizes, modifier, Parameters, Options(), positions.Span);

        protected internal override void Backward()
        {
            float[] scores = new float[Inputs[0].Length], parameters = new float[Inputs.Count > 1 && Needs(1) ? Inputs[1].Length : 0];
            ScoreModification.Backward(GradientOf(), Inputs[0].Values, scores, parameters, Sizes, modifier, Parameters, Options(), positions.Span);
            if (Needs(0))
                Elementwise.AddScaled(scores, 1, Accumulate(0));
            if (parameters.Length > 0)
                Elementwise.AddScaled(parameters, 1, Accumulate(1));
        }

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceScoreModification.Forward(values.Input(0), values.Output(), Sizes, modifier, Inputs.Count > 1 ? values.Input(1) : default, Options(), positions.Span);

        private AttentionOptions Options() => new()
        {
            QueryLengths = queryRanges is { } queries ? queries.Lengths.Span : default,
            QueryStarts = queryRanges is { } firstQueries ? firstQueries.Starts.Span : default,
            KeyLengths = keyRanges is { } keys ? keys.Lengths.Span : default,
            KeyStarts = keyRanges is { } firstKeys ? firstKeys.Starts.Span : default,
        };
    }
}
