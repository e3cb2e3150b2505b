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
}
