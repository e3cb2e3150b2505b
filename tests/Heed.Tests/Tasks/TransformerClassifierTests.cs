using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class TransformerClassifierTests
{
    private static readonly TransformerConfig Small = new() { Size = 16, LayerCount = 2, HeadCount = 2, InnerSize = 32, Position = "rope", Dropout = 0 };
    private static readonly string[] Texts = ["The story was  LOVELY, and the music!", "a bad plot", "", "film", "the the awful"];

    [Theory]
    [InlineData("cls", true)]
    [InlineData("cls", false)]
    [InlineData("mean", true)]
    [InlineData("additive", false)]
    public void It_learns_says_where_it_looked_and_comes_back_from_its_folder(string pooling, bool evidence)
    {
        TextClassifier model = TextClassifier.Train(TinyBert.Data(300, 1), TinyBert.Data(60, 2), Options(new TransformerClassifierConfig { Encoder = Small, Pooling = pooling, AttentionSize = 8 }) with { Evidence = evidence });
        model.Evaluate(TinyBert.Data(200, 3)).Accuracy.Value.ShouldBeGreaterThan(0.95);
        TextPrediction p = model.Predict(Texts[0]);
        p.Label.ShouldBe("good");
        p.Weights.Select(w => p.Text[w.Range]).ShouldBe(["The", "story", "was", "LOVELY", ",", "and", "the", "music", "!"]);
        p.Weights.Sum(w => (double)w.Weight).ShouldBeInRange(pooling == "cls" ? 0.2 : 0.9999, pooling == "cls" ? 0.999 : 1.0001);
        model.Network.Config.Evidence.ShouldBe(evidence);
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        File.ReadAllText(Path.Combine(folder["model"], "config.json")).ShouldContain("\"model\": \"transformer\"");
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        loaded.Network.Config.ShouldBe(model.Network.Config);
        TextPrediction[] together = [.. loaded.PredictMany(Texts)];
        for (int i = 0; i < Texts.Length; i++)
            AssertSame(model.Predict(Texts[i]), together[i]);
        ModelPrivacy.List(folder["model"]).ShouldContain(item => item.File == "tokenizer.json");
    }

    [Fact]
    public void For_cls_the_weights_are_the_last_layers_attention_from_the_first_token()
    {
        TransformerClassifier network = new(new TransformerClassifierConfig { Encoder = Small, Pooling = "cls", AddsClassToken = true }, vocabularySize: 11, classCount: 3);
        network.Initialize(3);
        int[] ids = [4, 5, 6, 7, 8, 0], lengths = [3, 2];
        Step.Evaluate(
            pass =>
            {
                (Tensor logits, PoolingResult pooled) = network.Forward(ids, lengths, pass);
                TransformerResult alone = network.Transformer.Forward(new[] { 0, 4, 5, 6, 0, 7, 8, 0 }, new[] { 4, 3 }, pass);
                for (int b = 0; b < 2; b++)
                {
                    for (int t = 0; t < lengths[b]; t++)
                        pooled.Weights.Values[(b * 3) + t].ShouldBe((alone.Weights[1].Values[(b * 32) + t + 1] + alone.Weights[1].Values[(b * 32) + 16 + t + 1]) / 2, 1e-6f);
                }
                pooled.Weights.Values[5].ShouldBe(0);
                pooled.Context.Values[16 + 5].ShouldBe(alone.States.Values[64 + 5]);
                logits.Shape.ShouldBe(new Shape(2, 3));
                return 0;
            },
            Capture.Weights);
    }

    [Fact]
    public void A_text_with_padding_before_it_gets_the_same_answer()
    {
        foreach (string pooling in new[] { "cls", "mean" })
        {
            TransformerClassifier network = new(new TransformerClassifierConfig { Encoder = Small, Pooling = pooling, AddsClassToken = pooling == "cls", Evidence = true }, vocabularySize: 11, classCount: 2);
            network.Initialize(3);
            float[] Logits(int[] ids, SequenceRanges ranges, float[] evidence) => Step.Evaluate(pass => network.Forward(ids, ranges, pass, evidence: evidence).Logits.Values.ToArray(), Capture.Weights);
            float[] plain = Logits([4, 5], new[] { 2 }, [1, 2, 3, 4]), padded = Logits([9, 4, 5], new SequenceRanges(new[] { 2 }, new[] { 1 }), [0, 0, 1, 2, 3, 4]);
            plain.Zip(padded).ShouldAllBe(x => Math.Abs(x.First - x.Second) < 1e-5);
        }
    }

    [Theory]
    [InlineData("cls")]
    [InlineData("additive")]
    public void Gradients_are_right_through_evidence_class_token_and_pooler(string pooling)
    {
        TransformerClassifier network = new(new TransformerClassifierConfig
        {
            Encoder = new TransformerConfig { Size = 6, LayerCount = 1, HeadCount = 2, InnerSize = 10, Dropout = 0, SegmentCount = 2, MaximumLength = 8 }, Pooling = pooling, AddsClassToken = pooling == "cls", HasPooler = true,
            AttentionSize = 5, Evidence = true, Dropout = 0,
        }, vocabularySize: 7, classCount: 3, featureCount: 2);
        network.Initialize(2);
        int[] ids = [3, 4, 5, 6, 2, 0], lengths = [3, 2], segments = [0, 1, 1, 0, 1, 0];
        float[] evidence = [.. Enumerable.Range(0, 18).Select(i => i < 15 ? MathF.Sin(i) : 0)], features = [0.5f, -1, 2, 0.25f];
        GradientCheck.Run(network.NamedParameters(), pass => Tensor.CrossEntropy(network.Forward(ids, lengths, pass, features, evidence, segments: segments).Logits, new[] { 2, 0 })).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Sets_of_labels_get_an_attention_row_each_and_a_trained_model_takes_new_labels()
    {
        TextData sets = TextData.FromRows(TinyBert.Rows(200, 1).Select((row, i) => new TextRow(row.Text, row.IsGood ? "good|seen" : "seen", i)), new TextReadOptions { Target = TargetKind.Multi });
        TextClassifier multi = TextClassifier.Train(sets, sets, Options(new TransformerClassifierConfig { Encoder = Small, Pooling = "projection", PerLabel = true }, epochs: 2));
        multi.Predict("a good film").Views.Count.ShouldBe(2);
        TextClassifierOptions options = Options(new TransformerClassifierConfig { Encoder = Small, Pooling = "mean" }, epochs: 2);
        TextClassifier first = TextClassifier.Train(TinyBert.Data(200, 1), TinyBert.Data(60, 2), options);
        TextData more = TextData.FromRows(TinyBert.Rows(60, 4).Select((row, i) => (row.Text + (i % 3 == 0 ? " tango" : ""), i % 3 == 0 ? "dance" : row.IsGood ? "good" : "bad")), [.. first.Labels, "dance"]);
        TextClassifier second = TextClassifier.Train(more, more, options with { Network = null, Start = first });
        second.Labels.Count.ShouldBe(3);
        second.Encoder.Vocabulary.Id("tango").ShouldNotBe(Vocabulary.Unknown);
        ((TransformerClassifierConfig)second.Network.Config).Encoder.ShouldBe(((TransformerClassifierConfig)first.Network.Config).Encoder);
        TextClassifier.Average(first, first).Predict("a good film").Probability.ShouldBe(first.Predict("a good film").Probability, 1e-6f);
    }

    private static TextClassifierOptions Options(TransformerClassifierConfig network, int epochs = 4) => new()
    {
        Network = network with { Dropout = 0 }, Training = new TrainingOptions { EpochCount = epochs, BatchSize = 16, LearningRate = 5e-3 },
    };

    private static void AssertSame(TextPrediction expected, TextPrediction got)
    {
        got.Probabilities.ShouldBe(expected.Probabilities);
        got.Weights.ShouldBe(expected.Weights);
    }
}
