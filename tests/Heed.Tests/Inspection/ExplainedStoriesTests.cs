using Heed.Testing;

namespace Heed.Tests.Inspection;

/// <summary>The same methods on memory networks, whose units are sentences.</summary>
public sealed class ExplainedStoriesTests : IDisposable
{
    private const string Question = "mary ?";
    private static readonly string[] words = ["", "mary", "john", "in", "kitchen", "garden", "office", "?"];
    private static readonly string[] story = ["mary in kitchen", "john in garden", "", "john in office"];
    private static readonly Lazy<MemoryNetwork> trained = new(Trained);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("adjacent")]
    [InlineData("layer-wise")]
    public void Views_are_the_weights_of_the_hops(string tying)
    {
        MemoryNetwork network = Create(tying);
        ExplainedInput input = network.Explaining(words, story, Question);
        float[][] hops = Step.Evaluate(pass => network.Forward(Batch(), pass).HopWeights.Select(hop => hop.ToArray()).ToArray());
        hops.Length.ShouldBe(3);
        input.Attention!.Views.Count.ShouldBe(3);
        IReadOnlyList<Explanation> all = ExplanationMethod.Explain(input, new() { Methods = ["attention:view0", "attention:view1", "attention:view2", "attention"] });
        for (int hop = 0; hop < 3; hop++)
            all[hop].Scores.ShouldBe(hops[hop]);
        all[3].Scores.ToArray().ShouldBe([.. Enumerable.Range(0, 4).Select(s => hops.Average(hop => hop[s]))], 1e-6);
        all[0].Ranges.Select(range => input.Source[range]).ShouldBe(story);
        input.Source.ShouldEndWith("\nmary ?");
        ExplanationMethod.NamesFor(input).ShouldBe(["attention", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"]);
    }

    [Theory]
    [InlineData("adjacent")]
    [InlineData("layer-wise")]
    public void The_value_is_the_log_odds_and_its_gradient_that_of_differences(string tying)
    {
        MemoryNetwork network = Create(tying);
        ExplainedInput input = network.Explaining(words, story, Question, "garden");
        float[] logits = Step.Evaluate(pass => network.Forward(Batch(), pass).Logits).ToArray();
        double p = Math.Exp(logits[5]) / logits.Sum(l => Math.Exp(l));
        (input.Label, input.Target).ShouldBe(("garden", "log odds of 'garden'"));
        input.Value.ShouldBe(Math.Log(p / (1 - p)), 1e-5);
        float[] at = input.Vectors;
        at.Length.ShouldBe((tying == "adjacent" ? 4 : 2) * 4 * 6);
        (double own, float[] gradient) = input.Gradients([at])[0];
        own.ShouldBe(input.Value, 1e-5);
        gradient.Count(g => g != 0).ShouldBe(at.Length);
        for (int i = 0; i < at.Length; i += 5)
        {
            float[] up = [.. at], down = [.. at];
            (up[i], down[i]) = (at[i] + 0.05f, at[i] - 0.05f);
            (double Value, float[] Gradient)[] two = input.Gradients([up, down]);
            ((double)gradient[i]).ShouldBe((two[0].Value - two[1].Value) / 0.1, 2e-3 + (0.02 * Math.Abs(gradient[i])));
        }
        // One element of each sentence in each memory: sums go to the sentence.
        double[] ones = new double[at.Length];
        for (int i = 0; i < ones.Length; i += 6)
            ones[i] = i / 6 % 4;
        input.SumByUnit(ones).ShouldBe([0, at.Length / 24, 2 * (at.Length / 24), 3 * (at.Length / 24)]);
    }

    // The baseline of zeros is the story with nothing in its sentences, so integrated gradients account for what emptying all of them changes.
    [Fact]
    public void A_baseline_of_zeros_is_the_story_of_empty_sentences()
    {
        ExplainedInput input = trained.Value.Explaining(words, story, Question);
        double empty = input.Without([[true, true, true, true]], "empty")[0];
        input.Gradients([input.BaselineVectors("zero")])[0].Value.ShouldBe(empty, 1e-4);
        Explanation paths = ExplanationMethod.Explain(input, new() { Methods = ["integrated-gradients"], Steps = 256 })[0];
        ((double)paths.Scores.Sum()).ShouldBe(input.Value - empty, 0.02 * Math.Abs(input.Value - empty));
    }

    [Fact]
    public void The_sentence_that_tells_is_first_and_without_it_the_answer_goes()
    {
        ExplainedInput input = trained.Value.Explaining(words, story, Question);
        input.Label.ShouldBe("kitchen");
        input.Answer(input.Value).ShouldBeGreaterThan(0.9);
        foreach (string removal in input.Removals)
        {
            double[] without = input.Without([[true, false, false, false], [false, true, false, false]], removal);
            input.Answer(without[0]).ShouldBeLessThan(0.5, removal);
            input.Answer(without[1]).ShouldBeGreaterThan(0.8, removal);
        }
        foreach (Explanation explanation in ExplanationMethod.Explain(input))
            explanation.Order()[0].ShouldBe(0, explanation.Method);
        input.Without([[true, true, true, true]], "delete")[0].ShouldBe(trained.Value.Explaining(words, [], Question, "kitchen").Value, 1e-5, "nothing is left of the story");
        // Without a sentence the story is one of the others, whose places count anew.
        input.Without([[false, true, true, false]], "delete")[0].ShouldBe(trained.Value.Explaining(words, [story[0], story[3]], Question, "kitchen").Value, 1e-5);
        FaithfulnessReport report = FaithfulnessReport.Measure([input, trained.Value.Explaining(words, [.. story.Reverse()], "john ?"), trained.Value.Explaining(words, story, "john ?")]);
        (report.Model, report.Removal).ShouldBe(("memory network", "delete"));
        report.Methods.Single(m => m.Method == "occlusion").ComprehensivenessGap.Value.ShouldBeGreaterThan(0.1);
    }

    [Fact]
    public void Hops_are_changed_by_force_and_traced_like_poolings()
    {
        MemoryNetwork network = trained.Value;
        ExplainedInput input = network.Explaining(words, story, Question);
        input.Under(module => new AttentionOverride(module, (_, _) => { }))!.Value.Value.ShouldBe(input.Value, 1e-5);
        List<int> rows = [];
        input.Under(module => new AttentionOverride(module, (weights, row) =>
        {
            rows.Add(row);
            weights.Length.ShouldBe(4);
        }));
        rows.ShouldBe([0, 1, 2]);
        AttentionOverride even = AttentionOverride.Uniform(network);
        Step.Evaluate(pass => network.Forward(Batch(), pass).HopWeights[1], request: even).ToArray().ShouldBe([0.25f, 0.25f, 0.25f, 0.25f], 1e-6);
        AttentionIntervention.Measure([input], "uniform").Change.Value.ShouldBeGreaterThan(0.05);
        input.WriteTrace(folder["trace"], TraceType.F32);
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        TraceLayer layer = trace.Layers.ShouldHaveSingleItem();
        (layer.Name, layer.Heads.Count, layer.Rows, layer.Keys, layer.RowTokens, layer.KeyTokens).ShouldBe(("hops", 3, 1, 4, "answer", null));
        trace.Tokens.ShouldBe(story);
        for (int hop = 0; hop < 3; hop++)
            trace.Read(0, hop).ShouldBe(input.Attention!.Views[hop]);
        input.Heads().Select(head => (head.Layer, head.Head)).ShouldBe([("hops", 0), ("hops", 1), ("hops", 2)]);
    }

    [Fact]
    public void A_batch_answers_captures_story_by_story()
    {
        MemoryNetwork network = Create("adjacent");
        AttentionCapture capture = new(network, hasPoolings: true);
        StoryBatch two = new([.. Batch().Words, 2, 3, 5, 1, 3, 4, 0, 0, 0, 0, 0, 0], [4, 2], [1, 7, 2, 7]);
        float[][] hops = Step.Evaluate(pass => network.Forward(two, pass).HopWeights.Select(hop => hop.ToArray()).ToArray(), request: capture);
        CapturedAttention seen = capture.Results.ShouldHaveSingleItem();
        for (int b = 0; b < 2; b++)
        {
            for (int hop = 0; hop < 3; hop++)
                seen.Row(b, hop, 0).ToArray().ShouldBe(hops[hop][(b * 4)..((b + 1) * 4)]);
        }
        seen.Row(1, 0, 0)[2..].ToArray().ShouldBe([0, 0]);
    }

    [Fact]
    public void What_the_network_does_not_know_is_named()
    {
        MemoryNetwork network = Create("adjacent");
        Should.Throw<ArgumentException>(() => network.Explaining(words, ["mary in kitchn"], Question)).Message.ShouldContain("sentence 1 has 'kitchn', which the network does not know. Did you mean 'kitchen'?");
        Should.Throw<ArgumentException>(() => network.Explaining(words, story, "who")).Message.ShouldContain("the question has 'who'");
        Should.Throw<ArgumentException>(() => network.Explaining(words, story, Question, "cellar")).Message.ShouldContain("the target has 'cellar'");
        Should.Throw<ArgumentException>(() => network.Explaining(words[1..], story, Question)).Message.ShouldContain("7 words came for a network that knows 8");
        Should.Throw<ShapeException>(() => network.Explaining(words, [.. Enumerable.Repeat("mary in kitchen", 7)], Question).Value).Message.ShouldContain("a story has 7 sentences");
        Should.Throw<InputException>(() => ExplanationMethod.Explain(network.Explaining(words, [], Question))).Message.ShouldContain("nothing to explain");
    }

    private static StoryBatch Batch() => new([1, 3, 4, 2, 3, 5, 0, 0, 0, 2, 3, 6], [4], [1, 7]);

    // Weights that were just drawn give logits near 0; larger ones attend.
    private static MemoryNetwork Create(string tying)
    {
        MemoryNetwork network = New(tying);
        network.Initialize(5);
        foreach ((_, Parameter parameter) in network.NamedParameters())
            parameter.Assign([.. parameter.Values.ToArray().Select(v => 4 * v)]);
        return network;
    }

    private static MemoryNetwork New(string tying) => new(new MemoryNetworkConfig { VocabularySize = 8, EmbeddingSize = 6, Hops = 3, MaximumSentences = 6, Tying = tying });

    // Somebody is where the last sentence about him says; stories of up to four sentences, some of them empty.
    private static MemoryNetwork Trained()
    {
        MemoryNetwork network = New("adjacent");
        network.Initialize(1);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(2, "stories");
        for (int step = 1; step <= 600; step++)
        {
            (int[] ids, int[] counts, int[] questions, int[] answers) = (new int[32 * 12], new int[32], new int[64], new int[32]);
            for (int i = 0; i < 32; i++)
            {
                counts[i] = 1 + random.Next(4);
                int[] asked = [-1, -1, -1];
                for (int s = 0; s < counts[i]; s++)
                {
                    (int person, int place) = (1 + random.Next(2), 4 + random.Next(3));
                    if (s > 0 && random.Next(4) == 0)
                        continue;
                    new[] { person, 3, place }.CopyTo(ids, (i * 12) + (s * 3));
                    asked[person] = place;
                }
                int who = asked[1] < 0 ? 2 : asked[2] < 0 ? 1 : 1 + random.Next(2);
                (questions[2 * i], questions[(2 * i) + 1], answers[i]) = (who, 7, asked[who]);
            }
            int most = counts.Max();
            int[] rectangle = [.. Enumerable.Range(0, 32).SelectMany(i => ids.AsSpan(i * 12, most * 3).ToArray())];
            Step.Train(random.Fork((ulong)step), step, pass => Tensor.CrossEntropy(network.Forward(new StoryBatch(rectangle, counts, questions), pass).Logits, answers));
            optimizer.Step(learningRate: 0.02, clipNorm: 5);
        }
        return network;
    }
}
