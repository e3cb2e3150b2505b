namespace Heed.Kernels;

/// <summary><see cref="ScoreModification"/> in double precision.</summary>
public static unsafe class ReferenceScoreModification
{
    /// <summary>The new scores; shapes, edges and refusals as <see cref="ScoreModification.Forward"/> has them.</summary>
    public static void Forward<TModifier>(
        ReadOnlySpan<double> scores, Span<double> results, in AttentionShape shape, TModifier modifier, ReadOnlySpan<double> parameters = default, in AttentionOptions options = default,
        ReadOnlySpan<int> positions = default)
        where TModifier : unmanaged, IScoreModifier
    {
        ScoreModification.Check("ReferenceScoreModification.Forward", scores.Length, results.Length, shape, options, positions);
        modifier.Check(shape, options, parameters.Length);
        Action<TModifier> action = new() { Scores = scores, Results = results, Parameters = parameters, Positions = positions, Modifier = modifier };
        AttentionPins.Pin(default, default, default, shape, default, options, ref action);
    }

    private ref struct Action<TModifier> : IAttentionAction
        where TModifier : unmanaged, IScoreModifier
    {
        public ReadOnlySpan<double> Scores, Parameters;
        public Span<double> Results;
        public ReadOnlySpan<int> Positions;
        public TModifier Modifier;

        public readonly void Invoke(AttentionCall call)
        {
            Scores.CopyTo(Results);
            fixed (double* p = Parameters)
            {
                for (int i = 0; i < call.Batch * call.Heads * call.Queries; i++)
                {
                    if (!ScoreModification.IsReal(call, Positions, i, out ScoreRow row, out int first))
                        continue;
                    row.Parameters = p;
                    row.ParameterCount = Parameters.Length;
                    for (int j = 0; j < row.Keys; j++)
                        Results[first + j] = Modifier.Forward(new ReferenceLane(Results[first + j]), new ScoreContext<ReferenceLane>(&row, j)).Value;
                }
            }
        }
    }
}
