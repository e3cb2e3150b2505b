using System.Text.Json;

namespace Heed.Tests.Models;

public sealed class MemoryNetworkTests
{
    // Two stories of three and one sentences of at most three words.
    private static readonly StoryBatch Stories = new([1, 2, 0, 3, 4, 5, 2, 1, 0, 5, 1, 3, 0, 0, 0, 0, 0, 0], [3, 1], [4, 1, 5, 0]);

    [Theory]
    [InlineData("adjacent", "position", false)]
    [InlineData("adjacent", "bag", true)]
    [InlineData("layer-wise", "position", false)]
    [InlineData("layer-wise", "position", true)]
    public void Gradients_agree_with_differences(string tying, string encoding, bool linear)
    {
        MemoryNetwork network = Create(tying, encoding);
        foreach ((_, Parameter p) in network.NamedParameters())
            p.Change(static (values, _) =>
            {
                foreach (ref float v in values)
                    v *= 4;
            }, 0);
        GradientCheck.Run(network.NamedParameters(), pass =>
        {
            (Tensor logits, IReadOnlyList<Tensor> hops) = network.Forward(Stories, pass, linear);
            return Tensor.Concatenate(logits.Tanh().Reshape(new Shape(logits.Length)), hops[1].Reshape(new Shape(hops[1].Length)));
        }).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("scaled-dot", "sparsemax", "adjacent")]
    [InlineData("general", "sigmoid", "layer-wise")]
    [InlineData("additive(4)", "entmax", "adjacent")]
    [InlineData("cosine(2)", "softmax-sink", "layer-wise")]
    [InlineData("distance", "entmax-learned", "adjacent")]
    [InlineData("biased-general", "top-k(2)", "adjacent")]
    [InlineData("activated-general", "local-p(2)", "layer-wise")]
    public void Score_and_distribution_are_chosen_by_name(string score, string distribution, string tying)
    {
        MemoryNetwork network = Create(tying, "position", score, distribution);
        GradientCheck.Run(network.NamedParameters(), pass =>
        {
            (Tensor logits, IReadOnlyList<Tensor> hops) = network.Forward(Stories, pass);
            return Tensor.Concatenate(logits.Tanh().Reshape(new Shape(logits.Length)), hops[1].Reshape(new Shape(hops[1].Length)));
        }).ShouldBeGreaterThan(0);
        // A story alone is as in the batch, and padding has no weight.
        (Tensor all, Tensor hop) = Step.Evaluate(pass =>
        {
            (Tensor l, IReadOnlyList<Tensor> hops) = network.Forward(Stories, pass);
            return (l, hops[1]);
        });
        hop.Values[4..].ToArray().ShouldBe([0, 0]);
        Step.Evaluate(pass => network.Forward(new StoryBatch([5, 1, 3], [1], [5, 0]), pass).Logits).ToArray().ShouldBe(all.Values[6..].ToArray());
    }

    [Theory]
    [InlineData("location(8)", "softmax", "the score 'location(8)' knows places alone and does not read the memories")]
    [InlineData("location-aware", "softmax", "reads the weights of earlier steps, and each hop asks anew; take dot, general")]
    [InlineData("dott", "softmax", "Did you mean 'dot'?")]
    [InlineData("dot", "hard", "learns by a loss of reinforcement, which this network does not add; take hard-straight-through")]
    [InlineData("dot", "monotonic", "never goes back")]
    [InlineData("dot", "local-m", "looks around the number of the step")]
    [InlineData("dot", "sofmax", "Did you mean 'softmax'?")]
    public void What_makes_no_sense_is_refused_with_the_reason(string score, string distribution, string why) =>
        Should.Throw<ArgumentException>(() => new MemoryNetwork(new MemoryNetworkConfig { VocabularySize = 4, Score = score, Distribution = distribution })).Message.ShouldContain(why);

    [Fact]
    public void Names_of_parameters_and_old_configurations_stay_valid()
    {
        Create("layer-wise", "bag").NamedParameters().Select(p => p.Name).Order(StringComparer.Ordinal)
            .ShouldBe(["answer.weight", "questions.weight", "state.weight", "times_0.weight", "times_1.weight", "words_0.weight", "words_1.weight"]);
        foreach (string json in new[] { """{"VocabularySize":6,"Hops":2}""", """{"VocabularySize":6,"Hops":2,"Score":null,"Distribution":null}""" })
        {
            MemoryNetworkConfig config = JsonSerializer.Deserialize<MemoryNetworkConfig>(json)!;
            (config.Hops, config.Score, config.Distribution).ShouldBe((2, "dot", "softmax"));
        }
    }

    [Fact]
    public void One_hop_is_what_the_formulas_say()
    {
        // d = 1, a bag of words: A = B = words_0, C = W = words_1.
        MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = 4, EmbeddingSize = 1, Hops = 1, MaximumSentences = 2, Encoding = "bag" });
        Assign(network, ("words_0.weight", [0, 1, 2, -1]), ("words_1.weight", [0, 0.5f, -0.5f, 2]), ("times_0.weight", [0.1f, 0.2f]), ("times_1.weight", [0.3f, -0.4f]));
        (Tensor logits, Tensor weights) = Step.Evaluate(pass =>
        {
            (Tensor l, IReadOnlyList<Tensor> hops) = network.Forward(new StoryBatch([1, 2, 3, 0], [2], [2]), pass);
            return (l, hops[0]);
        });
        // m = (1 + 2 + 0.2, −1 + 0.1), c = (0.5 − 0.5 − 0.4, 2 + 0.3), u = 2.
        double p = 1 / (1 + Math.Exp((2 * -0.9) - (2 * 3.2))), u = 2 + (p * -0.4) + ((1 - p) * 2.3);
        weights.Values[0].ShouldBe((float)p, 1e-6);
        logits.ToArray().ShouldBe([0, (float)(0.5 * u), (float)(-0.5 * u), (float)(2 * u)], 1e-5);
    }

    [Fact]
    public void Positions_weigh_words_as_the_paper_says()
    {
        // J = 2, d = 2: l_jk = (1 − j/J) − (k/d)(1 − 2j/J): word 1: ½ − 0, ½ − 0; word 2: 0 + k/d.
        MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = 3, EmbeddingSize = 2, Hops = 1, MaximumSentences = 1 });
        Assign(network, ("words_0.weight", [0, 0, 1, 10, 100, 1000]), ("words_1.weight", [0, 0, 1, 0, 0, 1]), ("times_0.weight", [0, 0]), ("times_1.weight", [0, 0]));
        // The memory's output is W¹ of an empty sentence, so logits are the question's two features.
        Tensor logits = Step.Evaluate(pass => network.Forward(new StoryBatch([0, 0], [1], [1, 2]), pass).Logits);
        logits.ToArray().ShouldBe([0, (float)(0.5 + 50), (float)(5 + 1000)], 1e-3);
    }

    [Theory]
    [InlineData("adjacent")]
    [InlineData("layer-wise")]
    public void Weights_sum_to_one_and_a_story_alone_is_as_in_the_batch(string tying)
    {
        MemoryNetwork network = Create(tying, "position");
        (Tensor logits, Tensor hop) = Step.Evaluate(pass =>
        {
            (Tensor l, IReadOnlyList<Tensor> hops) = network.Forward(Stories, pass);
            hops.Count.ShouldBe(2);
            return (l, hops[1]);
        });
        hop.Values[..3].ToArray().Sum().ShouldBe(1, 1e-5);
        hop.Values[3..].ToArray().ShouldBe([1, 0, 0]);
        Tensor alone = Step.Evaluate(pass => network.Forward(new StoryBatch([5, 1, 3], [1], [5, 0]), pass).Logits);
        alone.ToArray().ShouldBe(logits.Values[6..].ToArray());
    }

    [Fact]
    public void It_learns_where_somebody_is()
    {
        // Words: 1, 2 persons, 3, 4, 5 places: "person place" three times; where was the person last?
        MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = 6, EmbeddingSize = 8, Hops = 1, MaximumSentences = 4 });
        network.Initialize(1);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(2, "stories");
        for (int step = 1; step <= 400; step++)
        {
            (StoryBatch stories, int[] answers) = Where(random, 32);
            Step.Train(random.Fork($"step {step}"), step, pass => Tensor.CrossEntropy(network.Forward(stories, pass).Logits, answers));
            optimizer.Step(learningRate: 0.02, clipNorm: 5);
        }
        (StoryBatch test, int[] expected) = Where(new RandomStream(3, "test"), 200);
        float[] logits = Step.Evaluate(pass => network.Forward(test, pass).Logits).ToArray();
        Enumerable.Range(0, 200).Count(i => Array.IndexOf(logits, logits.AsSpan(i * 6, 6).ToArray().Max(), i * 6, 6) - (i * 6) == expected[i]).ShouldBeGreaterThan(180);
    }

    [Fact]
    public void Wrong_input_is_refused()
    {
        MemoryNetwork network = Create("adjacent", "position");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => network.Forward(new StoryBatch(new int[10], [5], [1]), pass).Logits)).Message.ShouldContain("a story has 5 sentences, but the temporal encoding knows 4");
        Should.Throw<ShapeException>(() => Step.Evaluate(pass => network.Forward(new StoryBatch(new int[10], [3], [1]), pass).Logits)).Message.ShouldContain("no rectangles for 1 stories");
        Should.Throw<ArgumentException>(() => new MemoryNetwork(new MemoryNetworkConfig { VocabularySize = 3, Tying = "layerwise" })).Message.ShouldContain("Did you mean 'layer-wise'?");
        Should.Throw<ArgumentException>(() => new MemoryNetwork(new MemoryNetworkConfig { VocabularySize = 1 })).Message.ShouldContain("VocabularySize must be in 2");
    }

    private static (StoryBatch Stories, int[] Answers) Where(RandomStream random, int count)
    {
        (int[] words, int[] questions, int[] answers) = (new int[count * 6], new int[count], new int[count]);
        for (int i = 0; i < count; i++)
        {
            for (int s = 0; s < 3; s++)
                (words[(i * 6) + (2 * s)], words[(i * 6) + (2 * s) + 1]) = (1 + random.Next(2), 3 + random.Next(3));
            questions[i] = words[(i * 6) + (2 * random.Next(3))];
            for (int s = 0; s < 3; s++)
            {
                if (words[(i * 6) + (2 * s)] == questions[i])
                    answers[i] = words[(i * 6) + (2 * s) + 1];
            }
        }
        return (new StoryBatch(words, [.. Enumerable.Repeat(3, count)], questions), answers);
    }

    private static void Assign(Module module, params (string Name, float[] Values)[] weights)
    {
        foreach ((string name, Parameter parameter) in module.NamedParameters())
            parameter.Assign(weights.Single(w => w.Name == name).Values);
    }

    private static MemoryNetwork Create(string tying, string encoding, string score = "dot", string distribution = "softmax")
    {
        MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = 6, EmbeddingSize = 3, Hops = 2, MaximumSentences = 4, Tying = tying, Encoding = encoding, Score = score, Distribution = distribution });
        network.Initialize(5);
        return network;
    }
}
