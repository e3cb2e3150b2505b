namespace Heed.Experiments;

/// <summary>Sparse distributions beside softmax on the same task: accuracy, and the share of weights that are exactly 0.</summary>
internal sealed class SparseExperiment : IExperiment
{
    private const int Length = 256;

    public string Name => "sparse";

    public string Summary => "softmax, entmax of 1.25, 1.5 and learned α, sparsemax where many items must be counted and where one is enough: share of exact zeros and accuracy";

    public void Run(ExperimentOptions options)
    {
        int steps = 100 * (options.Epochs > 0 ? options.Epochs : 4), tests = Math.Min(options.Test, 64);
        foreach ((string task, double right) in new[] { ("count", Votes.Unsure), ("find", 1) })
        {
            var test = Votes.Draw(new RandomStream(99, "test"), tests, Length, right);
            foreach (Distribution distribution in new Distribution[] { new Softmax(), new Entmax(1.25f), new Entmax(), new Sparsemax(), new Entmax(1.5f, IsLearned: true) })
            {
                double before = ExperimentLine.ProcessorSeconds;
                var counter = VoteCounter.Train(distribution, Length, steps, options.Rate > 0 ? options.Rate : 1e-2, options.Seed, right);
                (double accuracy, double zeros) = counter.Test(test, takesWeights: true);
                ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["task"] = task,
                    ["distribution"] = distribution.ToString(),
                    ["accuracy"] = accuracy,
                    ["exact_zeros"] = zeros,
                    ["items"] = Length,
                    ["steps"] = steps,
                    ["test"] = tests,
                    ["processor_seconds"] = Math.Round(ExperimentLine.ProcessorSeconds - before, 1),
                });
            }
        }
    }
}
