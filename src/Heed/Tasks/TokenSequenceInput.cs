namespace Heed;

/// <summary>A text that a model reads as a sequence of tokens, some or all of which are units: what language models and translators share.</summary>
internal abstract class TokenSequenceInput : ExplainedInput
{
    private protected const string Mask = "mask";
    private const string Delete = "delete", UnknownToken = "unknown", Zero = "zero";
    private const int TokensAtOnce = 1 << 12;

    private readonly int[] ids, all, tokenOfUnit, unitOfToken;
    private readonly IReadOnlyList<Range> offsets;
    private readonly Lazy<double> value;
    private readonly Lazy<float[]> vectors;

    /// <summary>Makes a text ready.</summary>
    /// <param name="source">The text.</param>
    /// <param name="ids">Its tokens.</param>
    /// <param name="offsets">Where each stands.</param>
    /// <param name="units">Which of them are units; null for all.</param>
    private protected TokenSequenceInput(string source, int[] ids, IReadOnlyList<Range> offsets, int[]? units = null)
    {
        (Source, this.ids, this.offsets, all) = (source, ids, offsets, [.. Enumerable.Range(0, ids.Length)]);
        tokenOfUnit = units ?? all;
        unitOfToken = Array.ConvertAll(all, t => Array.IndexOf(tokenOfUnit, t));
        Ranges = [.. tokenOfUnit.Select(t => offsets[t])];
        value = new(() => Values([(ids, all)])[0]);
        vectors = new(() => Read(ids));
    }

    public sealed override string Source { get; }

    public override bool IsLogOdds => true;

    public override double Value => value.Value;

    public sealed override IReadOnlyList<Range> Ranges { get; }

    public override IReadOnlyList<string> Removals => [Delete, .. UnknownId is null ? Array.Empty<string>() : [UnknownToken], .. MaskId is null ? Array.Empty<string>() : [Mask]];

    public override IReadOnlyList<string> Baselines => [.. UnknownId is null ? Array.Empty<string>() : [UnknownToken], .. MaskId is null ? Array.Empty<string>() : [Mask], Zero];

    internal override float[] Vectors => vectors.Value;

    /// <summary>Stands for a token that is not known; null if there is no such id.</summary>
    private protected abstract int? UnknownId { get; }

    private protected virtual int? MaskId => null;

    /// <summary>What stands where nothing is left, for models that must read something; null if they need not.</summary>
    private protected virtual int? LoneId => null;

    /// <summary>The module that makes the tokens' vectors.</summary>
    private protected abstract object Place { get; }

    /// <summary>The network whose attention can be replaced.</summary>
    private protected abstract Module Network { get; }

    /// <summary>The outputs (count, n) of sequences of one length.</summary>
    /// <param name="rows">Ids, and for each the place in the whole input that it stands for; −1 for one that was replaced.</param>
    /// <param name="pass">The call.</param>
    private protected abstract Tensor Run(IReadOnlyList<(int[] Ids, int[] Places)> rows, in Pass pass);

    /// <summary>The unit at each place of the whole input; −1 for none.</summary>
    private protected IReadOnlyList<int> UnitOfPlace => unitOfToken;

    /// <summary>The outputs of the whole input.</summary>
    private protected Tensor Pass(Pass pass) => Run([(ids, all)], pass);

    /// <summary>The tokens as a trace has them: those of the text as they stand there, others by a name.</summary>
    private protected (string Text, Range Place)[] TracedTokens(Func<int, string> name) =>
        Array.ConvertAll(all, t => unitOfToken[t] >= 0 ? (Source[offsets[t]], offsets[t]) : (name(t), 0..0));

    /// <summary>The explained value of one row of outputs, and its gradient.</summary>
    private protected abstract double Scalar(ReadOnlySpan<float> outputs, Span<float> gradient);

    /// <summary>The token that a row of outputs gives; null where they do not tell.</summary>
    private protected virtual string? AnswerOf(ReadOnlySpan<float> outputs) => null;

    internal override float[] BaselineVectors(string baseline) => baseline == Zero ? Kept(new float[Vectors.Length]) : Kept(Read([.. ids.Select((id, t) => unitOfToken[t] < 0 ? id : Replacement(baseline)!.Value)]));

    internal override (double Value, float[] Gradient)[] Gradients(IReadOnlyList<float[]> points)
    {
        (double, float[])[] results = new (double, float[])[points.Count];
        foreach (int[] group in Enumerable.Range(0, points.Count).Chunk(Math.Max(1, TokensAtOnce / Math.Max(1, ids.Length))))
        {
            InputProbe probe = new();
            probe.Watch(Place, [.. group.SelectMany(p => points[p])]);
            Step.Differentiate(
                pass =>
                {
                    Tensor outputs = Run([.. group.Select(_ => (ids, all))], pass);
                    int width = outputs.Shape[1];
                    float[] gradient = new float[outputs.Length];
                    for (int i = 0; i < group.Length; i++)
                        results[group[i]].Item1 = Scalar(outputs.Values.Slice(i * width, width), gradient.AsSpan(i * width, width));
                    pass.Step.Backward(outputs, gradient);
                    float[] found = probe.GradientOf(Place);
                    for (int i = 0; i < group.Length; i++)
                        results[group[i]].Item2 = found[(i * Vectors.Length)..((i + 1) * Vectors.Length)];
                    return 0;
                },
                probe,
                recomputes: ids.Length > InputAttention.MostPositions);
        }
        return results;
    }

    internal override double[] SumByUnit(ReadOnlySpan<double> elements)
    {
        double[] sums = new double[UnitCount];
        int each = elements.Length / ids.Length;
        for (int i = 0; i < elements.Length; i++)
        {
            if (unitOfToken[i / each] is >= 0 and int unit)
                sums[unit] += elements[i];
        }
        return sums;
    }

    internal override (double Value, string? Answer)? Under(Func<Module, AttentionOverride> change)
    {
        AttentionOverride request = change(Network);
        if (!request.HasPlaces)
            return null;
        float[] outputs = Step.Evaluate(Pass, request: request).ToArray();
        return (Scalar(outputs, new float[outputs.Length]), AnswerOf(outputs));
    }

    private protected override double[] ValuesWithout(IReadOnlyList<bool[]> removed, string removal)
    {
        int? replacement = Replacement(removal);
        return Values([.. removed.Select(variant =>
        {
            bool IsGone(int t) => unitOfToken[t] >= 0 && variant[unitOfToken[t]];
            int[] kept = [.. all.Where(t => replacement is not null || !IsGone(t))];
            return kept.Length == 0 && LoneId is { } lone ? ([lone], [-1]) : (Array.ConvertAll(kept, t => IsGone(t) ? replacement!.Value : ids[t]), Array.ConvertAll(kept, t => IsGone(t) ? -1 : t));
        })]);
    }

    // Vectors of no unit are the input's own.
    private float[] Kept(float[] vectors)
    {
        int each = vectors.Length / ids.Length;
        foreach (int t in all.Where(t => unitOfToken[t] < 0))
            Vectors.AsSpan(t * each, each).CopyTo(vectors.AsSpan(t * each));
        return vectors;
    }

    private int? Replacement(string rule) => rule switch
    {
        UnknownToken => UnknownId,
        Mask => MaskId,
        _ => null,
    };

    // Sequences of one length go through the model together.
    private double[] Values(IReadOnlyList<(int[] Ids, int[] Places)> rows)
    {
        double[] values = new double[rows.Count];
        foreach (IGrouping<int, int> same in Enumerable.Range(0, rows.Count).GroupBy(i => rows[i].Ids.Length))
        {
            foreach (int[] group in same.Chunk(Math.Max(1, TokensAtOnce / Math.Max(1, same.Key))))
            {
                Tensor outputs = Step.Evaluate(pass => Run([.. group.Select(i => rows[i])], pass));
                int width = outputs.Shape[1];
                float[] gradient = new float[width];
                for (int i = 0; i < group.Length; i++)
                    values[group[i]] = Scalar(outputs.Values.Slice(i * width, width), gradient);
            }
        }
        return values;
    }

    private float[] Read(int[] tokens)
    {
        InputProbe probe = new();
        probe.Watch(Place);
        return Step.Evaluate(
            pass =>
            {
                Run([(tokens, [.. Enumerable.Range(0, tokens.Length)])], pass);
                return probe[Place].ToArray();
            },
            request: probe);
    }
}
