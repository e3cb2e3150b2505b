using Heed.Tests.Tasks;

namespace Heed.Tests.Inspection;

/// <summary>Texts of which no whole matrix of attention is kept.</summary>
public sealed class LongExplanationTests
{
    [Theory]
    [InlineData("cls")]
    [InlineData("additive")]
    public void Long_texts_are_explained_by_what_does_not_grow_with_their_square(string pooling)
    {
        TransformerConfig encoder = new() { Size = 16, LayerCount = 2, HeadCount = 2, InnerSize = 32, Position = "rope", MaximumLength = 4096, Dropout = 0 };
        TextClassifier model = TextClassifier.Train(TextClassifierTests.Data(60, 1), TextClassifierTests.Data(20, 2), new TextClassifierOptions
        {
            Network = new TransformerClassifierConfig { Encoder = encoder, Pooling = pooling, AttentionSize = 8 }, Baseline = false, Training = new TrainingOptions { EpochCount = 1, BatchSize = 16 },
            Tokens = new TextEncoderOptions { MaximumLength = 4000 },
        });
        string text = string.Join(' ', Enumerable.Repeat("film", 2500));
        ExplainedInput input = model.Explaining(new TextRow(text, null, 0));
        IReadOnlyList<string> names = ExplanationMethod.NamesFor(input);
        names.ShouldBe(pooling == "cls" ? ["attention", "gradient-input", "integrated-gradients", "smoothgrad"] : ["attention", "value-norm", "gradient-input", "integrated-gradients", "smoothgrad"]);
        Explanation attention = ExplanationMethod.Explain(input, new() { Methods = ["attention"] })[0];
        attention.Scores.Count.ShouldBe(2500);
        // All of it, but for the share of the class token.
        ((double)attention.Scores.Sum()).ShouldBeInRange(0.9, 1.0001);
        HeadProfile[] heads = [.. input.Heads()];
        heads.Length.ShouldBe(pooling == "cls" ? 4 : 5, "two layers of two heads, and the pooling");
        // One token over and over: all keys look alike, but for where they stand.
        heads.ShouldAllBe(h => h.Entropy > 7 && h.Entropy < Math.Log(2502) && h.Received.Count == (pooling == "cls" ? 2501 : 2500));
        Should.Throw<ArgumentException>(() => ExplanationMethod.Explain(input, new() { Methods = ["rollout"] })).Message.ShouldContain("2048 at most");
    }
}
