using Heed.Testing;

namespace Heed.Tests.Tasks;

/// <summary>A second model whose attention is even from its first step on.</summary>
public sealed class UniformBaselineTests
{
    private static readonly TextData Train = TextClassifierTests.Data(300, 1), Dev = TextClassifierTests.Data(80, 2);

    // What the baseline rests on: a learned pooling whose parameters are all 0 has even weights, and nothing else of it is lost.
    [Fact]
    public void Every_learned_pooling_is_even_where_its_parameters_are_0()
    {
        Tensor states = Tensor.From([.. Enumerable.Range(0, 24).Select(i => (float)Math.Sin(i))], new Shape(2, 3, 4));
        SequenceRanges ranges = new(new[] { 3, 2 });
        string[] learned = [.. SequencePooling.Names.Where(name => SequencePooling.Create(name, 4, 3, views: 2).IsFocused)];
        learned.ShouldBe(["additive", "projection", "tanh", "structured", "multi-dimensional"]);
        foreach (string name in learned)
        {
            SequencePooling pooling = SequencePooling.Create(name, 4, 3, views: 2);
            pooling.Initialize(1);
            float[] forced = Step.Evaluate(pass => pooling.Forward(pass.Input(states.Values, states.Shape), ranges, pass).Context, request: AttentionOverride.Uniform(pooling)).ToArray();
            UniformBaseline.MakeEven(pooling);
            (float[] context, float[] weights) = Step.Evaluate(pass => pooling.Forward(pass.Input(states.Values, states.Shape), ranges, pass) is var made ? (made.Context.ToArray(), made.Weights.ToArray()) : default);
            context.ShouldBe(forced, 1e-6, name);
            weights.Distinct().Order().ShouldBe([0f, 1f / 3, 0.5f], 1e-6, name);
            pooling.NamedParameters().ShouldAllBe(p => !p.Parameter.IsTrained);
        }
    }

    [Theory]
    [InlineData("additive", 1, false)]
    [InlineData("structured", 2, false)]
    [InlineData("additive", 1, true)]
    public void It_learns_the_task_with_even_weights_and_stays_even_when_saved(string pooling, int views, bool baseline)
    {
        TextClassifier model = Trained(new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Dropout = 0.1, Pooling = pooling, Views = views }, baseline);
        TextClassifier even = UniformBaseline.Train(model, Train, Dev);
        (even.Network.Config, even.Labels, even.Tokens).ShouldBe((model.Network.Config, model.Labels, model.Tokens));
        even.Record.Options.ShouldBe(model.Record.Options);
        even.Record.Epochs.Count.ShouldBeGreaterThan(0);
        even.Evaluate(TextClassifierTests.Data(200, 7)).Accuracy.Value.ShouldBeGreaterThan(0.8, "a word decides, wherever it stands");
        even.Network.NamedParameters().Where(p => p.Name.StartsWith("pooling", StringComparison.Ordinal)).SelectMany(p => p.Parameter.Values.ToArray()).ShouldAllBe(value => value == 0);
        using TemporaryFolder folder = new();
        even.Save(folder["even"]);
        TextRow row = new("the music was lovely and the plot was a story", null, 0);
        ExplainedInput loaded = TextClassifier.Load(folder["even"]).Explaining(row);
        loaded.Attention!.Views.ShouldAllBe(view => view.All(weight => Math.Abs(weight - 0.1f) < 1e-6f));
        AttentionIntervention.Measure([loaded], "uniform").Change.Value.ShouldBe(0, 1e-6);
        AttentionIntervention between = AttentionIntervention.Between([(model.Explaining(row), loaded)], AttentionIntervention.UniformTrainedKind);
        (between.Kind, between.Count).ShouldBe(("uniform-trained", 1));
        between.Divergence.Value.ShouldBeGreaterThan(1e-6);
        model.CompareWith(even, Dev).Old.Accuracy.ShouldBe(model.Evaluate(Dev).Accuracy);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_another_training_is_taken()
    {
        TextClassifier model = Trained(new BlstmConfig { EmbeddingSize = 8, HiddenSize = 6, AttentionSize = 6, Dropout = 0.1 }, baseline: false);
        TrainingOptions training = model.Record.Options with { EpochCount = 2, Seed = 9 };
        float[] Answer() => [.. UniformBaseline.Train(model, Train, Dev, training).Predict("a lovely film").Probabilities.Select(p => p.Probability)];
        float[] first = Answer();
        Answer().ShouldBe(first);
        training = training with { Seed = 10 };
        Answer().ShouldNotBe(first);
    }

    [Fact]
    public void What_has_no_such_baseline_is_refused()
    {
        TextClassifier mean = Trained(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, Pooling = "mean" }, baseline: false);
        Should.Throw<ArgumentException>(() => UniformBaseline.Train(mean, Train, Dev)).Message.ShouldContain("no learned pooling");
        TextClassifier model = Trained(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4 }, baseline: false);
        TextData others = TextData.FromRows([("a film", "x"), ("a plot", "y")]);
        Should.Throw<ArgumentException>(() => UniformBaseline.Train(model, others, Dev)).Message.ShouldContain("the data has labels x, y");
        Should.Throw<ArgumentException>(() => UniformBaseline.Train(model, Train, Dev, new TrainingOptions { EpochCount = 0 })).Message.ShouldContain("EpochCount");
        Should.Throw<InputException>(() => UniformBaseline.Train(model, Train.Select([]), Dev)).Message.ShouldContain("no rows");
    }

    private static TextClassifier Trained(BlstmConfig network, bool baseline) => TextClassifier.Train(Train, Dev, new TextClassifierOptions
    {
        Network = network, Baseline = baseline, Training = new TrainingOptions { EpochCount = 5, BatchSize = 16, LearningRate = 0.02, WordDropout = 0.1 },
    });
}
