namespace Heed;

/// <summary>How far a method says the same of two models that answer the same question, as two that were trained with different seeds.</summary>
/// <remarks>Two networks that do equally well need not rest on the same parts of an input. Where explanations of them differ, a score is a property of one training run, not of the task. Agreement does not make a method faithful: one that looks at
/// the input alone agrees with itself always.</remarks>
/// <param name="Method">The method.</param>
/// <param name="Count">Inputs with an order in both: scores that are not all equal.</param>
/// <param name="Correlation">Mean rank correlation (Spearman) of the scores over inputs, with a 95 % bootstrap interval; NaN where there is none.</param>
/// <param name="SameFirst">Share of inputs in which the same unit has the highest score, with its 95 % interval (Wilson).</param>
public sealed record ExplanationAgreement(string Method, int Count, Interval Correlation, Interval SameFirst)
{
    /// <summary>Compares two models, input by input.</summary>
    /// <param name="pairs">The same inputs with the same target, of one model and of the other.</param>
    /// <param name="options">Which methods, and how; default: all that apply to both models.</param>
    /// <returns>One entry a method.</returns>
    /// <exception cref="ArgumentException">A method does not apply, or the models cut an input into different units.</exception>
    /// <exception cref="InputException">There is no input with a unit.</exception>
    public static IReadOnlyList<ExplanationAgreement> Measure(IEnumerable<(ExplainedInput First, ExplainedInput Second)> pairs, ExplanationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        options ??= new ExplanationOptions();
        options.Validate();
        IReadOnlyList<string>? methods = options.Methods;
        List<(double Correlation, bool IsSame)>[] found = [];
        foreach ((ExplainedInput first, ExplainedInput second) in pairs)
        {
            if (first.UnitCount == 0 && second.UnitCount == 0)
                continue;
            if (first.Grid != second.Grid || !first.Ranges.SequenceEqual(second.Ranges))
                throw new ArgumentException(FormattableString.Invariant($"ExplanationAgreement: the models cut '{NearestName.Shown(first.Source)}' into different units ({first.UnitCount} and {second.UnitCount}); their explanations cannot be compared. Train both with the same tokens or sizes."), nameof(pairs));
            methods ??= [.. ExplanationMethod.NamesFor(first, options).Intersect(ExplanationMethod.NamesFor(second, options), StringComparer.Ordinal)];
            if (found.Length == 0)
                found = [.. methods.Select(_ => new List<(double, bool)>())];
            ExplanationOptions own = options with { Methods = methods };
            foreach (((Explanation a, Explanation b), int m) in ExplanationMethod.Explain(first, own).Zip(ExplanationMethod.Explain(second, own)).Select((pair, m) => (pair, m)))
            {
                double correlation = RankCorrelation.Spearman([.. a.Scores], [.. b.Scores]);
                if (double.IsFinite(correlation))
                    found[m].Add((correlation, a.Order()[0] == b.Order()[0]));
            }
        }
        if (methods is null || found.Length == 0)
            throw new InputException("there is nothing to compare: there is no input with a token or cell.");
        return [.. methods.Select((method, m) => new ExplanationAgreement(method, found[m].Count, Mean(found[m]), Interval.Wilson(found[m].Count(f => f.IsSame), found[m].Count)))];
    }

    private static Interval Mean(List<(double Correlation, bool IsSame)> found) =>
        found.Count == 0 ? new Interval(double.NaN, double.NaN, double.NaN) : Interval.Bootstrap(found.Count, rows => rows.Average(row => found[row].Correlation));
}
