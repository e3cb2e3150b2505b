using Heed.Kernels;

namespace Heed;

/// <summary>Drawing one of several: what hard attention is made of. A score of −∞ is never drawn; a row of nothing else has no choice, which is −1.</summary>
public sealed partial class Tensor
{
    /// <summary>Gumbel-softmax over the last axis: a relaxed sample. y = softmax((x + G)/τ), G_i = −ln(−ln u_i).</summary>
    /// <remarks>Source: Jang, Gu and Poole 2017; Maddison, Mnih and Teh 2017. The noise is a function of key and position.</remarks>
    /// <param name="temperature">τ; above 0. Towards 0 the sample becomes one-hot and its gradient wild.</param>
    /// <param name="key">The noise's key.</param>
    /// <returns>Shape <c>(…, size)</c>, as x. A row of all −∞ gives zeros.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    /// <exception cref="ArgumentOutOfRangeException">τ is not positive.</exception>
    public Tensor GumbelSoftmax(float temperature, ulong key)
    {
        int columns = LastAxis("GumbelSoftmax");
        if (!(temperature > 0) || !float.IsFinite(temperature))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "GumbelSoftmax: the temperature must be positive.");
        Tensor y = Result("GumbelSoftmax", Shape, this);
        Tensor noise = Result("GumbelSoftmax", Shape, this);
        FillGumbel(noise.Writable, key);
        Elementwise.Add(Values, noise.Values, y.Writable);
        Elementwise.Scale(y.Values, 1 / temperature, y.Writable);
        SoftmaxKernel.Forward(y.Values, columns, y.Writable);
        return Record(new GumbelSoftmaxOperation(this, columns, temperature, noise), y);
    }

    /// <summary>Other values with the gradient of these: the straight-through estimator. Forward <paramref name="values"/>, backward as if nothing had happened.</summary>
    /// <remarks>Source: Bengio, Léonard and Courville 2013.</remarks>
    /// <param name="values">Constants of the same shape, such as a one-hot sample.</param>
    /// <returns>Shape <c>(…)</c>, as x.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public Tensor StraightThrough(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Shape != Shape)
            throw ShapeException.For("StraightThrough", nameof(values), Shape.ToString(), values.Shape);
        Tensor y = Result("StraightThrough", Shape, this);
        values.Values.CopyTo(y.Writable);
        return Record(new StraightThroughOperation(this), y);
    }

    /// <summary>The same values without a gradient.</summary>
    /// <returns>Shape <c>(…)</c>, as x; nothing is copied.</returns>
    public Tensor Detach() => new(Memory, Shape, step, false);

    /// <summary>The logarithm of the softmax at one place of each row, and the entropy of each row: what reinforcement needs.</summary>
    /// <remarks>Formula: ln p_s = x_s − ln Σ e^(x_j); H = −Σ p_j·ln p_j.</remarks>
    /// <param name="choices">s, one for each row of the last axis; −1 gives 0 and passes no gradient to the logarithm.</param>
    /// <returns>Two tensors of shape <c>(…)</c> for x of shape <c>(…, size)</c>.</returns>
    /// <exception cref="ShapeException">There is no axis, or the number of choices is not that of the rows.</exception>
    /// <exception cref="ArgumentException">A choice is no place of its row.</exception>
    public (Tensor LogProbabilities, Tensor Entropies) LogProbabilityOf(ReadOnlyMemory<int> choices)
    {
        const string Name = "LogProbabilityOf";
        int columns = LastAxis(Name);
        Shape rows = new(Shape.Sizes[..^1]);
        if (choices.Length != rows.Length)
            throw new ShapeException(FormattableString.Invariant($"{Name}: {choices.Length} choices came for {rows.Length} rows of {Shape}."));
        foreach (int choice in choices.Span)
        {
            if (choice < -1 || choice >= columns)
                throw new ArgumentException(FormattableString.Invariant($"{Name}: choice {choice} is no place of a row of {columns}, nor −1 for none."), nameof(choices));
        }
        Tensor logarithms = Result(Name, rows, this), entropies = Result(Name, rows, this);
        Tensor p = Result(Name, Shape, this), logP = Result(Name, Shape, this);
        SoftmaxKernel.Forward(Values, columns, p.Writable);
        LogSoftmaxKernel.Forward(Values, columns, logP.Writable);
        for (int r = 0; r < choices.Length; r++)
        {
            int choice = choices.Span[r];
            logarithms.Writable[r] = choice < 0 ? 0 : logP.Values[(r * columns) + choice];
            entropies.Writable[r] = Entropy(p.Values.Slice(r * columns, columns), logP.Values.Slice(r * columns, columns));
        }
        (step ?? logarithms.step)?.Record(new LogProbabilityOperation(this, p, logP, choices), logarithms, entropies);
        return (logarithms, entropies);
    }

    // One draw from each row of weights that sum to anything; −1 where all are 0.
    internal int[] DrawRows(ulong key)
    {
        int columns = LastAxis("DrawRows");
        int[] choices = new int[Length / Math.Max(1, columns)];
        for (int r = 0; r < choices.Length; r++)
        {
            ReadOnlySpan<float> row = Values.Slice(r * columns, columns);
            double sum = 0, left = (CounterRandom.Block(key, (ulong)r).Low >> 11) * (1.0 / (1ul << 53));
            foreach (float weight in row)
                sum += weight;
            left *= sum;
            choices[r] = -1;
            for (int j = 0; j < columns && left >= 0; j++)
            {
                // The last place with weight stays where rounding leaves something over.
                choices[r] = row[j] > 0 ? j : choices[r];
                left -= row[j];
            }
        }
        return choices;
    }

    // The place of the largest weight of each row, the first of equals; −1 where none is above 0.
    internal int[] LargestOfRows()
    {
        int columns = LastAxis("LargestOfRows");
        int[] choices = new int[Length / Math.Max(1, columns)];
        for (int r = 0; r < choices.Length; r++)
        {
            ReadOnlySpan<float> row = Values.Slice(r * columns, columns);
            choices[r] = columns == 0 ? -1 : Largest.IndexOf(row);
            if (columns > 0 && !(row[choices[r]] > 0))
                choices[r] = -1;
        }
        return choices;
    }

    // 1 at the chosen place of each row, 0 elsewhere.
    internal Tensor OneHot(ReadOnlySpan<int> choices)
    {
        int columns = LastAxis("OneHot");
        Tensor y = step is null ? From(new float[Length], Shape) : step.New(Shape);
        y.Writable.Clear();
        for (int r = 0; r < choices.Length; r++)
        {
            if (choices[r] >= 0)
                y.Writable[(r * columns) + choices[r]] = 1;
        }
        return y;
    }

    // 23 random bits and a half: neither 0 nor 1 in float32, so that both logarithms are finite.
    private static void FillGumbel(Span<float> noise, ulong key)
    {
        for (int i = 0; i < noise.Length; i++)
            noise[i] = ((CounterRandom.Block(key, (ulong)i).Low >> 41) + 0.5f) * (1f / (1 << 23));
        for (int i = 0; i < 2; i++)
        {
            Elementwise.Log(noise, noise);
            Elementwise.Scale(noise, -1, noise);
        }
    }

    private static float Entropy(ReadOnlySpan<float> p, ReadOnlySpan<float> logP)
    {
        double sum = 0;
        for (int j = 0; j < p.Length; j++)
            sum -= p[j] > 0 ? (double)p[j] * logP[j] : 0;
        return (float)sum;
    }

    private sealed class GumbelSoftmaxOperation(Tensor x, int columns, float temperature, Tensor noise) : Operation(x)
    {
        protected internal override void Backward()
        {
            Tensor scaled = Inputs[0].step!.New(Inputs[0].Shape);
            Elementwise.Scale(GradientOf(), 1 / temperature, scaled.Writable);
            SoftmaxKernel.Backward(scaled.Values, Outputs[0].Values, columns, Accumulate(0));
        }

        protected internal override void Reference(ReferenceValues values)
        {
            double[] shifted = values.Input(0).ToArray();
            for (int i = 0; i < shifted.Length; i++)
                shifted[i] = (shifted[i] + noise.Values[i]) / temperature;
            ReferenceSoftmax.Forward(shifted, columns, values.Output());
        }
    }

    private sealed class StraightThroughOperation(Tensor x) : Operation(x)
    {
        protected internal override void Backward() => Elementwise.Add(Accumulate(0), GradientOf(), Accumulate(0));

        // The surrogate that the gradient belongs to: the values, moved as x moves.
        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < Inputs[0].Length; i++)
                values.Output()[i] = Outputs[0].Values[i] + (values.Input(0)[i] - Inputs[0].Values[i]);
        }
    }

    private sealed class LogProbabilityOperation(Tensor x, Tensor p, Tensor logP, ReadOnlyMemory<int> choices) : Operation(x)
    {
        // d ln p_s/dx_j = [j = s] − p_j;  dH/dx_j = −p_j·(ln p_j + H).
        protected internal override void Backward()
        {
            Span<float> dx = Accumulate(0);
            ReadOnlySpan<float> dlog = Outputs[0].HasGradient ? GradientOf() : new float[choices.Length], dentropy = Outputs[1].HasGradient ? GradientOf(1) : new float[choices.Length];
            for (int r = 0, columns = Inputs[0].Shape[^1]; r < choices.Length; r++)
            {
                int choice = choices.Span[r];
                double slope = choice < 0 ? 0 : dlog[r], entropy = Outputs[1].Values[r];
                for (int j = 0, at = r * columns; j < columns; j++, at++)
                {
                    double taken = p.Values[at] > 0 ? p.Values[at] * (slope + (dentropy[r] * (logP.Values[at] + entropy))) : 0;
                    dx[at] += (float)((j == choice ? slope : 0) - taken);
                }
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            int columns = Inputs[0].Shape[^1];
            double[] shares = new double[Inputs[0].Length], logarithms = new double[shares.Length];
            ReferenceSoftmax.Forward(values.Input(0), columns, shares);
            ReferenceSoftmax.LogForward(values.Input(0), columns, logarithms);
            for (int r = 0; r < choices.Length; r++)
            {
                double entropy = 0;
                for (int at = r * columns; at < (r + 1) * columns; at++)
                    entropy -= shares[at] > 0 ? shares[at] * logarithms[at] : 0;
                values.Output()[r] = choices.Span[r] < 0 ? 0 : logarithms[(r * columns) + choices.Span[r]];
                values.Output(1)[r] = entropy;
            }
        }
    }
}
