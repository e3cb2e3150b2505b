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
        // Any layer and head, though no matrix is kept: the same as what is read from a capture of those rows that the answer reads.
        Explanation head = ExplanationMethod.Explain(input, new() { Methods = ["attention:0.1"] })[0];
        head.Notes[0].ShouldContain("head 1");
        ((double)head.Scores.Sum()).ShouldBeInRange(0.9, 1.0001);
        AttentionCapture capture = new(model.Network) { Layers = [0], Heads = [1] };
        int[] ids = model.Encoder.Encode(text).Ids;
        Step.Evaluate(pass => model.Network.Forward(ids, SequenceRanges.Full(1, ids.Length), pass).Logits, request: capture);
        InputAttention seen = input.Attention!;
        double[] expected = new double[2500];
        for (int row = 0; row < seen.Readers.Count; row++)
        {
            for (int position = 0; seen.Readers[row] != 0 && position < seen.Readers.Count; position++)
            {
                if (seen.UnitOfPosition[position] is >= 0 and int unit)
                    expected[unit] += (double)seen.Readers[row] * capture.Results[0].Row(0, 0, row)[position];
            }
        }
        for (int unit = 0; unit < 2500; unit += 7)
            ((double)head.Scores[unit]).ShouldBe(expected[unit], 1e-7);
        Should.Throw<ArgumentException>(() => ExplanationMethod.Explain(input, new() { Methods = ["attention:2.0"] })).Message.ShouldContain("the model has 2, from 0");
        Should.Throw<ArgumentException>(() => ExplanationMethod.Explain(input, new() { Methods = ["value-norm:0"] })).Message.ShouldContain("2048 at most");
        HeadProfile[] heads = [.. input.Heads()];
        heads.Length.ShouldBe(pooling == "cls" ? 4 : 5, "two layers of two heads, and the pooling");
        // One token over and over: all keys look alike, but for where they stand.
        heads.ShouldAllBe(h => h.Entropy > 7 && h.Entropy < Math.Log(2502) && h.Received.Count == (pooling == "cls" ? 2501 : 2500));
        Should.Throw<ArgumentException>(() => ExplanationMethod.Explain(input, new() { Methods = ["rollout"] })).Message.ShouldContain("2048 at most");
    }
}
