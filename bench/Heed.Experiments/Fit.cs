using System.Diagnostics;

namespace Heed.Experiments;

/// <summary>Trains a module on digits and measures it: AdamW, warm-up of a twentieth, then a cosine to 0, new distortions in every round.</summary>
internal sealed class Fit(Digits train, Digits test, Placement placement, ExperimentOptions options)
{
    /// <summary>The loss of a batch of pictures (batch, 60, 60, 1).</summary>
    public delegate Tensor LossOf(Tensor pictures, int[] labels, in Pass pass);

    /// <summary>Logits (batch, 10) of pictures.</summary>
    public delegate Tensor LogitsOf(Tensor pictures, in Pass pass);

    /// <summary>Trains for so many epochs; returns the test accuracy and the seconds of training.</summary>
    public (double Accuracy, double Seconds) Run(Module model, LossOf loss, LogitsOf logits, int epochs, double rate)
    {
        model.Initialize(options.Seed);
        AdamW optimizer = new(model.NamedParameters().Select(p => p.Parameter), weightDecay: 1e-4);
        Canvas canvas = new(train, placement, options.Seed);
        RandomStream steps = new(options.Seed, "steps");
        int perEpoch = train.Count / options.Batch, total = perEpoch * epochs;
        int[] order = [.. Enumerable.Range(0, train.Count)];
        float[] pictures = new float[options.Batch * Canvas.Pixels];
        Stopwatch clock = Stopwatch.StartNew();
        double testSeconds = 0, accuracy = 0;
        for (int epoch = 1, step = 0; epoch <= epochs; epoch++)
        {
            steps.Fork("order").Fork((ulong)epoch).Shuffle<int>(order);
            double sum = 0;
            for (int i = 0; i < perEpoch; i++, step++)
            {
                int[] chosen = order[(i * options.Batch)..((i + 1) * options.Batch)];
                int[] labels = [.. chosen.Select(digit => train.Labels[digit])];
                canvas.Draw(chosen, epoch, pictures);
                sum += Step.Train(steps.Fork((ulong)step), step, pass => loss(pass.Input(pictures, new Shape(options.Batch, Canvas.Size, Canvas.Size, 1)), labels, pass));
                double warm = Math.Min(1, (step + 1) / (0.05 * total)), cosine = 0.5 * (1 + Math.Cos(Math.PI * step / total));
                optimizer.Step(rate * warm * cosine, clipNorm: 5);
            }
            double before = clock.Elapsed.TotalSeconds;
            accuracy = Accuracy(logits);
            testSeconds += clock.Elapsed.TotalSeconds - before;
            Console.Error.WriteLine(FormattableString.Invariant($"epoch {epoch} of {epochs}: loss {sum / perEpoch:F4}, test accuracy {accuracy:P2}, {clock.Elapsed.TotalSeconds:F0} s"));
        }
        return (accuracy, clock.Elapsed.TotalSeconds - testSeconds);
    }

    private double Accuracy(LogitsOf logits)
    {
        const int Batch = 500;
        // The distortions of the test set have a seed of their own, the same for every run.
        Canvas canvas = new(test, placement, 0);
        int right = 0;
        for (int first = 0; first < test.Count; first += Batch)
        {
            int[] chosen = [.. Enumerable.Range(first, Math.Min(Batch, test.Count - first))];
            float[] pictures = new float[chosen.Length * Canvas.Pixels];
            canvas.Draw(chosen, 0, pictures);
            float[] answers = Step.Evaluate(pass => logits(pass.Input(pictures, new Shape(chosen.Length, Canvas.Size, Canvas.Size, 1)), pass)).ToArray();
            for (int i = 0; i < chosen.Length; i++)
            {
                ReadOnlySpan<float> row = answers.AsSpan(i * 10, 10);
                right += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row) == test.Labels[chosen[i]] ? 1 : 0;
            }
        }
        return right / (double)test.Count;
    }
}
