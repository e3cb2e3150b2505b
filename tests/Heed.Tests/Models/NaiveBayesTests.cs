using Heed.Testing;

namespace Heed.Tests.Models;

public class NaiveBayesTests
{
    [Fact]
    public void Probabilities_are_those_of_the_formula()
    {
        // label 0: a a b (prior (2 + 1) / (3 + 2)), label 1: b (2/5); two words in all.
        NaiveBayes model = NaiveBayes.Train(["a", "a b", "b"], [0, 0, 1], 2, new NaiveBayesOptions { MaximumOrder = 1 });
        double zero = 3.0 / 5 * (3.0 / 5) * (3.0 / 5), one = 2.0 / 5 * (1.0 / 3) * (1.0 / 3);
        model.Probabilities("a a unseen")[0].ShouldBe(zero / (zero + one), 1e-6);
        model.Predict("b b b b").ShouldBe(1);
        model.Predict("").ShouldBe(0);
        model.FeatureCount.ShouldBe(2);
    }

    [Fact]
    public void Longer_runs_count()
    {
        var options = new NaiveBayesOptions { MaximumOrder = 2 };
        NaiveBayes model = NaiveBayes.Train(["not good", "good not", "bad not", "not bad"], [0, 1, 0, 1], 2, options);
        model.FeatureCount.ShouldBe(3 + 4 + 3 + 3);          // words, pairs, begins, ends
        model.Predict("not good").ShouldBe(0);
        model.Predict("good not").ShouldBe(1);
    }

    [SkippableFact]
    public void Reaches_its_floor_on_SST2()
    {
        string? train = RealData.Find("sst2/train.tsv"), test = RealData.Find("sst2/test.tsv");
        Skip.If(train is null || test is null, RealData.Reason);
        TextData learned = TextData.Read(train!);
        TextData asked = TextData.Read(test!, new TextReadOptions { LabelNames = learned.LabelNames });
        NaiveBayes.Train(learned).Accuracy(asked).ShouldBeGreaterThanOrEqualTo(0.825);
    }

    [SkippableTheory]
    [InlineData("waimai_10k/all.tsv", true, 0.885)]
    [InlineData("sms_spam/all.tsv", false, 0.98)]
    public void Reaches_its_floor_on_sets_without_official_parts(string file, bool characters, double floor)
    {
        string? path = RealData.Find(file);
        Skip.If(path is null, RealData.Reason);
        TextData data = TextData.Read(path!);
        TextData train = data.Select([.. Enumerable.Range(0, data.Count).Where(row => row % 10 > 1)]);
        TextData test = data.Select([.. Enumerable.Range(0, data.Count).Where(row => row % 10 == 0)]);
        var options = new NaiveBayesOptions { Tokenizer = characters ? new CharacterTokenizer() : new WordTokenizer() };
        NaiveBayes.Train(train, options).Accuracy(test).ShouldBeGreaterThanOrEqualTo(floor);
    }
}
