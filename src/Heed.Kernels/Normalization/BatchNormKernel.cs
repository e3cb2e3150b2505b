using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Batch normalisation of channels, with what usually follows it in one sweep: y[i, c] = φ(x̂[i, c]·γ[c] + β[c] + z[i, c]), x̂[i, c] = (x[i, c] − μ[c])·r[c], r[c] = 1/√(σ²[c] + ε).</summary>
/// <remarks>
/// <para>μ and σ² are a channel's mean and biased variance over all rows (pictures and their positions; Σ(x − μ)²/rows), or given ones. z is added if it is there; φ is the identity or max(·, 0). Shapes: x, z, y,
/// dx, dy (rows, channels); γ, β, μ, σ², r (channels). z may be empty.</para>
/// <para>Order of the sums over rows: blocks whose number the sizes decide, in order: same bits for any number of threads.</para>
/// <para>Cost: two sweeps forward (one with given statistics), two backward. Rows are shared by the workers. Thread-safe.</para>
/// <para>Source: Ioffe and Szegedy, "Batch normalization", 2015; as torch.nn.BatchNorm2d.</para>
/// </remarks>
public static unsafe class BatchNormKernel
{
    /// <summary>A channel's mean and biased variance.</summary>
    /// <param name="x">(rows, channels).</param>
    /// <param name="mean">μ: (channels).</param>
    /// <param name="variance">σ²: (channels).</param>
    /// <param name="picture">Rows of a picture, which blocks of rows do not leave; default 0: all rows are one.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or there is no row.</exception>
    public static void Statistics(ReadOnlySpan<float> x, Span<float> mean, Span<float> variance, int picture = 0)
    {
        const string Operation = "BatchNormKernel.Statistics";
        int channels = mean.Length, rows = Require.Rows(Operation, nameof(x), x.Length, channels);
        Require.Range(Operation, nameof(x), rows, rows >= 1, "at least one row");
        Require.Length(Operation, nameof(variance), variance.Length, channels);
        Require.Apart<float>(Operation, nameof(mean), mean, variance);
        Require.Apart(Operation, nameof(x), x, mean);
        Require.Apart(Operation, nameof(x), x, variance);
        fixed (float* px = x, pm = mean, pv = variance)
            ChannelMoments.Run(px, rows, channels, PictureOf(Operation, rows, picture), pm, pv, null);
    }

    /// <summary>Floats that the moments of the blocks take.</summary>
    /// <param name="rows">All rows.</param>
    /// <param name="picture">Rows of a picture; 0: all rows are one.</param>
    /// <param name="channels">Values of a row.</param>
    /// <exception cref="ArgumentException">The rows are not whole pictures.</exception>
    public static int MomentsLength(int rows, int picture, int channels) => (int)ChannelMoments.Length(ColumnBlocking.Of(rows, channels, PictureOf("BatchNormKernel.MomentsLength", rows, picture)), channels);

    /// <summary>The same bits as <see cref="Statistics(ReadOnlySpan{float}, Span{float}, Span{float}, int)"/>, from the moments that a convolution took of its result while that was in the cache
    /// (<see cref="ConvolutionKernel.Forward(ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, in ConvolutionShape, Span{float}, Span{float})"/>).</summary>
    /// <param name="moments">Mean and Σ(x − mean)² of each block: (blocks, 2, channels), <see cref="MomentsLength"/>.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="picture">Rows of a picture.</param>
    /// <param name="mean">μ: (channels).</param>
    /// <param name="variance">σ²: (channels).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or the rows are not whole pictures.</exception>
    public static void Statistics(ReadOnlySpan<float> moments, int rows, int picture, Span<float> mean, Span<float> variance)
    {
        const string Operation = "BatchNormKernel.Statistics";
        int channels = mean.Length;
        Require.Range(Operation, nameof(rows), rows, rows >= 1, "at least 1");
        Require.Length(Operation, nameof(moments), moments.Length, MomentsLength(rows, picture, channels));
        Require.Length(Operation, nameof(variance), variance.Length, channels);
        fixed (float* partial = moments, pm = mean, pv = variance)
            ChannelMoments.Join(partial, ColumnBlocking.Of(rows, channels, PictureOf(Operation, rows, picture)), rows, channels, pm, pv, null);
    }

    private static int PictureOf(string operation, int rows, int picture)
    {
        Require.Range(operation, nameof(picture), picture, picture >= 0 && (picture == 0 || rows % picture == 0), FormattableString.Invariant($"0, or such that the {rows} rows are whole pictures"));
        return picture == 0 ? rows : picture;
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
            ColumnSweep.Run(new ApplyStep { X = px, Addend = addend.Length == 0 ? null : pz, Y = py, Scale = scale, Shift = shift, Channels = channels, Rectifies = rectifies }, rows, channels);
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
    /// <param name="overwritesInput">Whether dx holds nothing yet, so that it is written and not added to; default false.</param>
    /// <param name="overwritesAddend">Likewise for daddend.</param>
    /// <param name="beta">Of the forward pass, if it rectified and added nothing: whether a result was above 0 is then computed again from x, with the same bits, and y, which may be empty, is not read. Default empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, ReadOnlySpan<float> gamma, float epsilon, bool rectifies, bool isFixed,
        Span<float> dx, Span<float> dgamma, Span<float> dbeta, Span<float> daddend, bool overwritesInput = false, bool overwritesAddend = false, ReadOnlySpan<float> beta = default)
    {
        const string Operation = "BatchNormKernel.Backward";
        int rows = Check(Operation, dy.Length, mean, variance, gamma), channels = mean.Length;
        Require.Length(Operation, nameof(x), x.Length, dy.Length);
        bool computesMask = rectifies && beta.Length != 0;
        if (computesMask)
            Require.Length(Operation, nameof(beta), beta.Length, channels);
        else if (rectifies)
            Require.Length(Operation, nameof(y), y.Length, dy.Length);
        CheckGradient(Operation, nameof(dx), dx, dy, x, y);
        CheckGradient(Operation, nameof(daddend), daddend, dy, x, y);
        if (dgamma.Length != 0)
            Require.Length(Operation, nameof(dgamma), dgamma.Length, channels);
        if (dbeta.Length != 0)
            Require.Length(Operation, nameof(dbeta), dbeta.Length, channels);
        if (rows == 0)
            return;
        using Scratch memory = new(7L * channels);
        float* sums = memory.Pointer, products = sums + channels, reciprocal = products + channels, scale = reciprocal + channels, offset = scale + channels, slope = offset + channels, shift = slope + channels;
        new Span<float>(sums, 2 * channels).Clear();
        for (int c = 0; c < channels; c++)
            reciprocal[c] = Reciprocal(variance[c], epsilon);
        fixed (float* pdy = dy, px = x, py = y, pm = mean, pdx = dx, pdz = daddend)
        {
            float* mask = rectifies && !computesMask ? py : null;
            for (int c = 0; c < channels; c++)
            {
                scale[c] = gamma[c] * reciprocal[c];
                shift[c] = computesMask ? beta[c] - (mean[c] * scale[c]) : 0;
            }
            RectifierMask seen = new() { Y = mask, X = px, Scale = scale, Shift = computesMask ? shift : null };
            if (!isFixed || dgamma.Length != 0 || dbeta.Length != 0)
                ColumnSweep.Sum(new GradientSum { Gradient = pdy, X = px, Mask = seen, Mean = pm, Reciprocal = reciprocal, Channels = channels }, rows, channels, 2, sums);
            for (int c = 0; c < channels; c++)
            {
                // dx = scale·g + slope·(x − μ) + offset.
                slope[c] = isFixed ? 0 : -scale[c] * reciprocal[c] * products[c] / rows;
                offset[c] = isFixed ? 0 : -scale[c] * sums[c] / rows;
            }
            if (dx.Length != 0 || daddend.Length != 0)
            {
                ColumnSweep.Run(new InputStep
                {
                    Gradient = pdy, X = px, Mask = seen, Mean = pm, Scale = scale, Slope = slope, Offset = offset, Channels = channels,
                    Input = dx.Length == 0 ? null : pdx, Addend = daddend.Length == 0 ? null : pdz, OverwritesInput = overwritesInput, OverwritesAddend = overwritesAddend,
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

    internal struct ApplyStep : IColumnStep
    {
        public float* X, Addend, Y, Scale, Shift;
        public nint Channels;
        public bool Rectifies;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Column<V, TLanes>(nint first, nint rows, nint channel, int count)
            where V : unmanaged, ISimd<V>
            where TLanes : struct, ILanes
        {
            nint at = (first * Channels) + channel;
            float* x = X + at, y = Y + at, addend = Addend + at;
            // NaN stays: max gives its second operand where either is NaN.
            V scale = TLanes.Load<V>(Scale + channel, count), shift = TLanes.Load<V>(Shift + channel, count), least = Rectifies ? V.Zero : V.Create(float.NegativeInfinity);
            if (Addend == null)
            {
                for (; rows > 0; rows--, x += Channels, y += Channels)
                    TLanes.Store(V.Max(least, V.FusedMultiplyAdd(TLanes.Load<V>(x, count), scale, shift)), y, count);
                return;
            }
            for (; rows > 0; rows--, x += Channels, y += Channels, addend += Channels)
                TLanes.Store(V.Max(least, V.FusedMultiplyAdd(TLanes.Load<V>(x, count), scale, shift) + TLanes.Load<V>(addend, count)), y, count);
        }
    }

    // Σ g and Σ g∘x̂, side by side.
    internal struct GradientSum : IColumnSum
    {
        public float* Gradient, X, Mean, Reciprocal;
        public RectifierMask Mask;
        public nint Channels;

        public readonly void Column<V, TLanes>(nint first, nint rows, nint channel, int count, float* to)
            where V : unmanaged, ISimd<V>
            where TLanes : struct, ILanes
        {
            if (Mask.Y != null)
                Sum<V, TLanes, RectifierMask.Read>(first, rows, channel, count, to);
            else if (Mask.Shift != null)
                Sum<V, TLanes, RectifierMask.Computed>(first, rows, channel, count, to);
            else
                Sum<V, TLanes, RectifierMask.Open>(first, rows, channel, count, to);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void Sum<V, TLanes, TForm>(nint first, nint rows, nint channel, int count, float* to)
            where V : unmanaged, ISimd<V>
            where TLanes : struct, ILanes
            where TForm : struct, IMaskForm
        {
            float* gradient = Gradient, x = X;
            RectifierMask.Lanes<V, TLanes, TForm> mask = Mask.At<V, TLanes, TForm>(channel, count);
            V mean = TLanes.Load<V>(Mean + channel, count), reciprocal = TLanes.Load<V>(Reciprocal + channel, count), a = V.Zero, b = V.Zero, c = V.Zero, d = V.Zero, pa = V.Zero, pb = V.Zero, pc = V.Zero, pd = V.Zero;
            nint two = 2 * Channels, three = 3 * Channels, at = (first * Channels) + channel;
            for (; rows >= 4; rows -= 4, at += 4 * Channels)
            {
                V g = mask.Keep(gradient, at, count), h = mask.Keep(gradient, at + Channels, count), i = mask.Keep(gradient, at + two, count), j = mask.Keep(gradient, at + three, count);
                a += g;
                b += h;
                c += i;
                d += j;
                pa = V.FusedMultiplyAdd(g, (TLanes.Load<V>(x + at, count) - mean) * reciprocal, pa);
                pb = V.FusedMultiplyAdd(h, (TLanes.Load<V>(x + at + Channels, count) - mean) * reciprocal, pb);
                pc = V.FusedMultiplyAdd(i, (TLanes.Load<V>(x + at + two, count) - mean) * reciprocal, pc);
                pd = V.FusedMultiplyAdd(j, (TLanes.Load<V>(x + at + three, count) - mean) * reciprocal, pd);
            }
            for (; rows > 0; rows--, at += Channels)
            {
                V g = mask.Keep(gradient, at, count);
                a += g;
                pa = V.FusedMultiplyAdd(g, (TLanes.Load<V>(x + at, count) - mean) * reciprocal, pa);
            }
            TLanes.Store((a + b) + (c + d), to, count);
            TLanes.Store((pa + pb) + (pc + pd), to + Channels, count);
        }
    }

    internal struct InputStep : IColumnStep
    {
        public float* Gradient, X, Mean, Scale, Slope, Offset, Input, Addend;
        public RectifierMask Mask;
        public nint Channels;
        public bool OverwritesInput, OverwritesAddend;

        public readonly void Column<V, TLanes>(nint first, nint rows, nint channel, int count)
            where V : unmanaged, ISimd<V>
            where TLanes : struct, ILanes
        {
            if (Mask.Y != null)
                Column<V, TLanes, RectifierMask.Read>(first, rows, channel, count);
            else if (Mask.Shift != null)
                Column<V, TLanes, RectifierMask.Computed>(first, rows, channel, count);
            else
                Column<V, TLanes, RectifierMask.Open>(first, rows, channel, count);
        }

        private readonly void Column<V, TLanes, TForm>(nint first, nint rows, nint channel, int count)
            where V : unmanaged, ISimd<V>
            where TLanes : struct, ILanes
            where TForm : struct, IMaskForm
        {
            if (Input == null || !OverwritesInput || (Addend != null && !OverwritesAddend))
                Change<V, TLanes, TForm, AnyGradients>(first, rows, channel, count);
            else if (Addend == null)
                Change<V, TLanes, TForm, NewInput>(first, rows, channel, count);
            else
                Change<V, TLanes, TForm, NewBoth>(first, rows, channel, count);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void Change<V, TLanes, TForm, TGradients>(nint first, nint rows, nint channel, int count)
            where V : unmanaged, ISimd<V>
            where TLanes : struct, ILanes
            where TForm : struct, IMaskForm
            where TGradients : struct, IGradients
        {
            nint at = (first * Channels) + channel;
            float* gradient = Gradient, input = Input, addend = Addend, x = X;
            RectifierMask.Lanes<V, TLanes, TForm> mask = Mask.At<V, TLanes, TForm>(channel, count);
            bool hasInput = TGradients.AreKnown || input != null, hasAddend = TGradients.HasAddend || (!TGradients.AreKnown && addend != null);
            bool addsInput = !TGradients.AreKnown && !OverwritesInput, addsAddend = !TGradients.AreKnown && !OverwritesAddend;
            V mean = TLanes.Load<V>(Mean + channel, count), scale = TLanes.Load<V>(Scale + channel, count), slope = TLanes.Load<V>(Slope + channel, count), offset = TLanes.Load<V>(Offset + channel, count);
            for (; rows > 0; rows--, at += Channels)
            {
                V g = mask.Keep(gradient, at, count);
                if (hasAddend)
                    TLanes.Store(addsAddend ? TLanes.Load<V>(addend + at, count) + g : g, addend + at, count);
                if (!hasInput)
                    continue;
                V change = V.FusedMultiplyAdd(g, scale, V.FusedMultiplyAdd(TLanes.Load<V>(x + at, count) - mean, slope, offset));
                TLanes.Store(addsInput ? TLanes.Load<V>(input + at, count) + change : change, input + at, count);
            }
        }

        // Which gradients there are and whether they are overwritten, as a type where it is the usual.
        private interface IGradients
        {
            static virtual bool AreKnown => true;

            static virtual bool HasAddend => false;
        }

        private readonly struct NewInput : IGradients;

        private readonly struct NewBoth : IGradients
        {
            public static bool HasAddend => true;
        }

        private readonly struct AnyGradients : IGradients
        {
            public static bool AreKnown => false;
        }
    }
}
