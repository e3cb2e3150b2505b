using System.Diagnostics;

namespace Heed.Experiments;

/// <summary>Sorting 5 to 15 numbers by a pointer network, tested on 20.</summary>
internal abstract class PointerExperiment(bool once) : IExperiment
{
    private const int Batch = 64, Longest = 15, TestLength = 20;

    public string Name => once ? "pointer" : "pointer-free";

    public string Summary => $"sort 5 to 15 numbers, tested on 20; an item {(once ? "can be pointed at once" : "may be pointed at again")}";

    public void Run(ExperimentOptions options)
    {
        PointerNetwork network = new(new PointerNetworkConfig { InputSize = 1, HiddenSize = 64, AttentionSize = 64, Once = once });
        network.Initialize(options.Seed);
        AdamW optimizer = new(network.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(options.Seed, "numbers");
        int steps = 200 * (options.Epochs > 0 ? options.Epochs : 15);
        double rate = options.Rate > 0 ? options.Rate : 3e-3, before = ExperimentLine.ProcessorSeconds, loss = 0;
        Stopwatch clock = Stopwatch.StartNew();
        for (int step = 1; step <= steps; step++)
        {
            (float[] numbers, int[] order, int[] lengths) = Draw(random.Fork((ulong)step), 5, Longest);
            loss += Step.Train(random.Fork((ulong)step), step, pass => network.Loss(pass.Input(numbers, new Shape(Batch, Longest, 1)), lengths, order, lengths, pass)) / 200;
            optimizer.Step(learningRate: rate * Math.Min(1, 2.0 * (steps - step) / steps), clipNorm: 1);
            if (step % 200 != 0)
                continue;
            Console.Error.WriteLine(FormattableString.Invariant($"step {step} of {steps}: loss {loss:F4}, positions right at 20 {Right(network, 20, 2).Positions:P2}, {clock.Elapsed.TotalSeconds:F0} s"));
            loss = 0;
        }
        (double positions, double whole) = Right(network, TestLength, 16);
        ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["positions_right_20"] = positions,
            ["sorted_whole_20"] = whole,
            ["positions_right_15"] = Right(network, 15, 16).Positions,
            ["positions_right_10"] = Right(network, 10, 16).Positions,
            ["steps"] = steps,
            ["parameters"] = network.ParameterCount,
            ["processor_seconds"] = Math.Round(ExperimentLine.ProcessorSeconds - before, 1),
        });
    }

    private static (double Positions, double Whole) Right(PointerNetwork network, int length, int batches)
    {
        int positions = 0, whole = 0;
        for (int n = 0; n < batches; n++)
        {
            (float[] numbers, int[] order, int[] lengths) = Draw(new RandomStream(99, "test").Fork((ulong)n), length, length);
            int[][] found = network.Point(Tensor.From(numbers, new Shape(Batch, length, 1)), lengths);
            for (int b = 0; b < Batch; b++)
            {
                int right = found[b].Zip(order.Skip(b * length), (x, y) => x == y ? 1 : 0).Sum();
                positions += right;
                whole += right == length ? 1 : 0;
            }
        }
        return ((double)positions / (batches * Batch * length), (double)whole / (batches * Batch));
    }

    private static (float[] Numbers, int[] Order, int[] Lengths) Draw(RandomStream random, int shortest, int longest)
    {
        (float[] numbers, int[] order, int[] lengths) = (new float[Batch * longest], new int[Batch * longest], new int[Batch]);
        for (int b = 0; b < Batch; b++)
        {
            lengths[b] = shortest + random.Next(longest - shortest + 1);
            Span<float> row = numbers.AsSpan(b * longest, lengths[b]);
            foreach (ref float number in row)
                number = random.NextSingle();
            float[] own = row.ToArray();
            Enumerable.Range(0, own.Length).OrderBy(i => own[i]).ToArray().CopyTo(order.AsSpan(b * longest));
        }
        return (numbers, order, lengths);
    }
}

internal sealed class SortingOnce() : PointerExperiment(once: true);

internal sealed class SortingFreely() : PointerExperiment(once: false);
