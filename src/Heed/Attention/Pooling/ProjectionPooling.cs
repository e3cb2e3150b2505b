namespace Heed;

/// <summary>Attention by one linear projection: each row of W_a is a learned query over the hidden states.</summary>
/// <remarks>
/// <para>Formula: <c>E = softmax over t of W_a·h_t</c>, <c>c_k = Σ_t e_{k,t}·h_t</c>; the contexts are concatenated or averaged.</para>
/// <para>Shapes: W_a <c>(views, features)</c>; h <c>(batch, time, features)</c>; context <c>(batch, views·features)</c>, or
/// <c>(batch, features)</c> when averaged; weights <c>(batch, views, time)</c>.</para>
/// <para>In the unified model: score W_a·h (dot product with a learned query), softmax, weighted sum; soft, global, item-wise, single- or
/// multi-output.</para>
/// </remarks>
public sealed class ProjectionPooling : SequencePooling
{
    internal static Mechanism Entry => new("projection", MechanismKind.Pooling)
    {
        Builder = Build(s => new ProjectionPooling(s.Features, s.Views, s.Average)),
        InputRepresentation = "self",
        Formula = "E = softmax over t of W_a·h_t, c_k = Σ_t e_{k,t}·h_t",
        Shapes = "states h (batch, time, features); context (batch, views·features, or features when averaged); weights (batch, views, time)",
        Cost = "2·views·time·features flops",
        Source = "A linear map of the states; one row a label: Mullenbach et al., \"Explainable prediction of medical codes from clinical text\", 2018",
        Variant = "Each row of W_a is a query; contexts side by side or averaged; with BlstmConfig.PerLabel a row for each label.",
        Use = "Several views, or evidence for each label, at the least cost.",
        Avoid = "Where a comparison needs a hidden layer: additive.",
        Example = ExampleOf("projection"),
        Types = [typeof(ProjectionPooling)],
        Pages = ["sequence-pooling"],
        OutputRepresentation = "multi-head",
    };

    private readonly Linear project;
    private readonly bool average;

    /// <summary>Creates the pooling.</summary>
    /// <param name="features">Size of a hidden state.</param>
    /// <param name="views">d_a, the number of distributions; default 1.</param>
    /// <param name="average">Whether contexts are averaged instead of concatenated.</param>
    public ProjectionPooling(int features, int views = 1, bool average = false)
        : base(features, average ? features : checked(features * views))
    {
        this.average = average;
        project = Register("project", new Linear(features, views, hasBias: false));
    }

    internal override bool IsFocused => true;

    private protected override PoolingResult Pool(Tensor states, SequenceRanges ranges, in Pass pass)
    {
        (Tensor context, Tensor weights) = Attend(project.Forward(states, pass), states, ranges, pass, average);
        return new PoolingResult(context, weights);
    }
}
