using Heed.Testing;

namespace Heed.Tests.Models;

public sealed class TwoTowersTests
{
    private static readonly string[] Topics = ["apple", "river", "engine", "violin"], Filler = ["the", "a", "with", "and", "near", "old"];

    [Fact]
    public void Each_row_is_split_at_its_separator()
    {
        (SequenceRanges first, SequenceRanges second) = TwoTowers.Split([5, 9, 7, 8, 0, 5, 6, 7, 0, 0, 9, 4, 4, 4, 0], new SequenceRanges(new[] { 4, 3, 4 }, new[] { 0, 0, 0 }), 9);
        first.Starts.ToArray().ShouldBe([0, 0, 0]);
        first.Lengths.ToArray().ShouldBe([1, 3, 0]);
        second.Starts.ToArray().ShouldBe([2, 0, 1]);
        second.Lengths.ToArray().ShouldBe([2, 0, 3]);
    }

    [Fact]
    public void Whether_two_texts_have_the_same_topic_is_learned_and_comes_back_from_the_folder()
    {
        TextClassifier model = Train("additive");
        TextData test = Data(200, 3);
        model.Evaluate(test).Accuracy.Value.ShouldBeGreaterThan(0.9);
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        foreach (string text in test.Texts.Take(20))
        {
            TextPrediction p = loaded.Predict(text);
            p.Probabilities.ShouldBe(model.Predict(text).Probabilities);
            TextPair.TrySplit(text, out Range first, out Range second).ShouldBeTrue();
            p.Weights.Sum(w => (double)w.Weight).ShouldBe(1, 1e-5);
            p.Weights.Where(w => w.Range.Start.Value < first.End.Value).Sum(w => (double)w.Weight).ShouldBe(0.5, 1e-5);
            p.Weights.Single(w => text[w.Range] == "\u001E").Weight.ShouldBe(0);
        }
        loaded.Predict("one text alone").Weights.Sum(w => (double)w.Weight).ShouldBe(1, 1e-5);
        loaded.Predict("").Probability.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("joined", "flat")]
    [InlineData("towers", "flat")]
    [InlineData("fine", "flat")]
    [InlineData("towers", "directional")]
    public void States_are_read_beside_their_tokens(string form, string structure)
    {
        TextClassifierOptions options = Options("additive");
        BlstmConfig config = (BlstmConfig)options.Network! with { PairForm = form, Structure = structure, Shortcut = true };
        TextClassifier model = TextClassifier.Train(Data(600, 1), Data(100, 2), options with { Network = config });
        TextData test = Data(100, 3);
        if (form != "joined")
            model.Evaluate(test).Accuracy.Value.ShouldBeGreaterThan(0.9);
        int states = (2 * config.HiddenSize) + config.EmbeddingSize;
        model.Network.NamedParameters().Single(p => p.Name is "pooling.hidden.weight" or "co_attention.pooling.hidden.weight").Parameter.Shape[1].ShouldBe(states);
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        loaded.Predict(test.Texts.First()).Probabilities.ShouldBe(model.Predict(test.Texts.First()).Probabilities);
        Should.Throw<ArgumentException>(() => new BlstmConfig { Structure = "hierarchical", Shortcut = true }.Validate()).Message.ShouldContain("no Shortcut");
    }

    [Theory]
    [InlineData("parallel")]
    [InlineData("alternating")]
    [InlineData("coarse")]
    [InlineData("fine")]
    public void With_co_attention_it_is_learned_too_and_the_affinity_comes_with_the_answer(string form)
    {
        TextClassifierOptions options = Options("additive");
        TextClassifier model = TextClassifier.Train(Data(600, 1), Data(100, 2), options with { Network = (BlstmConfig)options.Network! with { PairForm = form } });
        TextData test = Data(200, 3);
        model.Evaluate(test).Accuracy.Value.ShouldBeGreaterThan(0.9);
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        foreach (string text in test.Texts.Take(5))
        {
            TextPrediction p = loaded.Predict(text);
            p.Probabilities.ShouldBe(model.Predict(text).Probabilities);
            p.Weights.Sum(w => (double)w.Weight).ShouldBe(1, 1e-5);
            if (form is "alternating" or "coarse")
            {
                p.Affinity.ShouldBeNull();
                continue;
            }
            TextPair.TrySplit(text, out Range first, out Range second);
            p.Affinity!.First.Select(r => text[r]).ShouldBe(text[first].Split(' '));
            p.Affinity.Second.Select(r => text[r]).ShouldBe(text[second].Split(' '));
            p.Affinity.Values.Cast<float>().ShouldAllBe(v => float.IsFinite(v));
        }
        loaded.Predict("one text alone").Affinity.ShouldBeNull();
        loaded.Predict("").Probability.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Both_texts_are_read_by_the_same_weights()
    {
        BlstmClassifier network = Network("mean");
        (float[] One, float[] Two) Contexts(int[] ids)
        {
            float[] weight = network.NamedParameters().Single(p => p.Name == "output.weight").Parameter.Values.ToArray();
            float[] context = [];
            Action remove = network.NamedModules().Single(m => m.Name == "dropout").Module.AddHook((Module _, Tensor output, in Pass _) =>
            {
                context = output.ToArray();
                return output;
            });
            Step.Evaluate(pass => network.Forward(ids, new[] { ids.Length }, pass).Logits);
            remove();
            context.Length.ShouldBe(weight.Length / 2);
            return (context[..4], context[4..8]);
        }
        (float[] u, float[] v) = Contexts([5, 6, 9, 7, 7, 8]);
        (float[] v2, float[] u2) = Contexts([7, 7, 8, 9, 5, 6]);
        u2.ShouldBe(u);
        v2.ShouldBe(v);
        u.ShouldNotBe(v);
    }

    [Theory]
    [InlineData("additive")]
    [InlineData("structured")]
    [InlineData("last")]
    [InlineData("additive", "parallel")]
    [InlineData("additive", "alternating")]
    [InlineData("additive", "coarse")]
    [InlineData("additive", "fine")]
    public void Gradients_are_right(string pooling, string form = "towers")
    {
        BlstmClassifier network = Network(pooling, form);
        GradientCheck.Run(network.NamedParameters(), pass =>
        {
            (Tensor logits, PoolingResult pooled) = network.Forward(new[] { 5, 6, 9, 7, 7, 8, 4, 9, 5, 0, 0, 0 }, new SequenceRanges(new[] { 6, 3 }), pass);
            Tensor loss = logits.Tanh().Sum();
            return pooled.Penalty is { } penalty ? loss + penalty : loss;
        });
    }

    [Fact]
    public void Rows_of_one_text_and_a_row_of_attention_for_each_label_are_refused()
    {
        TextData single = Tasks.TextClassifierTests.Data(40, 1);
        Should.Throw<ArgumentException>(() => TextClassifier.Train(single, single, Options("additive"))).Message.ShouldContain("two texts");
        Should.Throw<ArgumentException>(new BlstmConfig { Pooling = "projection", PerLabel = true, PairForm = "towers" }.Validate).Message.ShouldContain("PairForm");
        Should.Throw<ArgumentException>(new BlstmConfig { PairForm = "tower" }.Validate).Message.ShouldContain("there is no PairForm 'tower'; there are joined, towers, parallel, alternating, coarse, fine. Did you mean 'towers'?");
    }

    private static BlstmClassifier Network(string pooling, string form = "towers")
    {
        BlstmClassifier network = new(new BlstmConfig { EmbeddingSize = 3, HiddenSize = 2, AttentionSize = 3, Pooling = pooling, Penalty = pooling == "structured" ? 0.1 : 0, PairForm = form, Dropout = 0 }, 10, 2, separatorId: 9);
        network.Initialize(3);
        return network;
    }

    private static TextClassifier Train(string pooling) => TextClassifier.Train(Data(600, 1), Data(100, 2), Options(pooling));

    private static TextClassifierOptions Options(string pooling) => new()
    {
        Network = new BlstmConfig { EmbeddingSize = 16, HiddenSize = 8, AttentionSize = 8, Pooling = pooling, PairForm = "towers", Dropout = 0.1 },
        Training = new TrainingOptions { EpochCount = 15, BatchSize = 16, LearningRate = 0.01, WordDropout = 0.05, Patience = 15 },
        Baseline = false,
    };

    private static TextData Data(int count, ulong seed)
    {
        RandomStream random = new(seed, "pairs");
        string Text(string topic) => string.Join(' ', Enumerable.Range(0, 2 + random.Next(3)).Select(_ => Filler[random.Next(Filler.Length)]).Append(topic).Append(Filler[random.Next(Filler.Length)]));
        return TextData.FromRows([.. Enumerable.Range(0, count).Select(i =>
        {
            int one = random.Next(4), two = i % 2 == 0 ? one : (one + 1 + random.Next(3)) % 4;
            return (TextPair.Join(Text(Topics[one]), Text(Topics[two])), i % 2 == 0 ? "same" : "other");
        })]);
    }
}
