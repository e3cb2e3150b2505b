namespace Heed.Kernels;

/// <summary>How badly boxes fit: one minus their generalized intersection over union, for boxes that are given by the distances of their edges from a common point.</summary>
/// <remarks>
/// <para>Formula: with I the area of the intersection, U that of the union and C that of the smallest box around both, loss = Σ w·(1 − (I/U − (C − U)/C)). A point with distances (left, top, right, bottom) inside both boxes
/// makes I = (min(l, l') + min(r, r'))·(min(t, t') + min(b, b')), and C the same with maxima. A gradient reaches boxes that do not overlap, too.</para>
/// <para>Shapes: boxes and targets (rows, 4), distances above 0; weights (rows). Rows are summed in order in double precision. A row whose weight is 0 is not read.</para>
/// <para>Cost: about 40 flops a row, on one thread. Thread-safe.</para>
/// <para>Source: Rezatofighi et al., "Generalized intersection over union", 2019; in the form of distances as Tian et al., "FCOS", 2019, use it.</para>
/// </remarks>
public static class BoxLossKernel
{
    /// <summary>The weighted sum of the losses.</summary>
    /// <param name="boxes">(rows, 4): left, top, right, bottom.</param>
    /// <param name="targets">(rows, 4).</param>
    /// <param name="weights">(rows).</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static double Forward(ReadOnlySpan<float> boxes, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights)
    {
        Check("BoxLossKernel.Forward", boxes, targets, weights);
        double sum = 0;
        for (int row = 0; row < weights.Length; row++)
        {
            if (weights[row] == 0)
                continue;
            Pair pair = new(boxes.Slice(4 * row, 4), targets.Slice(4 * row, 4));
            sum += weights[row] * pair.Loss;
        }
        return sum;
    }

    /// <summary>dboxes += gradient of the sum, times <paramref name="gradient"/>.</summary>
    /// <param name="boxes">(rows, 4).</param>
    /// <param name="targets">(rows, 4).</param>
    /// <param name="weights">(rows).</param>
    /// <param name="gradient">What is above the loss, 1 for the loss itself.</param>
    /// <param name="dboxes">(rows, 4).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or spans overlap.</exception>
    public static void Backward(ReadOnlySpan<float> boxes, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights, float gradient, Span<float> dboxes)
    {
        const string Operation = "BoxLossKernel.Backward";
        Check(Operation, boxes, targets, weights);
        Require.Length(Operation, nameof(dboxes), dboxes.Length, boxes.Length);
        Require.Apart(Operation, nameof(boxes), boxes, dboxes);
        for (int row = 0; row < weights.Length; row++)
        {
            if (weights[row] == 0)
                continue;
            ReadOnlySpan<float> box = boxes.Slice(4 * row, 4), target = targets.Slice(4 * row, 4);
            Pair pair = new(box, target);
            // Left and right are two edges of the width, top and bottom two of the height.
            for (int edge = 0; edge < 4; edge++)
            {
                bool isAcross = edge % 2 == 0, isInside = box[edge] < target[edge];
                double area = isAcross ? pair.Height : pair.Width, inner = isInside ? isAcross ? pair.InnerHeight : pair.InnerWidth : 0, outer = isInside ? 0 : isAcross ? pair.OuterHeight : pair.OuterWidth;
                double union = area - inner;
                double slope = (inner / pair.Union) - (pair.Intersection * union / (pair.Union * pair.Union)) + (union / pair.Outer) - (pair.Union * outer / (pair.Outer * pair.Outer));
                dboxes[(4 * row) + edge] -= (float)(gradient * weights[row] * slope);
            }
        }
    }

    private static void Check(string operation, ReadOnlySpan<float> boxes, ReadOnlySpan<float> targets, ReadOnlySpan<float> weights)
    {
        Require.Length(operation, nameof(boxes), boxes.Length, 4L * weights.Length);
        Require.Length(operation, nameof(targets), targets.Length, boxes.Length);
    }

    private readonly struct Pair
    {
        public readonly double Width, Height, InnerWidth, InnerHeight, OuterWidth, OuterHeight, Intersection, Union, Outer;

        public Pair(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        {
            (Width, Height) = ((double)a[0] + a[2], (double)a[1] + a[3]);
            (InnerWidth, InnerHeight) = ((double)Math.Min(a[0], b[0]) + Math.Min(a[2], b[2]), (double)Math.Min(a[1], b[1]) + Math.Min(a[3], b[3]));
            (OuterWidth, OuterHeight) = ((double)Math.Max(a[0], b[0]) + Math.Max(a[2], b[2]), (double)Math.Max(a[1], b[1]) + Math.Max(a[3], b[3]));
            Intersection = InnerWidth * InnerHeight;
            Union = (Width * Height) + (((double)b[0] + b[2]) * ((double)b[1] + b[3])) - Intersection;
            Outer = OuterWidth * OuterHeight;
        }

        public double Loss => 1 - (Intersection / Union) + ((Outer - Union) / Outer);
    }
}
