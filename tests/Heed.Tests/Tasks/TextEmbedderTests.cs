using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class TextEmbedderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("mean")]
    [InlineData("cls")]
    public void Vectors_are_the_pooled_states_at_length_one_with_the_same_bits_alone_and_among_others(string pooling)
    {
        Transformer encoder = TinyBert.Write(folder["bert"]);
        TextEmbedder embedder = TextEmbedder.Load(folder["bert"], pooling);
        string[] texts = ["a good film", "the plot", "", "the awful and sad music was a story", .. TinyBert.Rows(100, 1).Select(row => row.Text)];
        float[][] vectors = [.. embedder.Embed(texts)];
        for (int i = 0; i < texts.Length; i++)
        {
            embedder.Embed(texts[i]).ShouldBe(vectors[i]);
            TextEmbedder.Similarity(vectors[i], vectors[i]).ShouldBe(1, 1e-5f);
        }
        int[] ids = [2, 8, 15, 6, 3];
        double[] sums = new double[16];
        Step.Evaluate(pass =>
        {
            Tensor states = encoder.Forward(ids, new[] { 5 }, pass).States;
            for (int i = 0; i < (pooling == "mean" ? 80 : 16); i++)
                sums[i % 16] += states.Values[i];
            return 0;
        });
        double norm = Math.Sqrt(sums.Sum(x => x * x));
        for (int i = 0; i < 16; i++)
            vectors[0][i].ShouldBe((float)(sums[i] / norm), 1e-5f);
    }

    [Fact]
    public void A_search_gives_the_nearest_texts_with_their_places()
    {
        TinyBert.Write(folder["bert"]);
        TextEmbedder embedder = TextEmbedder.Load(folder["bert"]);
        string[] texts = ["bad plot", "a good film", "music", "a good film"];
        IReadOnlyList<TextMatch> found = embedder.Search("A GOOD film", texts, 3);
        found.Select(match => match.Index).Take(2).ShouldBe([1, 3]);
        found[0].Similarity.ShouldBe(1, 1e-5f);
        found.Count.ShouldBe(3);
        found[2].Similarity.ShouldBeLessThan(found[1].Similarity);
        Should.Throw<ArgumentOutOfRangeException>(() => embedder.Search("a", texts, 0));
    }

    [Fact]
    public void What_cannot_embed_is_refused_with_what_could()
    {
        TinyBert.Write(folder["bert"]);
        Should.Throw<ArgumentException>(() => TextEmbedder.Load(folder["bert"], "max")).Message.ShouldContain("mean, cls");
        TextClassifierOptions quick = new() { Training = new TrainingOptions { EpochCount = 1 }, Baseline = false };
        TextClassifier.Train(TinyBert.Data(40, 1), TinyBert.Data(20, 2), quick with { Network = new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4 } }).Save(folder["blstm"]);
        Should.Throw<InputException>(() => TextEmbedder.Load(folder["blstm"])).Message.ShouldContain("recurrent network");
        TransformerClassifierConfig small = new() { Encoder = new TransformerConfig { Size = 8, LayerCount = 1, HeadCount = 2, Position = "rope" } };
        TextClassifier.Train(TinyBert.Data(40, 1), TinyBert.Data(20, 2), quick with { Network = small }).Save(folder["ours"]);
        TextEmbedder.Load(folder["ours"]).Embed("a film").Length.ShouldBe(8);
        TextEmbedder.Load(folder["ours"]).Embed("").ShouldAllBe(x => x == 0);
        Should.Throw<ArgumentException>(() => TextEmbedder.Load(folder["ours"], "cls")).Message.ShouldContain("take the pooling mean");
    }
}
