namespace Heed;

/// <summary>What changes when one unit is taken away.</summary>
internal sealed class OcclusionMethod() : ExplanationMethod("occlusion", "the answer minus the answer without the unit", "Zeiler and Fergus 2014; Li et al. 2016")
{
    public override bool IsSigned => true;

    public override string? WhyNot(ExplainedInput input) => null;

    private protected override long Passes(ExplainedInput input, ExplanationOptions options) => input.UnitCount;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        string removal = ExplainedInput.Chosen(options.Removal, input.Removals, "removal rule");
        double[] without = input.Without([.. Enumerable.Range(0, input.UnitCount).Select(unit => Only(unit, input.UnitCount))], removal);
        return new MethodResult(Array.ConvertAll(without, value => (float)(input.Value - value)), [$"occlusion: removal by '{removal}'"]);
    }

    private static bool[] Only(int unit, int count)
    {
        bool[] removed = new bool[count];
        removed[unit] = true;
        return removed;
    }
}
