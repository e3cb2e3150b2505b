namespace Heed.Experiments;

/// <summary>A memory network on generated stories of one of three tasks.</summary>
internal abstract class MemoryExperiment(int task, int longest, double allowed) : IExperiment
{
    private const int Batch = 64, Explained = 200;
    private static readonly string[] methods = ["attention", "attention:view0", "attention:view1", "attention:view2", "gradient-input", "integrated-gradients", "smoothgrad", "occlusion"];

    public string Name => FormattableString.Invariant($"memory-{task}");

    public string Summary => FormattableString.Invariant($"stories that need {task} facts, up to {longest} statements; error under {allowed:P0}");

    public void Run(ExperimentOptions options)
    {
        MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = Stories.VocabularySize, EmbeddingSize = 40, Hops = 3, MaximumSentences = longest });
        network.Initialize(options.Seed);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(options.Seed, "stories");
        int epochs = options.Epochs > 0 ? options.Epochs : 30, steps = 200 * epochs, linear = steps / 6;
        double rate = options.Rate > 0 ? options.Rate : 5e-3, before = ExperimentLine.ProcessorSeconds, loss = 0;
        for (int step = 1; step <= steps; step++)
        {
            RandomStream own = random.Fork((ulong)step);
            (StoryBatch stories, int[] answers, _) = Stories.Draw(task, Batch, longest, own, gaps: 0.1);
            // The linear start of the paper: without softmax the hops find their way more easily.
            loss += Step.Train(own, step, pass => Tensor.CrossEntropy(network.Forward(stories, pass, linear: step <= linear).Logits, answers)) / 200;
            optimizer.Step(learningRate: rate * Math.Min(1, 1.5 * (steps - step + 1) / steps), clipNorm: step <= linear ? 1 : 5);
            if (step % 200 != 0)
                continue;
            Console.Error.WriteLine(FormattableString.Invariant($"step {step} of {steps}{(step <= linear ? " (linear)" : "")}: loss {loss:F4}, error {Error(network, 5).Error:P2}, {ExperimentLine.ProcessorSeconds - before:F0} s"));
            loss = 0;
        }
        (double error, double[] supported) = Error(network, 50);
        ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["error"] = error,
            ["allowed"] = allowed,
            ["weight_on_supporting_facts_by_hop"] = supported.Select(s => Math.Round(s, 3)).ToArray(),
            ["story"] = Shown(network),
            ["steps"] = steps,
            ["parameters"] = network.ParameterCount,
            ["processor_seconds"] = Math.Round(ExperimentLine.ProcessorSeconds - before, 1),
        });
        Explain(network, options);
    }

    // Whether the hops, and other methods, put a supporting fact first, and are faithful; a line for each.
    private void Explain(MemoryNetwork network, ExperimentOptions options)
    {
        (ExplainedInput[] inputs, int[][] supports) = (new ExplainedInput[Explained], new int[Explained][]);
        for (int n = 0; n < Explained; n++)
        {
            (StoryBatch story, _, int[][] support) = Stories.Draw(task, 1, longest, new RandomStream(98, "explained").Fork((ulong)n));
            string[] sentences = [.. Enumerable.Range(0, story.Sentences[0]).Select(s => Stories.Text(story.Words.AsSpan(s * Stories.WordsOfSentence, Stories.WordsOfSentence)))];
            (inputs[n], supports[n]) = (network.Explaining(Stories.Words, sentences, Stories.Text(story.Questions)), [.. support[0].Distinct()]);
        }
        PlantedLines.Append(options, Name, "memory network", inputs, supports, new ExplanationOptions { Methods = methods, Seed = options.Seed });
        foreach (string kind in new[] { "uniform", "permute" })
        {
            AttentionIntervention changed = AttentionIntervention.Measure(inputs, kind, seed: options.Seed);
            ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal) { ["hops"] = kind, ["change"] = changed.Change.Value, ["lost"] = changed.Lost.Value });
        }
    }

    private (double Error, double[] Supported) Error(MemoryNetwork network, int batches)
    {
        int wrong = 0;
        double[] supported = new double[3];
        for (int n = 0; n < batches; n++)
        {
            (StoryBatch stories, int[] answers, int[][] support) = Stories.Draw(task, Batch, longest, new RandomStream(99, "test").Fork((ulong)n));
            (float[] logits, float[][] hops) = Step.Evaluate(pass =>
            {
                (Tensor l, IReadOnlyList<Tensor> h) = network.Forward(stories, pass);
                return (l.ToArray(), h.Select(x => x.ToArray()).ToArray());
            });
            for (int i = 0; i < Batch; i++)
            {
                wrong += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits.AsSpan(i * Stories.VocabularySize, Stories.VocabularySize)) == answers[i] ? 0 : 1;
                int most = hops[0].Length / Batch;
                for (int k = 0; k < hops.Length; k++)
                    supported[k] += support[i].Distinct().Sum(s => hops[k][(i * most) + s]) / (batches * Batch);
            }
        }
        return ((double)wrong / (batches * Batch), supported);
    }

    // One story with the weights of the three hops at each sentence.
    private string[] Shown(MemoryNetwork network)
    {
        (StoryBatch stories, int[] answers, _) = Stories.Draw(task, 1, longest, new RandomStream(7, "shown"));
        float[][] hops = Step.Evaluate(pass => network.Forward(stories, pass).HopWeights.Select(h => h.ToArray()).ToArray());
        return [.. Enumerable.Range(0, stories.Sentences[0]).Select(s => FormattableString.Invariant($"{hops[0][s]:F2} {hops[1][s]:F2} {hops[2][s]:F2} {Stories.Text(stories.Words.AsSpan(s * Stories.WordsOfSentence, Stories.WordsOfSentence))}")),
            Stories.Text(stories.Questions) + "? " + Stories.Text(answers)];
    }
}

internal sealed class OneFact() : MemoryExperiment(1, 10, 0.05);

internal sealed class TwoFacts() : MemoryExperiment(2, 16, 0.15);

internal sealed class ThreeFacts() : MemoryExperiment(3, 20, 0.25);
