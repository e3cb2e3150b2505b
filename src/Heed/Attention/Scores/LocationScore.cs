namespace Heed;

/// <summary>The location-based score: e_j = (W·q)_j, from the query alone; what the keys are does not count, only where, from the first real key on. Luong, Pham and Manning 2015.</summary>
/// <remarks>W <c>(maximum length, query size)</c>: sequences longer than the maximum are refused. Cost: a projection of the queries.</remarks>
/// <param name="MaximumLength">Number of positions that can be told apart; default 512.</param>
public sealed record LocationScore(int MaximumLength = 512) : Score
{
    internal static Mechanism Entry => new("location", MechanismKind.Score)
    {
        Builder = (Func<double[], Score>)(n => new LocationScore((int)n[0])),
        Parameters = [new("maximum length", 512, "how many positions can be told apart")],
        Formula = "e_j = (W·q)_j",
        Shapes = ScoreShapes,
        Cost = "A projection of the queries",
        Source = "Luong, Pham and Manning 2015, section 3.1",
        Variant = "Positions count from the first real key; longer sequences are refused.",
        Use = "Where the place decides and the content does not, as in copying in order.",
        Avoid = "Lengths beyond those of training; places whose content matters.",
        Example = ExampleOf("location(8)"),
        Types = [typeof(LocationScore)],
        Pages = ["unified-attention"],
    };

    /// <inheritdoc/>
    public override ScoreFunction Create(ScoreSizes sizes) => new Function(sizes, MaximumLength);

    private sealed class Function : ScoreFunction
    {
        private readonly Linear positions;

        public Function(ScoreSizes sizes, int maximum) => positions = Register("location", new Linear(sizes.QuerySize, maximum));

        public override Tensor Energies(Tensor query, Tensor key, in Pass pass)
        {
            (int keys, int maximum) = (key.Shape[2], positions.Weight.Shape[0]);
            if (keys > maximum)
                throw new ShapeException(FormattableString.Invariant($"LocationScore: {keys} keys came, but the score knows {maximum} positions; raise MaximumLength or shorten the sequence."));
            return positions.Forward(query, pass).Columns(0, keys);
        }

        public override Tensor Energies(Tensor query, Tensor prepared, in AttentionStep step, in Pass pass)
        {
            Tensor energies = Energies(query, prepared, pass);
            return step.Ranges is { } real && real.Starts.Span.ContainsAnyExcept(0) ? FromTheFirstRealKey(energies, real, pass) : energies;
        }

        // A product with one 1 a row moves each sequence's energies behind its padding and changes no bit of them.
        private static Tensor FromTheFirstRealKey(Tensor energies, SequenceRanges ranges, in Pass pass)
        {
            (int batch, int rows, int keys) = (energies.Shape[0], energies.Shape[1] * energies.Shape[2], energies.Shape[3]);
            float[] moves = new float[batch * keys * keys];
            for (int b = 0; b < batch; b++)
            {
                int start = ranges.Starts.Span[b];
                for (int j = start; j < keys; j++)
                    moves[(((b * keys) + j - start) * keys) + j] = 1;
            }
            return energies.Reshape(new Shape(batch, rows, keys)).MatMul(pass.Input(moves, new Shape(batch, keys, keys))).Reshape(energies.Shape);
        }
    }
}
