using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Channels of pictures scaled by gates, with what follows it in a residual block in one sweep: y[b, p, c] = φ(x[b, p, c]·gate[b, c] + z[b, p, c]).</summary>
/// <remarks>
/// <para>φ is the identity or max(·, 0); z may be empty. Shapes: x, z, y, dx, dy (batch, pixels, channels); gate (batch, channels).</para>
/// <para>Bits: a picture's result and gradients do not depend on the others of its batch, sums over its pixels run in order. Same bits for any number of threads.</para>
/// <para>Cost: one sweep forward, one backward. Forward pixels are shared by the workers, backward pictures. Thread-safe.</para>
/// </remarks>
public static unsafe class ChannelGateKernel
{
    // So many values stay in the first-level cache.
    private const int Block = 4096;

    /// <summary>Scales.</summary>
    /// <param name="x">(batch, pixels, channels).</param>
    /// <param name="gate">(batch, channels).</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="addend">z: as x, or empty.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <param name="y">As x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or y overlaps x or the gates.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> gate, int channels, ReadOnlySpan<float> addend, bool rectifies, Span<float> y)
    {
        const string Operation = "ChannelGateKernel.Forward";
        (int batch, int pixels) = Check(Operation, x.Length, gate.Length, channels);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        if (addend.Length != 0)
            Require.Length(Operation, nameof(addend), addend.Length, x.Length);
        Require.Apart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(gate), gate, y);
        if (pixels == 0)
            return;
        fixed (float* px = x, pg = gate, pz = addend, py = y)
        {
            nint block = Math.Max(1, Block / channels);
            RowCall.Run(
                new ForwardStep { X = px, Gate = pg, Addend = addend.Length == 0 ? null : pz, Y = py, Pixels = pixels, Channels = channels, Block = block, Rectifies = rectifies },
                batch * ((pixels + block - 1) / block), block * channels);
        }
    }

    /// <summary>With g = dy, or dy where y is above 0 if it rectifies: dx += g·gate; dgate += Σ over pixels of g·x; dz += g.</summary>
    /// <param name="dy">(batch, pixels, channels).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="gate">Of the forward pass.</param>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="y">Of the forward pass; empty if it does not rectify.</param>
    /// <param name="dx">As x, or empty where it is not wanted.</param>
    /// <param name="dgate">As the gates, or empty.</param>
    /// <param name="daddend">As x, or empty.</param>
    /// <param name="overwritesInput">Whether dx holds nothing yet, so that it is written and not added to; default false.</param>
    /// <param name="overwritesAddend">Likewise for daddend.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> gate, int channels, ReadOnlySpan<float> y, Span<float> dx, Span<float> dgate, Span<float> daddend,
        bool overwritesInput = false, bool overwritesAddend = false)
    {
        const string Operation = "ChannelGateKernel.Backward";
        (int batch, int pixels) = Check(Operation, dy.Length, gate.Length, channels);
        Require.Length(Operation, nameof(x), x.Length, dy.Length);
        if (y.Length != 0)
            Require.Length(Operation, nameof(y), y.Length, dy.Length);
        Require.Gradient(Operation, nameof(dx), dx, x.Length, dy, x);
        Require.Gradient(Operation, nameof(dgate), dgate, gate.Length, dy, x);
        Require.Gradient(Operation, nameof(daddend), daddend, x.Length, dy, x);
        fixed (float* pdy = dy, px = x, pg = gate, py = y, pdx = dx, pdg = dgate, pdz = daddend)
        {
            RowCall.Run(new BackwardStep
            {
                Gradient = pdy, X = px, Gate = pg, Mask = y.Length == 0 ? null : py, Input = dx.Length == 0 ? null : pdx, GateGradient = dgate.Length == 0 ? null : pdg,
                Addend = daddend.Length == 0 ? null : pdz, Pixels = pixels, Channels = channels, AddsInput = !overwritesInput, AddsAddend = !overwritesAddend,
            }, batch, (long)pixels * channels);
        }
    }

    private static (int Batch, int Pixels) Check(string operation, int length, int gates, int channels)
    {
        int batch = Require.Rows(operation, "gate", gates, channels), rows = Require.Rows(operation, "x", length, channels);
        Require.Length(operation, "x", rows, batch == 0 ? 0 : (long)(rows / batch) * batch);
        return (batch, batch == 0 ? 0 : rows / batch);
    }

    private struct ForwardStep : IRowStep
    {
        public float* X, Gate, Addend, Y;
        public nint Pixels, Channels, Block;
        public bool Rectifies;

        // Some pixels of one picture: a vector of gates stays in its register.
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint block)
            where V : unmanaged, ISimd<V>
        {
            nint blocks = (Pixels + Block - 1) / Block, picture = block / blocks, first = block % blocks * Block, end = Math.Min(first + Block, Pixels);
            for (nint c = 0; c < Channels; c += V.Width)
                Column<V>((((picture * Pixels) + first) * Channels) + c, end - first, (picture * Channels) + c, (int)Math.Min(V.Width, Channels - c));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void Column<V>(nint at, nint pixels, nint gateAt, int count)
            where V : unmanaged, ISimd<V>
        {
            float* addend = Addend;
            // NaN stays: max gives its second operand where either is NaN.
            V gate = Lane.Load<V>(Gate + gateAt, count), least = Rectifies ? V.Zero : V.Create(float.NegativeInfinity);
            for (; pixels > 0; pixels--, at += Channels)
            {
                V y = Lane.Load<V>(X + at, count) * gate;
                if (addend != null)
                    y += Lane.Load<V>(addend + at, count);
                Lane.Store(V.Max(least, y), Y + at, count);
            }
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient, X, Gate, Mask, Input, GateGradient, Addend;
        public nint Pixels, Channels;
        public bool AddsInput, AddsAddend;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint picture)
            where V : unmanaged, ISimd<V>
        {
            // Blocks of pixels that the first-level cache holds; the sums of gates go on over them in order.
            nint block = Math.Max(1, Block / Channels);
            for (nint first = 0; first < Pixels; first += block)
            {
                for (nint c = 0; c < Channels; c += V.Width)
                    Column<V>((((picture * Pixels) + first) * Channels) + c, Math.Min(block, Pixels - first), (picture * Channels) + c, (int)Math.Min(V.Width, Channels - c));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void Column<V>(nint at, nint pixels, nint gateAt, int count)
            where V : unmanaged, ISimd<V>
        {
            float* mask = Mask, input = Input, addend = Addend, x = GateGradient == null ? null : X;
            bool addsInput = AddsInput, addsAddend = AddsAddend;
            V gate = Lane.Load<V>(Gate + gateAt, count), sum = x == null ? V.Zero : Lane.Load<V>(GateGradient + gateAt, count);
            for (; pixels > 0; pixels--, at += Channels)
            {
                V g = Lane.Load<V>(Gradient + at, count);
                if (mask != null)
                    g = V.Select(V.LessThan(V.Zero, Lane.Load<V>(mask + at, count)), g, V.Zero);
                if (x != null)
                    sum = V.FusedMultiplyAdd(g, Lane.Load<V>(x + at, count), sum);
                if (input != null)
                    Lane.Store(addsInput ? V.FusedMultiplyAdd(g, gate, Lane.Load<V>(input + at, count)) : g * gate, input + at, count);
                if (addend != null)
                    Lane.Store(addsAddend ? Lane.Load<V>(addend + at, count) + g : g, addend + at, count);
            }
            if (x != null)
                Lane.Store(sum, GateGradient + gateAt, count);
        }
    }
}
