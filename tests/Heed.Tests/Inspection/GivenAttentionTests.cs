using Heed.Tests.Tasks;

namespace Heed.Tests.Inspection;

/// <summary>Weights that the user says in the place of a model's own.</summary>
public sealed class GivenAttentionTests
{
    private static readonly TextRow Row = new("the music was lovely and the plot was a story", null, 0);

    [Theory]
    [InlineData("additive", 1)]
    [InlineData("structured", 3)]
    public void The_poolings_own_weights_change_nothing_and_others_are_the_answer_at_them(string pooling, int views)
    {
        ExplainedInput input = Trained(new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Pooling = pooling, Views = views }).Explaining(Row);
        input.Attention!.Views.Count.ShouldBe(views);
        float[] one = [.. Enumerable.Range(0, 10).Select(unit => unit == 3 ? 7f : 0)], even = [.. Enumerable.Repeat(2f, 10)];
        GivenAttention there = GivenAttention.Measure(input, one), spread = GivenAttention.Measure(input, even);
        there.Weights.ShouldBe([.. one.Select(weight => weight / 7)]);
        there.Own.ShouldBe(input.Answer(input.Value));
        there.Changed.ShouldBe(input.Answer(input.AtWeights([[.. there.Weights]])![0].Value), 1e-6);
        there.Change.ShouldBe(there.Changed - there.Own);
        Math.Abs(there.Change).ShouldBeGreaterThan(1e-4);
        (there.RowCount, there.KeptRowCount, there.Label).ShouldBe((views, 0, input.Label));
        there.Divergence.ShouldBeInRange(0.1, Math.Log(2));
        Math.Abs(spread.Change).ShouldBe(AttentionIntervention.Measure([input], "uniform").Change.Value, 1e-6);
        if (views > 1)
            return;
        GivenAttention own = GivenAttention.Measure(input, input.Attention.Views[0]);
        own.Change.ShouldBe(0, 1e-6);
        own.Divergence.ShouldBe(0, 1e-6);
        (own.Answer, own.IsLost).ShouldBe((input.Label, false));
    }

    [Fact]
    public void An_answer_that_turns_is_lost_and_the_new_one_is_said()
    {
        TextClassifier model = Trained(new BlstmConfig { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8 });
        ExplainedInput input = model.Explaining(Row);
        ExplainedInput other = model.Explaining(Row, model.Labels.Single(label => label != input.Label));
        (GivenAttention first, GivenAttention second) = (GivenAttention.Measure(input, input.Attention!.Views[0]), GivenAttention.Measure(other, input.Attention.Views[0]));
        (first.Answer, second.Answer).ShouldBe((input.Label, input.Label), "what the model answers is not what is asked about");
        (first with { Own = 0.6, Changed = 0.4 }).IsLost.ShouldBeTrue();
        (first with { Own = 0.4, Changed = 0.2 }).IsLost.ShouldBeFalse();
        (first with { Own = 0.6, Changed = 0.4, Label = null }).IsLost.ShouldBeFalse();
        second.Own.ShouldBe(1 - first.Own, 1e-6);
    }

    [Fact]
    public void What_a_mask_hides_stays_hidden_and_rows_that_see_none_keep_their_own()
    {
        TransformerConfig config = new() { Size = 16, LayerCount = 2, HeadCount = 2, InnerSize = 32, MaximumLength = 16, Dropout = 0 };
        LanguageModel model = LanguageModel.Train(string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 8)), new LanguageModelOptions { Network = config, StepCount = 2, EvaluationInterval = 1 });
        ExplainedInput input = model.Explaining("the cat");
        GivenAttention last = GivenAttention.Measure(input, [0, 0, 0, 0, 0, 1, 3]);
        // Seven rows in each of two heads of two layers; the first five see neither of the last two tokens.
        (last.RowCount, last.KeptRowCount).ShouldBe((28, 20));
        last.Answer.ShouldNotBeNull().Length.ShouldBe(1);
        GivenAttention.Measure(input, [1, 0, 0, 0, 0, 0, 0]).KeptRowCount.ShouldBe(0);
    }

    [Fact]
    public void Hops_and_alignments_take_given_weights_and_what_a_decoder_wrote_is_left_alone()
    {
        MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = 6, EmbeddingSize = 4, MaximumSentences = 4, Hops = 2 });
        network.Initialize(3);
        ExplainedInput story = network.Explaining(["", "mary", "john", "in", "kitchen", "?"], ["mary in kitchen", "john in kitchen"], "mary ?");
        GivenAttention.Measure(story, [0.5f, 0.5f]).Changed.ShouldBe(story.Answer(story.Under(AttentionOverride.Uniform)!.Value.Value), 1e-6);
        GivenAttention.Measure(story, [0, 1]).RowCount.ShouldBe(2);
        PairData data = PairData.FromPairs([.. Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? "rot haus alt" : "blau ball", i % 2 == 0 ? "old red house" : "blue ball"))]);
        Translator Trained(SequenceToSequenceConfig config) => Translator.Train(data, data, new TranslatorOptions
        {
            Network = config, Training = new TrainingOptions { EpochCount = 8, BatchSize = 4, LearningRate = 0.01, WordDropout = 0 }, SourceTokens = new TextEncoderOptions(), TargetTokens = new TextEncoderOptions(),
        });
        ExplainedInput aligned = Trained(new EncoderDecoderConfig { EmbeddingSize = 8, HiddenSize = 8, AttentionSize = 8, Dropout = 0 }).Explaining("rot haus alt")[0];
        GivenAttention.Measure(aligned, [1, 1, 1]).Changed.ShouldBe(aligned.Answer(aligned.Under(AttentionOverride.Uniform)!.Value.Value), 1e-6);
        // Of a Transformer three source tokens are three rows of the encoder; the decoder looks at them in four, and at its own tokens in four more that keep their weights.
        ExplainedInput whole = Trained(new TransformerEncoderDecoderConfig { Stack = new TransformerConfig { Size = 16, LayerCount = 1, HeadCount = 2, InnerSize = 32, Dropout = 0 } }).Explaining("rot haus alt")[0];
        GivenAttention.Measure(whole, [0, 1, 0]).RowCount.ShouldBe(2 * (3 + 4));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        TextClassifier model = Trained(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4 });
        ExplainedInput input = model.Explaining(new TextRow("a film", null, 0));
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(input, [1])).Message.ShouldContain("1 weights are given; the input has 2 units");
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(input, [1, -1])).Message.ShouldContain("at least 0, got -1");
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(input, [1, float.NaN])).Message.ShouldContain("got NaN");
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(input, [1, float.PositiveInfinity])).Message.ShouldContain("got Infinity");
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(input, [0, 0])).Message.ShouldContain("all weights are 0");
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(Trained(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, Pooling = "mean" }).Explaining(Row), new float[10])).Message.ShouldContain("all weights are 0");
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(Trained(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, Pooling = "mean" }).Explaining(Row), [1, .. new float[9]])).Message.ShouldContain("no learned attention");
        ExplainedInput sentences = Trained(new BlstmConfig { EmbeddingSize = 4, HiddenSize = 4, AttentionSize = 4, Structure = "hierarchical" }).Explaining(new TextRow("a film. the music was lovely.", null, 0));
        Should.Throw<ArgumentException>(() => GivenAttention.Measure(sentences, [.. Enumerable.Repeat(1f, sentences.UnitCount)])).Message.ShouldContain("sentence by sentence");
    }

    private static TextClassifier Trained(BlstmConfig network) => TextClassifier.Train(TextClassifierTests.Data(60, 1), TextClassifierTests.Data(20, 2), new TextClassifierOptions
    {
        Network = network with { Dropout = 0 }, Baseline = false, Training = new TrainingOptions { EpochCount = 2, BatchSize = 8, LearningRate = 0.02 },
    });
}
