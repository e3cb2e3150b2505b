namespace Heed;

/// <summary>A confusion matrix: a row for each true class, a column for each predicted one.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Labels">The class names.</param>
/// <param name="Counts">(classes, classes), row-major.</param>
public sealed record ReportConfusion(string Title, IReadOnlyList<string> Labels, IReadOnlyList<long> Counts) : ReportSection(Title)
{
    /// <summary>Whether cells show shares of the true class in percent, and counts as one points at them: for counts of many digits.</summary>
    /// <value>Default false.</value>
    public bool ShowsShares { get; init; }

    /// <summary>What is counted, as it follows a number.</summary>
    /// <value>Default none.</value>
    public string Unit { get; init; } = "";

    internal override bool IsNarrow => Labels.Count <= 8;

    internal override void Write(HtmlWriter html, string id)
    {
        int all = Labels.Count;
        int[] shown = Chosen();
        html.Element("p", ShowsShares ? "Each cell is a share of the true class in percent, and shaded by it: right answers orange, wrong ones blue." : "Each cell is shaded by its share of the true class: right answers orange, wrong ones blue.", ("class", "note"));
        html.Start("div", ("class", "wide"), ("tabindex", "0"), ("role", "region"), ("aria-label", Title)).Start("table", ("class", "confusion")).Element("caption", "True classes down, predicted ones across");
        html.Start("thead").Start("tr").Element("th", "true / predicted", ("scope", "col"));
        foreach (int prediction in shown)
            html.Start("th", ("scope", "col"), ("dir", "auto")).Element("span", Labels[prediction]).End();
        html.End().End().Start("tbody").Line();
        foreach (int target in shown)
        {
            long support = Enumerable.Range(0, all).Sum(p => Counts[(target * all) + p]);
            html.Start("tr").Element("th", Labels[target], ("scope", "row"), ("dir", "auto"));
            foreach (int prediction in shown)
            {
                long count = Counts[(target * all) + prediction];
                int level = count == 0 ? 0 : Math.Max(1, ReportAssets.Level(count, support));
                string share = FormattableString.Invariant($"{Labels[target]} as {Labels[prediction]}: {count:N0} of {support:N0}{(Unit.Length > 0 ? " " : "")}{Unit}, {100.0 * count / Math.Max(support, 1):F1} %");
                string cell = count == 0 ? "·" : ShowsShares ? Share(count, support) : HtmlWriter.Number(count);
                html.Element("td", cell, ("class", ReportAssets.ClassOf(target == prediction ? level : -level)), ("data-tip", share));
            }
            html.End().Line();
        }
        html.End().End().End().Line();
        WriteCut(html, shown.Length, all, "classes, those with the most errors,");
    }

    private static string Share(long count, long support) => 100.0 * count / support is var share && share < 0.1 ? "< 0.1" : FormattableString.Invariant($"{share:F1}");

    // Where there are too many, those that are confused most; in their own order.
    private int[] Chosen()
    {
        int all = Labels.Count;
        long Errors(int c) => Enumerable.Range(0, all).Sum(o => Counts[(c * all) + o] + Counts[(o * all) + c]) - (2 * Counts[(c * all) + c]);
        return all <= ReportLimits.Classes ? [.. Enumerable.Range(0, all)] : [.. Enumerable.Range(0, all).OrderByDescending(Errors).ThenBy(c => c).Take(ReportLimits.Classes).Order()];
    }
}
