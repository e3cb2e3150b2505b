using Heed.Kernels;

namespace Heed;

/// <summary>Recurrent layers over whole sequences, one operation each.</summary>
public sealed partial class Tensor
{
    private const int WeightsPerDirection = 4;

    /// <summary>One LSTM layer over whole sequences; see <see cref="LstmKernel"/> for formula and order of gates.</summary>
    /// <param name="x">Shape <c>(batch, time, input)</c>.</param>
    /// <param name="ranges">The real steps; padding is neither read nor written.</param>
    /// <param name="weights">For each direction W_ih <c>(4·hidden, input)</c>, W_hh <c>(4·hidden, hidden)</c>, b_ih and b_hh
    /// <c>(4·hidden)</c>.</param>
    /// <returns>Output <c>(batch, time, directions·hidden)</c>, final hidden and cell states <c>(directions, batch, hidden)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static (Tensor Output, Tensor Hidden, Tensor Cell) Lstm(Tensor x, SequenceRanges ranges, params ReadOnlySpan<Tensor> weights)
    {
        Tensor[] results = Recurrent(new LstmOperation([x, .. weights], ranges), null);
        return (results[0], results[1], results[2]);
    }

    /// <summary>One LSTM layer over whole sequences, from given states.</summary>
    /// <param name="x">Shape <c>(batch, time, input)</c>.</param>
    /// <param name="ranges">The real steps; padding is neither read nor written.</param>
    /// <param name="hidden">First hidden states <c>(directions, batch, hidden)</c>.</param>
    /// <param name="cell">First cell states <c>(directions, batch, hidden)</c>.</param>
    /// <param name="weights">As in <see cref="Lstm(Tensor, SequenceRanges, ReadOnlySpan{Tensor})"/>.</param>
    /// <returns>Output <c>(batch, time, directions·hidden)</c>, final hidden and cell states <c>(directions, batch, hidden)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static (Tensor Output, Tensor Hidden, Tensor Cell) Lstm(Tensor x, SequenceRanges ranges, Tensor hidden, Tensor cell, params ReadOnlySpan<Tensor> weights)
    {
        Tensor[] results = Recurrent(new LstmOperation([x, .. weights, hidden, cell], ranges, states: 2), null);
        return (results[0], results[1], results[2]);
    }

    /// <summary>One GRU layer over whole sequences; see <see cref="GruKernel"/> for formula and order of gates.</summary>
    /// <param name="x">Shape <c>(batch, time, input)</c>.</param>
    /// <param name="ranges">The real steps; padding is neither read nor written.</param>
    /// <param name="weights">For each direction W_ih <c>(3·hidden, input)</c>, W_hh <c>(3·hidden, hidden)</c>, b_ih and b_hh
    /// <c>(3·hidden)</c>.</param>
    /// <returns>Output <c>(batch, time, directions·hidden)</c> and final hidden states <c>(directions, batch, hidden)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public static (Tensor Output, Tensor Hidden) Gru(Tensor x, SequenceRanges ranges, params ReadOnlySpan<Tensor> weights)
    {
        Tensor[] results = Recurrent(new GruOperation([x, .. weights], ranges), null);
        return (results[0], results[1]);
    }

    /// <summary>The same with weights that were packed before, for evaluation; with the gates of every step as a fourth result if they are wanted: (batch, time, directions, 4·hidden), without
    /// gradient.</summary>
    internal static Tensor[] Lstm(Tensor x, SequenceRanges ranges, RecurrentWeights? packed, Tensor[] weights, bool wantsGates = false)
    {
        LstmOperation operation = new([x, .. weights], ranges);
        Tensor[] results = Recurrent(operation, packed, wantsGates);
        return wantsGates ? [.. results, operation.Gates(results[0])] : results;
    }

    /// <summary>The same with weights that were packed before, for evaluation.</summary>
    internal static Tensor[] Gru(Tensor x, SequenceRanges ranges, RecurrentWeights? packed, Tensor[] weights) =>
        Recurrent(new GruOperation([x, .. weights], ranges), packed);

    internal static RecurrentParameters<float> RecurrentParametersOf(IReadOnlyList<Tensor> weights, int first = 0) => new()
    {
        Forward = DirectionOf(weights, first),
        Reverse = weights.Count - first >= 2 * WeightsPerDirection ? DirectionOf(weights, first + WeightsPerDirection) : default,
    };

    private static RecurrentDirection<float> DirectionOf(IReadOnlyList<Tensor> weights, int first) => new()
    {
        InputWeights = weights[first].Values,
        HiddenWeights = weights[first + 1].Values,
        InputBias = weights[first + 2].Values,
        HiddenBias = weights[first + 3].Values,
    };

    private static Tensor[] Recurrent(RecurrentOperation operation, RecurrentWeights? packed, bool keep = false)
    {
        Tensor x = operation.Inputs[0];
        Tensor[] inputs = [.. operation.Inputs];
        RecurrentShape shape = operation.Shape;
        Shape state = new(shape.Directions, shape.Batch, shape.HiddenSize);
        Tensor output = Result(operation.Name, new Shape(shape.Batch, shape.Time, shape.Directions * shape.HiddenSize), inputs);
        Tensor hidden = Result(operation.Name, state, inputs);
        Tensor? cell = operation.HasCell ? Result(operation.Name, state, inputs) : null;
        operation.Forward(output, hidden, cell, packed, keep || output.RequiresGradient);
        Tensor[] results = cell is null ? [output, hidden] : [output, hidden, cell];
        output.step?.Record(operation, results);
        return results;
    }

    private abstract class RecurrentOperation : Operation
    {
        private readonly SequenceRanges ranges;
        private readonly int states;
        private Tensor? workspace;

        protected RecurrentOperation(string name, Tensor[] inputs, SequenceRanges ranges, int gates, int states = 0)
            : base(inputs)
        {
            (this.ranges, this.states) = (ranges, states);
            int weights = inputs.Length - 1 - states;
            Name = name;
            Tensor x = inputs[0];
            if (x.Shape.Rank != 3)
                throw ShapeException.For(name, "x", "(batch, time, input)", x.Shape);
            ranges.Check(name, x.Shape[0], x.Shape[1]);
            if (weights is not WeightsPerDirection and not (2 * WeightsPerDirection))
                throw new ArgumentException(FormattableString.Invariant($"{name}: {weights} weights came; W_ih, W_hh, b_ih and b_hh of one or two directions are required."), nameof(inputs));
            RecurrentShape shape = new(x.Shape[0], x.Shape[1], x.Shape[2], inputs[1].Shape[0] / gates, weights / WeightsPerDirection);
            for (int i = 1; i < inputs.Length; i++)
            {
                Shape required = i > weights ? new Shape(shape.Directions, shape.Batch, shape.HiddenSize) : ((i - 1) % WeightsPerDirection) switch
                {
                    0 => new Shape(gates * shape.HiddenSize, shape.InputSize),
                    1 => new Shape(gates * shape.HiddenSize, shape.HiddenSize),
                    _ => new Shape(gates * shape.HiddenSize),
                };
                if (inputs[i].Shape != required)
                    throw ShapeException.For(name, i > weights ? "initial state" : FormattableString.Invariant($"weight {i - 1}"), required.ToString(), inputs[i].Shape);
            }
            Shape = shape;
        }

        public override string Name { get; }

        public RecurrentShape Shape { get; }

        public abstract bool HasCell { get; }

        protected ReadOnlySpan<int> Lengths => ranges.Lengths.Span;

        protected ReadOnlySpan<int> Starts => ranges.Starts.Span;

        protected ReadOnlySpan<float> Kept => workspace is null ? default : workspace.Values;

        public void Forward(Tensor output, Tensor hidden, Tensor? cell, RecurrentWeights? packed, bool keep)
        {
            workspace = keep ? Result(Name, new Shape(WorkspaceLength()), output) : null;
            RecurrentOutput<float> to = new() { Y = output.Writable, FinalHidden = hidden.Writable, FinalCell = cell is null ? default : cell.Writable };
            Run(Input(Inputs[0].Values, Initial(0), Initial(1)), to, packed, workspace is null ? default : workspace.Writable);
        }

        protected internal override void Backward()
        {
            RecurrentOutputGradients<float> from = new()
            {
                Y = GradientOf(),
                FinalHidden = Outputs[1].HasGradient ? GradientOf(1) : default,
                FinalCell = HasCell && Outputs[2].HasGradient ? GradientOf(2) : default,
            };
            RecurrentGradients<float> to = new()
            {
                Mode = ModeOf(AreFirst()),
                X = Needs(0) ? Sums(0) : default,
                InitialHidden = states > 0 && Needs(StateAt(0)) ? Sums(StateAt(0)) : default,
                InitialCell = states > 1 && Needs(StateAt(1)) ? Sums(StateAt(1)) : default,
                Forward = Gradients(1),
                Reverse = Shape.Directions == 2 ? Gradients(1 + WeightsPerDirection) : default,
            };
            Back(Input(Inputs[0].Values, Initial(0), Initial(1)), from, to, workspace!.Writable);
        }

        protected internal override void Reference(ReferenceValues values)
        {
            RecurrentParameters<double> parameters = new() { Forward = Direction(values, 1), Reverse = Shape.Directions == 2 ? Direction(values, 1 + WeightsPerDirection) : default };
            RecurrentOutput<double> output = new() { Y = values.Output(), FinalHidden = values.Output(1), FinalCell = HasCell ? values.Output(2) : default };
            Reference(parameters, Input(values.Input(0), states > 0 ? values.Input(StateAt(0)) : default, states > 1 ? values.Input(StateAt(1)) : default), output);
        }

        protected abstract int WorkspaceLength();

        protected abstract void Run(in RecurrentInput<float> input, in RecurrentOutput<float> output, RecurrentWeights? packed, Span<float> space);

        protected abstract void Back(in RecurrentInput<float> input, in RecurrentOutputGradients<float> from, in RecurrentGradients<float> to, Span<float> space);

        protected abstract void Reference(in RecurrentParameters<double> parameters, in RecurrentInput<double> input, in RecurrentOutput<double> output);

        protected RecurrentParameters<float> Parameters() => RecurrentParametersOf(Inputs, 1);

        private int StateAt(int state) => Inputs.Count - states + state;

        private ReadOnlySpan<float> Initial(int state) => state < states ? Inputs[StateAt(state)].Values : default;

        private RecurrentInput<T> Input<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> hidden, ReadOnlySpan<T> cell)
            where T : unmanaged => new() { X = x, Lengths = ranges.Lengths.Span, Starts = ranges.Starts.Span, InitialHidden = hidden, InitialCell = cell };

        private static RecurrentDirection<double> Direction(ReferenceValues values, int first) => new()
        {
            InputWeights = values.Input(first),
            HiddenWeights = values.Input(first + 1),
            InputBias = values.Input(first + 2),
            HiddenBias = values.Input(first + 3),
        };

        // The kernel has one mode for all gradients: if one was added to before, the others are cleared.
        private bool AreFirst()
        {
            Span<bool> first = stackalloc bool[Inputs.Count];
            bool all = true;
            for (int i = 0; i < first.Length; i++)
            {
                if (Needs(i))
                    Accumulate(i, out first[i]);
                all &= first[i] || !Needs(i);
            }
            for (int i = 0; i < first.Length && !all; i++)
            {
                if (first[i])
                    Sums(i).Clear();
            }
            return all;
        }

        private Span<float> Sums(int input) => Accumulate(input, out _);

        private RecurrentDirectionGradients<float> Gradients(int first) => new()
        {
            InputWeights = Needs(first) ? Sums(first) : default,
            HiddenWeights = Needs(first + 1) ? Sums(first + 1) : default,
            InputBias = Needs(first + 2) ? Sums(first + 2) : default,
            HiddenBias = Needs(first + 3) ? Sums(first + 3) : default,
        };
    }

    private sealed class LstmOperation(Tensor[] inputs, SequenceRanges ranges, int states = 0) : RecurrentOperation("Lstm", inputs, ranges, 4, states)
    {
        public Tensor Gates(Tensor output)
        {
            Tensor gates = Result(Name, new Shape(Shape.Batch, Shape.Time, Shape.Directions, 4 * Shape.HiddenSize), output).Detach();
            LstmKernel.ReadGates(Shape, Lengths, Starts, Kept, gates.Writable);
            return gates;
        }

        public override bool HasCell => true;

        protected override int WorkspaceLength() => LstmKernel.WorkspaceLength(Shape, Lengths);

        protected override void Run(in RecurrentInput<float> input, in RecurrentOutput<float> output, RecurrentWeights? packed, Span<float> space)
        {
            if (packed is null)
                LstmKernel.Forward(Shape, Parameters(), input, output, space);
            else
                LstmKernel.Forward(Shape, packed, input, output, space);
        }

        protected override void Back(in RecurrentInput<float> input, in RecurrentOutputGradients<float> from, in RecurrentGradients<float> to, Span<float> space) =>
            LstmKernel.Backward(Shape, Parameters(), input, from, to, space);

        protected override void Reference(in RecurrentParameters<double> parameters, in RecurrentInput<double> input, in RecurrentOutput<double> output) =>
            ReferenceLstm.Forward(Shape, parameters, input, output);
    }

    private sealed class GruOperation(Tensor[] inputs, SequenceRanges ranges) : RecurrentOperation("Gru", inputs, ranges, 3)
    {
        public override bool HasCell => false;

        protected override int WorkspaceLength() => GruKernel.WorkspaceLength(Shape, Lengths);

        protected override void Run(in RecurrentInput<float> input, in RecurrentOutput<float> output, RecurrentWeights? packed, Span<float> space)
        {
            if (packed is null)
                GruKernel.Forward(Shape, Parameters(), input, output, space);
            else
                GruKernel.Forward(Shape, packed, input, output, space);
        }

        protected override void Back(in RecurrentInput<float> input, in RecurrentOutputGradients<float> from, in RecurrentGradients<float> to, Span<float> space) =>
            GruKernel.Backward(Shape, Parameters(), input, from, to, space);

        protected override void Reference(in RecurrentParameters<double> parameters, in RecurrentInput<double> input, in RecurrentOutput<double> output) =>
            ReferenceGru.Forward(Shape, parameters, input, output);
    }
}
