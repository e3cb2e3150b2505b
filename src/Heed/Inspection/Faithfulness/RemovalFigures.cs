namespace Heed;

/// <summary>What taking units away in one order does to one input's answer.</summary>
/// <param name="Comprehensiveness">For each share p(all) − p(without the first of the order).</param>
/// <param name="Sufficiency">For each share p(all) − p(the first of the order alone).</param>
/// <param name="Deletion">p as units go, first of the order first: from none gone to all.</param>
/// <param name="Insertion">p as units come, from none there to all.</param>
internal sealed record RemovalFigures(double[] Comprehensiveness, double[] Sufficiency, double[] Deletion, double[] Insertion)
{
    public double DeletionArea => Area(Deletion);

    public double InsertionArea => Area(Insertion);

    /// <summary>The figures of several orders of one input, all variants of which go through the model together, none twice.</summary>
    public static RemovalFigures[] Of(ExplainedInput input, IReadOnlyList<int[]> orders, FaithfulnessOptions options, string removal)
    {
        Dictionary<string, int> places = new(StringComparer.Ordinal);
        List<bool[]> variants = [];
        int Place(int[] order, int count, bool isRest)
        {
            bool[] removed = new bool[input.UnitCount];
            for (int i = isRest ? count : 0; i < (isRest ? order.Length : count); i++)
                removed[order[i]] = true;
            string key = string.Create(removed.Length, removed, static (chars, gone) =>
            {
                for (int i = 0; i < chars.Length; i++)
                    chars[i] = gone[i] ? '1' : '0';
            });
            if (places.TryAdd(key, variants.Count))
                variants.Add(removed);
            return places[key];
        }
        int units = input.UnitCount;
        int[] counts = [.. options.Shares.Select(share => Math.Clamp((int)Math.Ceiling(share * units), 1, units))], steps = [.. Enumerable.Range(0, options.CurveSteps + 1).Select(s => (int)Math.Round((double)s * units / options.CurveSteps))];
        (int[] Without, int[] Alone, int[] Gone, int[] There)[] asked = [.. orders.Select(order => (
            Array.ConvertAll(counts, c => Place(order, c, isRest: false)), Array.ConvertAll(counts, c => Place(order, c, isRest: true)),
            Array.ConvertAll(steps, c => Place(order, c, isRest: false)), Array.ConvertAll(steps, c => Place(order, c, isRest: true))))];
        double[] answers = Array.ConvertAll(input.Without(variants, removal), input.Answer);
        double whole = input.Answer(input.Value);
        return [.. asked.Select(a => new RemovalFigures(
            Array.ConvertAll(a.Without, v => whole - answers[v]), Array.ConvertAll(a.Alone, v => whole - answers[v]), Array.ConvertAll(a.Gone, v => answers[v]), Array.ConvertAll(a.There, v => answers[v])))];
    }

    /// <summary>The mean of several.</summary>
    public static RemovalFigures Mean(IReadOnlyList<RemovalFigures> all) => new(Mean(all, f => f.Comprehensiveness), Mean(all, f => f.Sufficiency), Mean(all, f => f.Deletion), Mean(all, f => f.Insertion));

    private static double[] Mean(IReadOnlyList<RemovalFigures> all, Func<RemovalFigures, double[]> which) => [.. Enumerable.Range(0, which(all[0]).Length).Select(i => all.Average(figures => which(figures)[i]))];

    // Trapezoids over [0, 1].
    private static double Area(double[] curve)
    {
        double sum = 0;
        for (int i = 1; i < curve.Length; i++)
            sum += (curve[i - 1] + curve[i]) / 2;
        return sum / (curve.Length - 1);
    }
}
