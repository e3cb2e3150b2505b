namespace Heed;

/// <summary>One recorded operation on the tape: which tensors went in and came out, how gradients go back, and the double-precision
/// reference that <see cref="GradientCheck"/> replays.</summary>
/// <remarks>Operations are coarse (a whole LSTM sequence, a matrix product) and have hand-written backward passes. Write your own by deriving
/// a sealed class and calling <see cref="Step.Record"/>.</remarks>
public abstract class Operation
{
    /// <summary>Creates the record.</summary>
    /// <param name="inputs">The tensors that went in.</param>
    protected Operation(params ReadOnlySpan<Tensor> inputs) => Inputs = inputs.ToArray();

    /// <summary>The operation's name in messages.</summary>
    public virtual string Name => GetType().Name.Replace("Operation", "", StringComparison.Ordinal);

    /// <summary>The tensors that went in.</summary>
    public IReadOnlyList<Tensor> Inputs { get; }

    /// <summary>The tensors that came out; set by <see cref="Step.Record"/>.</summary>
    public IReadOnlyList<Tensor> Outputs { get; internal set; } = [];

    /// <summary>Whether −∞ belongs to the results: masked scores. Anomaly detection then lets it pass.</summary>
    protected internal virtual bool Masks => false;

    /// <summary>Whether the outputs' gradients are read once more after <see cref="Backward"/>, by another operation. Default: no, and their memory serves the operations before.</summary>
    protected internal virtual bool KeepsGradients => false;

    /// <summary>Adds to the gradients of the inputs. Called once, after every consumer of the outputs.</summary>
    /// <remarks>Read the outputs' gradients with <see cref="GradientOf"/>; add to an input's with <see cref="Accumulate(int)"/>, only where
    /// <see cref="Needs"/> is true.</remarks>
    protected internal abstract void Backward();

    /// <summary>The same function in double precision, for the gradient checker.</summary>
    /// <param name="values">Inputs to read and outputs to write.</param>
    protected internal abstract void Reference(ReferenceValues values);

    /// <summary>Whether the gradient of an input is wanted.</summary>
    /// <param name="input">Its position.</param>
    protected bool Needs(int input) => Inputs[input].RequiresGradient;

    /// <summary>The gradient of an output; zeros if nothing used it.</summary>
    /// <param name="output">Its position.</param>
    protected ReadOnlySpan<float> GradientOf(int output = 0) => Outputs[output].GradientSpan();

    /// <summary>The gradient of an input, to be added to.</summary>
    /// <param name="input">Its position.</param>
    protected Span<float> Accumulate(int input) => Inputs[input].GradientSpan();

    /// <summary>The gradient of an input, for an operation that can also overwrite it: saves clearing it first.</summary>
    /// <param name="input">Its position.</param>
    /// <param name="isFirst">Whether nothing was added yet: what the span holds is then undefined, and all of it must be written.</param>
    protected Span<float> Accumulate(int input, out bool isFirst) => Inputs[input].GradientSpan(out isFirst);

    /// <summary>The gradients of two inputs, each empty if it is not wanted, for an operation that can also overwrite them, both in one sweep; where they are one memory, it is cleared and both are added.</summary>
    private protected void Accumulate(int first, int second, out Span<float> one, out bool isOneFirst, out Span<float> other, out bool isOtherFirst)
    {
        isOneFirst = isOtherFirst = false;
        one = Needs(first) ? Accumulate(first, out isOneFirst) : default;
        other = second < Inputs.Count && Needs(second) ? Accumulate(second, out isOtherFirst) : default;
        if (!isOneFirst || !one.Overlaps(other))
            return;
        one.Clear();
        isOneFirst = false;
    }
}

/// <summary>What an operation's reference reads and writes: double-precision values of its inputs and outputs.</summary>
public sealed class ReferenceValues
{
    private readonly Operation operation;
    private readonly Dictionary<Tensor, double[]> values;

    internal ReferenceValues(Operation operation, Dictionary<Tensor, double[]> values)
    {
        this.operation = operation;
        this.values = values;
    }

    /// <summary>An input's values.</summary>
    /// <param name="index">Its position.</param>
    public ReadOnlySpan<double> Input(int index) => values[operation.Inputs[index]];

    /// <summary>An output's values, to be written whole.</summary>
    /// <param name="index">Its position.</param>
    public Span<double> Output(int index = 0) => values[operation.Outputs[index]];
}
