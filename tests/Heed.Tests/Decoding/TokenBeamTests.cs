namespace Heed.Tests.Decoding;

public sealed class TokenBeamTests
{
    private const int Vocabulary = 5;
    private static readonly int[] Prompt = [1, 3];
    private static readonly GenerationOptions Wide = new() { BeamSize = 250, MaximumTokens = 3 };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_beam_that_holds_all_finds_the_best_of_all(double penalty)
    {
        TransformerLanguageModel model = Model();
        const int End = 2;
        int[] found = [.. new TokenGenerator(model).Generate(Prompt, Wide with { LengthPenalty = penalty }, new HashSet<int> { End })];
        int[] best = [];
        double most = double.NegativeInfinity;
        foreach (int[] ids in Texts(End))
        {
            double score = LogProbability(model, ids) / Math.Pow((5 + ids.Length) / 6.0, penalty);
            if (score > most)
                (most, best) = (score, ids);
        }
        found.ShouldBe(best[^1] == End ? best[..^1] : best);
    }

    [Fact]
    public void More_hypotheses_find_what_is_at_least_as_probable_and_one_is_greedy()
    {
        TransformerLanguageModel model = Model();
        GenerationOptions options = new() { BeamSize = 4, MaximumTokens = 6 };
        double greedy = LogProbability(model, [.. new TokenGenerator(model).Generate(Prompt, options with { BeamSize = 1, Temperature = 0 })]);
        double beam = LogProbability(model, [.. new TokenGenerator(model).Generate(Prompt, options)]);
        beam.ShouldBeGreaterThan(greedy);
    }

    [Fact]
    public void Answers_are_the_same_alone_among_others_and_behind_what_was_read_before()
    {
        TransformerLanguageModel model = Model();
        GenerationOptions options = new() { BeamSize = 3, MaximumTokens = 8 };
        int[][] prompts = [[1, 3, 2], [4], [1, 3, 0, 0, 2]];
        int[][] together = TokenGenerator.GenerateMany(model, prompts, options);
        TokenGenerator generator = new(model);
        for (int i = 0; i < prompts.Length; i++)
        {
            new TokenGenerator(model).Generate(prompts[i], options).ShouldBe(together[i]);
            generator.Generate(prompts[i], options).ShouldBe(together[i]);
        }
        _ = generator.Generate([1, 3, 0, 0, 4], options).ToArray();
        generator.ReusedTokens.ShouldBe(4);
    }

    [Fact]
    public void The_context_ends_the_writing_and_a_penalty_keeps_from_repeating()
    {
        TransformerLanguageModel model = Model();
        GenerationOptions options = new() { BeamSize = 3, MaximumTokens = 50 };
        new TokenGenerator(model).Generate(Prompt, options).Count().ShouldBe(14);
        new TokenGenerator(model).Generate(new int[16], options).ShouldBeEmpty();
        int[] plain = [.. new TokenGenerator(model).Generate(Prompt, options)], punished = [.. new TokenGenerator(model).Generate(Prompt, options with { RepetitionPenalty = 50 })];
        punished.Distinct().Count().ShouldBeGreaterThan(plain.Distinct().Count());
    }

    // All texts of three tokens, and all shorter ones that end.
    private static IEnumerable<int[]> Texts(int end)
    {
        List<int[]> open = [[]];
        for (int length = 1; length <= 3; length++)
        {
            int[][] longer = [.. open.SelectMany(text => Enumerable.Range(0, Vocabulary).Select(id => (int[])[.. text, id]))];
            open = [.. longer.Where(text => text[^1] != end)];
            foreach (int[] text in longer.Where(text => text[^1] == end || length == 3))
                yield return text;
        }
    }

    private static double LogProbability(TransformerLanguageModel model, int[] ids)
    {
        int[] all = [.. Prompt, .. ids];
        float[] logs = Step.Evaluate(pass => model.Forward(all, new SequenceRanges(new[] { all.Length }), pass).Reshape(new Shape(all.Length, Vocabulary)).LogSoftmax()).ToArray();
        return ids.Select((id, i) => (double)logs[((Prompt.Length - 1 + i) * Vocabulary) + id]).Sum();
    }

    private static TransformerLanguageModel Model()
    {
        TransformerLanguageModel model = new(new TransformerConfig { Size = 16, HeadCount = 2, LayerCount = 2, MaximumLength = 16, Position = "rope", IsCausal = true, Dropout = 0 }, Vocabulary, isTied: false);
        model.Initialize(5);
        // Weights of a fresh model are small, and all tokens alike: let them differ.
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            if (name is "head.weight" || name.Contains("tokens", StringComparison.Ordinal))
                parameter.Assign([.. parameter.Values.ToArray().Select(v => v * 12)]);
        }
        return model;
    }
}
