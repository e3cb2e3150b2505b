using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One picture of <see cref="SqueezeExcitationKernel"/>: its means unless they are known, its gates, and the result.</summary>
internal unsafe struct ExcitationForward : IRowStep
{
    public ExcitationTerms Terms;
    public float* X, Addend, Y;
    public float* Scale, Shift;      // of norm and gate together: (batch, channels)
    public bool HasMeans;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Row<V>(nint picture)
        where V : unmanaged, ISimd<V>
    {
        ref readonly ExcitationShape shape = ref Terms.Shape;
        nint channels = shape.Channels, at = picture * channels, rows = picture * shape.Pixels, block = Terms.Block;
        if (!HasMeans && shape.MeanShare > 0)
            Terms.Squeeze<V>(X, picture);
        if (shape.PeakShare > 0)
            Terms.Peak<V>(X, picture);
        Terms.Excite<V>(picture);
        for (nint c = 0; c < channels; c += V.Width)
        {
            int count = (int)Math.Min(V.Width, channels - c);
            V gate = Lane.Load<V>(Terms.Gates + at + c, count);
            Lane.Store(gate * Lane.Load<V>(Terms.Scale + c, count), Scale + at + c, count);
            Lane.Store(gate * Lane.Load<V>(Terms.Shift + c, count), Shift + at + c, count);
        }
        BatchNormKernel.ApplyStep step = new() { X = X, Addend = Addend, Y = Y, Scale = Scale + at, Shift = Shift + at, Channels = channels, Rectifies = shape.Rectifies };
        for (nint first = 0; first < shape.Pixels; first += block)
            ColumnSweep.Vectors<V, BatchNormKernel.ApplyStep>(step, rows + first, Math.Min(block, shape.Pixels - first), channels);
    }
}

/// <summary>One picture on the way back: its sums, from which the gradients of gates and layers follow, and the gradients of the pictures, which with statistics of the batch must wait for the sums of all.</summary>
internal unsafe struct ExcitationBackward : IRowStep
{
    /// <summary>What is done at once.</summary>
    public enum Sweep
    {
        Both,
        Sums,
        Input,
    }

    public ExcitationTerms Terms;
    public Sweep Part;
    public float* Gradient, X, Y, Input, Addend;
    public float* Sums;                                       // (batch, 2, channels): G and Q
    public float* Energies, HiddenGradient, SqueezedGradient; // of all pictures
    public float* Scales, Offsets;                            // dx = scale·g + slope·(x − μ) + offset: (batch, channels) each
    public float* Slope;                                      // (channels)
    public bool OverwritesInput, OverwritesAddend;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Row<V>(nint picture)
        where V : unmanaged, ISimd<V>
    {
        if (Part != Sweep.Input)
        {
            Sum<V>(picture);
            nint channels = Terms.Shape.Channels, at = picture * channels;
            float* sums = Sums + (2 * at);
            Terms.Return<V>(picture, sums, sums + channels, Energies + at, HiddenGradient + (picture * Terms.Shape.Hidden), SqueezedGradient + at);
            V part = V.Create(Terms.Shape.MeanShare / Terms.Shape.Pixels);
            for (nint c = 0; c < channels; c += V.Width)
            {
                int count = (int)Math.Min(V.Width, channels - c);
                V scale = Lane.Load<V>(Terms.Scale + c, count);
                Lane.Store(scale * Lane.Load<V>(Terms.Gates + at + c, count), Scales + at + c, count);
                Lane.Store(scale * part * Lane.Load<V>(SqueezedGradient + at + c, count), Offsets + at + c, count);
            }
        }
        if (Part != Sweep.Sums && (Input != null || Addend != null))
            Change<V>(picture);
        if (Part != Sweep.Sums && Input != null && Terms.Shape.PeakShare > 0)
            Scatter(picture);
    }

    // What the largest values get besides.
    private readonly void Scatter(nint picture)
    {
        nint channels = Terms.Shape.Channels, at = picture * channels;
        for (nint c = 0; c < channels; c++)
            Input[(((picture * Terms.Shape.Pixels) + Terms.Places[at + c]) * channels) + c] += Terms.Shape.PeakShare * Terms.Scale[c] * SqueezedGradient[at + c];
    }

    private readonly RectifierMask Mask => new() { Y = Y };

    private readonly void Sum<V>(nint picture)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Terms.Shape.Channels, pixels = Terms.Shape.Pixels, block = Terms.Block;
        using Scratch blockSums = new(2 * channels);
        float* sums = Sums + (2 * picture * channels), some = blockSums.Pointer;
        BatchNormKernel.GradientSum term = new() { Gradient = Gradient, X = X, Mask = Mask, Mean = Terms.Mean, Reciprocal = Terms.Reciprocal, Channels = channels };
        new Span<float>(sums, (int)(2 * channels)).Clear();
        for (nint first = 0; first < pixels; first += block)
        {
            ColumnSweep.Sums<V, BatchNormKernel.GradientSum>(term, (picture * pixels) + first, Math.Min(block, pixels - first), channels, some);
            for (nint c = 0; c < 2 * channels; c += V.Width)
            {
                int count = (int)Math.Min(V.Width, (2 * channels) - c);
                Lane.Store(Lane.Load<V>(sums + c, count) + Lane.Load<V>(some + c, count), sums + c, count);
            }
        }
    }

    private readonly void Change<V>(nint picture)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Terms.Shape.Channels, pixels = Terms.Shape.Pixels, at = picture * channels, block = Terms.Block;
        BatchNormKernel.InputStep step = new()
        {
            Gradient = Gradient, X = X, Mask = Mask, Mean = Terms.Mean, Scale = Scales + at, Slope = Slope, Offset = Offsets + at, Channels = channels,
            Input = Input, Addend = Addend, OverwritesInput = OverwritesInput, OverwritesAddend = OverwritesAddend,
        };
        for (nint first = 0; first < pixels; first += block)
            ColumnSweep.Vectors<V, BatchNormKernel.InputStep>(step, (picture * pixels) + first, Math.Min(block, pixels - first), channels);
    }
}

/// <summary>dγ and dβ from what all pictures found, in order, and what they take from the gradient of each picture.</summary>
internal unsafe struct ExcitationJoin : ILaneStep
{
    public ExcitationTerms Terms;
    public float* Sums, SqueezedGradient, Offsets, Slope, Gamma, Beta;
    public bool FoundStatistics;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Step<V>(nint i, int count)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Terms.Shape.Channels;
        V gamma = V.Zero, beta = V.Zero, mean = Lane.Load<V>(Terms.Mean + i, count), reciprocal = Lane.Load<V>(Terms.Reciprocal + i, count);
        for (nint b = 0; b < Terms.Shape.Batch; b++)
        {
            float* sums = Sums + (2 * b * channels) + i;
            V gate = Lane.Load<V>(Terms.Gates + (b * channels) + i, count), dz = Lane.Load<V>(SqueezedGradient + (b * channels) + i, count);
            beta += V.FusedMultiplyAdd(gate, Lane.Load<V>(sums, count), dz);
            gamma = V.FusedMultiplyAdd(dz, (Lane.Load<V>(Terms.Means + (b * channels) + i, count) - mean) * reciprocal, V.FusedMultiplyAdd(gate, Lane.Load<V>(sums + channels, count), gamma));
        }
        Lane.Store(gamma, Gamma + i, count);
        Lane.Store(beta, Beta + i, count);
        if (!FoundStatistics)
            return;
        V part = Lane.Load<V>(Terms.Scale + i, count) * V.Create(1 / ((float)Terms.Shape.Batch * Terms.Shape.Pixels)), change = part * beta;
        Lane.Store(-(part * reciprocal * gamma), Slope + i, count);
        for (nint b = 0; b < Terms.Shape.Batch; b++)
        {
            float* offset = Offsets + (b * channels) + i;
            Lane.Store(Lane.Load<V>(offset, count) - change, offset, count);
        }
    }
}
