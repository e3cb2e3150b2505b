namespace Heed.Kernels;

/// <summary>Group normalisation of pictures, with what usually follows it in one sweep: y[b, p, c] = φ(x̂[b, p, c]·γ[c] + β[c] + z[b, p, c]), x̂ = (x − μ[b, g])·r[b, g], r = 1/√(σ² + ε), g the group of channel c.</summary>
/// <remarks>
/// <para>μ and σ² are mean and biased variance of a picture's pixels over the channels of a group; ε stands inside the root. z is added if it is there; φ is the identity or max(·, 0). Shapes: x, z, y, dx, dy (batch, pixels, channels);
/// γ, β (channels); μ, r (batch, groups). One group is layer normalisation of whole pictures, as many as channels instance normalisation.</para>
/// <para>Order of the sums over pixels as in <see cref="Reduction.AddColumnSums"/>, then over the channels of a group, in order: a picture has the same bits alone or in a batch, on any number of threads.</para>
/// <para>Cost: three sweeps forward, two backward; pictures one after the other, pixels shared by the workers. Thread-safe.</para>
/// <para>Source: Wu and He, "Group normalization", 2018; as torch.nn.GroupNorm with channels last.</para>
/// </remarks>
public static unsafe class GroupNormKernel
{
    /// <summary>Normalises and keeps what the backward pass needs.</summary>
    /// <param name="x">(batch, pixels, channels).</param>
    /// <param name="batch">Pictures.</param>
    /// <param name="gamma">γ: (channels).</param>
    /// <param name="beta">β: (channels).</param>
    /// <param name="epsilon">ε; torch's default is 1e-5.</param>
    /// <param name="addend">z: as x, or empty.</param>
    /// <param name="rectifies">Whether negative results become 0.</param>
    /// <param name="y">As x, apart from it.</param>
    /// <param name="mean">μ: (batch, groups); its length gives the groups.</param>
    /// <param name="reciprocalDeviation">r: (batch, groups).</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Forward(
        ReadOnlySpan<float> x, int batch, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, float epsilon, ReadOnlySpan<float> addend, bool rectifies, Span<float> y, Span<float> mean, Span<float> reciprocalDeviation)
    {
        const string Operation = "GroupNormKernel.Forward";
        int channels = gamma.Length, pixels = Check(Operation, x.Length, batch, channels, mean.Length, reciprocalDeviation.Length, out int groups);
        Require.Length(Operation, nameof(beta), beta.Length, channels);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        if (addend.Length != 0)
            Require.Length(Operation, nameof(addend), addend.Length, x.Length);
        Require.Apart(Operation, nameof(x), x, y);
        using Scratch memory = new(4L * channels);
        float* sums = memory.Pointer, centre = sums + channels, scale = centre + channels, shift = scale + channels;
        fixed (float* px = x, pz = addend, py = y)
        {
            for (int b = 0; b < batch; b++)
            {
                nint at = (nint)b * pixels * channels;
                Span<float> means = mean.Slice(b * groups, groups), reciprocals = reciprocalDeviation.Slice(b * groups, groups);
                // Of each channel, then of its group.
                ChannelMoments.Run(px + at, pixels, channels, centre, scale);
                for (int c = 0; c < channels; c++)
                    sums[c] = centre[c] * pixels;
                Fold(sums, channels, pixels, means);
                for (int c = 0; c < channels; c++)
                {
                    float apart = centre[c] - means[c / (channels / groups)];
                    sums[c] = pixels * (scale[c] + (apart * apart));
                }
                Fold(sums, channels, pixels, reciprocals);
                Spread(means, channels, centre);
                for (int g = 0; g < groups; g++)
                    reciprocals[g] = 1 / MathF.Sqrt(reciprocals[g] + epsilon);
                Spread(reciprocals, channels, scale);
                for (int c = 0; c < channels; c++)
                {
                    scale[c] *= gamma[c];
                    shift[c] = beta[c] - (centre[c] * scale[c]);
                }
                ColumnSweep.Run(new BatchNormKernel.ApplyStep { X = px + at, Addend = addend.Length == 0 ? null : pz + at, Y = py + at, Scale = scale, Shift = shift, Channels = channels, Rectifies = rectifies }, pixels, channels);
            }
        }
    }

    /// <summary>With g = dy, or dy where y is above 0 if it rectifies, and h = g∘γ: dz += g; dβ += Σ g; dγ += Σ g∘x̂; dx += r·(h − ⟨h⟩ − x̂·⟨h∘x̂⟩), ⟨·⟩ the mean over a picture's group.</summary>
    /// <param name="dy">(batch, pixels, channels).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="y">Of the forward pass; looked at only if it rectifies.</param>
    /// <param name="batch">Pictures.</param>
    /// <param name="mean">Of the forward pass.</param>
    /// <param name="reciprocalDeviation">Of the forward pass.</param>
    /// <param name="gamma">Of the forward pass.</param>
    /// <param name="rectifies">Whether negative results became 0.</param>
    /// <param name="dx">As x, or empty where it is not wanted.</param>
    /// <param name="dgamma">(channels), or empty.</param>
    /// <param name="dbeta">(channels), or empty.</param>
    /// <param name="daddend">As x, or empty.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, int batch, ReadOnlySpan<float> mean, ReadOnlySpan<float> reciprocalDeviation, ReadOnlySpan<float> gamma, bool rectifies,
        Span<float> dx, Span<float> dgamma, Span<float> dbeta, Span<float> daddend)
    {
        const string Operation = "GroupNormKernel.Backward";
        int channels = gamma.Length, pixels = Check(Operation, dy.Length, batch, channels, mean.Length, reciprocalDeviation.Length, out int groups);
        Require.Length(Operation, nameof(x), x.Length, dy.Length);
        if (rectifies)
            Require.Length(Operation, nameof(y), y.Length, dy.Length);
        BatchNormKernel.CheckGradient(Operation, nameof(dx), dx, dy, x, y);
        BatchNormKernel.CheckGradient(Operation, nameof(daddend), daddend, dy, x, y);
        if (dgamma.Length != 0)
            Require.Length(Operation, nameof(dgamma), dgamma.Length, channels);
        if (dbeta.Length != 0)
            Require.Length(Operation, nameof(dbeta), dbeta.Length, channels);
        using Scratch memory = new(7L * channels);
        float* sums = memory.Pointer, products = sums + channels, centre = products + channels, reciprocal = centre + channels, scale = reciprocal + channels, slope = scale + channels, offset = slope + channels;
        Span<float> first = new float[groups], second = new float[groups];
        fixed (float* pdy = dy, px = x, py = y, pdx = dx, pdz = daddend)
        {
            for (int b = 0; b < batch; b++)
            {
                nint at = (nint)b * pixels * channels;
                Spread(mean.Slice(b * groups, groups), channels, centre);
                Spread(reciprocalDeviation.Slice(b * groups, groups), channels, reciprocal);
                new Span<float>(sums, 2 * channels).Clear();
                RectifierMask mask = new() { Y = rectifies ? py + at : null };
                ColumnSweep.Sum(new BatchNormKernel.GradientSum { Gradient = pdy + at, X = px + at, Mask = mask, Mean = centre, Reciprocal = reciprocal, Channels = channels }, pixels, channels, 2, sums);
                for (int c = 0; c < channels; c++)
                {
                    if (dbeta.Length != 0)
                        dbeta[c] += sums[c];
                    if (dgamma.Length != 0)
                        dgamma[c] += products[c];
                    sums[c] *= gamma[c];
                    products[c] *= gamma[c];
                }
                if (dx.Length == 0 && daddend.Length == 0)
                    continue;
                Fold(sums, channels, pixels, first);
                Fold(products, channels, pixels, second);
                Spread(first, channels, offset);
                Spread(second, channels, slope);
                for (int c = 0; c < channels; c++)
                {
                    scale[c] = gamma[c] * reciprocal[c];
                    offset[c] *= -reciprocal[c];
                    slope[c] *= -reciprocal[c] * reciprocal[c];
                }
                ColumnSweep.Run(new BatchNormKernel.InputStep
                {
                    Gradient = pdy + at, X = px + at, Mask = mask, Mean = centre, Scale = scale, Slope = slope, Offset = offset,
                    Input = dx.Length == 0 ? null : pdx + at, Addend = daddend.Length == 0 ? null : pdz + at, Channels = channels,
                }, pixels, channels);
            }
        }
    }

    private static int Check(string operation, int length, int batch, int channels, int means, int reciprocals, out int groups)
    {
        Require.Range(operation, nameof(batch), batch, batch >= 0, "at least 0");
        int rows = Require.Rows(operation, "x", length, channels), pixels = batch == 0 ? 0 : rows / batch;
        Require.Length(operation, "x", rows, (long)pixels * batch);
        groups = batch == 0 ? 1 : means / batch;
        Require.Length(operation, "mean", means, batch * groups);
        Require.Length(operation, "reciprocalDeviation", reciprocals, means);
        Require.Range(operation, "groups", groups, groups >= 1 && channels % groups == 0 && (batch == 0 || pixels > 0), "a divisor of the channels, with at least one pixel");
        return pixels;
    }

    // The mean of each group, of sums over its channels' pixels.
    private static void Fold(float* sums, int channels, int pixels, Span<float> groups)
    {
        int each = channels / groups.Length;
        for (int g = 0; g < groups.Length; g++)
        {
            float sum = 0;
            for (int c = g * each; c < (g + 1) * each; c++)
                sum += sums[c];
            groups[g] = sum / ((float)pixels * each);
        }
    }

    private static void Spread(ReadOnlySpan<float> groups, int channels, float* to)
    {
        for (int c = 0; c < channels; c++)
            to[c] = groups[c / (channels / groups.Length)];
    }
}
