using Heed.Kernels;

namespace Heed.Tests.Decoding;

public sealed class TokenGeneratorTests
{
    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaximumTokens = 12 };

    [Theory]
    [InlineData("rope")]
    [InlineData("learned")]
    [InlineData("alibi")]
    public void Greedy_tokens_are_the_same_with_and_without_a_cache_and_alone_and_in_a_batch(string position)
    {
        TransformerLanguageModel model = Model(position);
        int[][] prompts = [[1, 2, 3, 4, 5], [9], [7, 7, 7, 1]];
        int[][] together = TokenGenerator.GenerateMany(model, prompts, Greedy);
        for (int b = 0; b < prompts.Length; b++)
        {
            new TokenGenerator(model).Generate(prompts[b], Greedy).ShouldBe(together[b]);
            List<int> slow = [.. prompts[b]];
            for (int i = 0; i < 12; i++)
            {
                int[] all = [.. slow];
                float[] logits = Step.Evaluate(pass => model.Forward(all, new SequenceRanges(new[] { all.Length }), pass)).Values[^23..].ToArray();
                slow.Add(Array.IndexOf(logits, logits.Max()));
            }
            slow[prompts[b].Length..].ShouldBe(together[b]);
        }
        together[0].Length.ShouldBe(12);
        together[0].Distinct().Count().ShouldBeGreaterThan(1);
    }

    [Fact]
    public void What_two_prompts_share_is_read_once_and_changes_no_token()
    {
        TransformerLanguageModel model = Model("rope");
        TokenGenerator generator = new(model);
        _ = generator.Generate([1, 2, 3, 4, 5], Greedy).ToArray();
        int[] second = [.. generator.Generate([1, 2, 3, 9], Greedy)];
        generator.ReusedTokens.ShouldBe(3);
        second.ShouldBe([.. new TokenGenerator(model).Generate([1, 2, 3, 9], Greedy)]);
    }

    [Fact]
    public void Writing_goes_on_where_the_context_is_full()
    {
        TransformerLanguageModel model = Model("rope");
        int[] tokens = [.. new TokenGenerator(model).Generate([1, 2], Greedy with { MaximumTokens = 100 })];
        tokens.Length.ShouldBe(100);
        // From there on as if the second half were the prompt.
        int[] history = [1, 2, .. tokens];
        int[] again = [.. new TokenGenerator(model).Generate(history[17..33], Greedy with { MaximumTokens = 10 })];
        again.ShouldBe(history[33..43]);
    }

    [Fact]
    public void A_cache_grows_with_the_tokens_and_changes_no_bit()
    {
        TransformerLanguageModel model = Model("alibi", 2000);
        GenerationOptions options = Greedy with { MaximumTokens = 700 };
        TokenGenerator generator = new(model);
        // GenerateMany takes all memory at once.
        generator.Generate([1, 2, 3], options).ShouldBe(TokenGenerator.GenerateMany(model, [[1, 2, 3]], options)[0]);
        int[] longer = [.. Enumerable.Range(0, 900).Select(i => i % 23)];
        generator.Generate(longer, Greedy).ShouldBe(TokenGenerator.GenerateMany(model, [longer], Greedy)[0]);

        TransformerLanguageModel large = Model("alibi", 1 << 20);
        long before = GC.GetTotalAllocatedBytes();
        _ = new TokenGenerator(large).Generate([1, 2, 3], Greedy).ToArray();
        (GC.GetTotalAllocatedBytes() - before).ShouldBeLessThan(large.Transformer.Config.CacheBytes(1 << 20) / 4);
    }

    [Fact]
    public void A_request_that_no_memory_holds_and_ids_of_another_vocabulary_are_refused_before()
    {
        TransformerLanguageModel huge = new(new TransformerConfig { Size = 4096, HeadCount = 4, LayerCount = 200, Position = "alibi", MaximumLength = 1 << 24, IsCausal = true }, 23);
        string message = Should.Throw<ArgumentException>(() => new TokenGenerator(huge).Generate([1], Greedy with { MaximumTokens = 1 << 24 })).Message;
        message.ShouldContain("16,777,216 tokens of prompt and answer take ");
        message.ShouldContain("write fewer tokens, or keep them as bfloat16");
        Should.Throw<ArgumentException>(() => TokenGenerator.GenerateMany(huge, [[1], [2]], Greedy with { MaximumTokens = 1 << 24 })).Message.ShouldContain("2 times");
        TransformerLanguageModel model = Model("rope");
        foreach (int id in new[] { -1, 23 })
        {
            Should.Throw<ArgumentException>(() => new TokenGenerator(model).Generate([1, id], Greedy)).Message.ShouldContain($"the id {id}, which is not in the vocabulary of 23 (0 … 22)");
            Should.Throw<ArgumentException>(() => Step.Evaluate(pass => model.Forward(new[] { 1, id }, SequenceRanges.Full(1, 2), pass))).Message.ShouldContain($"the id {id} is not in the vocabulary of 23 (0 … 22)");
        }
    }

    [Fact]
    public void Short_numbers_in_the_cache_give_nearly_the_same_logits()
    {
        TransformerLanguageModel model = Model("rope");
        float[] Last(KeyValueFormat format)
        {
            TransformerCache cache = Step.Evaluate(pass => model.Transformer.NewCache(1, 8, pass, format: format));
            _ = Step.Evaluate(pass => model.Next(new[] { 1, 2, 3, 4 }, cache, pass));
            return Step.Evaluate(pass => model.Next(new[] { 5 }, cache, pass)).Values.ToArray();
        }
        float[] full = Last(KeyValueFormat.Float32), half = Last(KeyValueFormat.BFloat16);
        half.ShouldNotBe(full);
        full.Zip(half, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(0.02f * full.Max(Math.Abs));
    }

    [Fact]
    public void Drawing_is_repeated_by_its_seed_and_cuts_leave_out_what_they_should()
    {
        TransformerLanguageModel model = Model("rope");
        GenerationOptions warm = Greedy with { Temperature = 1.5, MaximumTokens = 20 };
        int[] Write(GenerationOptions options) => [.. new TokenGenerator(model).Generate([1, 2, 3], options)];
        Write(warm).ShouldBe(Write(warm));
        Write(warm).ShouldNotBe(Write(warm with { Seed = 2 }));
        int[] greedy = Write(Greedy with { MaximumTokens = 20 });
        Write(warm with { TopK = 1 }).ShouldBe(greedy);
        Write(warm with { TopP = 1e-9 }).ShouldBe(greedy);
        Write(warm with { MinP = 1 }).ShouldBe(greedy);
        Write(warm with { Temperature = 1e-4 }).ShouldBe(greedy);
    }

    [Fact]
    public void Drawn_tokens_follow_the_distribution_under_each_cut()
    {
        float[] logits = [0, 1, 2, float.NegativeInfinity, 1.5f];
        double[] Shares(int topK, double topP, double minP)
        {
            RandomStream stream = new(1, "test");
            double[] counts = new double[5];
            for (int i = 0; i < 40_000; i++)
                counts[TokenDraw.From(logits, 1, topK, topP, minP, stream)] += 1 / 40_000.0;
            return counts;
        }
        double[] Expected(params int[] kept)
        {
            double sum = kept.Sum(i => Math.Exp(logits[i]));
            return [.. Enumerable.Range(0, 5).Select(i => kept.Contains(i) ? Math.Exp(logits[i]) / sum : 0)];
        }
        void Near(double[] got, double[] expected) => got.Zip(expected, (a, b) => Math.Abs(a - b)).Max().ShouldBeLessThan(0.01);
        Near(Shares(0, 1, 0), Expected(0, 1, 2, 4));
        Near(Shares(2, 1, 0), Expected(2, 4));
        Near(Shares(0, 0.6, 0), Expected(2, 4));
        Near(Shares(0, 1, 0.3), Expected(1, 2, 4));
        Near(Shares(3, 0.6, 0), Expected(2, 4));
        Near(Shares(3, 0.5, 0), Expected(2));
    }

    [Fact]
    public void A_penalty_keeps_from_repeating()
    {
        TransformerLanguageModel model = Model("rope");
        int[] plain = [.. new TokenGenerator(model).Generate([1, 2], Greedy with { MaximumTokens = 30 })];
        int[] punished = [.. new TokenGenerator(model).Generate([1, 2], Greedy with { MaximumTokens = 30, RepetitionPenalty = 100 })];
        punished.Distinct().Count().ShouldBeGreaterThan(plain.Distinct().Count());
    }

    [Fact]
    public void An_end_is_not_given_out_and_wrong_prompts_are_refused()
    {
        TransformerLanguageModel model = Model("rope");
        int[] plain = [.. new TokenGenerator(model).Generate([1, 2], Greedy)];
        int end = plain.First(t => t != plain[0]);
        int[] cut = [.. new TokenGenerator(model).Generate([1, 2], Greedy, new HashSet<int> { end })];
        cut.ShouldBe(plain[..Array.IndexOf(plain, end)]);
        Should.Throw<ArgumentException>(() => new TokenGenerator(model).Generate([], Greedy)).Message.ShouldContain("no token");
        Should.Throw<ArgumentException>(() => new TokenGenerator(model).Generate(new int[33], Greedy)).Message.ShouldContain("33 tokens, the model reads 32");
        Should.Throw<ArgumentException>(() => new TokenGenerator(model).Generate([1], Greedy with { TopP = 0 })).Message.ShouldContain("TopP");
    }

    private static TransformerLanguageModel Model(string position, int context = 32)
    {
        TransformerLanguageModel model = new(new TransformerConfig { Size = 16, HeadCount = 2, LayerCount = 2, MaximumLength = context, Position = position, IsCausal = true }, 23, isTied: false);
        model.Initialize(5);
        // Weights of a fresh model are small, and all tokens alike: let them differ.
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            if (name is "head.weight" || name.Contains("tokens", StringComparison.Ordinal))
                parameter.Assign([.. parameter.Values.ToArray().Select(v => v * 40)]);
        }
        return model;
    }
}
