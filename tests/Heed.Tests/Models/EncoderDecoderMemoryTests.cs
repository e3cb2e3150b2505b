namespace Heed.Tests.Models;

/// <summary>Training steps and beam search of a recurrent encoder–decoder take memory once and give it back.</summary>
[Collection(MemoryCollection.Name)]
public sealed class EncoderDecoderMemoryTests
{
    private const int Words = 50;
    private const long Growth = 256 * 1024;

    [Theory]
    [InlineData("bahdanau", "additive", true)]
    [InlineData("luong", "general", false)]
    public void Training_steps_hold_no_more_after_many_than_after_a_few(string decoder, string score, bool extras)
    {
        EncoderDecoder network = Create(decoder, score, extras);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(1, "steps");
        int[][] sources = Sentences("sources", 64), targets = Sentences("targets", 64);
        // Batches of several shapes come again and again, as in training.
        PairBatch[] batches = [.. Enumerable.Range(0, 4).Select(b => PairBatch.Create(sources, targets, [.. Enumerable.Range(b * 16, 16)], extras ? sources : null))];
        long number = 0;
        void Once()
        {
            Step.Train(random, number, pass => network.Loss(batches[number % batches.Length], pass));
            number++;
            optimizer.Step(1e-3, clipNorm: 1);
        }
        // Blocks that other tests left serve smaller requests first, so it may take some rounds until each request finds its own.
        for (int n = 0; n < 32; n++)
            Once();
        long pool = TensorPool.AllocatedBytes;
        Flat(Once, warm: 0, count: 40);
        (TensorPool.AllocatedBytes - pool).ShouldBe(0, "what a step takes it gives back");
    }

    [Theory]
    [InlineData("bahdanau", "additive", true)]
    [InlineData("luong", "general", false)]
    public void Beam_search_of_many_sentences_holds_no_more_than_that_of_a_few(string decoder, string score, bool extras)
    {
        EncoderDecoder network = Create(decoder, score, extras);
        int[][] sources = Sentences("sources", 32);
        DecodingOptions options = new() { BeamSize = 5, MaximumLength = 12 };
        Flat(() => SequenceDecoder.Decode(network, sources, options, extras ? sources : null).Length.ShouldBe(sources.Length), warm: 4, count: 16);
    }

    private static void Flat(Action once, int warm, int count)
    {
        for (int n = 0; n < warm; n++)
            once();
        long held = GC.GetTotalMemory(forceFullCollection: true), used = TensorPool.UsedBytes;
        for (int n = 0; n < count; n++)
            once();
        (GC.GetTotalMemory(forceFullCollection: true) - held).ShouldBeLessThan(Growth);
        TensorPool.UsedBytes.ShouldBe(used);
    }

    private static EncoderDecoder Create(string decoder, string score, bool extras)
    {
        EncoderDecoder network = new(new EncoderDecoderConfig { EmbeddingSize = 24, HiddenSize = 24, AttentionSize = 16, Dropout = 0.1, Decoder = decoder, Score = score, Copy = extras, Coverage = extras }, Words, Words);
        network.Initialize(3);
        return network;
    }

    private static int[][] Sentences(string name, int count)
    {
        RandomStream random = new(2, name);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 3 + random.Next(10)).Select(_ => 2 + random.Next(Words - 2)).ToArray())];
    }
}
