using Heed.Kernels;

namespace Heed;

/// <summary>A matrix of weights that many small products of one pass share: that of a decoder's steps.</summary>
/// <remarks>
/// <para>Formula: y = x·Wᵀ + z. W is put into the order of the product once a pass, not once a step; the gradient of W is one product over the rows of all steps, at the end of the backward pass.</para>
/// <para>Shapes: W <c>(out, in)</c>; x <c>(rows, in)</c>; z and y <c>(rows, out)</c>.</para>
/// </remarks>
internal sealed class StepMatrix
{
    private readonly Parameter parameter;
    private readonly Tensor weight;
    private readonly List<(Tensor X, Tensor Y)> uses = [];

    public StepMatrix(Parameter parameter, in Pass pass)
    {
        this.parameter = parameter;
        Tensor values = pass.Use(parameter);
        // A place for the gradient of its own on the tape; the values are the parameter's.
        weight = new Tensor(values.Memory, values.Shape, pass.Step, values.RequiresGradient);
        pass.Step.Record(new GatherOperation(values, this), weight);
    }

    public Tensor Multiply(Tensor x, Tensor? z = null)
    {
        (int output, int input) = (weight.Shape[0], weight.Shape[1]);
        if (x.Shape.Rank != 2 || x.Shape[1] != input)
            throw ShapeException.For("StepMatrix", nameof(x), FormattableString.Invariant($"(rows, in) with in = {input}"), x.Shape);
        Shape shape = new(x.Shape[0], output);
        if (z is not null && z.Shape != shape)
            throw ShapeException.For("StepMatrix", nameof(z), FormattableString.Invariant($"(rows, out) = {shape}"), z.Shape);
        Tensor y = weight.Step!.New(shape, x.RequiresGradient || z is { RequiresGradient: true } || weight.RequiresGradient);
        z?.Values.CopyTo(y.Writable);
        Gemm.Multiply(new(x.Values, x.Shape[0], input), parameter.PackedTransposed(), new(y.Writable, x.Shape[0], output), z is null ? GemmOutput.Overwrite : GemmOutput.Accumulate);
        weight.Step.Record(new StepMatrixOperation(x, z, weight, this), y);
        return y;
    }

    private void AddGradient(Span<float> gradient, bool isFirst)
    {
        (int output, int input) = (weight.Shape[0], weight.Shape[1]);
        int rows = uses.Sum(u => u.X.Shape[0]);
        Tensor x = weight.Step!.New(new Shape(rows, input)), dy = weight.Step.New(new Shape(rows, output));
        int row = 0;
        foreach ((Tensor itsX, Tensor itsY) in uses)
        {
            itsX.Values.CopyTo(x.Writable[(row * input)..]);
            itsY.GradientSpan().CopyTo(dy.Writable[(row * output)..]);
            row += itsX.Shape[0];
        }
        ReadOnlyMatrixSpan turned = new ReadOnlyMatrixSpan(dy.Values, rows, output).Transposed;
        Gemm.Multiply(turned, new ReadOnlyMatrixSpan(x.Values, rows, input), new MatrixSpan(gradient, output, input), isFirst ? GemmOutput.Overwrite : GemmOutput.Accumulate);
    }

    /// <summary>Stands before all steps on the tape, so that it comes last on the way back.</summary>
    private sealed class GatherOperation(Tensor values, StepMatrix matrix) : Operation(values)
    {
        public override string Name => "StepMatrix";

        protected internal override void Backward()
        {
            if (Needs(0))
                matrix.AddGradient(Accumulate(0, out bool isFirst), isFirst);
        }

        protected internal override void Reference(ReferenceValues values) => values.Input(0).CopyTo(values.Output());
    }

    private sealed class StepMatrixOperation(Tensor x, Tensor? z, Tensor weight, StepMatrix matrix) : Operation(z is null ? [x, weight] : [x, weight, z])
    {
        public override string Name => "StepMatrix";

        // AddGradient reads them all at the end.
        protected internal override bool KeepsGradients => true;

        protected internal override void Backward()
        {
            (int rows, int output, int input) = (Inputs[0].Shape[0], Inputs[1].Shape[0], Inputs[1].Shape[1]);
            ReadOnlySpan<float> dy = GradientOf();
            if (Needs(0))
                Gemm.Multiply(new(dy, rows, output), matrix.parameter.PackedPlain(), new MatrixSpan(Accumulate(0, out bool isFirstX), rows, input), isFirstX ? GemmOutput.Overwrite : GemmOutput.Accumulate);
            if (Inputs.Count == 3 && Needs(2))
            {
                Span<float> dz = Accumulate(2, out bool isFirstZ);
                if (isFirstZ)
                    dy.CopyTo(dz);
                else
                    Elementwise.Add(dz, dy, dz);
            }
            if (!Needs(1))
                return;
            // Marks that there is a gradient; GatherOperation computes it.
            Accumulate(1);
            matrix.uses.Add((Inputs[0], Outputs[0]));
        }

        protected internal override void Reference(ReferenceValues values)
        {
            (int rows, int output, int input) = (Inputs[0].Shape[0], Inputs[1].Shape[0], Inputs[1].Shape[1]);
            ReadOnlySpan<double> left = values.Input(0), w = values.Input(1);
            for (int i = 0; i < rows * output; i++)
            {
                double sum = Inputs.Count == 3 ? values.Input(2)[i] : 0;
                for (int p = 0; p < input; p++)
                    sum += left[(i / output * input) + p] * w[(i % output * input) + p];
                values.Output()[i] = sum;
            }
        }
    }
}
