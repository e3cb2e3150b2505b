using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Batch normalisation of channels, with what usually follows it in one sweep: y[i, c] = φ(x̂[i, c]·γ[c] + β[c] + z[i, c]), x̂[i, c] = (x[i, c] − μ[c])·r[c], r[c] = 1/√(σ²[c] + ε).</summary>
/// <remarks>
/// <para>μ and σ² are a channel's mean and biased variance over all rows (pictures and their positions; Σ(x − μ)²/rows, in a second pass), or given ones. z is added if it is there; φ is the identity or max(·, 0). Shapes: x, z, y,
/// dx, dy (rows, channels); γ, β, μ, σ², r (channels). z may be empty.</para>
/// <para>Order of the sums over rows as in <see cref="Reduction.AddColumnSums"/>: same bits for any number of threads.</para>
/// <para>Cost: three sweeps forward (one with given statistics), two backward. Rows are shared by the workers. Thread-safe.</para>
/// <para>Source: Ioffe and Szegedy, "Batch normalization", 2015; as torch.nn.BatchNorm2d.</para>
/// </remarks>
public static unsafe class BatchNormKernel
{
    /// <summary>A channel's mean and biased variance.</summary>
    /// <param name="x">(rows, channels).</param>
    /// <param name="mean">μ: (channels).</param>
    /// <param name="variance">σ²: (channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or there is no row.</exception>
    public static void Statistics(ReadOnlySpan<float> x, Span<float> mean, Span<float> variance)
    {
        const string Operation = "BatchNormKernel.Statistics";
        int channels = mean.Length, rows = Require.Rows(Operation, nameof(x), x.Length, channels);
        Require.Range(Operation, nameof(x), rows, rows >= 1, "at least one row");
        Require.Length(Operation, nameof(variance), variance.Length, channels);
        Require.Apart<float>(Operation, nameof(mean), mean, variance);
        Require.Apart(Operation, nameof(x), x, mean);
        Require.Apart(Operation, nameof(x), x, variance);
        mean.Clear();
        variance.Clear();
        Reduction.AddColumnSums(x, mean);
        for (int c = 0; c < channels; c++)
            mean[c] /= rows;
        fixed (float* px = x, pm = mean, pv = variance)
            ColumnBlocks.Run(new DeviationTerm { X = px, Mean = pm, Channels = channels }, rows, channels, pv);
        for (int c = 0; c < channels; c++)
            variance[c] /= rows;
    }

    /// <summary>Normalises with given statistics.</summary>
    /// <param name="x">(rows, channels).</param>
    /// <param name="mean">μ: (channels).</param>
    /// <param name="variance">σ²: (channels).</param>
    /// <param name="gamma">γ: (channels).</param>
    /// <param name="beta">β: (channels).</param>
    /// <param name="epsilon">ε; torch's default is 1e-5.</param>
    /// <param name="addend">z: (rows, channels), or empty.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <param name="y">(rows, channels); may be x or z, but the backward pass needs x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, float epsilon, ReadOnlySpan<float> addend, bool rectifies,
        Span<float> y)
    {
        const string Operation = "BatchNormKernel.Forward";
        int rows = Check(Operation, x.Length, mean, variance, gamma), channels = mean.Length;
        Require.Length(Operation, nameof(beta), beta.Length, channels);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        if (addend.Length != 0)
            Require.Length(Operation, nameof(addend), addend.Length, x.Length);
        using Scratch factors = new(2L * channels);
        float* scale = factors.Pointer, shift = scale + channels;
        for (int c = 0; c < channels; c++)
        {
            scale[c] = gamma[c] * Reciprocal(variance[c], epsilon);
            shift[c] = beta[c] - (mean[c] * scale[c]);
        }
        fixed (float* px = x, pz = addend, py = y)
            RowCall.Run(new ApplyStep { X = px, Addend = addend.Length == 0 ? null : pz, Y = py, Scale = scale, Shift = shift, Channels = channels, Rectifies = rectifies }, rows, channels);
    }

    /// <summary>With g = dy, or dy where y is above 0 if it rectifies: dz += g; dβ += Σ g; dγ += Σ g∘x̂; dx += γ·r·(g − ⟨g⟩ − x̂·⟨g∘x̂⟩), ⟨·⟩ the mean over rows, which statistics that were given do without: dx += γ·r·g.</summary>
    /// <param name="dy">(rows, channels).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="y">Of the forward pass; looked at only if it rectifies.</param>
    /// <param name="mean">Of the forward pass.</param>
    /// <param name="variance">Of the forward pass.</param>
    /// <param name="gamma">Of the forward pass.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="rectifies">Whether negative results became 0.</param>
    /// <param name="isFixed">Whether the statistics were given, not those of x.</param>
    /// <param name="dx">(rows, channels), or empty where it is not wanted.</param>
    /// <param name="dgamma">(channels), or empty.</param>
    /// <param name="dbeta">(channels), or empty.</param>
    /// <param name="daddend">(rows, channels), or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, ReadOnlySpan<float> gamma, float epsilon, bool rectifies, bool isFixed,
        Span<float> dx, Span<float> dgamma, Span<float> dbeta, Span<float> daddend)
    {
        const string Operation = "BatchNormKernel.Backward";
        int rows = Check(Operation, dy.Length, mean, variance, gamma), channels = mean.Length;
        Require.Length(Operation, nameof(x), x.Length, dy.Length);
        if (rectifies)
            Require.Length(Operation, nameof(y), y.Length, dy.Length);
        CheckGradient(Operation, nameof(dx), dx, dy, x, y);
        CheckGradient(Operation, nameof(daddend), daddend, dy, x, y);
        if (dgamma.Length != 0)
            Require.Length(Operation, nameof(dgamma), dgamma.Length, channels);
        if (dbeta.Length != 0)
            Require.Length(Operation, nameof(dbeta), dbeta.Length, channels);
        if (rows == 0)
            return;
        using Scratch memory = new(6L * channels);
        float* sums = memory.Pointer, products = sums + channels, reciprocal = products + channels, scale = reciprocal + channels, offset = scale + channels, slope = offset + channels;
        new Span<float>(sums, 2 * channels).Clear();
        for (int c = 0; c < channels; c++)
            reciprocal[c] = Reciprocal(variance[c], epsilon);
        fixed (float* pdy = dy, px = x, py = y, pm = mean, pdx = dx, pdz = daddend)
        {
            float* mask = rectifies ? py : null;
            if (!isFixed || dgamma.Length != 0 || dbeta.Length != 0)
                ColumnBlocks.Run(new GradientTerm { Gradient = pdy, X = px, Mask = mask, Mean = pm, Reciprocal = reciprocal, Channels = channels }, rows, 2 * channels, sums);
            for (int c = 0; c < channels; c++)
            {
                // dx = scale·g + slope·(x − μ) + offset.
                scale[c] = gamma[c] * reciprocal[c];
                slope[c] = isFixed ? 0 : -scale[c] * reciprocal[c] * products[c] / rows;
                offset[c] = isFixed ? 0 : -scale[c] * sums[c] / rows;
            }
            if (dx.Length != 0 || daddend.Length != 0)
            {
                RowCall.Run(new InputStep
                {
                    Gradient = pdy, X = px, Mask = mask, Mean = pm, Scale = scale, Slope = slope, Offset = offset, Channels = channels,
                    Input = dx.Length == 0 ? null : pdx, Addend = daddend.Length == 0 ? null : pdz,
                }, rows, channels);
            }
        }
        for (int c = 0; c < dgamma.Length; c++)
            dgamma[c] += products[c];
        for (int c = 0; c < dbeta.Length; c++)
            dbeta[c] += sums[c];
    }

    private static float Reciprocal(float variance, float epsilon) => 1 / MathF.Sqrt(variance + epsilon);

    private static int Check(string operation, int length, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, ReadOnlySpan<float> gamma)
    {
        int channels = mean.Length, rows = Require.Rows(operation, "x", length, channels);
        Require.Length(operation, nameof(variance), variance.Length, channels);
        Require.Length(operation, nameof(gamma), gamma.Length, channels);
        return rows;
    }

    internal static void CheckGradient(string operation, string argument, ReadOnlySpan<float> gradient, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        if (gradient.Length == 0)
            return;
        Require.Length(operation, argument, gradient.Length, dy.Length);
        Require.Apart(operation, nameof(dy), dy, gradient);
        Require.Apart(operation, nameof(x), x, gradient);
        Require.Apart(operation, nameof(y), y, gradient);
    }

    // Σ (x − μ)².
    internal struct DeviationTerm : IColumnTerm
    {
        public float* X, Mean;
        public nint Channels;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Add<V>(nint row, float* partial)
            where V : unmanaged, ISimd<V> =>
            Lane.Loop<V, DeviationLanes>(new() { X = X + (row * Channels), Mean = Mean, Sum = partial }, 0, Channels);
    }

    private struct DeviationLanes : ILaneStep
    {
        public float* X, Mean, Sum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V deviation = Lane.Load<V>(X + i, count) - Lane.Load<V>(Mean + i, count);
            Lane.Store(V.FusedMultiplyAdd(deviation, deviation, Lane.Load<V>(Sum + i, count)), Sum + i, count);
        }
    }

    internal struct ApplyStep : IRowStep
    {
        public float* X, Addend, Y, Scale, Shift;
        public nint Channels;
        public bool Rectifies;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V> =>
            Lane.Loop<V, ApplyLanes>(new() { X = X + (row * Channels), Addend = Addend == null ? null : Addend + (row * Channels), Y = Y + (row * Channels), Scale = Scale, Shift = Shift, Rectifies = Rectifies }, 0, Channels);
    }

    private struct ApplyLanes : ILaneStep
    {
        public float* X, Addend, Y, Scale, Shift;
        public bool Rectifies;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V y = V.FusedMultiplyAdd(Lane.Load<V>(X + i, count), Lane.Load<V>(Scale + i, count), Lane.Load<V>(Shift + i, count));
            if (Addend != null)
                y += Lane.Load<V>(Addend + i, count);
            // NaN stays: max gives its second operand where either is NaN.
            Lane.Store(Rectifies ? V.Max(V.Zero, y) : y, Y + i, count);
        }
    }

    // Σ g and Σ g∘x̂, side by side.
    internal struct GradientTerm : IColumnTerm
    {
        public float* Gradient, X, Mask, Mean, Reciprocal;
        public nint Channels;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Add<V>(nint row, float* partial)
            where V : unmanaged, ISimd<V>
        {
            nint at = row * Channels;
            Lane.Loop<V, GradientLanes>(new() { Gradient = Gradient + at, X = X + at, Mask = Mask == null ? null : Mask + at, Mean = Mean, Reciprocal = Reciprocal, Sum = partial, Product = partial + Channels }, 0, Channels);
        }
    }

    private struct GradientLanes : ILaneStep
    {
        public float* Gradient, X, Mask, Mean, Reciprocal, Sum, Product;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V g = Masked<V>(Gradient, Mask, i, count), normal = (Lane.Load<V>(X + i, count) - Lane.Load<V>(Mean + i, count)) * Lane.Load<V>(Reciprocal + i, count);
            Lane.Store(Lane.Load<V>(Sum + i, count) + g, Sum + i, count);
            Lane.Store(V.FusedMultiplyAdd(g, normal, Lane.Load<V>(Product + i, count)), Product + i, count);
        }
    }

    internal struct InputStep : IRowStep
    {
        public float* Gradient, X, Mask, Mean, Scale, Slope, Offset, Input, Addend;
        public nint Channels;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            nint at = row * Channels;
            Lane.Loop<V, InputLanes>(new()
            {
                Gradient = Gradient + at, X = X + at, Mask = Mask == null ? null : Mask + at, Mean = Mean, Scale = Scale, Slope = Slope, Offset = Offset,
                Input = Input == null ? null : Input + at, Addend = Addend == null ? null : Addend + at,
            }, 0, Channels);
        }
    }

    private struct InputLanes : ILaneStep
    {
        public float* Gradient, X, Mask, Mean, Scale, Slope, Offset, Input, Addend;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V g = Masked<V>(Gradient, Mask, i, count);
            if (Addend != null)
                Lane.Store(Lane.Load<V>(Addend + i, count) + g, Addend + i, count);
            if (Input == null)
                return;
            V x = Lane.Load<V>(X + i, count) - Lane.Load<V>(Mean + i, count);
            V input = V.FusedMultiplyAdd(g, Lane.Load<V>(Scale + i, count), V.FusedMultiplyAdd(x, Lane.Load<V>(Slope + i, count), Lane.Load<V>(Offset + i, count)));
            Lane.Store(Lane.Load<V>(Input + i, count) + input, Input + i, count);
        }
    }

    // g: the gradient, or 0 where the result was cut off.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Masked<V>(float* gradient, float* mask, nint i, int count)
        where V : unmanaged, ISimd<V>
    {
        V g = Lane.Load<V>(gradient + i, count);
        return mask == null ? g : V.Select(V.LessThan(V.Zero, Lane.Load<V>(mask + i, count)), g, V.Zero);
    }
}
