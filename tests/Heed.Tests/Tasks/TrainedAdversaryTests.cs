namespace Heed.Tests.Tasks;

/// <summary>A second model that is trained to answer as the first and to look elsewhere.</summary>
public sealed class TrainedAdversaryTests
{
    private static readonly TrainingOptions Short = new() { EpochCount = 8, BatchSize = 16, LearningRate = 5e-3, Monitor = "loss", WordDropout = 0 };

    [Fact]
    public void It_answers_alike_and_looks_farther_away_than_another_run_would()
    {
        TextClassifier model = Trained(baseline: false);
        TextRow[] rows = Rows(400, 1);
        AttentionIntervention Measure(double divergence, out TextClassifier adversary)
        {
            TextClassifier other = adversary = TrainedAdversary.Train(model, rows, new AdversaryOptions { Divergence = divergence, Training = Short });
            return AttentionIntervention.Between(Rows(40, 5).Select(row => (model.Explaining(row), other.Explaining(row, model.Predict(row).Label))));
        }
        AttentionIntervention elsewhere = Measure(0.1, out TextClassifier first), alike = Measure(0, out _);
        elsewhere.Kind.ShouldBe("trained-adversary");
        elsewhere.Divergence.Low.ShouldBeGreaterThan(alike.Divergence.High + 0.1);
        alike.Change.Value.ShouldBeLessThan(0.1);
        elsewhere.Change.Value.ShouldBeLessThan(0.2);
        Measure(0.1, out TextClassifier again);
        again.Predict(rows[0].Text).Probabilities.ShouldBe(first.Predict(rows[0].Text).Probabilities, "the same seed, the same bits");
        first.Labels.ShouldBe(model.Labels);
        (first.Record.Options.Monitor, first.Record.TrainHash == model.Record.TrainHash).ShouldBe(("loss", false), "its record is of its own training");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Its_loss_is_the_formula(bool baseline)
    {
        TextClassifier model = Trained(baseline), other = model.WithNewWeights(7);
        TextRow[] rows = Rows(30, 3);
        TrainingOptions options = Short with { BatchSize = 7 };
        const double Divergence = 0.3;
        new AdversaryTask(model, model, rows, rows, Divergence, options).Evaluate(default).ShouldBe(new DevScore(0, 1, double.NaN));
        AdversaryTask task = new(model, other, rows, rows, Divergence, options);
        double loss = 0;
        foreach (AdversaryTask.Rows batch in task.Batches(1, 0, default))
            loss += Step.Evaluate(pass => task.Loss(batch, pass)).ToArray()[0] * task.RowsOf(batch) / rows.Length;
        loss.ShouldBe(task.Evaluate(default).Loss, 1e-5);
        // By hand, from what the public API says of both.
        double expected = rows.Average(row =>
        {
            (TextPrediction a, TextPrediction b) = (other.Predict(row.Text), model.Predict(row.Text));
            double change = a.Probabilities.Sum(p => Math.Abs(p.Probability - b.Probabilities.Single(q => q.Label == p.Label).Probability)) / 2;
            return change - (Divergence * a.Weights.Zip(b.Weights, (x, y) => x.Weight * Math.Log(x.Weight / y.Weight)).Sum());
        });
        loss.ShouldBe(expected, 1e-4);
    }

    [Fact]
    public void What_has_no_adversary_is_refused()
    {
        TextClassifier mean = TextClassifier.Train(TextClassifierTests.Data(60, 1), TextClassifierTests.Data(20, 2), new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, Pooling = "mean" }, Baseline = false, Training = new TrainingOptions { EpochCount = 1 },
        });
        Should.Throw<ArgumentException>(() => TrainedAdversary.Train(mean, Rows(20, 1))).Message.ShouldContain("no learned pooling");
        TextClassifier model = Trained(baseline: false);
        Should.Throw<InputException>(() => TrainedAdversary.Train(model, Rows(1, 1))).Message.ShouldContain("there are 1; at least 2");
        Should.Throw<ArgumentException>(() => TrainedAdversary.Train(model, Rows(20, 1), new AdversaryOptions { Divergence = double.NaN })).Message.ShouldContain("Divergence");
        Should.Throw<ArgumentException>(() => new AdversaryOptions { Training = new TrainingOptions { WordDropout = 0.1 } }.Validate()).Message.ShouldContain("the same words");
        Should.Throw<ArgumentException>(() => new AdversaryOptions { Training = new TrainingOptions { Monitor = "accuracy", WordDropout = 0 } }.Validate()).Message.ShouldContain("loss");
    }

    private static TextRow[] Rows(int count, ulong seed) => [.. TextClassifierTests.Data(count, seed).Texts.Select(text => new TextRow(text, null, 0))];

    private static TextClassifier Trained(bool baseline) => TextClassifier.Train(TextClassifierTests.Data(400, 1), TextClassifierTests.Data(100, 2), new TextClassifierOptions
    {
        Network = new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Dropout = 0.1 }, Baseline = baseline, Training = new TrainingOptions { EpochCount = 8, BatchSize = 16, LearningRate = 5e-3 },
    });
}
