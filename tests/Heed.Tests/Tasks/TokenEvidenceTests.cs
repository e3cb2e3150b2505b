using Heed.Testing;

namespace Heed.Tests.Tasks;

/// <summary>What the simple model says about each token, on its way into the network.</summary>
public sealed class TokenEvidenceTests
{
    [Theory]
    [InlineData("the film was good and lovely , not bad")]
    [InlineData("good good good unseen good")]
    [InlineData("unseen words alone")]
    [InlineData("")]
    public void The_parts_of_the_tokens_sum_to_the_score_whatever_cuts_the_text(string text)
    {
        TextData data = TextClassifierTests.Data(300, 8);
        TfidfModel model = TfidfModel.Train(data, data);
        double[] whole = [.. model.Scores(text).Select((s, k) => (double)s - model.Bias[k])];
        foreach (ITokenizer tokenizer in new ITokenizer[] { new WordTokenizer(), new CharacterTokenizer() })
        {
            List<Token> tokens = [];
            tokenizer.Tokenize(text, tokens);
            float[] parts = new float[2 * tokens.Count];
            model.AddTokenScores(text, [.. tokens], parts);
            for (int k = 0; k < 2; k++)
                parts.Where((_, i) => i % 2 == k).Sum(v => (double)v).ShouldBe(whole[k], 1e-4);
        }
    }

    [Fact]
    public void A_word_that_decides_has_the_most_and_tokens_that_were_cut_off_are_left_out()
    {
        TextData data = TextClassifierTests.Data(300, 8);
        TfidfModel model = TfidfModel.Train(data, data);
        List<Token> tokens = [];
        new WordTokenizer().Tokenize("the film was good and", tokens);
        float[] parts = new float[10];
        model.AddTokenScores("the film was good and", [.. tokens], parts);
        Enumerable.Range(0, 5).MaxBy(t => Math.Abs(parts[2 * t] - parts[(2 * t) + 1])).ShouldBe(3);
        float[] two = new float[4];
        model.AddTokenScores("the film was good and", [.. tokens.Take(2)], two);
        two.ShouldBe(parts[..4]);
    }

    [Fact]
    public void A_training_row_gets_its_evidence_from_models_that_have_not_seen_its_label()
    {
        TextData train = TextClassifierTests.Data(120, 3);
        string[] labels = [.. train.Select(row => train.LabelNames[row.Label])];
        TextEncoder encoder = TextEncoder.Build(train.Texts);
        float[] Evidence(TextData rows, int row)
        {
            EvidenceRows evidence = new(TfidfModel.Train(rows, rows), rows, part => TfidfModel.Train(part, rows, new TfidfOptions { Strengths = [10] }), encoder);
            return evidence.Of(TextBatch.Create([.. rows.Texts.Select(encoder.EncodeIds)], [row]));
        }
        TextData changed = TextData.FromRows(train.Select((row, i) => (row.Text, i != 7 ? labels[i] : labels[i] == "bad" ? "good" : "bad")));
        Evidence(train, 7).ShouldContain(v => v != 0);
        Evidence(changed, 7).ShouldBe(Evidence(train, 7));
        int other = Enumerable.Range(0, 120).First(i => TextKey.Of(train[i].Text).Value % 5 != TextKey.Of(train[7].Text).Value % 5);
        Evidence(changed, other).ShouldNotBe(Evidence(train, other), "the label counts for other rows");
    }

    [Fact]
    public void Evidence_of_a_training_row_is_the_same_in_every_epoch_and_batch()
    {
        TextData rows = TextClassifierTests.Data(120, 3);
        TextEncoder encoder = TextEncoder.Build(rows.Texts);
        EvidenceRows New() => new(TfidfModel.Train(rows, rows), rows, part => TfidfModel.Train(part, rows, new TfidfOptions { Strengths = [10] }), encoder);
        int[][] ids = [.. rows.Texts.Select(encoder.EncodeIds)];
        float[] Of(EvidenceRows evidence, int row, PaddingSide side, params int[] batch)
        {
            TextBatch made = TextBatch.Create(ids, batch, padding: side);
            int at = Array.IndexOf(batch, row);
            return evidence.Of(made).AsSpan(((at * made.MaximumLength) + made.Starts[at]) * 2, made.Lengths[at] * 2).ToArray();
        }
        EvidenceRows kept = New();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            foreach (int row in new[] { 7, 20, 33 })
            {
                int[] batch = epoch == 0 ? [7, 20, 33, 5] : [3 + epoch, 33, row == 33 ? 1 : row, 90];
                Of(kept, row, epoch == 2 ? PaddingSide.Left : PaddingSide.Right, batch).ShouldBe(Of(New(), row, PaddingSide.Right, row));
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_are_right(bool perOutput)
    {
        TokenEvidence module = new(2, 3, perOutput);
        module.Initialize(4);
        SequenceRanges ranges = new(new[] { 3, 2 });
        float[] e = [0.3f, -0.2f, 0.1f, 0.4f, -0.5f, 0.2f, 0.6f, -0.1f, 0.2f, 0.3f, 0, 0];
        Parameter scores = new(new Shape(2, 3, perOutput ? 2 : 1), Initializer.Normal(1)), logits = new(new Shape(2, 2), Initializer.Normal(1)), vectors = new(new Shape(2, 3, 3), Initializer.Normal(1));
        foreach (Parameter p in new[] { scores, logits, vectors })
            p.Initialize(new RandomStream(5, "start"));
        GradientCheck.Run([.. module.NamedParameters(), ("scores", scores), ("logits", logits), ("vectors", vectors)], pass =>
        {
            Tensor known = module.Read(e, ranges, 3, pass), weights = pass.Use(scores).SoftmaxOverTime(ranges);
            Tensor y = module.IntoLogits(pass.Use(logits), known, weights, ranges, pass);
            return y.Tanh().Sum() + module.IntoVectors(pass.Use(vectors), known, pass).Tanh().Sum();
        });
    }

    [Fact]
    public void Uniform_weights_give_the_sum_and_each_output_may_have_weights_of_its_own()
    {
        TokenEvidence each = new(2, 3, perOutput: true), shared = new(2, 3, perOutput: false);
        each.Initialize(1);
        shared.Initialize(1);
        float[] e = [1, 2, 3, 4, 5, 6, 7, 8], zero = [0, 0];
        float[] Logits(TokenEvidence module, float[]? weights, int views) => Step.Evaluate(pass => module.IntoLogits(
            pass.Input(zero, new Shape(1, 2)), module.Read(e, new[] { 4 }, 4, pass), weights is null ? null : pass.Input(weights, new Shape(1, views, 4)), new[] { 4 }, pass)).ToArray();
        Logits(shared, null, 1).ShouldBe([16, 20]);
        Logits(shared, [0.25f, 0.25f, 0.25f, 0.25f], 1).ShouldBe([16, 20]);
        Logits(shared, [1, 0, 0, 0], 1).ShouldBe([4, 8]);
        Logits(each, [1, 0, 0, 0, 0, 0, 0, 1], 2).ShouldBe([4, 32]);
        Logits(shared, [1, 0, 0, 0, 0, 0, 0, 1], 2).ShouldBe([16, 20], "the mean of the views");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => shared.Read(e, new[] { 3 }, 3, pass))).Message.ShouldContain("(batch, time, outputs)");
    }

    [Fact]
    public void A_classifier_with_evidence_comes_back_from_its_folder_with_the_same_bits_and_goes_on()
    {
        TextClassifierOptions options = new()
        {
            Network = new BlstmConfig { EmbeddingSize = 8, HiddenSize = 4, AttentionSize = 4 },
            Training = new TrainingOptions { EpochCount = 2 },
        };
        TextData train = TextClassifierTests.Data(200, 1), dev = TextClassifierTests.Data(60, 2);
        TextClassifier model = TextClassifier.Train(train, dev, options);
        model.Network.Config.Evidence.ShouldBeTrue();
        model.Evaluate(dev).Accuracy.Value.ShouldBeGreaterThan(0.9, "two epochs are enough where the words are known");
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        string[] texts = [.. dev.Texts];
        float[][] alone = [.. texts.Select(t => loaded.Predict(t).Probabilities.Select(p => p.Probability).ToArray())];
        float[][] together = [.. model.PredictMany(texts).Select(p => p.Probabilities.Select(q => q.Probability).ToArray())];
        for (int i = 0; i < texts.Length; i++)
            alone[i].ShouldBe(together[i]);
        TextData more = TextData.FromRows([.. train.Select(r => (r.Text, train.LabelNames[r.Label])), .. Enumerable.Range(0, 40).Select(i => ($"weather forecast {(i % 2 == 0 ? "rain" : "sun")} number{i}", "news"))], ["bad", "good", "news"]);
        TextClassifier next = TextClassifier.Train(more, more, options with { Network = null, Start = loaded });
        next.Predict("rain forecast").Label.ShouldBe("news");
        next.Predict("a good film").Label.ShouldBe("good");
    }

    [Fact]
    public void Evidence_needs_the_simple_model()
    {
        TextData data = TextClassifierTests.Data(60, 1);
        BlstmConfig small = new() { EmbeddingSize = 4, HiddenSize = 2, AttentionSize = 2 };
        TextClassifierOptions options = new() { Network = small, Training = new TrainingOptions { EpochCount = 1 }, Baseline = false };
        TextClassifier plain = TextClassifier.Train(data, data, options);
        (plain.Network.Config.Evidence, plain.Baseline).ShouldBe((false, null));
        Should.Throw<ArgumentException>(() => TextClassifier.Train(data, data, options with { Evidence = true })).Message.ShouldContain("Baseline");
        TextClassifier.Train(data, data, options with { Baseline = true, Evidence = false }).Network.Config.Evidence.ShouldBeFalse();
        using TemporaryFolder folder = new();
        plain.Save(folder["model"]);
        string config = File.ReadAllText(Path.Combine(folder["model"], "config.json"));
        config.ShouldContain("\"evidence\": false");
    }
}
