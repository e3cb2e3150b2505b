using Heed.Testing;

namespace Heed.Tests.Layers;

public sealed class PairEmbeddingTests
{
    private static readonly PairEmbedding Pairs = Create();

    [Fact]
    public void A_pair_has_one_vector_wherever_it_stands_and_order_counts()
    {
        float[] y = Look(5, 7, 9, 5, 7, 5), first = Row(y, 0);
        Row(y, 3).ShouldBe(first);
        Row(y, 4).ShouldNotBe(first, "(7, 5) is not (5, 7)");
        first.ShouldContain(v => v != 0);
    }

    [Fact]
    public void The_last_token_and_pairs_with_padding_or_unknown_have_zeros()
    {
        float[] y = Look(5, 1, 7, 0, 5, 7);
        foreach (int t in new[] { 0, 1, 2, 3, 5 })
            Row(y, t).ShouldAllBe(v => v == 0);
        Row(y, 4).ShouldContain(v => v != 0);
    }

    [Fact]
    public void Sequences_do_not_pair_across_their_ends()
    {
        float[] y = Step.Evaluate(pass => Pairs.Forward(new[] { 5, 7, 9, 4, 5, 7 }, 2, pass)).ToArray();
        Row(y, 2).ShouldAllBe(v => v == 0);
        Row(y, 4).ShouldBe(Row(y, 0));
    }

    [Fact]
    public void Gradients_are_right() =>
        GradientCheck.Run(Pairs.NamedParameters(), pass => Pairs.Forward(new[] { 5, 7, 9, 5, 7, 5 }, 1, pass).Tanh());

    [Fact]
    public void A_classifier_with_pairs_is_saved_whole_and_learns_word_order()
    {
        // The same words in both classes: only the order tells.
        TextData Data(int count, ulong seed)
        {
            RandomStream random = new(seed, "order");
            return TextData.FromRows([.. Enumerable.Range(0, count).Select(i => ($"{Word(random)} {(i % 2 == 0 ? "not good but bad" : "not bad but good")} {Word(random)}", i % 2 == 0 ? "no" : "yes"))]);
        }
        TextClassifierOptions options = new()
        {
            Network = new BlstmConfig { EmbeddingSize = 8, HiddenSize = 4, AttentionSize = 4, PairBuckets = 500, Pooling = "mean" },
            Training = new TrainingOptions { EpochCount = 6, BatchSize = 16, LearningRate = 0.01 },
        };
        TextClassifier classifier = TextClassifier.Train(Data(200, 1), Data(40, 2), options);
        classifier.Network.NamedParameters().Select(p => p.Name).ShouldContain("pairs.buckets.weight");
        using TemporaryFolder folder = new();
        classifier.Save(folder["model"]);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        loaded.Predict("a film not bad but good again").Label.ShouldBe("yes");
        loaded.Predict("a film not good but bad again").Probabilities.ShouldBe(classifier.Predict("a film not good but bad again").Probabilities);
        Should.Throw<ArgumentException>(new BlstmConfig { PairBuckets = 1 }.Validate).Message.ShouldContain("PairBuckets");
    }

    private static string Word(RandomStream random) => new[] { "a", "film", "story", "again", "plot" }[random.Next(5)];

    private static float[] Look(params int[] ids) => Step.Evaluate(pass => Pairs.Forward(ids, 1, pass)).ToArray();

    private static float[] Row(float[] y, int t) => y[(t * 4)..((t + 1) * 4)];

    private static PairEmbedding Create()
    {
        PairEmbedding pairs = new(100, 4, firstKnown: 2, Initializer.Uniform(0.5));
        pairs.Initialize(3);
        return pairs;
    }
}
