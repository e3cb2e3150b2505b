using System.Globalization;
using System.Text;

namespace Heed;

/// <summary>Explanations held against what changes when units are taken away: which methods explain this model on these inputs.</summary>
/// <remarks>
/// <para>Units are ordered by score, highest first; where all scores of an input are equal there is no order, and the random ones count. p is the probability of the explained answer, or the number where the model gives one.
/// Numbers follow from the removal rule, which is named; other rules give others.</para>
/// <para>Sources: comprehensiveness and sufficiency: DeYoung et al., "ERASER", 2020, section 4; deletion and insertion: Petsiuk et al., "RISE", 2018, section 3.3.</para>
/// </remarks>
public sealed class FaithfulnessReport
{
    /// <summary>The rule of <see cref="MethodFaithfulness.Verdict"/>, in words.</summary>
    public const string Rule = "explains: the 95 % intervals of the gaps to a random order, in comprehensiveness and in sufficiency, both lie above zero; partly: one of them; misleads: one lies below zero; not shown: neither";

    internal FaithfulnessReport(string model, string removal, int count, IReadOnlyList<double> shares, MethodFaithfulness random, IReadOnlyList<MethodFaithfulness> methods, Interval[,] agreement) =>
        (Model, Removal, Count, Shares, Random, Methods, Agreement) = (model, removal, count, shares, random, methods, agreement);

    /// <summary>The kind of model.</summary>
    public string Model { get; }

    /// <summary>How units were taken away.</summary>
    public string Removal { get; }

    /// <summary>How many inputs.</summary>
    public int Count { get; }

    /// <summary>The shares of units.</summary>
    public IReadOnlyList<double> Shares { get; }

    /// <summary>Random orders.</summary>
    public MethodFaithfulness Random { get; }

    /// <summary>The methods, in the order asked.</summary>
    public IReadOnlyList<MethodFaithfulness> Methods { get; }

    /// <summary>Mean rank correlation (Spearman) of each two methods' scores over inputs; of absolute scores where one of the two has no signs. NaN where they cannot be compared.</summary>
    public Interval[,] Agreement { get; }

    /// <summary>Measures methods on inputs.</summary>
    /// <param name="inputs">Of one model, two at least; those without a unit are left out.</param>
    /// <param name="options">Methods, shares, orders; defaults if null.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The report. Cost: for each input and order 2·shares + 2·curve steps forward passes, in batches.</returns>
    /// <exception cref="ArgumentException">A name is wrong, or a method does not apply.</exception>
    /// <exception cref="InputException">There are fewer than two inputs with units.</exception>
    public static FaithfulnessReport Measure(IEnumerable<ExplainedInput> inputs, FaithfulnessOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        options ??= new FaithfulnessOptions();
        options.Validate();
        FaithfulnessMeasure measure = new(options);
        foreach (ExplainedInput input in inputs)
        {
            cancellation.ThrowIfCancellationRequested();
            if (input.UnitCount > 0)
                measure.Add(input);
        }
        return measure.Report();
    }

    /// <summary>A table of the methods, their gaps and verdicts, and how far they agree.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Count} inputs, removal by '{Removal}', {Model}\n");
        text.Append(CultureInfo.InvariantCulture, $"{"method",-22} {"comprehensiveness",-25} {"sufficiency",-25} {"gap, compr.",-25} {"gap, suff.",-25} verdict\n");
        foreach (MethodFaithfulness method in Methods.Append(Random))
        {
            text.Append(CultureInfo.InvariantCulture, $"{method.Method,-22} {method.Comprehensiveness,-25} {method.Sufficiency,-25} ");
            text.Append(method == Random ? "\n" : string.Create(CultureInfo.InvariantCulture, $"{method.ComprehensivenessGap,-25} {method.SufficiencyGap,-25} {Name(method.Verdict)}\n"));
        }
        return text.Append(Rule).ToString();
    }

    /// <summary>A verdict in words.</summary>
    /// <param name="verdict">The verdict.</param>
    public static string Name(ExplanationVerdict verdict) => verdict switch
    {
        ExplanationVerdict.Explains => "explains",
        ExplanationVerdict.Partly => "partly",
        ExplanationVerdict.Misleads => "misleads",
        _ => "not shown",
    };
}
