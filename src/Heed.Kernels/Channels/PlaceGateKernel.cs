using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Places of pictures scaled by gates, with what follows it in a residual block in one sweep: y[p, c] = φ(x[p, c]·gate[p] + z[p, c]).</summary>
/// <remarks>
/// <para>φ is the identity or max(·, 0); z may be empty. Shapes: x, z, y, dx, dy (places, channels), the places of all pictures one after the other; gate (places).</para>
/// <para>Bits: a place's result and gradients do not depend on others. Same bits for any number of threads.</para>
/// <para>Cost: one sweep forward, one backward. Places are shared by the workers in blocks. Thread-safe.</para>
/// </remarks>
public static unsafe class PlaceGateKernel
{
    private const int Block = 64;

    /// <summary>Scales.</summary>
    /// <param name="x">(places, channels).</param>
    /// <param name="gate">(places).</param>
    /// <param name="channels">Values of a place.</param>
    /// <param name="addend">z: as x, or empty.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <param name="y">As x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or y overlaps x or the gates.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> gate, int channels, ReadOnlySpan<float> addend, bool rectifies, Span<float> y)
    {
        const string Operation = "PlaceGateKernel.Forward";
        Require.Length(Operation, nameof(gate), gate.Length, Require.Rows(Operation, nameof(x), x.Length, channels));
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        if (addend.Length != 0)
            Require.Length(Operation, nameof(addend), addend.Length, x.Length);
        Require.Apart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(gate), gate, y);
        fixed (float* px = x, pg = gate, pz = addend, py = y)
            RowCall.Run(new ForwardStep { X = px, Gate = pg, Addend = addend.Length == 0 ? null : pz, Y = py, Places = gate.Length, Channels = channels, Rectifies = rectifies }, Blocks(gate.Length), (long)Block * channels);
    }

    /// <summary>With g = dy, or dy where y is above 0 if it rectifies: dx += g·gate; dgate += Σ over channels of g·x; dz += g.</summary>
    /// <param name="dy">(places, channels).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="gate">Of the forward pass.</param>
    /// <param name="channels">Values of a place.</param>
    /// <param name="y">Of the forward pass; empty if it does not rectify.</param>
    /// <param name="dx">As x, or empty where it is not wanted.</param>
    /// <param name="dgate">As the gates, or empty.</param>
    /// <param name="daddend">As x, or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> gate, int channels, ReadOnlySpan<float> y, Span<float> dx, Span<float> dgate, Span<float> daddend)
    {
        const string Operation = "PlaceGateKernel.Backward";
        Require.Length(Operation, nameof(gate), gate.Length, Require.Rows(Operation, nameof(dy), dy.Length, channels));
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
                Addend = daddend.Length == 0 ? null : pdz, Places = gate.Length, Channels = channels,
            }, Blocks(gate.Length), (long)Block * channels);
        }
    }

    private static int Blocks(int places) => (places / Block) + (places % Block == 0 ? 0 : 1);

    private struct ForwardStep : IRowStep
    {
        public float* X, Gate, Addend, Y;
        public nint Places, Channels;
        public bool Rectifies;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint block)
            where V : unmanaged, ISimd<V>
        {
            for (nint place = block * Block, end = Math.Min(place + Block, Places); place < end; place++)
            {
                nint at = place * Channels;
                Lane.Loop<V, ForwardLanes>(new() { X = X + at, Gate = Gate[place], Addend = Addend == null ? null : Addend + at, Y = Y + at, Rectifies = Rectifies }, 0, Channels);
            }
        }
    }

    private struct ForwardLanes : ILaneStep
    {
        public float* X, Addend, Y;
        public float Gate;
        public bool Rectifies;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V y = Lane.Load<V>(X + i, count) * V.Create(Gate);
            if (Addend != null)
                y += Lane.Load<V>(Addend + i, count);
            // NaN stays: max gives its second operand where either is NaN.
            Lane.Store(Rectifies ? V.Max(V.Zero, y) : y, Y + i, count);
        }
    }

    private struct BackwardStep : IRowStep
    {
        public float* Gradient, X, Gate, Mask, Input, GateGradient, Addend;
        public nint Places, Channels;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint block)
            where V : unmanaged, ISimd<V>
        {
            for (nint place = block * Block, end = Math.Min(place + Block, Places); place < end; place++)
            {
                nint at = place * Channels;
                V sum = V.Zero, gate = V.Create(Gate[place]);
                for (nint i = at, last = at + Channels; i < last; i += V.Width)
                {
                    int count = (int)Math.Min(V.Width, last - i);
                    V g = Lane.Load<V>(Gradient + i, count);
                    if (Mask != null)
                        g = V.Select(V.LessThan(V.Zero, Lane.Load<V>(Mask + i, count)), g, V.Zero);
                    if (Input != null)
                        Lane.Store(V.FusedMultiplyAdd(g, gate, Lane.Load<V>(Input + i, count)), Input + i, count);
                    if (Addend != null)
                        Lane.Store(Lane.Load<V>(Addend + i, count) + g, Addend + i, count);
                    sum = V.FusedMultiplyAdd(g, Lane.Load<V>(X + i, count), sum);
                }
                if (GateGradient != null)
                    GateGradient[place] += V.Sum(sum);
            }
        }
    }
}
