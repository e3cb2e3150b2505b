using Heed.Kernels;
using Heed.Testing;

namespace Heed.Tests.Models;

public sealed class TfidfModelTests
{
    private static readonly string[] Texts = ["a a b", "b c", "c c c a", "b"];

    [Fact]
    public void Values_are_those_of_the_formula()
    {
        (TfidfFeatures features, (int Column, float Value)[][] rows) = TfidfFeatures.Learn(Texts, 2, new TfidfOptions { MaximumOrder = 1, MinimumCount = 1 });
        // a stands in 2 of 4 texts, b in 3, c in 2.
        double a = (1 + Math.Log(2)) * (Math.Log(5.0 / 3) + 1), b = Math.Log(5.0 / 4) + 1, length = Math.Sqrt((a * a) + (b * b));
        features.Count.ShouldBe(3);
        rows[0].Select(v => (double)v.Value).ShouldBe([a / length, b / length], 1e-6);
        features.Of("a a b unseen").ShouldBe(rows[0]);
        features.Of("").ShouldBeEmpty();
    }

    [Fact]
    public void Runs_in_one_text_alone_are_no_features_and_leave_no_trace()
    {
        (TfidfFeatures features, _) = TfidfFeatures.Learn(["secret secret a b", "a b", "a c"], 2, new TfidfOptions { MaximumOrder = 2 });
        features.Ngrams.Encoder.Vocabulary.Learned.ToArray().ShouldBe(["a", "b"]);
        // a, b, a b, begin a, b end.
        features.Count.ShouldBe(5);
    }

    [Fact]
    public void The_weights_are_where_the_gradient_vanishes()
    {
        int[] labels = [0, 1, 1, 0];
        TextData data = TextData.FromRows(Texts.Zip(labels, (t, l) => (t, l == 0 ? "x" : "y")));
        TfidfModel model = TfidfModel.Train(data, data, new TfidfOptions { MaximumOrder = 1, MinimumCount = 1, Strengths = [2] });
        (_, (int Column, float Value)[][] rows) = TfidfFeatures.Learn(Texts, 2, new TfidfOptions { MaximumOrder = 1, MinimumCount = 1 });
        for (int f = 0; f < model.FeatureCount; f++)
        {
            double gradient = model.Weights[2 * f] / (2.0 * Texts.Length);
            for (int r = 0; r < Texts.Length; r++)
            {
                double x = rows[r].FirstOrDefault(v => v.Column == f).Value, p = model.Probabilities(Texts[r])[0];
                gradient += x * (p - (labels[r] == 0 ? 1 : 0)) / Texts.Length;
            }
            gradient.ShouldBe(0, 2e-3);
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_the_number_of_threads()
    {
        int degree = Workers.Degree;
        TextData data = Tasks.TextClassifierTests.Data(300, 8);
        float[][] weights = [.. new[] { 1, 3 }.Select(threads =>
        {
            Workers.Degree = threads;
            return TfidfModel.Train(data, data).Weights;
        })];
        Workers.Degree = degree;
        weights[1].ShouldBe(weights[0]);
    }

    [Fact]
    public void Where_no_run_comes_twice_the_model_knows_the_shares_alone_and_comes_back_from_a_folder()
    {
        TextData data = TextData.FromRows([("one", "x"), ("two", "y"), ("three", "x"), ("four", "x")]);
        using TemporaryFolder folder = new();
        TextClassifier model = TextClassifier.Train(data, data, new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 2, HiddenSize = 2, AttentionSize = 2 },
            Training = new TrainingOptions { EpochCount = 1 },
            Tokens = new TextEncoderOptions { Vocabulary = new VocabularyOptions { MinimumCount = 1 } },
        });
        model.Baseline!.FeatureCount.ShouldBe(0);
        model.Baseline.Probabilities("one")[0].ShouldBe(0.75f, 0.02f);
        model.Save(folder["model"]);
        TextClassifier.Load(folder["model"]).Baseline!.Probabilities("one").ShouldBe(model.Baseline.Probabilities("one"));
    }

    [Fact]
    public void Texts_are_redacted_before_they_become_features()
    {
        string[] texts = [.. Enumerable.Range(0, 6).Select(i => $"write to canary@example.org please {i}")];
        (TfidfFeatures features, _) = TfidfFeatures.Learn(texts, 2, new TfidfOptions { Redaction = TextRedaction.Email });
        string.Join(' ', features.Ngrams.Encoder.Vocabulary.Learned.ToArray()).ShouldNotContain("canary");
        features.Of("to someone@else.org please").ShouldBe(features.Of("to canary@example.org please"));
    }

    [Fact]
    public void Scripts_without_spaces_are_cut_into_characters()
    {
        TfidfOptions.For(["the lamp is broken"]).Tokenizer.Name.ShouldBe("word");
        TfidfOptions.For(["โคมไฟเสียแล้ว ok"]).Tokenizer.Name.ShouldBe("character");
        TfidfOptions.For(["灯坏了,请退款 ok"]).MaximumOrder.ShouldBe(3);
    }

    [SkippableTheory]
    [InlineData("sst2/train.tsv", "sst2/test.tsv", 0.80)]
    [InlineData("waimai_10k/all.tsv", null, 0.87)]
    public void Reaches_its_floor_on_real_data(string file, string? testFile, double floor)
    {
        Skip.If(RealData.Find(file) is null, RealData.Reason);
        TextData all = TextData.Read(RealData.Find(file)!);
        TextSplit split = all.Split(1, test: testFile is null ? 0.1 : 0);
        TextData test = testFile is null ? split.Test : TextData.Read(RealData.Find(testFile)!, new TextReadOptions { LabelNames = all.LabelNames });
        TfidfModel model = TfidfModel.Train(split.Train, split.Dev);
        ((double)test.Count(row => model.Predict(row.Text) == row.Label) / test.Count).ShouldBeGreaterThan(floor);
    }
}
