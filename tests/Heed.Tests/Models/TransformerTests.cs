using Heed.Kernels;
using Heed.Tests.Attention;

namespace Heed.Tests.Models;

public sealed class TransformerTests
{
    private static readonly TransformerConfig Small = new() { Size = 8, HeadCount = 2, LayerCount = 2, InnerSize = 12, MaximumLength = 16, Dropout = 0 };

    private static readonly Dictionary<string, TransformerConfig> Forms = new(StringComparer.Ordinal)
    {
        ["encoder, pre-norm"] = Small,
        ["encoder as BERT"] = Small with { IsPreNorm = false, NormalizesEmbedding = true, SegmentCount = 2, Epsilon = 1e-12 },
        ["as published"] = Small with { IsPreNorm = false, Position = "sinusoidal", Activation = "relu", ScalesEmbedding = true },
        ["GPT-2"] = Small with { IsCausal = true, Activation = "gelu-tanh" },
        ["Llama"] = Small with { IsCausal = true, Norm = "rms", Position = "rope", Activation = "swiglu", HasBias = false, KeyValueHeadCount = 1 },
        ["everything"] = Small with { IsCausal = true, Position = "shaw", Activation = "geglu", Window = 3, SoftCap = 2, HasSinks = true, NormalizesHeads = true, HasGate = true, FirstPosition = 2 },
        ["alibi"] = Small with { IsCausal = true, Position = "alibi", Activation = "silu" },
    };

    public static TheoryData<string> Names => [.. Forms.Keys];

    public static TheoryData<string> CausalNames => [.. Forms.Where(f => f.Value.IsCausal).Select(f => f.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_agree_with_differences(string name)
    {
        Transformer model = new(Forms[name], 11);
        model.Initialize(2);
        SequenceRanges ranges = new(new[] { 4, 2 }, new[] { 0, 1 });
        GradientCheck.Run([.. MultiHeadAttentionTests.WithoutKeyBias(model)], pass => model.Forward(new[] { 1, 5, 1, 10, 0, 7, 3, 0 }, ranges, pass).States.WithoutPadding(ranges).Tanh()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Gradients_of_a_decoder_over_a_memory_agree_with_differences()
    {
        Transformer model = new(Small with { IsCausal = true }, 11, memorySize: 6);
        model.Initialize(2);
        Parameter memory = new(new Shape(2, 3, 6), Initializer.Normal(1));
        memory.Initialize(new RandomStream(1, "memory"));
        SequenceRanges ranges = new(new[] { 4, 2 }), keys = new(new[] { 3, 1 });
        GradientCheck.Run(
            [("memory", memory), .. MultiHeadAttentionTests.WithoutKeyBias(model)],
            pass => model.Forward(new[] { 1, 5, 1, 10, 2, 7, 0, 0 }, ranges, pass, memory: pass.Use(memory), memoryRanges: keys).States.WithoutPadding(ranges).Tanh()).ShouldBeGreaterThan(0);
    }

    [Theory]
    [MemberData(nameof(CausalNames))]
    public void A_cache_gives_the_bits_of_the_whole_in_a_batch_of_unequal_lengths(string name)
    {
        TransformerLanguageModel model = new(Forms[name], 11, isTied: name != "Llama");
        model.Initialize(4);
        int[][] texts = [[1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 1], [3]];
        // Prompts right-aligned, then three tokens one by one, each sequence its own.
        const int Longest = 7, New = 3;
        int[] starts = [.. texts.Select(t => Longest - t.Length)];
        int[][] more = [[2, 4, 6], [1, 1, 1], [9, 8, 7]];
        TransformerCache cache = Step.Evaluate(pass => model.Transformer.NewCache(3, Longest + New, pass, starts));
        int[] prompt = [.. texts.SelectMany(t => Enumerable.Repeat(0, Longest - t.Length).Concat(t))];
        List<float[]> steps = [Step.Evaluate(pass => model.Next(prompt, cache, pass)).Values.ToArray()];
        for (int i = 0; i < New; i++)
            steps.Add(Step.Evaluate(pass => model.Next(more.Select(m => m[i]).ToArray(), cache, pass)).Values.ToArray());
        for (int b = 0; b < texts.Length; b++)
        {
            int[] all = [.. texts[b], .. more[b]];
            float[] whole = Step.Evaluate(pass => model.Forward(all, new SequenceRanges(new[] { all.Length }), pass)).Values.ToArray();
            for (int i = 0; i <= New; i++)
                steps[i][(b * 11)..((b + 1) * 11)].ShouldBe(whole[((texts[b].Length - 1 + i) * 11)..((texts[b].Length + i) * 11)], $"{name}: sequence {b}, step {i}");
        }
    }

    [Fact]
    public void A_decoder_over_a_memory_gives_the_same_bits_from_its_cache_and_after_reordering()
    {
        Transformer model = new(Small with { IsCausal = true, Position = "rope" }, 11, memorySize: 6);
        model.Initialize(2);
        float[] memory = [.. Enumerable.Range(0, 2 * 3 * 6).Select(i => MathF.Sin(i))];
        SequenceRanges keys = new(new[] { 3, 2 });
        int[] ids = [1, 5, 1, 10, 2, 7, 3, 4];
        float[] whole = Step.Evaluate(pass => model.Forward(ids, new SequenceRanges(new[] { 4, 4 }), pass, memory: pass.Input(memory, new Shape(2, 3, 6)), memoryRanges: keys).States).Values.ToArray();
        TransformerCache cache = Step.Evaluate(pass => model.NewCache(2, 4, pass, memory: pass.Input(memory, new Shape(2, 3, 6)), memoryRanges: keys));
        float[] begun = Step.Evaluate(pass => model.Forward(new[] { 1, 5, 1, 2, 7, 3 }, cache, pass)).Values.ToArray();
        begun[..24].ShouldBe(whole[..24]);
        begun[24..].ShouldBe(whole[32..56]);
        cache.Reorder([1, 0]);
        float[] last = Step.Evaluate(pass => model.Forward(new[] { 4, 10 }, cache, pass)).Values.ToArray();
        last[..8].ShouldBe(whole[56..]);
        last[8..].ShouldBe(whole[24..32]);
    }

    // Hypotheses side by side over one memory: some leave with their source, the cache grows, and those of one source may not part.
    [Fact]
    public void Several_sequences_attend_to_one_memory_and_are_selected_with_it()
    {
        Transformer model = new(Small with { IsCausal = true }, 11, memorySize: 6);
        model.Initialize(2);
        float[] memory = [.. Enumerable.Range(0, 2 * 3 * 6).Select(i => MathF.Sin(i))];
        SequenceRanges keys = new(new[] { 3, 2 });
        TransformerCache cache = Step.Evaluate(pass => model.NewCache(4, 3, pass, memory: pass.Input(memory, new Shape(2, 3, 6)), memoryRanges: keys));
        Step.Evaluate(pass => model.Forward(new[] { 1, 5, 1, 2, 7, 3, 9, 9, 4, 2, 2, 6 }, cache, pass));
        TransformerCache second = cache.Select([3, 2], 5);
        float[] last = Step.Evaluate(pass => model.Forward(new[] { 8, 10 }, second, pass)).Values.ToArray();
        float[] whole = Step.Evaluate(pass => model.Forward(
            new[] { 2, 2, 6, 8, 9, 9, 4, 10 }, new SequenceRanges(new[] { 4, 4 }), pass,
            memory: pass.Input([.. memory[18..], .. memory[18..]], new Shape(2, 3, 6)), memoryRanges: new SequenceRanges(new[] { 2, 2 })).States).Values.ToArray();
        last[..8].ShouldBe(whole[24..32]);
        last[8..].ShouldBe(whole[56..]);
        (second.Batch, second.Capacity, second.Length, cache.Length).ShouldBe((2, 5, 4, 3));
        Should.Throw<ArgumentException>(() => cache.Reorder([0, 2, 3, 3])).Message.ShouldContain("sequences 0 and 1 attend to one sequence of the memory");
        Should.Throw<ArgumentException>(() => Step.Evaluate(pass => model.NewCache(3, 3, pass, memory: pass.Input(memory, new Shape(2, 3, 6))).Length)).Message.ShouldContain("do not divide");
    }

    [Fact]
    public void A_text_longer_than_the_model_reads_is_refused_by_name()
    {
        Transformer model = new(Small, 11);
        Should.Throw<ArgumentOutOfRangeException>(() => Step.Evaluate(pass => model.Forward(new int[17], new SequenceRanges(new[] { 17 }), pass).States)).Message.ShouldContain("the model reads 16");
    }

    [Fact]
    public void Weights_of_every_layer_come_when_asked()
    {
        Transformer model = new(Small, 11);
        TransformerResult none = Step.Evaluate(pass => model.Forward(new[] { 1, 2, 3 }, new SequenceRanges(new[] { 3 }), pass));
        none.Weights.ShouldBeEmpty();
        Shape[] shapes = Step.Evaluate(pass => model.Forward(new[] { 1, 2, 3 }, new SequenceRanges(new[] { 3 }), pass).Weights.Select(w => w.Shape).ToArray(), Capture.Weights);
        shapes.ShouldBe([new Shape(1, 2, 3, 3), new Shape(1, 2, 3, 3)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_small_model_learns_to_repeat(int threads)
    {
        int before = Workers.Degree;
        try
        {
            Workers.Degree = threads;
            TransformerLanguageModel model = new(Small with { IsCausal = true, Size = 32, HeadCount = 4, InnerSize = 64, Position = "rope" }, 8);
            model.Initialize(1);
            AdamW optimizer = new([.. model.NamedParameters().Select(p => p.Parameter)]);
            RandomStream random = new(1, "data");
            float loss = 0;
            for (int step = 0; step < 300; step++)
            {
                // Four tokens, then the same four again: the second half is foretold by looking back.
                int[] ids = new int[16 * 8];
                for (int i = 0; i < ids.Length; i++)
                    ids[i] = i % 8 < 4 ? random.Next(8) : ids[i - 4];
                int[] targets = [.. Enumerable.Range(0, ids.Length).Select(i => i % 8 is >= 3 and < 7 ? ids[i + 1] : -1)];
                loss = Step.Train(random.Fork((ulong)step), step, pass => model.Loss(ids, targets, SequenceRanges.Full(16, 8), pass));
                optimizer.Step(0.003, 1);
            }
            loss.ShouldBeLessThan(0.1f);
        }
        finally
        {
            Workers.Degree = before;
        }
    }
}
