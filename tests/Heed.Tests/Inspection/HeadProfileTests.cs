namespace Heed.Tests.Inspection;

public sealed class HeadProfileTests
{
    [Fact]
    public void Every_head_has_a_profile_and_only_decoders_have_induction()
    {
        TransformerConfig config = new() { Size = 8, HeadCount = 2, LayerCount = 3, MaximumLength = 12, Dropout = 0 };
        TransformerLanguageModel decoder = new(config with { IsCausal = true }, 20);
        decoder.Initialize(1);
        IReadOnlyList<HeadProfile> heads = HeadProfile.Of(decoder, new[] { 1, 2, 3, 4 });
        heads.Select(h => (h.Layer, h.Head)).ShouldBe([.. Enumerable.Range(0, 6).Select(i => ($"transformer.layer{i / 2}.attention", i % 2))]);
        heads.ShouldAllBe(h => h.Entropy > 0 && h.Entropy <= Math.Log(4) && h.FirstTokenMass > 0 && h.MeanDistance > 0 && h.PreviousTokenScore > 0 && h.InductionScore > 0 && h.InductionScore < 1);
        Transformer encoder = new(config, 20);
        encoder.Initialize(1);
        HeadProfile.Of(encoder, new[] { 1, 2, 3, 4 }).ShouldAllBe(h => double.IsNaN(h.InductionScore));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 5)]
    [InlineData(true, 5)]
    public void What_the_kernel_says_of_heads_is_what_their_matrices_say(bool isCausal, int window)
    {
        Transformer model = new(new TransformerConfig { Size = 12, HeadCount = 3, LayerCount = 2, MaximumLength = 200, Dropout = 0, Position = "rope", IsCausal = isCausal, Window = window }, 20);
        model.Initialize(3);
        // Two sequences with padding before one and behind the other; longer than a tile.
        int[] ids = [.. Enumerable.Range(0, 2 * 150).Select(i => (i * 7) % 19)];
        SequenceRanges ranges = new(new[] { 150, 131 }, new[] { 0, 19 });
        HeadProfile[] found = [.. HeadProfile.Of(model, pass => model.Forward(ids, ranges, pass).States)];
        AttentionCapture capture = new(model);
        Step.Evaluate(pass => model.Forward(ids, ranges, pass).States, request: capture);
        found.Length.ShouldBe(6);
        foreach (CapturedAttention layer in capture.Results)
        {
            (double[] entropy, double[] distance, double[] first, double[] previous) = (HeadStatistics.Entropy(layer), HeadStatistics.MeanDistance(layer), HeadStatistics.FirstTokenMass(layer), HeadStatistics.PreviousTokenScore(layer));
            for (int h = 0; h < 3; h++)
            {
                HeadProfile profile = found.Single(p => p.Layer == layer.Name && p.Head == h);
                profile.Entropy.ShouldBe(entropy[h], 1e-5);
                profile.MeanDistance.ShouldBe(distance[h], 1e-4);
                profile.FirstTokenMass.ShouldBe(first[h], 1e-6);
                profile.PreviousTokenScore.ShouldBe(previous[h], 1e-6);
                profile.Received.ShouldBeEmpty("keys of two sequences are not the same tokens");
            }
        }
        AttentionCapture alone = new(model) { Layers = [1], Heads = [2] };
        Step.Evaluate(pass => model.Forward(ids[..150], SequenceRanges.Full(1, 150), pass).States, request: alone);
        IReadOnlyList<float> received = HeadProfile.Of(model, ids[..150]).Single(p => p.Layer == alone.Results[0].Name && p.Head == 2).Received;
        for (int key = 0; key < 150; key++)
            ((double)received[key]).ShouldBe(Enumerable.Range(0, 150).Average(row => (double)alone.Results[0].Row(0, 0, row)[key]), 1e-6);
    }

    [Fact]
    public void Induction_is_what_the_matrices_say()
    {
        TransformerLanguageModel decoder = new(new TransformerConfig { Size = 8, HeadCount = 2, LayerCount = 2, MaximumLength = 40, Dropout = 0, IsCausal = true }, 30);
        decoder.Initialize(1);
        int[] random = [.. Enumerable.Range(0, 4).SelectMany(i => HeadStatistics.RepeatedTokens(30, 20, 1 + (ulong)i))];
        Dictionary<string, double[]> scores = [];
        AttentionCapture capture = new(decoder) { Receiver = layer => scores[layer.Name] = HeadStatistics.InductionScore(layer, 20) };
        Step.Evaluate(pass => decoder.Transformer.Forward(random, SequenceRanges.Full(4, 40), pass).States, request: capture);
        foreach (HeadProfile head in HeadProfile.Of(decoder, new[] { 1, 2, 3 }))
            head.InductionScore.ShouldBe(scores[head.Layer][head.Head], 1e-6);
    }
}
