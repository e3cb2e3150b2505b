using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>Rotary position embedding: each pair of a head's features is turned by an angle that grows with the position, so that dot products of queries and keys depend on distance.</summary>
/// <remarks>
/// <para>Formula: (a, b) ↦ (a·cos θ − b·sin θ, b·cos θ + a·sin θ), θ = position·frequency of the pair. Pairs are features (i, i + n/2) in the half form (GPT-NeoX, Llama of Hugging Face), or
/// (2i, 2i + 1) in the interleaved one (the paper, GPT-J), of the first n features; the others pass.</para>
/// <para>Shapes: x, y, dx, dy (rows, heads, headDim); positions (rows); cos, sin (positions, n/2). y may be x. Gradients are added. Rows are shared by the workers. Thread-safe.</para>
/// <para>Source: Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021.</para>
/// </remarks>
public static unsafe class RotaryKernel
{
    /// <summary>Fills the table of angles: frequency i is base^(−2i/n), positions are divided by a factor.</summary>
    /// <param name="frequencyBase">base; usually 10,000.</param>
    /// <param name="factor">Linear scaling of positions; 1 for none.</param>
    /// <param name="pairs">n/2.</param>
    /// <param name="cos">(positions, pairs).</param>
    /// <param name="sin">(positions, pairs).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or a number does not suit.</exception>
    public static void Angles(double frequencyBase, double factor, int pairs, Span<float> cos, Span<float> sin)
    {
        const string Operation = "RotaryKernel.Angles";
        Require.Range(Operation, nameof(frequencyBase), frequencyBase, frequencyBase > 1 && double.IsFinite(frequencyBase), "above 1");
        Require.Range(Operation, nameof(factor), factor, factor > 0 && double.IsFinite(factor), "above 0");
        int positions = Require.Rows(Operation, nameof(cos), cos.Length, pairs);
        Require.Length(Operation, nameof(sin), sin.Length, cos.Length);
        for (int i = 0; i < pairs; i++)
        {
            double frequency = Math.Pow(frequencyBase, -(double)i / pairs) / factor;
            for (int position = 0; position < positions; position++)
            {
                (double s, double c) = Math.SinCos(position * frequency);
                (cos[(position * pairs) + i], sin[(position * pairs) + i]) = ((float)c, (float)s);
            }
        }
    }

    /// <summary>Turns.</summary>
    /// <param name="x">(rows, heads, headDim).</param>
    /// <param name="positions">A row of the table for each row.</param>
    /// <param name="cos">(positions, n/2).</param>
    /// <param name="sin">(positions, n/2).</param>
    /// <param name="shape">Sizes and form.</param>
    /// <param name="y">(rows, heads, headDim); may be x.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, a position lies outside of the table, or spans overlap.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<int> positions, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, in RotaryShape shape, Span<float> y)
    {
        const string Operation = "RotaryKernel.Forward";
        Check(Operation, x.Length, y.Length, positions, cos, sin, shape);
        Require.SameOrApart(Operation, nameof(x), x, y);
        Require.Apart(Operation, nameof(cos), cos, y);
        Require.Apart(Operation, nameof(sin), sin, y);
        fixed (float* px = x, py = y, pc = cos, ps = sin)
        fixed (int* pp = positions)
            RowCall.Run(new RotaryStep { X = px, Y = py, Cos = pc, Sin = ps, Positions = pp, Shape = shape }, positions.Length, shape.RowLength);
    }

    /// <summary>dx += dy turned back.</summary>
    /// <param name="dy">(rows, heads, headDim).</param>
    /// <param name="positions">Of the forward pass.</param>
    /// <param name="cos">Of the forward pass.</param>
    /// <param name="sin">Of the forward pass.</param>
    /// <param name="shape">Sizes and form.</param>
    /// <param name="dx">(rows, heads, headDim).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, a position lies outside of the table, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<int> positions, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, in RotaryShape shape, Span<float> dx)
    {
        const string Operation = "RotaryKernel.Backward";
        Check(Operation, dy.Length, dx.Length, positions, cos, sin, shape);
        Require.Apart(Operation, nameof(dy), dy, dx);
        Require.Apart(Operation, nameof(cos), cos, dx);
        Require.Apart(Operation, nameof(sin), sin, dx);
        fixed (float* pdy = dy, pdx = dx, pc = cos, ps = sin)
        fixed (int* pp = positions)
            RowCall.Run(new RotaryStep { X = pdy, Y = pdx, Cos = pc, Sin = ps, Positions = pp, Shape = shape, IsBackward = true }, positions.Length, shape.RowLength);
    }

    private static void Check(string operation, int x, int y, ReadOnlySpan<int> positions, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, in RotaryShape shape)
    {
        Require.Range(operation, nameof(shape), shape.Heads, shape.Heads >= 1 && shape.HeadDim >= 1, "at least one head of at least one feature");
        Require.Range(operation, nameof(shape), shape.Rotated, shape.Rotated >= 2 && shape.Rotated <= shape.HeadDim && shape.Rotated % 2 == 0, "an even number of features in 2 … headDim");
        Require.Length(operation, nameof(x), x, (long)positions.Length * shape.RowLength);
        Require.Length(operation, nameof(y), y, x);
        int count = Require.Rows(operation, nameof(cos), cos.Length, shape.Rotated / 2);
        Require.Length(operation, nameof(sin), sin.Length, cos.Length);
        foreach (int position in positions)
            Require.Range(operation, nameof(positions), position, (uint)position < (uint)count, "a row of the table of angles");
    }

    private struct RotaryStep : IRowStep
    {
        public float* X;
        public float* Y;
        public float* Cos;
        public float* Sin;
        public int* Positions;
        public RotaryShape Shape;
        public bool IsBackward;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        public readonly void Row<V>(nint row)
            where V : unmanaged, ISimd<V>
        {
            int pairs = Shape.Rotated / 2, rest = Shape.HeadDim - Shape.Rotated;
            nint table = (nint)Positions[row] * pairs;
            for (int head = 0; head < Shape.Heads; head++)
            {
                nint at = (row * Shape.RowLength) + ((nint)head * Shape.HeadDim);
                float* x = X + at, y = Y + at;
                if (Shape.Interleaved)
                    Neighbours(x, y, Cos + table, Sin + table, pairs);
                else
                    Lane.Loop<V, TurnStep>(new() { A = x, B = x + pairs, YA = y, YB = y + pairs, Cos = Cos + table, Sin = Sin + table, IsBackward = IsBackward }, 0, pairs);
                if (rest > 0 && (IsBackward || x != y))
                    Lane.Loop<V, PassStep>(new() { X = x + Shape.Rotated, Y = y + Shape.Rotated, Adds = IsBackward }, 0, rest);
            }
        }

        private readonly void Neighbours(float* x, float* y, float* cos, float* sin, int pairs)
        {
            for (int i = 0; i < pairs; i++)
            {
                (float a, float b, float c, float s) = (x[2 * i], x[(2 * i) + 1], cos[i], IsBackward ? -sin[i] : sin[i]);
                (float turnedA, float turnedB) = ((a * c) - (b * s), (b * c) + (a * s));
                (y[2 * i], y[(2 * i) + 1]) = IsBackward ? (y[2 * i] + turnedA, y[(2 * i) + 1] + turnedB) : (turnedA, turnedB);
            }
        }
    }

    private struct TurnStep : ILaneStep
    {
        public float* A, B, YA, YB, Cos, Sin;
        public bool IsBackward;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V a = Lane.Load<V>(A + i, count), b = Lane.Load<V>(B + i, count), c = Lane.Load<V>(Cos + i, count), s = Lane.Load<V>(Sin + i, count);
            if (IsBackward)
            {
                Lane.Store(Lane.Load<V>(YA + i, count) + V.FusedMultiplyAdd(a, c, b * s), YA + i, count);
                Lane.Store(Lane.Load<V>(YB + i, count) + V.FusedMultiplyAdd(b, c, -(a * s)), YB + i, count);
            }
            else
            {
                Lane.Store(V.FusedMultiplyAdd(a, c, -(b * s)), YA + i, count);
                Lane.Store(V.FusedMultiplyAdd(b, c, a * s), YB + i, count);
            }
        }
    }

    private struct PassStep : ILaneStep
    {
        public float* X;
        public float* Y;
        public bool Adds;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Step<V>(nint i, int count)
            where V : unmanaged, ISimd<V>
        {
            V x = Lane.Load<V>(X + i, count);
            Lane.Store(Adds ? x + Lane.Load<V>(Y + i, count) : x, Y + i, count);
        }
    }
}

/// <summary>Sizes of a <see cref="RotaryKernel"/>.</summary>
/// <param name="Heads">Heads of a row.</param>
/// <param name="HeadDim">Features of a head.</param>
/// <param name="Rotated">How many of them turn, even; the first ones.</param>
/// <param name="Interleaved">Whether pairs are neighbours, else the two halves.</param>
public readonly record struct RotaryShape(int Heads, int HeadDim, int Rotated, bool Interleaved = false)
{
    internal int RowLength => Heads * HeadDim;
}
