namespace Heed.Benchmarks;

/// <summary>A training step of an encoder–decoder with the sizes of Multi30k, as bench/peers/torch_seq2seq.py does it, and beam search; random tokens.</summary>
internal sealed class TranslationGroup : IBenchmarkGroup
{
    private const int Batch = 64, Vocabulary = 6000, Longest = 16;

    public string Name => "translation";

    public int Order => 4;

    public void Run(BenchmarkRun run)
    {
        EncoderDecoderConfig config = new() { Dropout = 0 };
        Case(run, "seq2seq bahdanau additive", new EncoderDecoder(config, Vocabulary, Vocabulary));
        Case(run, "seq2seq luong general fed", new EncoderDecoder(config with { Decoder = "luong", Score = "general" }, Vocabulary, Vocabulary));
        Case(run, "seq2seq luong general", new EncoderDecoder(config with { Decoder = "luong", Score = "general", InputFeeding = false }, Vocabulary, Vocabulary));
        TransformerConfig stack = new() { LayerCount = 3, InnerSize = 512, Activation = "relu", Position = "sinusoidal", ScalesEmbedding = true, Dropout = 0 };
        Case(run, "seq2seq transformer", new TransformerEncoderDecoder(new() { Stack = stack }, Vocabulary, Vocabulary));
    }

    // Of a training step, forward and back.
    private static double Flops(SequenceToSequenceConfig config, double tokens)
    {
        if (config is EncoderDecoderConfig { HiddenSize: var hidden, EmbeddingSize: var embedding })
            return 3 * 2 * tokens * ((2.0 * 4 * hidden * (embedding + hidden)) + (4.0 * hidden * (embedding + (3 * hidden))) + ((double)hidden * Vocabulary));
        TransformerConfig stack = ((TransformerEncoderDecoderConfig)config).Stack;
        double size = stack.Size;
        return 3 * 2 * tokens * ((stack.LayerCount * ((12 * size * size) + (4 * size * stack.InnerSize))) + (size * Vocabulary));
    }

    private static void Case(BenchmarkRun run, string name, SequenceToSequence network)
    {
        if (!name.Contains(run.Options.Case, StringComparison.Ordinal))
            return;
        network.Initialize(1);
        // Lengths 16, 15, … 9, 16, …: as the peer.
        int[][] texts = [.. Enumerable.Range(0, Batch).Select(b => Enumerable.Range(0, Longest - (b % 8)).Select(t => 2 + (((b * 131) + (t * 7919)) % (Vocabulary - 2))).ToArray())];
        PairBatch batch = PairBatch.Create(texts, texts, [.. Enumerable.Range(0, Batch)]);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(1, "steps");
        long number = 0;
        double flops = Flops(network.Config, texts.Sum(t => (double)t.Length));
        run.Measure(name, "train", flops, () =>
        {
            Step.Train(random.Fork((ulong)number), number++, pass => network.Loss(batch, pass));
            optimizer.Step(1e-3, 1);
        });
        int[][] many = [.. Enumerable.Range(0, 8).SelectMany(_ => texts)];
        DecodingOptions options = new() { MaximumLength = 14 };
        run.Measure(name + " beam 5 of 512", "decode", 1, () => SequenceDecoder.Decode(network, many, options));
    }
}
