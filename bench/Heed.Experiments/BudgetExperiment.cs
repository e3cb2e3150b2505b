using System.Globalization;
using Heed.Kernels;

namespace Heed.Experiments;

/// <summary>Attention as a way to spend limited compute: one model, trained with full attention over 1,024 items, answers with full, local and top-k attention; accuracy against multiply-adds and time.</summary>
internal sealed class BudgetExperiment : IExperiment
{
    private const int Length = 1024;

    public string Name => "budget";

    public string Summary => "the same trained weights with full, local and top-k attention: accuracy against multiply-adds and time; --plot FILE.svg";

    public void Run(ExperimentOptions options)
    {
        double before = ExperimentLine.ProcessorSeconds;
        int steps = 100 * (options.Epochs > 0 ? options.Epochs : 4), tests = Math.Min(options.Test, 24);
        var trained = VoteCounter.Train(new Softmax(), Length, steps, options.Rate > 0 ? options.Rate : 1e-2, options.Seed);
        List<(string Kind, string Label, Distribution Distribution, AttentionMask Mask, double Products)> budgets = [("full", "full", new Softmax(), AttentionMask.None, 2.0 * Length * Length)];
        foreach (int side in new[] { 4, 16, 32, 64, 128, 256 })
            budgets.Add(("local", $"±{side}", new Softmax(), AttentionMask.Window(side, side), 2 * Pairs(side)));
        foreach (int k in new[] { 1, 2, 4, 8, 16, 32 })
            budgets.Add(("top-k", $"k = {k}", new TopK(k), AttentionMask.None, ((double)Length * Length) + (Length * k)));

        Votes test = Votes.Draw(new RandomStream(99, "test"), tests, Length), one = Votes.Draw(new RandomStream(99, "time"), 1, Length);
        Dictionary<string, (List<CurvePoint> Adds, List<CurvePoint> Times)> curves = new(StringComparer.Ordinal);
        foreach ((string kind, string label, Distribution distribution, AttentionMask mask, double products) in budgets)
        {
            VoteCounter counter = new VoteCounter(distribution, mask).With(trained);
            double accuracy = counter.Test(test, takesWeights: false).Accuracy, time = counter.Milliseconds(one, 40), adds = products * VoteCounter.Size / 1e6;
            if (!curves.TryGetValue(kind, out (List<CurvePoint> Adds, List<CurvePoint> Times) curve))
                curves[kind] = curve = ([], []);
            curve.Adds.Add(new(adds, accuracy, label));
            curve.Times.Add(new(time, accuracy, label));
            ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["attention"] = kind,
                ["budget"] = label,
                ["accuracy"] = accuracy,
                ["million_multiply_adds"] = adds,
                ["milliseconds"] = time,
                ["items"] = Length,
                ["steps"] = steps,
                ["test"] = tests,
                ["processor_seconds"] = Math.Round(ExperimentLine.ProcessorSeconds - before, 1),
            });
        }
        string title = string.Create(CultureInfo.InvariantCulture, $"One trained model, three ways to attend: {Length} items, {Workers.Degree} thread{(Workers.Degree == 1 ? "" : "s")}");
        File.WriteAllText(options.Plot, CurvePicture.Draw(title,
        [
            new("million multiply-adds for a sequence", "right answers", [.. curves.Select(c => new Curve(c.Key, c.Value.Adds))]),
            new("milliseconds for a sequence", "right answers", [.. curves.Select(c => new Curve(c.Key, c.Value.Times))]),
        ]));
    }

    // Pairs of query and key that are at most so far apart.
    private static double Pairs(int side) => Enumerable.Range(0, Length).Sum(i => (double)(Math.Min(Length - 1, i + side) - Math.Max(0, i - side) + 1));
}
