namespace Heed;

/// <summary>A way to give each unit of an input a score. All are used alike: by name.</summary>
/// <remarks>A name may have a part behind a colon, where a method says so: <c>attention:1</c> is layer 1, the mean over its heads; <c>attention:1.3</c> its head 3; <c>attention:view2</c> the third query of a pooling.</remarks>
public abstract class ExplanationMethod
{
    // Units times passes from which on a method must be asked for by name: half a million tokens.
    private const long MostUnits = 1 << 19;

    private static readonly ExplanationMethod[] all =
    [
        new AttentionMethod(), new ValueNormMethod(), new RolloutMethod(), new FlowMethod(), new GradientTimesInputMethod(), new IntegratedGradientsMethod(), new SmoothGradMethod(), new OcclusionMethod(), new GradCamMethod(),
    ];

    private protected ExplanationMethod(string name, string summary, string source) => (Name, Summary, Citation) = (name, summary, source);

    /// <summary>All methods, in the order in which they are shown.</summary>
    public static IReadOnlyList<ExplanationMethod> All => all;

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. all.Select(method => method.Name)];

    /// <summary>The name, as <c>integrated-gradients</c>.</summary>
    public string Name { get; }

    /// <summary>What it computes, in one line.</summary>
    public string Summary { get; }

    /// <summary>The paper.</summary>
    public string Citation { get; }

    /// <summary>Whether scores below 0 speak against the target.</summary>
    public virtual bool IsSigned => false;

    /// <summary>Whether it draws random numbers, so that other seeds give other scores.</summary>
    public virtual bool IsRandom => false;

    /// <summary>Why it cannot explain an input; null where it can.</summary>
    /// <param name="input">The input.</param>
    public abstract string? WhyNot(ExplainedInput input);

    /// <summary>Explains an input by the methods that are asked for.</summary>
    /// <param name="input">The input; with at least one unit.</param>
    /// <param name="options">Which methods, and how; defaults if null.</param>
    /// <returns>One explanation a method, in the order asked; without a choice those of <see cref="NamesFor"/>.</returns>
    /// <exception cref="ArgumentException">There is no such method, layer, head, baseline or rule, or a method that was asked for does not apply; says why.</exception>
    /// <exception cref="InputException">The input has no unit.</exception>
    public static IReadOnlyList<Explanation> Explain(ExplainedInput input, ExplanationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        options ??= new ExplanationOptions();
        options.Validate();
        if (input.UnitCount == 0)
            throw new InputException("there is nothing to explain: the input has no token.");
        return [.. (options.Methods ?? NamesFor(input, options)).Select(name => Find(name, out string part).Explain(input, part, options))];
    }

    /// <summary>The methods that apply to an input. On a long one those are left out that would go over more than half a million units: occlusion from 725 tokens on, integrated gradients of 64 steps from 8,193; they can be asked for by name.</summary>
    /// <param name="input">The input.</param>
    /// <param name="options">Steps and samples; defaults if null.</param>
    public static IReadOnlyList<string> NamesFor(ExplainedInput input, ExplanationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        options ??= new ExplanationOptions();
        return [.. all.Where(method => method.WhyNot(input) is null && method.Passes(input, options) * input.UnitCount <= MostUnits).Select(method => method.Name)];
    }

    internal static void Require(string name) => _ = Find(name, out _);

    internal static ExplanationMethod Find(string name, out string part)
    {
        ArgumentNullException.ThrowIfNull(name);
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        string own = colon < 0 ? name : name[..colon];
        part = colon < 0 ? "" : name[(colon + 1)..];
        ExplanationMethod? found = Array.Find(all, method => method.Name == own);
        if (found is null)
            throw new ArgumentException($"there is no method '{NearestName.Shown(own)}'; there are {string.Join(", ", Names)}.{NearestName.Hint(own, Names)}", nameof(name));
        if (colon >= 0 && !found.TakesPart)
            throw new ArgumentException($"the method {own} has no parts; leave ':{NearestName.Shown(part)}' out.", nameof(name));
        return found;
    }

    /// <summary>Whether a layer, head or view may be named.</summary>
    private protected virtual bool TakesPart => false;

    /// <summary>How often the input goes through the model.</summary>
    private protected virtual long Passes(ExplainedInput input, ExplanationOptions options) => 1;

    /// <summary>The scores, and what should be known of them.</summary>
    private protected abstract MethodResult Score(ExplainedInput input, string part, ExplanationOptions options);

    private Explanation Explain(ExplainedInput input, string part, ExplanationOptions options)
    {
        if (WhyNot(input) is { } reason)
            throw new ArgumentException($"the method {Name} does not apply: {reason}.", nameof(input));
        MethodResult result = Score(input, part, options);
        return new Explanation
        {
            Model = input.Model, Source = input.Source, Target = input.Target, Value = input.Value, Method = part.Length == 0 ? Name : $"{Name}:{part}", Scores = result.Scores, Ranges = input.Ranges,
            GridRows = input.Grid.Rows, GridColumns = input.Grid.Columns, IsSigned = IsSigned, CompletenessGap = result.Gap, Notes = [.. result.Notes, .. input.Notes],
        };
    }
}

/// <summary>What a method gives.</summary>
internal readonly record struct MethodResult(float[] Scores, string[] Notes)
{
    public double Gap { get; init; } = double.NaN;
}
