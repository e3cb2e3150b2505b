using System.Globalization;

namespace Heed;

/// <summary>Checks backward passes against differences of the double-precision references.</summary>
/// <remarks>
/// <para>The computation runs once in float32 and leaves a tape. The tape is then replayed forward in double with every operation's reference,
/// with one value moved up and down; central differences of the replay are exact to about 1e-9, so a backward pass that is wrong by a factor
/// of 1.001 in one element is found. Compared tensor by tensor: ‖float32 − difference‖ ≤ tolerance·‖difference‖ + 1e-7, over all
/// elements or a sample of them, and the same bound with the largest element for each element alone.</para>
/// </remarks>
public static class GradientCheck
{
    /// <summary>Checks the gradients of all parameters that a computation uses.</summary>
    /// <param name="parameters">The parameters, with names for the message.</param>
    /// <param name="loss">The computation; any shape (a fixed random weighting makes it a scalar).</param>
    /// <param name="tolerance">Relative, default 3e-4.</param>
    /// <param name="samples">How many elements of each parameter are checked at most, default 60.</param>
    /// <param name="seed">Seed of dropout, of the weighting and of the sample.</param>
    /// <returns>The largest relative error.</returns>
    /// <exception cref="GradientCheckException">A gradient is wrong; says where, what it is and what it should be.</exception>
    public static double Run(IEnumerable<(string Name, Parameter Parameter)> parameters, Func<Pass, Tensor> loss, double tolerance = 3e-4, int samples = 60, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(loss);
        (string Name, Parameter Parameter)[] all = [.. parameters];
        foreach ((_, Parameter p) in all)
            p.ClearGradient();
        Step step = Step.ForChecking();
        try
        {
            Tensor result = loss(new Pass(step, new RandomStream(seed, "check"), Capture.None));
            RandomStream random = new(seed, "probe");
            Tensor scalar = result.WeightedSum([.. Enumerable.Range(0, result.Length).Select(_ => (float)(random.NextDouble() + 0.5))]);
            step.Backward(scalar);
            Replay replay = new(step, scalar);
            return all.Max(p => Compare(p.Name, p.Parameter, replay, tolerance, samples, random.Fork(p.Name)));
        }
        finally
        {
            step.End();
        }
    }

    private static double Compare(string name, Parameter parameter, Replay replay, double tolerance, int samples, RandomStream random)
    {
        int[] order = [.. Enumerable.Range(0, parameter.Shape.Length)];
        random.Shuffle<int>(order);
        double difference = 0, size = 0, largest = 0, worst = 0;
        (int Index, double Got, double Expected) at = default;
        foreach (int i in order.Take(samples))
        {
            double expected = replay.Difference(parameter, i), got = parameter.HasGradient ? parameter.Gradient[i] : 0;
            difference += (got - expected) * (got - expected);
            size += expected * expected;
            largest = Math.Max(largest, Math.Abs(expected));
            if (Math.Abs(got - expected) >= worst)
                (worst, at) = (Math.Abs(got - expected), (i, got, expected));
        }
        double relative = Math.Sqrt(difference) / Math.Max(Math.Sqrt(size), 1e-30);
        if (!(Math.Sqrt(difference) <= (tolerance * Math.Sqrt(size)) + 1e-7) || !(worst <= (tolerance * largest) + 1e-7))
            throw new GradientCheckException(string.Create(CultureInfo.InvariantCulture, $"GradientCheck: the gradient of '{name}' {parameter.Shape} is wrong: relative error {relative:E2}, allowed {tolerance:E2}; element {at.Index} is {at.Got:G9}, differences of the reference give {at.Expected:G9}."));
        return size == 0 ? 0 : relative;
    }

    /// <summary>The tape, forward again in double precision.</summary>
    private sealed class Replay
    {
        private readonly Step step;
        private readonly Tensor scalar;
        private readonly Dictionary<Tensor, double[]> values = [];
        private readonly Dictionary<Parameter, List<double[]>> leaves = [];

        public Replay(Step step, Tensor scalar)
        {
            this.step = step;
            this.scalar = scalar;
            foreach (Tensor tensor in step.Operations.SelectMany(o => o.Inputs.Concat(o.Outputs)))
            {
                if (values.ContainsKey(tensor))
                    continue;
                double[] copy = values[tensor] = new double[tensor.Length];
                for (int i = 0; i < copy.Length; i++)
                    copy[i] = tensor.Values[i];
                if (tensor.Parameter is { } parameter)
                {
                    if (!leaves.TryGetValue(parameter, out List<double[]>? list))
                        leaves[parameter] = list = [];
                    list.Add(copy);
                }
            }
        }

        public double Difference(Parameter parameter, int index)
        {
            if (!leaves.TryGetValue(parameter, out List<double[]>? copies))
                return 0;
            double old = copies[0][index], h = 1e-5 * Math.Max(1, Math.Abs(old));
            double up = Value(copies, index, old + h), down = Value(copies, index, old - h);
            Value(copies, index, old);
            return (up - down) / (2 * h);
        }

        private double Value(List<double[]> copies, int index, double value)
        {
            foreach (double[] copy in copies)
                copy[index] = value;
            foreach (Operation operation in step.Operations)
                operation.Reference(new ReferenceValues(operation, values));
            return values[scalar][0];
        }
    }
}

/// <summary>A gradient differs from the differences of the reference.</summary>
public sealed class GradientCheckException : Exception
{
    internal GradientCheckException(string message)
        : base(message)
    {
    }
}
