using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>The two layers of a squeeze-and-excitation block for one picture, and its norm as factors: what both directions of <see cref="SqueezeExcitationKernel"/> read.</summary>
/// <remarks>Channels fill the vectors: W₂ is turned round once a call. Without a norm factors are 1 and offsets 0.</remarks>
internal unsafe struct ExcitationTerms
{
    public ExcitationShape Shape;
    public float* First, FirstBias, SecondBias;
    public float* Second;                                            // turned: (hidden, channels)
    public float* Mean, Reciprocal, Scale, Shift, Gamma, Beta;       // of the norm, each (channels)
    public float* Means, Squeezed, Hidden, Gates;                    // of all pictures
    public int* Places;                                              // likewise; of the largest values

    /// <summary>Turns W₂ and makes the factors, in so much memory: <see cref="Length"/>.</summary>
    public ExcitationTerms(ExcitationShape shape, ExcitationWeights weights, ExcitationNorm norm, float* memory)
    {
        Shape = shape;
        int channels = shape.Channels, hidden = shape.Hidden;
        Mean = memory;
        Reciprocal = Mean + channels;
        Scale = Reciprocal + channels;
        Shift = Scale + channels;
        Gamma = Shift + channels;
        Beta = Gamma + channels;
        Second = Beta + channels;
        bool isNormed = norm.Gamma.Length != 0;
        for (int c = 0; c < channels; c++)
        {
            (Mean[c], Reciprocal[c]) = isNormed ? (norm.Mean[c], 1 / MathF.Sqrt(norm.Variance[c] + norm.Epsilon)) : (0, 1);
            (Gamma[c], Beta[c]) = isNormed ? (norm.Gamma[c], norm.Beta[c]) : (1, 0);
            Scale[c] = Gamma[c] * Reciprocal[c];
            Shift[c] = Beta[c] - (Mean[c] * Scale[c]);
            for (int j = 0; j < hidden; j++)
                Second[(j * (nint)channels) + c] = weights.Second[(c * hidden) + j];
        }
    }

    /// <summary>Floats of memory.</summary>
    public static long Length(ExcitationShape shape) => (6L + shape.Hidden) * shape.Channels;

    /// <summary>Pixels of a block.</summary>
    public readonly nint Block => ColumnSweep.StepBlock(Shape.Channels);

    /// <summary>The means of a picture before its norm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Squeeze<V>(float* x, nint picture)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Shape.Channels, pixels = Shape.Pixels, block = Block;
        float* to = Means + (picture * channels), start = x + (picture * pixels * channels);
        new Span<float>(to, (int)channels).Clear();
        for (nint first = 0; first < pixels; first += block)
        {
            nint length = Math.Min(block, pixels - first);
            nint c = 0;
            for (; c <= channels - V.Width; c += V.Width)
                Sum<V, WholeLanes>(start + (first * channels) + c, length, V.Width, to + c);
            if (c < channels)
                Sum<V, FirstLanes>(start + (first * channels) + c, length, (int)(channels - c), to + c);
        }
        V part = V.Create(1f / Shape.Pixels);
        for (nint c = 0; c < channels; c += V.Width)
        {
            int count = (int)Math.Min(V.Width, channels - c);
            Lane.Store(Lane.Load<V>(to + c, count) * part, to + c, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Sum<V, TLanes>(float* at, nint pixels, int count, float* to)
        where V : unmanaged, ISimd<V>
        where TLanes : struct, ILanes
    {
        nint channels = Shape.Channels, two = 2 * channels, three = 3 * channels, four = 4 * channels;
        V p = V.Zero, q = V.Zero, r = V.Zero, s = V.Zero;
        for (; pixels >= 4; pixels -= 4, at += four)
        {
            p += TLanes.Load<V>(at, count);
            q += TLanes.Load<V>(at + channels, count);
            r += TLanes.Load<V>(at + two, count);
            s += TLanes.Load<V>(at + three, count);
        }
        for (; pixels > 0; pixels--, at += channels)
            p += TLanes.Load<V>(at, count);
        TLanes.Store(TLanes.Load<V>(to, count) + ((p + q) + (r + s)), to, count);
    }

    /// <summary>Mixes the largest values of a picture before its norm, those that are largest behind it, into its means.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Peak<V>(float* x, nint picture)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Shape.Channels;
        float* start = x + (picture * Shape.Pixels * channels), means = Means + (picture * channels);
        int* places = Places + (picture * channels);
        Lane.Loop<V, ExcitationPeak>(new() { X = start, Factor = Scale, Places = (float*)places, Pixels = Shape.Pixels, Channels = channels }, 0, channels);
        (float meanShare, float share) = (Shape.MeanShare, Shape.PeakShare);
        for (nint c = 0; c < channels; c++)
        {
            places[c] = (int)((float*)places)[c];
            means[c] = (meanShare > 0 ? meanShare * means[c] : 0) + (share * start[(places[c] * channels) + c]);
        }
    }

    /// <summary>From a picture's means to its gates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Excite<V>(nint picture)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Shape.Channels;
        float* means = Means + (picture * channels), squeezed = Squeezed + (picture * channels), hidden = Hidden + (picture * Shape.Hidden), gates = Gates + (picture * channels);
        for (nint c = 0; c < channels; c += V.Width)
        {
            int count = (int)Math.Min(V.Width, channels - c);
            Lane.Store(V.FusedMultiplyAdd(Lane.Load<V>(means + c, count), Lane.Load<V>(Scale + c, count), Lane.Load<V>(Shift + c, count)), squeezed + c, count);
        }
        for (int j = 0; j < Shape.Hidden; j++)
        {
            float h = Dot<V>(First + (j * channels), squeezed, channels) + FirstBias[j];
            hidden[j] = h < 0 ? 0 : h;
        }
        for (nint c = 0; c < channels; c += V.Width)
        {
            int count = (int)Math.Min(V.Width, channels - c);
            V energy = Lane.Load<V>(SecondBias + c, count);
            float* w = Second + c;
            for (int j = 0; j < Shape.Hidden; j++, w += channels)
                energy = V.FusedMultiplyAdd(V.Create(hidden[j]), Lane.Load<V>(w, count), energy);
            Lane.Store(Shape.Gate switch
            {
                ChannelGate.Sigmoid => V.Sigmoid(energy),
                ChannelGate.HardSigmoid => V.Min(V.Create(1), V.Max(V.Zero, V.FusedMultiplyAdd(energy, V.Create(1 / 6f), V.Create(0.5f)))),
                ChannelGate.Tanh => V.Tanh(energy),
                _ => V.Max(V.Zero, energy),
            }, gates + c, count);
        }
    }

    /// <summary>From the gradients of a picture's gates, Q and G, to those of its energies, hidden units and z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public readonly void Return<V>(nint picture, float* gradientSums, float* products, float* energies, float* hiddenGradient, float* squeezedGradient)
        where V : unmanaged, ISimd<V>
    {
        nint channels = Shape.Channels;
        float* hidden = Hidden + (picture * Shape.Hidden), gates = Gates + (picture * channels);
        for (nint c = 0; c < channels; c += V.Width)
        {
            int count = (int)Math.Min(V.Width, channels - c);
            V s = Lane.Load<V>(gates + c, count), one = V.Create(1);
            V ds = V.FusedMultiplyAdd(Lane.Load<V>(Gamma + c, count), Lane.Load<V>(products + c, count), Lane.Load<V>(Beta + c, count) * Lane.Load<V>(gradientSums + c, count));
            Lane.Store(Shape.Gate switch
            {
                ChannelGate.Sigmoid => ds * (s * (one - s)),
                ChannelGate.HardSigmoid => V.Select(V.LessThan(V.Zero, s), V.Select(V.LessThan(s, one), ds * V.Create(1 / 6f), V.Zero), V.Zero),
                ChannelGate.Tanh => ds * (one - (s * s)),
                _ => V.Select(V.LessThan(V.Zero, s), ds, V.Zero),
            }, energies + c, count);
        }
        for (int j = 0; j < Shape.Hidden; j++)
            hiddenGradient[j] = hidden[j] > 0 ? Dot<V>(Second + (j * channels), energies, channels) : 0;
        for (nint c = 0; c < channels; c += V.Width)
        {
            int count = (int)Math.Min(V.Width, channels - c);
            V dz = V.Zero;
            float* w = First + c;
            for (int j = 0; j < Shape.Hidden; j++, w += channels)
                dz = V.FusedMultiplyAdd(V.Create(hiddenGradient[j]), Lane.Load<V>(w, count), dz);
            Lane.Store(dz, squeezedGradient + c, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot<V>(float* a, float* b, nint length)
        where V : unmanaged, ISimd<V>
    {
        V sum = V.Zero;
        for (nint c = 0; c < length; c += V.Width)
        {
            int count = (int)Math.Min(V.Width, length - c);
            sum = V.FusedMultiplyAdd(Lane.Load<V>(a + c, count), Lane.Load<V>(b + c, count), sum);
        }
        return V.Sum(sum);
    }
}
