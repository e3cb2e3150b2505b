using Heed.Kernels;

namespace Heed;

/// <summary>What a decoder needs that goes step by step.</summary>
public sealed partial class Tensor
{
    /// <summary>One step of an LSTM behind its matrix products; see <see cref="LstmStepKernel"/>.</summary>
    /// <param name="sums">The sums of the gates i, f, g, o: <c>(rows, 4·size)</c>.</param>
    /// <param name="cell">The cell state before: <c>(rows, size)</c>.</param>
    /// <returns>Hidden and cell state, <c>(rows, size)</c> each.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static (Tensor Hidden, Tensor Cell) LstmStep(Tensor sums, Tensor cell)
    {
        ArgumentNullException.ThrowIfNull(sums);
        ArgumentNullException.ThrowIfNull(cell);
        if (cell.Shape.Rank != 2 || cell.Shape[1] == 0)
            throw ShapeException.For("LstmStep", nameof(cell), "(rows, size) with size ≥ 1", cell.Shape);
        if (sums.Shape != new Shape(cell.Shape[0], 4 * cell.Shape[1]))
            throw ShapeException.For("LstmStep", nameof(sums), FormattableString.Invariant($"(rows, 4·size) = ({cell.Shape[0]}, {4 * cell.Shape[1]})"), sums.Shape);
        Tensor hidden = Result("LstmStep", cell.Shape, sums, cell), next = Result("LstmStep", cell.Shape, sums, cell);
        Tensor? gates = hidden.RequiresGradient ? hidden.step!.New(sums.Shape) : null;
        LstmStepKernel.Forward(sums.Values, cell.Values, cell.Shape[1], hidden.Writable, next.Writable, gates is null ? default : gates.Writable);
        hidden.step?.Record(new LstmStepOperation(sums, cell, gates), hidden, next);
        return (hidden, next);
    }

    /// <summary>One step of a GRU behind its matrix products: r, z = σ(a + b), n = tanh(a + r∘b), h′ = (1 − z)∘n + z∘h, each of its own third of a and b.</summary>
    /// <param name="input">a, the sums over what is read, biases among them, of r, z, n: <c>(rows, 3·size)</c>.</param>
    /// <param name="recurrent">b, the sums over the state: <c>(rows, 3·size)</c>.</param>
    /// <param name="hidden">h, the state before: <c>(rows, size)</c>.</param>
    /// <returns>The state, <c>(rows, size)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static Tensor GruStep(Tensor input, Tensor recurrent, Tensor hidden)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(recurrent);
        ArgumentNullException.ThrowIfNull(hidden);
        if (hidden.Shape.Rank != 2 || hidden.Shape[1] == 0)
            throw ShapeException.For("GruStep", nameof(hidden), "(rows, size) with size ≥ 1", hidden.Shape);
        (int rows, int size) = (hidden.Shape[0], hidden.Shape[1]);
        foreach ((string name, Tensor sums) in new[] { (nameof(input), input), (nameof(recurrent), recurrent) })
        {
            if (sums.Shape != new Shape(rows, 3 * size))
                throw ShapeException.For("GruStep", name, FormattableString.Invariant($"(rows, 3·size) = ({rows}, {3 * size})"), sums.Shape);
        }
        Tensor gates = (input.Columns(0, 2 * size) + recurrent.Columns(0, 2 * size)).Sigmoid();
        (Tensor reset, Tensor update) = (gates.Columns(0, size), gates.Columns(size, size));
        Tensor candidate = (input.Columns(2 * size, size) + (reset * recurrent.Columns(2 * size, size))).Tanh();
        return candidate + (update * (hidden - candidate));
    }

    /// <summary>The parts of the first axis, one tensor each; nothing is copied.</summary>
    /// <returns>As many tensors <c>(…)</c> as the first axis of <c>(count, …)</c> is long.</returns>
    /// <exception cref="ShapeException">There is no axis.</exception>
    public Tensor[] Unstack()
    {
        if (Shape.Rank < 1)
            throw ShapeException.For("Unstack", "this", "(count, …)", Shape);
        Shape part = new(Shape.Sizes[1..]);
        Tensor[] parts = new Tensor[Shape[0]];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = new Tensor(Memory.Slice(i * part.Length, part.Length), part, step, RequiresGradient);
        step?.Record(new UnstackOperation(this), parts);
        return parts;
    }

    /// <summary>Tensors of one shape along a new first axis.</summary>
    /// <param name="parts">At least one, <c>(…)</c>.</param>
    /// <returns>Shape <c>(count, …)</c>.</returns>
    /// <exception cref="ShapeException">Shapes differ.</exception>
    public static Tensor Stack(params ReadOnlySpan<Tensor> parts)
    {
        if (parts.Length == 0)
            throw new ArgumentException("Stack: at least one tensor is required.", nameof(parts));
        Shape each = parts[0].Shape;
        Tensor y = Result("Stack", new Shape([parts.Length, .. each.Sizes]), [.. parts]);
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Shape != each)
                throw ShapeException.For("Stack", "a part", $"{each}, the shape of the first part,", parts[i].Shape);
            parts[i].Values.CopyTo(y.Writable[(i * each.Length)..]);
        }
        return Record(new StackOperation(parts), y);
    }

    /// <summary>A copy of some entries of the first axis, outside any step; no gradient flows.</summary>
    /// <param name="entries">Which, in the order wanted; one may come several times.</param>
    internal Tensor Chosen(ReadOnlySpan<int> entries)
    {
        int each = Length / Math.Max(1, Shape[0]);
        float[] values = new float[each * entries.Length];
        for (int i = 0; i < entries.Length; i++)
            Values.Slice(entries[i] * each, each).CopyTo(values.AsSpan(i * each));
        return new Tensor(values, new Shape([entries.Length, .. Shape.Sizes[1..]]));
    }

    /// <summary>One element of each row.</summary>
    /// <param name="columns">For each row which; −1 gives 0.</param>
    /// <returns>Shape <c>(rows)</c> for <c>(rows, columns)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is no column.</exception>
    public Tensor Pick(ReadOnlyMemory<int> columns)
    {
        if (Shape.Rank != 2 || Shape[0] != columns.Length)
            throw ShapeException.For("Pick", "this", FormattableString.Invariant($"(rows, columns) with rows = {columns.Length}"), Shape);
        Tensor y = Result("Pick", new Shape(Shape[0]), this);
        for (int i = 0; i < columns.Length; i++)
        {
            int column = columns.Span[i];
            if (column < -1 || column >= Shape[1])
                throw new ArgumentOutOfRangeException(nameof(columns), column, FormattableString.Invariant($"Pick: column {column} of row {i} is not one of {Shape[1]}."));
            y.Writable[i] = column < 0 ? 0 : Values[(i * Shape[1]) + column];
        }
        return Record(new PickOperation(this, columns), y);
    }

    private sealed class LstmStepOperation(Tensor sums, Tensor cell, Tensor? gates) : Operation(sums, cell)
    {
        protected internal override void Backward()
        {
            (Tensor hidden, Tensor next) = (Outputs[0], Outputs[1]);
            int size = next.Shape[1];
            Tensor dcell = next.step!.New(next.Shape);
            if (next.HasGradient)
                GradientOf(1).CopyTo(dcell.Writable);
            else
                dcell.Writable.Clear();
            Tensor? separate = null;
            Span<float> dsums = Accumulate(0, out bool isFirst);
            if (!isFirst)
                separate = next.step.New(Inputs[0].Shape);
            LstmStepKernel.Backward(GradientOf(0), gates!.Values, Inputs[1].Values, next.Values, size, dcell.Writable, separate is null ? dsums : separate.Writable);
            if (separate is not null)
                Elementwise.Add(dsums, separate.Values, dsums);
            if (Needs(1))
                Elementwise.Add(Accumulate(1), dcell.Values, Accumulate(1));
        }

        protected internal override void Reference(ReferenceValues values) =>
            ReferenceLstm.Step(values.Input(0), values.Input(1), Outputs[0].Shape[1], values.Output(), values.Output(1));
    }

    private sealed class UnstackOperation(Tensor x) : Operation(x)
    {
        protected internal override void Backward()
        {
            Span<float> dx = Accumulate(0);
            for (int i = 0, each = Outputs[0].Length; i < Outputs.Count; i++)
            {
                if (Outputs[i].HasGradient)
                    Elementwise.Add(dx.Slice(i * each, each), GradientOf(i), dx.Slice(i * each, each));
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0, each = Outputs[0].Length; i < Outputs.Count; i++)
                values.Input(0).Slice(i * each, each).CopyTo(values.Output(i));
        }
    }

    private sealed class StackOperation(ReadOnlySpan<Tensor> parts) : Operation(parts)
    {
        protected internal override void Backward()
        {
            for (int i = 0, each = Inputs[0].Length; i < Inputs.Count; i++)
            {
                if (Needs(i))
                    Elementwise.Add(Accumulate(i), GradientOf().Slice(i * each, each), Accumulate(i));
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0, each = Inputs[0].Length; i < Inputs.Count; i++)
                values.Input(i).CopyTo(values.Output().Slice(i * each, each));
        }
    }

    private sealed class PickOperation(Tensor x, ReadOnlyMemory<int> columns) : Operation(x)
    {
        protected internal override void Backward()
        {
            Span<float> dx = Accumulate(0);
            for (int i = 0; i < columns.Length; i++)
            {
                if (columns.Span[i] >= 0)
                    dx[(i * Inputs[0].Shape[1]) + columns.Span[i]] += GradientOf()[i];
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < columns.Length; i++)
                values.Output()[i] = columns.Span[i] < 0 ? 0 : values.Input(0)[(i * Inputs[0].Shape[1]) + columns.Span[i]];
        }
    }
}
