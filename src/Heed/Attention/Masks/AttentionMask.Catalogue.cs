namespace Heed;

/// <summary>The masks by name.</summary>
public sealed partial class AttentionMask
{
    /// <summary>The masks that have a name.</summary>
    public static IReadOnlyList<Mechanism> Mechanisms => Named.All.All;

    /// <summary>A mask by its name, with numbers in parentheses where it has some: <c>causal</c>, <c>window(32, 0)</c>. The same as <see cref="ToString"/> gives for a single one.</summary>
    /// <param name="name">As <see cref="Mechanisms"/> has it.</param>
    /// <exception cref="ArgumentException">The name is unknown, or the numbers are wrong; the message says what there is, and what is nearest.</exception>
    public static AttentionMask Parse(string name)
    {
        (Func<double[], AttentionMask> build, double[] numbers) = Named.All.Find("AttentionMask.Parse", name);
        return build(numbers);
    }

    /// <summary>A mask by its name, so that a configuration may simply give that.</summary>
    /// <param name="name">As <see cref="Parse"/> takes it.</param>
    public static implicit operator AttentionMask(string name) => Parse(name);

    private static Mechanism Entry(string name, Func<double[], AttentionMask> build, string rule, string source, string variant, string use, string avoid, params MechanismParameter[] parameters) => new(name, MechanismKind.Mask)
    {
        Builder = build,
        Parameters = parameters,
        Formula = name == "none" ? rule : $"query may see key where {rule}",
        Shapes = "a rule over positions: (queries, keys) of any length",
        Cost = name is "none" or "causal" or "window" ? "None: known to fused attention, which leaves out what is masked" : "A table of queries·keys flags a call, which fused attention reads by blocks",
        Source = source,
        Variant = variant,
        Use = use,
        Avoid = avoid,
        Example = ExampleOf(parameters.Length == 0 ? name : $"{name}({string.Join(", ", parameters.Select(_ => 1))})"),
        Types = [typeof(AttentionMask)],
        Pages = ["unified-attention"],
    };

    private static MechanismExample ExampleOf(string mask) => new(mask, name =>
    {
        Attention attention = new(new AttentionConfig { QuerySize = 2, KeySize = 2, ValueSize = 2, Mask = name });
        Tensor x = Tensor.From([1, 0, 0, 1, 1, 1], new Shape(1, 3, 2));
        return Step.Evaluate(pass => attention.Forward(query: x, keys: x, values: x, ranges: null, pass).Weights!, Capture.Weights);
    });

    // In a class of its own: made when first asked for, after the masks themselves.
    private static class Named
    {
        public static readonly MechanismList<Func<double[], AttentionMask>> All = new("mask",
            Entry("none", _ => None, "every pair takes part", "Bahdanau, Cho and Bengio 2015", "Padding needs no mask: it follows from the lengths of a call.", "The default.", "Generation, where a query must not see what comes after it."),
            Entry("causal", _ => Causal, "key ≤ query", "Vaswani et al. 2017, section 3.2.3", "Queries are the last of the keys: of n queries over m keys, query i stands at m − n + i.", "Predicting what comes next.",
                "Reading, where what comes after helps."),
            Entry("before", _ => Before, "key < query", "Shen et al., \"DiSAN\", 2018, section 3.2: forward mask", "Without the query itself; the first query sees nothing and gets zeros.", "Direction without recurrence, beside after.",
                "Where an item must see itself."),
            Entry("after", _ => After, "key > query", "Shen et al. 2018, section 3.2: backward mask", "Without the query itself; the last query sees nothing and gets zeros.", "Direction without recurrence, beside before.", "Where an item must see itself."),
            Entry("window", n => Window((int)n[0], (int)n[1]), "query − left ≤ key ≤ query + right", "Beltagy, Peters and Cohan, \"Longformer\", 2020, section 3.1", "Closed on both sides.", "Long sequences whose near neighbours matter; joined with prefix for far ones.",
                "Where far items must be reached in one step.", new("left", null, "how many keys before the query are seen"), new("right", null, "how many keys behind it are seen")) with
            {
                Softness = "any, local",
            },
            Entry("prefix", n => Prefix((int)n[0]), "key < length", "Raffel et al., \"Exploring the limits of transfer learning\", 2020, section 3.2.1", "The first keys, for every query; join it: causal | prefix.", "A first part that everybody may read, or global tokens beside a window.",
                "Alone, unless only the first keys matter.", new MechanismParameter("length", null, "how many of the first keys are seen")));
    }
}
