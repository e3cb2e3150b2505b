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
        fixed (float* px = x, pg = gate, pz = addend, py = y)
            RowCall.Run(new ForwardStep { X = px, Gate = pg, Addend = addend.Length == 0 ? null : pz, Y = py, Pixels = pixels, Channels = channels, Rectifies = rectifies }, (nint)batch * pixels, channels);
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
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> gate, int channels, ReadOnlySpan<float> y, Span<float> dx, Span<float> dgate, Span<float> daddend)
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
                Addend = daddend.Length == 0 ? null : pdz, Pixels = pixels, Channels = channels,
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
        public nint Pixels, Channels;
        public bool Rectifies;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint pixel)
            where V : unmanaged, ISimd<V>
        {
            nint at = pixel * Channels;
            Lane.Loop<V, ForwardLanes>(new() { X = X + at, Gate = Gate + (pixel / Pixels * Channels), Addend = Addend == null ? null : Addend + at, Y = Y + at, Rectifies = Rectifies }, 0, Channels);
        }
    }

    private struct ForwardLanes : ILaneStep
    {
        public float* X, Gate, Addend, Y;
        public bool Rectifies;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V y = Lane.Load<V>(X + i, count) * Lane.Load<V>(Gate + i, count);
            if (Addend != null)
                y += Lane.Load<V>(Addend + i, count);
            // NaN stays: max gives its second operand where either is NaN.
            Lane.Store(Rectifies ? V.Max(V.Zero, y) : y, Y + i, count);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient, X, Gate, Mask, Input, GateGradient, Addend;
        public nint Pixels, Channels;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint picture)
            where V : unmanaged, ISimd<V>
        {
            nint gate = picture * Channels;
            for (nint at = gate * Pixels, end = at + (Pixels * Channels); at < end; at += Channels)
            {
                Lane.Loop<V, BackwardLanes>(new()
                {
                    Gradient = Gradient + at, X = X + at, Gate = Gate + gate, Mask = Mask == null ? null : Mask + at, Input = Input == null ? null : Input + at,
                    GateGradient = GateGradient == null ? null : GateGradient + gate, Addend = Addend == null ? null : Addend + at,
                }, 0, Channels);
            }
        }
    }

    private struct BackwardLanes : ILaneStep
    {
        public float* Gradient, X, Gate, Mask, Input, GateGradient, Addend;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V g = Lane.Load<V>(Gradient + i, count);
            if (Mask != null)
                g = V.Select(V.LessThan(V.Zero, Lane.Load<V>(Mask + i, count)), g, V.Zero);
            if (Input != null)
                Lane.Store(V.FusedMultiplyAdd(g, Lane.Load<V>(Gate + i, count), Lane.Load<V>(Input + i, count)), Input + i, count);
            if (GateGradient != null)
                Lane.Store(V.FusedMultiplyAdd(g, Lane.Load<V>(X + i, count), Lane.Load<V>(GateGradient + i, count)), GateGradient + i, count);
            if (Addend != null)
                Lane.Store(Lane.Load<V>(Addend + i, count) + g, Addend + i, count);
        }
    }
}
