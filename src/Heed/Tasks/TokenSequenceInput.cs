namespace Heed;

/// <summary>A text that a model reads as tokens, all of which are units: what language models and translators share.</summary>
internal abstract class TokenSequenceInput : ExplainedInput
{
    private const string Delete = "delete", UnknownToken = "unknown", Mask = "mask", Zero = "zero";
    private const int TokensAtOnce = 1 << 12;

    private readonly int[] ids;
    private readonly Lazy<double> value;
    private readonly Lazy<float[]> vectors;

    private protected TokenSequenceInput(string source, int[] ids, IReadOnlyList<Range> ranges)
    {
        (Source, this.ids, Ranges) = (source, ids, ranges);
        value = new(() => Values([(ids, [.. Enumerable.Range(0, ids.Length)])])[0]);
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
    /// <param name="rows">Ids, and for each the place in the whole input that it stands for.</param>
    /// <param name="pass">The call.</param>
    private protected abstract Tensor Run(IReadOnlyList<(int[] Ids, int[] Units)> rows, in Pass pass);

    /// <summary>The explained value of one row of outputs, and its gradient.</summary>
    private protected abstract double Scalar(ReadOnlySpan<float> outputs, Span<float> gradient);

    internal override float[] BaselineVectors(string baseline) => baseline == Zero ? new float[Vectors.Length] : Read([.. ids.Select(_ => Replacement(baseline)!.Value)]);

    internal override (double Value, float[] Gradient)[] Gradients(IReadOnlyList<float[]> points)
    {
        (double, float[])[] results = new (double, float[])[points.Count];
        int[] all = [.. Enumerable.Range(0, ids.Length)];
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
                probe);
        }
        return results;
    }

    internal override double[] SumByUnit(ReadOnlySpan<double> elements)
    {
        double[] sums = new double[UnitCount];
        int each = elements.Length / sums.Length;
        for (int i = 0; i < elements.Length; i++)
            sums[i / each] += elements[i];
        return sums;
    }

    internal override double? ValueUnder(Func<Module, AttentionOverride> change)
    {
        AttentionOverride request = change(Network);
        if (!request.HasPlaces)
            return null;
        float[] outputs = Step.Evaluate(pass => Run([(ids, [.. Enumerable.Range(0, ids.Length)])], pass), request: request).ToArray();
        return Scalar(outputs, new float[outputs.Length]);
    }

    private protected override double[] ValuesWithout(IReadOnlyList<bool[]> removed, string removal)
    {
        int? replacement = Replacement(removal);
        return Values([.. removed.Select(variant =>
        {
            int[] kept = [.. Enumerable.Range(0, ids.Length).Where(t => replacement is not null || !variant[t])];
            return kept.Length == 0 && LoneId is { } lone ? ([lone], [-1]) : (Array.ConvertAll(kept, t => variant[t] ? replacement!.Value : ids[t]), Array.ConvertAll(kept, t => variant[t] ? -1 : t));
        })]);
    }

    private int? Replacement(string rule) => rule switch
    {
        UnknownToken => UnknownId,
        Mask => MaskId,
        _ => null,
    };

    // Sequences of one length go through the model together.
    private double[] Values(IReadOnlyList<(int[] Ids, int[] Units)> rows)
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
