using System.Numerics.Tensors;

namespace Heed;

/// <summary>A dense row-major array of float32 values, and a place on the tape.</summary>
/// <remarks>
/// <para>Tensors are values: operations give new ones. A tensor made inside a <see cref="Step"/> lives in the step's memory and may be used until
/// the step ends; nobody disposes it. What the step returns is kept; <see cref="Keep"/> keeps anything else. Using a tensor whose step has
/// ended throws.</para>
/// <para>Memory is managed and starts on a 64-byte boundary where Heed allocated it; any <see cref="Memory{T}"/> serves (memory-mapped
/// weights).</para>
/// <para>Thread safety: reading is safe from many threads while the step lives.</para>
/// </remarks>
public sealed partial class Tensor
{
    private readonly Memory<float> memory;
    private Step? step;
    private TensorBlock? gradient;

    internal Tensor(Memory<float> memory, Shape shape, Step? step, bool requiresGradient)
    {
        this.memory = memory;
        this.step = step;
        Shape = shape;
        RequiresGradient = requiresGradient;
    }

    /// <summary>A tensor over memory of the caller's, which it must not change while operations use it.</summary>
    /// <param name="memory">Exactly as many floats as the shape has elements.</param>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ShapeException">The lengths differ.</exception>
    public Tensor(Memory<float> memory, Shape shape)
        : this(memory, shape, null, false)
    {
        if (memory.Length != shape.Length)
            throw new ShapeException(FormattableString.Invariant($"Tensor: shape {shape} has {shape.Length} elements but the memory has {memory.Length} floats."));
    }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Length => Shape.Length;

    /// <summary>Whether gradients flow to this tensor.</summary>
    public bool RequiresGradient { get; }

    /// <summary>The values, row-major.</summary>
    /// <exception cref="InvalidOperationException">The step that made the tensor has ended.</exception>
    public ReadOnlySpan<float> Values => Writable;

    /// <summary>The value of a tensor with one element.</summary>
    /// <exception cref="InvalidOperationException">There is more or less than one element, or the step has ended.</exception>
    public float Item => Length == 1 ? Values[0]
        : throw new InvalidOperationException($"Tensor.Item: the tensor has shape {Shape}; one element is required.");

    internal Span<float> Writable
    {
        get
        {
            ThrowIfEnded();
            return memory.Span;
        }
    }

    internal Memory<float> Memory
    {
        get
        {
            ThrowIfEnded();
            return memory;
        }
    }

    internal Step? Step => step;

    internal Parameter? Parameter { get; init; }

    /// <summary>A tensor with a copy of values, outside any step.</summary>
    /// <param name="values">As many as the shape has elements.</param>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ShapeException">The lengths differ.</exception>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape)
    {
        if (values.Length != shape.Length)
            throw new ShapeException(FormattableString.Invariant($"Tensor.From: shape {shape} has {shape.Length} elements but {values.Length} values came."));
        Memory<float> copy = TensorPool.AllocateAligned(shape.Length);
        values.CopyTo(copy.Span);
        return new Tensor(copy, shape, null, false);
    }

    /// <summary>A tensor with a copy of a tensor span's values, outside any step.</summary>
    /// <param name="values">Any strides.</param>
    public static Tensor From(in ReadOnlyTensorSpan<float> values)
    {
        Span<int> sizes = stackalloc int[values.Rank];
        for (int i = 0; i < sizes.Length; i++)
            sizes[i] = checked((int)values.Lengths[i]);
        Memory<float> copy = TensorPool.AllocateAligned(new Shape(sizes).Length);
        values.FlattenTo(copy.Span);
        return new Tensor(copy, new Shape(sizes), null, false);
    }

    /// <summary>The same memory as a tensor span for reading; nothing is copied. A scalar has one axis of length 1.</summary>
    /// <exception cref="InvalidOperationException">The step that made the tensor has ended.</exception>
    public ReadOnlyTensorSpan<float> AsReadOnlyTensorSpan() => new(Values, SizesInto(stackalloc nint[Math.Max(1, Shape.Rank)]));

    /// <summary>The same memory as a tensor span for writing; nothing is copied. A scalar has one axis of length 1.</summary>
    /// <remarks>Tensors are dense, so each has such a view. What is written shows in every tensor over the same memory; do not write while an operation reads it. For a tensor outside any step: operations of
    /// a running step have read the values already, and the gradients would be those of others.</remarks>
    /// <exception cref="InvalidOperationException">The tensor belongs to a step, running or ended, or is a parameter's; read it by <see cref="AsReadOnlyTensorSpan"/>, or write into a copy.</exception>
    public TensorSpan<float> AsTensorSpan()
    {
        if (step is not null || Parameter is not null)
        {
            throw new InvalidOperationException($"Tensor.AsTensorSpan: {this} {(Parameter is not null ? "is a parameter's; write with Parameter.Assign"
                : "belongs to a step, whose operations have read it; write into a copy (Tensor.From), or after Keep()")}, or read by AsReadOnlyTensorSpan.");
        }
        return new(Writable, SizesInto(stackalloc nint[Math.Max(1, Shape.Rank)]));
    }

    // As System.Numerics.Tensors has them: rank 0 is one axis of length 1.
    private Span<nint> SizesInto(Span<nint> lengths)
    {
        lengths[0] = 1;
        for (int i = 0; i < Shape.Rank; i++)
            lengths[i] = Shape[i];
        return lengths;
    }

    /// <summary>Keeps the tensor beyond the end of its step; its memory then belongs to the garbage collector. Gradients do not flow on.</summary>
    /// <returns>This tensor.</returns>
    public Tensor Keep()
    {
        ThrowIfEnded();
        step?.Release(memory);
        step = null;
        return this;
    }

    /// <summary>A copy of the values.</summary>
    public float[] ToArray() => Values.ToArray();

    /// <summary>As <c>Tensor (2, 3)</c>.</summary>
    public override string ToString() => $"Tensor {Shape}";

    internal bool HasGradient => gradient is not null || Parameter is not null || Original is { HasGradient: true };

    internal Span<float> GradientSpan()
    {
        Span<float> span = GradientSpan(out bool isFirst);
        if (isFirst)
            span.Clear();
        return span;
    }

    /// <summary>The gradient; if <paramref name="isFirst"/>, nothing was added yet and what the memory holds is undefined.</summary>
    internal Span<float> GradientSpan(out bool isFirst)
    {
        if (Parameter is not null)
            return Parameter.GradientForWriting(out isFirst);
        if (Original is not null)
            return Original.GradientSpan(out isFirst);
        isFirst = gradient is null;
        gradient ??= (step ?? throw new InvalidOperationException($"{this} is outside any step and has no gradient.")).RentBlock(Length);
        return gradient.Memory.Span[..Length];
    }

    /// <summary>Gives the gradient's memory back: everything that made the tensor has been told.</summary>
    internal void ReleaseGradient()
    {
        if (gradient is { } block)
            step?.Return(block);
        gradient = null;
    }

    /// <summary>Makes the gradient of another tensor of as many elements, which needs it no more, this one's; false where this one has some already.</summary>
    internal bool TryTakeGradient(Tensor other)
    {
        if (HasGradient || Original is not null || other.gradient is null || other.step != step)
            return false;
        (gradient, other.gradient) = (other.gradient, null);
        return true;
    }

    private void ThrowIfEnded()
    {
        if (step is { HasEnded: true })
            throw new InvalidOperationException(FormattableString.Invariant($"{this} belonged to step {step.Number}, which has ended, and its memory may serve another step by now. Return it from the step, or call Keep() before the step ends."));
    }
}
