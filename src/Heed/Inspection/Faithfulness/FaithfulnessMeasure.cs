namespace Heed;

/// <summary>Collects figures input by input.</summary>
internal sealed class FaithfulnessMeasure(FaithfulnessOptions options)
{
    private readonly List<RemovalFigures> random = [];
    private readonly List<RemovalFigures[]> methods = [];
    private readonly List<Explanation[]> explanations = [];
    private readonly List<double[]> stabilities = [];
    private IReadOnlyList<string> names = [];
    private string removal = "", model = "";

    public void Add(ExplainedInput input)
    {
        if (methods.Count == 0)
            (names, removal, model) = (options.Explanation.Methods ?? ExplanationMethod.NamesFor(input, options.Explanation), ExplainedInput.Chosen(options.Explanation.Removal, input.Removals, "removal rule"), input.Model);
        Explanation[] all = [.. ExplanationMethod.Explain(input, options.Explanation with { Methods = names })];
        // Another stream for each input, whichever stand before it.
        RandomStream stream = new RandomStream(options.Explanation.Seed, "orders").Fork((ulong)methods.Count);
        int[][] drawn = [.. Enumerable.Range(0, options.RandomOrders).Select(_ => Drawn(stream, input.UnitCount))];
        RemovalFigures[] figures = RemovalFigures.Of(input, [.. drawn, .. all.Select(explanation => Order(explanation, drawn[0]))], options, removal);
        RemovalFigures mean = RemovalFigures.Mean(figures[..drawn.Length]);
        random.Add(mean);
        methods.Add([.. all.Select((explanation, m) => IsFlat(explanation) ? mean : figures[drawn.Length + m])]);
        explanations.Add(all);
        stabilities.Add([.. names.Select((name, m) => ExplanationMethod.Find(name, out _).IsRandom ? Stability(input, all[m]) : double.NaN)]);
    }

    public FaithfulnessReport Report()
    {
        if (methods.Count < 2)
            throw new InputException(FormattableString.Invariant($"faithfulness is a mean over inputs with an interval: two with a token at least are required, got {methods.Count}. Give more texts, or --data."));
        MethodFaithfulness[] all = [.. Enumerable.Range(0, names.Count).Select(m => Summarize(names[m], [.. methods.Select(row => row[m])]) with
        {
            ComprehensivenessGap = Gap(m, f => f.Comprehensiveness.Average(), 1), SufficiencyGap = Gap(m, f => f.Sufficiency.Average(), -1),
            DeletionGap = Gap(m, f => f.DeletionArea, -1), InsertionGap = Gap(m, f => f.InsertionArea, 1), Stability = stabilities.Average(row => row[m]),
        })];
        Interval[,] agreement = new Interval[names.Count, names.Count];
        for (int a = 0; a < names.Count; a++)
        {
            for (int b = 0; b < names.Count; b++)
                agreement[a, b] = Agreement(a, b);
        }
        return new FaithfulnessReport(model, removal, methods.Count, options.Shares, Summarize("random", random), all, agreement);
    }

    private Interval Gap(int method, Func<RemovalFigures, double> figure, int sign)
    {
        double[] gaps = [.. methods.Select((row, i) => sign * (figure(row[method]) - figure(random[i])))];
        return Mean(gaps);
    }

    private static Interval Mean(double[] values) => Interval.Bootstrap(values.Length, rows => rows.Average(row => values[row]));

    private Interval Agreement(int a, int b)
    {
        double[] values = [.. explanations.Select(all => Correlation(all[a], all[b])).Where(double.IsFinite)];
        return values.Length == 0 ? new Interval(double.NaN, double.NaN, double.NaN) : Mean(values);
    }

    private static double Correlation(Explanation a, Explanation b) => a.IsSigned && b.IsSigned ? RankCorrelation.Spearman([.. a.Scores], [.. b.Scores])
        : RankCorrelation.Spearman([.. a.Scores.Select(Math.Abs)], [.. b.Scores.Select(Math.Abs)]);

    private static MethodFaithfulness Summarize(string name, List<RemovalFigures> rows)
    {
        RemovalFigures mean = RemovalFigures.Mean(rows);
        return new MethodFaithfulness
        {
            Method = name,
            Comprehensiveness = Mean([.. rows.Select(f => f.Comprehensiveness.Average())]),
            Sufficiency = Mean([.. rows.Select(f => f.Sufficiency.Average())]),
            DeletionArea = Mean([.. rows.Select(f => f.DeletionArea)]),
            InsertionArea = Mean([.. rows.Select(f => f.InsertionArea)]),
            ComprehensivenessByShare = mean.Comprehensiveness,
            SufficiencyByShare = mean.Sufficiency,
            Deletion = mean.Deletion,
            Insertion = mean.Insertion,
        };
    }

    private double Stability(ExplainedInput input, Explanation first)
    {
        Explanation[] others = [first, .. Enumerable.Range(1, options.StabilitySeeds - 1).Select(s => ExplanationMethod.Explain(input, options.Explanation with { Methods = [first.Method], Seed = options.Explanation.Seed + (ulong)s })[0])];
        List<double> correlations = [];
        for (int a = 0; a < others.Length; a++)
        {
            for (int b = 0; b < a; b++)
                correlations.Add(Correlation(others[a], others[b]));
        }
        // One token has the same order always.
        return correlations.All(double.IsFinite) ? correlations.Average() : 1;
    }

    // Equal scores stand in a random order, or the first words of a text would count as explained.
    private static int[] Order(Explanation explanation, int[] drawn) => [.. drawn.OrderByDescending(unit => explanation.Scores[unit])];

    private static bool IsFlat(Explanation explanation) => explanation.Scores.Max() - explanation.Scores.Min() <= 1e-6f * explanation.Scores.Max(Math.Abs);

    private static int[] Drawn(RandomStream stream, int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        stream.Shuffle(order.AsSpan());
        return order;
    }
}
