namespace Heed;

/// <summary>How a parameter starts.</summary>
/// <remarks>Fan-in is the product of all axes but the first, fan-out the first axis (times the rest beyond two axes), as weights are stored
/// (out, in).</remarks>
public abstract class Initializer
{
    /// <summary>All zeros.</summary>
    public static Initializer Zeros { get; } = new Constant(0);

    /// <summary>All ones.</summary>
    public static Initializer Ones { get; } = new Constant(1);

    /// <summary>One value everywhere.</summary>
    /// <param name="value">The value.</param>
    public static Initializer Filled(float value) => new Constant(value);

    /// <summary>Uniform in ±√(6/(fan-in + fan-out)). Source: Glorot and Bengio 2010.</summary>
    public static Initializer XavierUniform { get; } = new Scaled((fanIn, fanOut) => Math.Sqrt(6.0 / (fanIn + fanOut)), normal: false);

    /// <summary>Normal with deviation √(2/(fan-in + fan-out)). Source: Glorot and Bengio 2010.</summary>
    public static Initializer XavierNormal { get; } = new Scaled((fanIn, fanOut) => Math.Sqrt(2.0 / (fanIn + fanOut)), normal: true);

    /// <summary>Uniform in ±√(6/fan-in), for ReLU. Source: He et al. 2015.</summary>
    public static Initializer HeUniform { get; } = new Scaled((fanIn, _) => Math.Sqrt(6.0 / fanIn), normal: false);

    /// <summary>Normal with deviation √(2/fan-in), for ReLU. Source: He et al. 2015.</summary>
    public static Initializer HeNormal { get; } = new Scaled((fanIn, _) => Math.Sqrt(2.0 / fanIn), normal: true);

    /// <summary>Uniform in ±1/√fan-in: what PyTorch's Linear starts with.</summary>
    public static Initializer LecunUniform { get; } = new Scaled((fanIn, _) => Math.Sqrt(1.0 / fanIn), normal: false);

    /// <summary>A matrix with orthonormal rows or columns, whichever are fewer. Source: Saxe et al. 2013.</summary>
    public static Initializer Orthogonal { get; } = new OrthogonalMatrix();

    /// <summary>1 on the diagonal of a matrix, 0 elsewhere: what is read passes on as it is.</summary>
    public static Initializer Identity { get; } = new IdentityMatrix();

    /// <summary>Uniform in ±<paramref name="bound"/>.</summary>
    /// <param name="bound">The bound.</param>
    public static Initializer Uniform(double bound) => new Scaled((_, _) => bound, normal: false);

    /// <summary>Normal with a deviation.</summary>
    /// <param name="deviation">The standard deviation.</param>
    public static Initializer Normal(double deviation) => new Scaled((_, _) => deviation, normal: true);

    /// <summary>Another initializer with one row set to 0 (the padding row of an embedding).</summary>
    /// <param name="inner">The other initializer.</param>
    /// <param name="row">The row.</param>
    public static Initializer WithZeroRow(Initializer inner, int row) => new ZeroRow(inner, row);

    /// <summary>Writes the first values.</summary>
    /// <param name="values">As many as the shape has elements.</param>
    /// <param name="shape">The parameter's shape.</param>
    /// <param name="random">The stream.</param>
    public abstract void Fill(Span<float> values, Shape shape, RandomStream random);

    private sealed class Constant(float value) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random) => values.Fill(value);
    }

    private sealed class IdentityMatrix : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            if (shape.Rank != 2)
                throw new ShapeException("Initializer.Identity: a matrix is required.");
            values.Clear();
            for (int i = 0; i < Math.Min(shape[0], shape[1]); i++)
                values[(i * shape[1]) + i] = 1;
        }
    }

    private sealed class Scaled(Func<double, double, double> scale, bool normal) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            double fanOut = shape.Rank == 0 ? 1 : shape[0], fanIn = shape.Length / Math.Max(1, fanOut);
            double size = scale(Math.Max(1, fanIn), fanOut);
            foreach (ref float value in values)
                value = (float)(size * (normal ? random.NextNormal() : (2 * random.NextDouble()) - 1));
        }
    }

    private sealed class ZeroRow(Initializer inner, int row) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            inner.Fill(values, shape, random);
            int length = shape.Length / shape[0];
            values.Slice(row * length, length).Clear();
        }
    }

    private sealed class OrthogonalMatrix : Initializer
    {
        // Gram–Schmidt on normal vectors, in double; the shorter side is made orthonormal.
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            int rows = shape[0], columns = shape.Length / Math.Max(1, rows);
            (int count, int length) = (Math.Min(rows, columns), Math.Max(rows, columns));
            double[][] basis = new double[count][];
            for (int i = 0; i < count; i++)
            {
                double[] v = basis[i] = new double[length];
                for (int k = 0; k < length; k++)
                    v[k] = random.NextNormal();
                for (int j = 0; j < i; j++)
                {
                    double dot = 0;
                    for (int k = 0; k < length; k++)
                        dot += v[k] * basis[j][k];
                    for (int k = 0; k < length; k++)
                        v[k] -= dot * basis[j][k];
                }
                double norm = Math.Sqrt(v.Sum(x => x * x));
                for (int k = 0; k < length; k++)
                    v[k] /= norm;
            }
            for (int r = 0; r < rows; r++)
            {
                for (int c = 0; c < columns; c++)
                    values[(r * columns) + c] = (float)(rows <= columns ? basis[r][c] : basis[c][r]);
            }
        }
    }
}
