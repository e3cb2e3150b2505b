namespace Heed;

/// <summary>The vectors that a Transformer starts from: those of tokens, with positions and segments added.</summary>
/// <remarks>
/// <para>Formula: x_t = W[id_t]·(√size or 1) + P[t] + S[segment_t]; with <c>sinusoidal</c> positions P[t, 2i] = sin(t/10000^(2i/size)), P[t, 2i + 1] = cos(…) (Vaswani et al. 2017, section 3.5).</para>
/// <para>Shapes: ids <c>(batch · time)</c>, x <c>(batch, time, size)</c>. Parameters: <c>tokens</c>, <c>positions</c>, <c>segments</c>, <c>norm</c>.</para>
/// </remarks>
public sealed class TransformerEmbedding : Module
{
    private readonly TransformerConfig config;
    private readonly Embedding tokens;
    private readonly Embedding? positions, segments;
    private readonly Norm? norm;
    private readonly Dropout dropout;
    private readonly Lazy<float[]> waves;

    /// <summary>Creates the tables.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="vocabularySize">Number of ids.</param>
    public TransformerEmbedding(TransformerConfig config, int vocabularySize)
        : this(config, vocabularySize, null)
    {
    }

    /// <summary>The same over a table of token vectors that belongs to another module.</summary>
    internal TransformerEmbedding(TransformerConfig config, int vocabularySize, Embedding? shared)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        // With a scale of √size vectors of deviation 1/√size come out at 1; else small ones are usual.
        Initializer start = Initializer.Normal(config.ScalesEmbedding ? 1 / Math.Sqrt(config.Size) : 0.02);
        tokens = shared ?? Register("tokens", new Embedding(vocabularySize, config.Size, initializer: start));
        if (config.Position == "learned")
            positions = Register("positions", new Embedding(config.FirstPosition + config.MaximumLength, config.Size, initializer: start));
        if (config.SegmentCount > 0)
            segments = Register("segments", new Embedding(config.SegmentCount, config.Size, initializer: start));
        if (config.NormalizesEmbedding)
            norm = Register("norm", Norm.Create(config.Norm, config.Size, config.Epsilon));
        dropout = Register("dropout", new Dropout(config.EmbeddingDropout ?? config.Dropout));
        waves = new Lazy<float[]>(() => Waves(config.MaximumLength, config.Size));
    }

    /// <summary>The table of token vectors.</summary>
    public Parameter TokenVectors => tokens.Weight;

    internal Embedding Tokens => tokens;

    /// <summary>Looks up.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="places">Position of each token, <c>(batch · time)</c>.</param>
    /// <param name="kinds">Segment of each token, <c>(batch · time)</c>; empty: all 0, as where there is only one.</param>
    /// <param name="pass">The call.</param>
    /// <param name="added">Further vectors to add, <c>(batch, time, size)</c>; null for none.</param>
    /// <returns>Shape <c>(batch, time, size)</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A token is not in the vocabulary, or stands beyond <see cref="TransformerConfig.MaximumLength"/>.</exception>
    public Tensor Forward(ReadOnlyMemory<int> ids, int batch, int[] places, ReadOnlyMemory<int> kinds, in Pass pass, Tensor? added = null)
    {
        ArgumentNullException.ThrowIfNull(places);
        int vocabulary = tokens.Weight.Shape[0];
        foreach (int id in ids.Span)
        {
            if (id < 0 || id >= vocabulary)
                throw new ArgumentOutOfRangeException(nameof(ids), id, FormattableString.Invariant($"Transformer: the id {id} is not in the vocabulary of {vocabulary} (0 … {vocabulary - 1}). Does the tokenizer belong to the model?"));
        }
        Tensor x = tokens.Forward(ids, batch, pass);
        if (config.ScalesEmbedding)
            x = x.Scale((float)Math.Sqrt(config.Size));
        x = pass.Probed(this, x);
        if (config.AddsPositions)
        {
            foreach (int place in places)
            {
                if (place >= config.MaximumLength)
                    throw new ArgumentOutOfRangeException(nameof(places), place, FormattableString.Invariant($"Transformer: a token stands at position {place}, the model reads {config.MaximumLength}; shorten the text."));
            }
        }
        if (positions is not null)
            x += positions.Forward(config.FirstPosition == 0 ? places : [.. places.Select(p => p + config.FirstPosition)], batch, pass);
        else if (config.Position == "sinusoidal")
            x += Sinusoidal(places, x.Shape, pass);
        if (segments is not null)
            x += segments.Forward(kinds.IsEmpty || config.SegmentCount == 1 ? new int[ids.Length] : kinds, batch, pass);
        if (added is not null)
            x += added;
        return Return(dropout.Forward(norm is null ? x : norm.Forward(x, pass), pass), pass);
    }

    private Tensor Sinusoidal(int[] places, Shape shape, in Pass pass)
    {
        float[] values = new float[shape.Length];
        for (int i = 0; i < places.Length; i++)
            waves.Value.AsSpan(places[i] * config.Size, config.Size).CopyTo(values.AsSpan(i * config.Size));
        return pass.Input(values, shape);
    }

    private static float[] Waves(int count, int size)
    {
        float[] table = new float[checked(count * size)];
        for (int i = 0; i < table.Length; i++)
        {
            (int position, int feature) = (i / size, i % size);
            double angle = position / Math.Pow(10_000, (feature - (feature % 2)) / (double)size);
            table[i] = (float)(feature % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
        }
        return table;
    }
}
