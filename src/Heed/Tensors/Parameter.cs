using Heed.Kernels;

namespace Heed;

/// <summary>A trained tensor of a module: values, and a gradient that steps add to.</summary>
/// <remarks>
/// <para>Gradients add up over steps until <see cref="ClearGradient"/>. A gradient that touches few rows (an embedding's) marks them, and the
/// optimizer reads no others.</para>
/// <para>Thread safety: reading is safe from many threads; writing (training, loading) excludes everything else.</para>
/// </remarks>
public sealed class Parameter
{
    // Taken when somebody first needs it: a model whose weights turn out not to fit, or lie in a file, costs nothing.
    private Memory<float> values;
    private bool isInFile;
    private readonly Initializer initializer;
    private Memory<float> gradient;
    private bool[] touched = [];
    private bool hasTouched;
    private bool dense;

    // What a cleared gradient still holds in memory: nothing, or old sums that the next writer replaces.
    private bool isStale;
    private int version;
    private (int Version, PackedMatrix Matrix)? packedTransposed, packedPlain;
    private int usedVersion = -1;
    private readonly Lock packing = new();

    // The stream of the first values, until somebody looks: values that a file replaces at once are never drawn.
    private volatile RandomStream? pending;

    /// <summary>Creates a parameter, drawn from its initializer.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="initializer">How it starts.</param>
    public Parameter(Shape shape, Initializer initializer)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        Shape = shape;
        this.initializer = initializer;
        pending = InitialStreams.Next();
    }

    /// <summary>The shape.</summary>
    public Shape Shape { get; }

    /// <summary>Whether training changes it; false freezes it.</summary>
    /// <value>Default true.</value>
    public bool IsTrained { get; set; } = true;

    /// <summary>The values.</summary>
    public ReadOnlySpan<float> Values => Ready.Span;

    /// <summary>The gradient; empty if no step has added to it since it was cleared.</summary>
    public ReadOnlySpan<float> Gradient => HasGradient ? gradient.Span : default;

    /// <summary>Whether a step has added to the gradient since it was cleared.</summary>
    public bool HasGradient => dense || hasTouched;

    /// <summary>Draws new values from the initializer.</summary>
    /// <param name="random">The stream.</param>
    public void Initialize(RandomStream random)
    {
        lock (packing)
        {
            initializer.Fill(Allocated.Span, Shape, random);
            pending = null;
            version++;
        }
    }

    /// <summary>Replaces the values.</summary>
    /// <param name="newValues">As many as the shape has elements.</param>
    /// <exception cref="ShapeException">The lengths differ.</exception>
    public void Assign(ReadOnlySpan<float> newValues)
    {
        if (newValues.Length != Shape.Length)
            throw new ShapeException(FormattableString.Invariant($"Parameter.Assign: shape {Shape} has {Shape.Length} elements but {newValues.Length} values came."));
        newValues.CopyTo(ForOverwriting());
    }

    /// <summary>Changes the values in place; the only way to write to them.</summary>
    /// <param name="change">Gets the values and the argument.</param>
    /// <param name="argument">Passed on, so that no closure is needed.</param>
    /// <typeparam name="TArgument">The argument's type.</typeparam>
    public void Change<TArgument>(Action<Span<float>, TArgument> change, TArgument argument)
    {
        ArgumentNullException.ThrowIfNull(change);
        change(Ready.Span, argument);
        version++;
    }

    /// <summary>Sets the gradient to nothing; memory is written only where few rows were touched.</summary>
    public void ClearGradient()
    {
        if (dense)
        {
            isStale = true;
            touched.AsSpan().Clear();
        }
        else if (hasTouched)
        {
            EmbeddingKernel.ClearRows(gradient.Span, RowLength, touched);
        }
        hasTouched = false;
        dense = false;
    }

    /// <summary>The values, all of which the caller writes.</summary>
    internal Span<float> ForOverwriting()
    {
        Span<float> span = Allocated.Span;
        pending = null;
        version++;
        return span;
    }

    /// <summary>Takes values where they lie, in a mapped file.</summary>
    internal void Adopt(Memory<float> mapped)
    {
        if (mapped.Length != Shape.Length)
            throw new ShapeException(FormattableString.Invariant($"Parameter.Adopt: shape {Shape} has {Shape.Length} elements but {mapped.Length} values came."));
        (values, isInFile, pending) = (mapped, true, null);
        version++;
    }

    /// <summary>The values, to be read later.</summary>
    internal ReadOnlyMemory<float> Memory => Ready;

    internal int RowLength => Shape.Rank == 0 ? 1 : Shape.Length / Math.Max(1, Shape[0]);

    internal Tensor AsTensor(Step step)
    {
        // Spans do not hold a mapped file; the step does.
        if (isInFile)
            step.Hold(this);
        return new(Ready, Shape, step, step.Records && !step.HoldsParameters && IsTrained) { Parameter = this };
    }

    /// <summary>The whole gradient, to be added to; or, if it is the first, to be overwritten: what it holds is then undefined.</summary>
    internal Span<float> GradientForWriting(out bool isFirst)
    {
        Allocate();
        isFirst = !HasGradient;
        if (isFirst)
            isStale = false;
        dense = true;
        return gradient.Span;
    }

    /// <summary>The gradient, of which only the rows that the caller marks will be added to.</summary>
    internal Span<float> GradientRowsForWriting(out Span<bool> marks)
    {
        Allocate();
        if (touched.Length == 0)
            touched = new bool[Shape[0]];
        if (isStale)
            gradient.Span.Clear();
        isStale = false;
        hasTouched = true;
        marks = touched;
        return gradient.Span;
    }

    /// <summary>For each row whether the gradient touched it; empty if all may have been.</summary>
    internal ReadOnlySpan<bool> TouchedRows => dense ? default : touched;

    /// <summary>The transposed matrix (in, out) in the order of the product; made again after the values changed.</summary>
    internal PackedMatrix PackedTransposed() => Packed(ref packedTransposed, isTransposed: true);

    /// <summary>The same, but null for the first product with these values, which reads them as they lie: packing costs a read and a write of memory that is new, and many weights are used once, as those of a model
    /// that answers one question. The bits are the same.</summary>
    internal PackedMatrix? PackedTransposedIfUsed()
    {
        lock (packing)
        {
            if (usedVersion == version)
                return PackedTransposed();
            usedVersion = version;
            return null;
        }
    }

    /// <summary>The matrix (out, in) in the order of the product, for gradients; made again after the values changed.</summary>
    internal PackedMatrix PackedPlain() => Packed(ref packedPlain, isTransposed: false);

    // Changing values excludes everything else, so the old panels have no reader any more and are filled again in place.
    private PackedMatrix Packed(ref (int Version, PackedMatrix Matrix)? kept, bool isTransposed)
    {
        lock (packing)
        {
            if (kept is { } p && p.Version == version)
                return p.Matrix;
            ReadOnlyMatrixSpan matrix = new(Values, Shape[0], RowLength);
            if (isTransposed)
                matrix = matrix.Transposed;
            if (kept is { } old)
                old.Matrix.Fill(matrix);
            PackedMatrix packed = kept?.Matrix ?? PackedMatrix.Pack(matrix);
            kept = (version, packed);
            return packed;
        }
    }

    /// <summary>Changes whenever the values do: what is derived from them can tell that it is old.</summary>
    internal int Version => version;

    private Memory<float> Ready
    {
        get
        {
            if (pending is not null)
            {
                lock (packing)
                {
                    if (pending is { } random)
                        initializer.Fill(Allocated.Span, Shape, random);
                    pending = null;
                }
            }
            return values;
        }
    }

    private Memory<float> Allocated => values.Length == Shape.Length ? values : values = TensorPool.AllocateAligned(Shape.Length);

    private void Allocate()
    {
        if (gradient.Length == Shape.Length)
            return;
        gradient = TensorPool.AllocateAligned(Shape.Length);
        gradient.Span.Clear();
    }
}

/// <summary>Streams for parameters that are made before a model gives them a seed: one after the other.</summary>
internal static class InitialStreams
{
    private static readonly RandomStream Root = new(0, "unseeded");
    private static long count;

    public static RandomStream Next() => Root.Fork((ulong)Interlocked.Increment(ref count));
}
