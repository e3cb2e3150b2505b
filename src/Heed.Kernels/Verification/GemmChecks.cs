namespace Heed.Kernels;

/// <summary>Matrix products: all transposes, skinny and tiny shapes, bias, activation, accumulation.</summary>
internal static class GemmChecks
{
    private static readonly (int Rows, int Columns, int Depth)[] Shapes = [(1, 1, 1), (1, 70, 33), (5, 3, 17), (31, 47, 1), (13, 33, 129), (97, 131, 301), (256, 192, 600)];

    private static readonly Activation[] Activations = [.. Enum.GetValues<Activation>().Where(a => a != Activation.None)];

    public static void Products(KernelChecker check)
    {
        int turn = 0;
        foreach ((int m, int n, int k) in Shapes)
        {
            foreach (bool transposeA in (bool[])[false, true])
            {
                foreach (bool transposeB in (bool[])[false, true])
                    One(check, m, n, k, transposeA, transposeB, Activations[turn++ % Activations.Length]);
            }
        }
    }

    public static void Packed(KernelChecker check)
    {
        foreach ((int m, int n, int k) in Shapes)
        {
            float[] a = check.Draw(m * k), b = check.Draw(k * n), c = new float[m * n];
            double[] wide = new double[m * n];
            Gemm.Multiply(new ReadOnlyMatrixSpan(a, m, k), PackedMatrix.Pack(new ReadOnlyMatrixSpan(b, k, n)), new MatrixSpan(c, m, n));
            ReferenceGemm.Multiply(KernelChecker.Widen(a), (k, 1), KernelChecker.Widen(b), (n, 1), wide, (m, n, k));
            check.Compare(FormattableString.Invariant($"{m}×{n}×{k}"), c, wide, Limit(k));
        }
    }

    private static void One(KernelChecker check, int m, int n, int k, bool transposeA, bool transposeB, Activation activation)
    {
        // Sums of about 1, where the functions bend.
        float scale = 1 / MathF.Sqrt(k);
        float[] a = check.Draw(m * k, -scale, scale), b = check.Draw(k * n), bias = check.Draw(n), c = check.Draw(m * n), sum = (float[])c.Clone();
        double[] wide = new double[m * n], wideSum = KernelChecker.Widen(c);
        (int, int) stridesA = transposeA ? (1, m) : (k, 1), stridesB = transposeB ? (1, k) : (n, 1);
        ReadOnlyMatrixSpan left = transposeA ? new ReadOnlyMatrixSpan(a, k, m).Transposed : new(a, m, k), right = transposeB ? new ReadOnlyMatrixSpan(b, n, k).Transposed : new(b, k, n);
        string name = FormattableString.Invariant($"{m}×{n}×{k} {(transposeA ? "Aᵀ" : "A")}·{(transposeB ? "Bᵀ" : "B")}");
        Gemm.Multiply(left, right, new MatrixSpan(c, m, n), GemmOutput.Overwrite, bias, activation);
        ReferenceGemm.Multiply(KernelChecker.Widen(a), stridesA, KernelChecker.Widen(b), stridesB, wide, (m, n, k), GemmOutput.Overwrite, KernelChecker.Widen(bias), activation);
        check.Compare(FormattableString.Invariant($"{activation} of {name} + bias"), c, wide, Limit(k));
        Gemm.Multiply(left, right, new MatrixSpan(sum, m, n), GemmOutput.Accumulate);
        ReferenceGemm.Multiply(KernelChecker.Widen(a), stridesA, KernelChecker.Widen(b), stridesB, wideSum, (m, n, k), GemmOutput.Accumulate);
        check.Compare("C + " + name, sum, wideSum, Limit(k), summands: 1);
    }

    // Roundings of a chain of k additions of products below 1, against results that grow as √k.
    private static double Limit(int k) => 1.2e-7 * (2 + Math.Sqrt(k));
}
