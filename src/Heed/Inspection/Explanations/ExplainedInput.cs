namespace Heed;

/// <summary>One input of a model, made ready to be asked what counted in it: what all methods of explanation need, and no more.</summary>
/// <remarks>
/// <para>A unit is what gets one score: a token, a cell of a picture. The explained value is one number; where <see cref="IsLogOdds"/> it is ln(p/(1 − p)) of the probability that the model answers, which grows with p and does not
/// saturate, else a number of the task. Vectors are what the model makes of the units before it mixes them (embeddings, pixels): gradients go there.</para>
/// <para>Thread safety: all members may be called from many threads.</para>
/// </remarks>
public abstract class ExplainedInput
{
    /// <summary>For adapters of models.</summary>
    private protected ExplainedInput()
    {
    }

    /// <summary>The kind of model, as <c>text classifier</c>.</summary>
    public abstract string Model { get; }

    /// <summary>The text, or the name of the picture.</summary>
    public abstract string Source { get; }

    /// <summary>The picture as it was given; null for a text.</summary>
    public virtual Picture? Picture => null;

    /// <summary>What is explained, as <c>log odds of 'positive'</c>.</summary>
    public abstract string Target { get; }

    /// <summary>The label or token that is explained, as <see cref="ExplanationOptions.Target"/> takes it; null for a number.</summary>
    public abstract string? Label { get; }

    /// <summary>Whether the value is log odds of a probability.</summary>
    public abstract bool IsLogOdds { get; }

    /// <summary>The value on the whole input.</summary>
    public abstract double Value { get; }

    /// <summary>Where each unit stands in <see cref="Source"/>; empty for a picture.</summary>
    public virtual IReadOnlyList<Range> Ranges => [];

    /// <summary>Rows and columns of cells; (0, 0) for a text.</summary>
    public virtual (int Rows, int Columns) Grid => (0, 0);

    /// <summary>How many units there are.</summary>
    public int UnitCount => Grid.Rows > 0 ? Grid.Rows * Grid.Columns : Ranges.Count;

    /// <summary>How a unit can be taken away, by name; the first is the default.</summary>
    public abstract IReadOnlyList<string> Removals { get; }

    /// <summary>Where a path to the input can start, by name; the first is the default.</summary>
    public abstract IReadOnlyList<string> Baselines { get; }

    /// <summary>What each name of <see cref="Baselines"/> and <see cref="Removals"/> means, and what else should be known of the input (such as tokens that were cut off).</summary>
    public virtual IReadOnlyList<string> Notes => [];

    /// <summary>Probability for log odds, else the number itself: what differences are shown in.</summary>
    /// <param name="value">A value.</param>
    public double Answer(double value) => IsLogOdds ? 1 / (1 + Math.Exp(-value)) : value;

    /// <summary>The value of the input with some units taken away.</summary>
    /// <param name="removed">For each variant which units are gone.</param>
    /// <param name="removal">A name of <see cref="Removals"/>.</param>
    /// <returns>One value a variant. Cost: a forward pass each, in batches.</returns>
    /// <exception cref="ArgumentException">There is no such rule.</exception>
    public double[] Without(IReadOnlyList<bool[]> removed, string removal)
    {
        ArgumentNullException.ThrowIfNull(removed);
        Chosen(removal, Removals, "removal rule");
        foreach (bool[] variant in removed)
        {
            if (variant.Length != UnitCount)
                throw new ArgumentException(FormattableString.Invariant($"ExplainedInput.Without: a variant has {variant.Length} entries; {UnitCount}, one a unit, are required."), nameof(removed));
        }
        return removed.Count == 0 ? [] : ValuesWithout(removed, removal);
    }

    /// <summary>The same question about the same input, put to the model as it is now: nothing that was computed before is kept.</summary>
    public abstract ExplainedInput Again();

    /// <summary>Writes what the model attends to on this input, all layers and heads, as a trace (docs/traces.md).</summary>
    /// <param name="path">The folder; a trace in it is replaced.</param>
    /// <param name="type">How weights are stored.</param>
    /// <exception cref="ArgumentException">The model has no attention among the tokens or patches that it reads.</exception>
    /// <exception cref="InputException">The folder holds something else, or cannot be written.</exception>
    public void WriteTrace(string path, TraceType type = TraceType.F16)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Traced is not { } traced || new AttentionCapture(traced.Network, hasPoolings: true).Names.Count == 0)
            throw new ArgumentException($"a trace holds the attention of heads and of learned poolings; this {Model} has neither.", nameof(path));
        bool isText = Grid.Rows == 0;
        AttentionTrace.Write(path, traced.Network, traced.Forward, new AttentionTraceOptions
        {
            Type = type, Text = isText ? Source : null, Tokens = [.. traced.Tokens.Select(token => token.Text)], Ranges = isText ? [.. traced.Tokens.Select(token => token.Place)] : [], Sequences = TracedSequences, SequencesOf = TracedSequencesOf,
        });
    }

    /// <summary>What each head does on this input: of every layer of attention mean entropy, distance, the first token's weight and the one before, and what each token receives.</summary>
    /// <returns>All heads, in the order in which layers run; none where the model has none. Cost: a forward pass, and about as much again for attention; no matrix of weights is in memory.</returns>
    public IReadOnlyList<HeadProfile> Heads() => Traced is { } traced ? HeadProfile.Of(traced.Network, traced.Forward) : [];

    /// <summary>The attention of the model on this input; null where it has none.</summary>
    public virtual InputAttention? Attention => null;

    /// <summary>The last feature map before the answer, for Grad-CAM; null where the model has none.</summary>
    public virtual FeatureMap? Features => null;

    /// <summary>The pass whose attention a trace holds: what is traced, the pass over this input alone, and its tokens (special ones with an empty place); null where no heads attend.</summary>
    private protected virtual (Module Network, Func<Pass, Tensor> Forward, IReadOnlyList<(string Text, Range Place)> Tokens)? Traced => null;

    /// <summary>What layers of the traced pass attend with and to beside its tokens.</summary>
    private protected virtual IReadOnlyDictionary<string, IReadOnlyList<string>> TracedSequences => new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>Which of <see cref="TracedSequences"/> the rows and keys of a layer are.</summary>
    private protected virtual (string? Rows, string? Keys) TracedSequencesOf(string layer) => (null, null);

    /// <summary>The vectors, flat, in an order of the model's own.</summary>
    internal abstract float[] Vectors { get; }

    /// <summary>The vectors at a baseline; those of no unit stay.</summary>
    internal abstract float[] BaselineVectors(string baseline);

    /// <summary>Value and gradient at other vectors, one result a point.</summary>
    internal abstract (double Value, float[] Gradient)[] Gradients(IReadOnlyList<float[]> points);

    /// <summary>The value with other attention weights, and what the model answers then (null where that is no label or token); null where the model has none that can be replaced.</summary>
    /// <param name="change">Makes the change of the model.</param>
    internal virtual (double Value, string? Answer)? Under(Func<Module, AttentionOverride> change) => null;

    /// <summary>Whether the keys of a place of attention are the positions of the units, and not those of something else that the model reads.</summary>
    /// <param name="place">Its name.</param>
    internal bool IsOverUnits(string place) => TracedSequencesOf(place).Keys is null;

    /// <summary>Values, and gradients with respect to weights, with other weights of the pooling over units, the same for all its views; null where the model has no learned pooling.</summary>
    internal virtual (double Value, float[] Gradient)[]? AtWeights(IReadOnlyList<float[]> weights) => null;

    /// <summary>Sums numbers of vectors' elements unit by unit; those of no unit are left out.</summary>
    internal abstract double[] SumByUnit(ReadOnlySpan<double> elements);

    /// <summary>The value of each variant.</summary>
    private protected abstract double[] ValuesWithout(IReadOnlyList<bool[]> removed, string removal);

    /// <summary>The named one, or the first.</summary>
    internal static string Chosen(string? name, IReadOnlyList<string> names, string what)
    {
        if (name is null)
            return names[0];
        return names.Contains(name, StringComparer.Ordinal) ? name
            : throw new ArgumentException($"there is no {what} '{NearestName.Shown(name)}' for this model; there are {string.Join(", ", names)}.{NearestName.Hint(name, names)}", what);
    }
}
