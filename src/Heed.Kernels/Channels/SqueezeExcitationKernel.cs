namespace Heed.Kernels;

/// <summary>Squeeze and excitation, with what stands before and behind it in a residual block, in as few sweeps as batch norm needs alone: y = φ(s[b, c]·n[b, p, c] + a[b, p, c]), n = x̂·γ + β behind a batch norm or n = x without one,
/// z[b, c] = mean over p of n, or its maximum, or half of each (<see cref="ChannelSqueeze"/>), s = gate(W₂·max(W₁·z + b₁, 0) + b₂).</summary>
/// <remarks>
/// <para>x̂ = (x − μ)/√(σ² + ε) as in <see cref="BatchNormKernel"/>; a is added if it is there; φ is the identity or max(·, 0). Shapes: x, a, y and their gradients (batch, pixels, channels).</para>
/// <para>Forward, a picture's mean behind the norm follows from its mean before it, and that from the blocks of which the statistics are made; scale and norm are then one factor and one offset for each picture and channel. A maximum behind the norm is that of γ/√(σ² + ε)·x. Backward, with
/// g = dy, or dy where y is above 0 if it rectifies, and the sums G = Σ g and Q = Σ g∘x̂ of each picture: ds = γ·Q + β·G; through the two layers dz; dn = s·g + dz/pixels, so that
/// dβ = Σ (s·G + dz), dγ = Σ (s·Q + dz·⟨x̂⟩) over the pictures, ⟨·⟩ the mean of one; dx = γ·r·(dn − dβ/rows − x̂·dγ/rows), without the last two terms where statistics are given; da = g. Of a maximum, dz goes to its place p* in place of dz/pixels to all, and x̂[p*] stands for ⟨x̂⟩.</para>
/// <para>Order of the sums: blocks that lie within a picture and whose number the sizes decide, in order, then pictures in order: same bits for any number of threads. Without a norm, or with a fixed one, a picture's result and gradient do not depend on the others.</para>
/// <para>Cost: two sweeps forward (three with a maximum; the last finds the picture in the cache), two backward; without statistics the second one finds a picture of some 100 KiB in the cache. Pictures are shared by the workers. Thread-safe.</para>
/// <para>Source: Hu, Shen and Sun, "Squeeze-and-excitation networks", 2018, section 3.</para>
/// </remarks>
public static unsafe class SqueezeExcitationKernel
{
    /// <summary>Weighs.</summary>
    /// <param name="x">(batch, pixels, channels).</param>
    /// <param name="shape">Sizes and functions.</param>
    /// <param name="weights">Of the two layers.</param>
    /// <param name="norm">The batch norm before the block, or the default.</param>
    /// <param name="addend">a: as x, or empty.</param>
    /// <param name="y">As x, apart from it.</param>
    /// <param name="state">Written, for the way back; the gates are a result of their own.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or y overlaps x.</exception>
    public static void Forward(ReadOnlySpan<float> x, ExcitationShape shape, ExcitationWeights weights, ExcitationNorm norm, ReadOnlySpan<float> addend, Span<float> y, ExcitationState state)
    {
        const string Operation = "SqueezeExcitationKernel.Forward";
        Check(Operation, x.Length, shape, weights, norm, state);
        Require.Length(Operation, nameof(y), y.Length, x.Length);
        if (addend.Length != 0)
            Require.Length(Operation, nameof(addend), addend.Length, x.Length);
        Require.Apart(Operation, nameof(x), x, y);
        if (x.Length == 0)
            return;
        int channels = shape.Channels;
        bool findsStatistics = norm.Gamma.Length != 0 && !norm.IsFixed;
        using Scratch memory = new(ExcitationTerms.Length(shape) + (2L * shape.Batch * channels));
        fixed (float* px = x, pa = addend, py = y, first = weights.First, firstBias = weights.FirstBias, secondBias = weights.SecondBias)
        fixed (float* mean = norm.Mean, variance = norm.Variance, means = state.Means, squeezed = state.Squeezed, hidden = state.Hidden, gates = state.Gates)
        fixed (int* places = state.Places)
        {
            nint rows = (nint)shape.Batch * shape.Pixels;
            if (findsStatistics && norm.Moments.Length == 0)
                ChannelMoments.Run(px, rows, channels, shape.Pixels, mean, variance, means);
            else if (findsStatistics)
            {
                fixed (float* moments = norm.Moments)
                    ChannelMoments.Join(moments, ColumnBlocking.Of(rows, channels, shape.Pixels), rows, channels, mean, variance, means);
            }
            ExcitationTerms terms = new(shape, weights, norm, memory.Pointer) { First = first, FirstBias = firstBias, SecondBias = secondBias, Means = means, Squeezed = squeezed, Hidden = hidden, Gates = gates, Places = places };
            float* factors = memory.Pointer + ExcitationTerms.Length(shape);
            RowCall.Run(new ExcitationForward
            {
                Terms = terms, X = px, Addend = addend.Length == 0 ? null : pa, Y = py, Scale = factors, Shift = factors + ((nint)shape.Batch * channels), HasMeans = findsStatistics,
            }, shape.Batch, (long)shape.Pixels * channels);
        }
    }

    /// <summary>The way back.</summary>
    /// <param name="dy">(batch, pixels, channels).</param>
    /// <param name="x">Of the forward pass.</param>
    /// <param name="y">Of the forward pass; looked at only if it rectifies.</param>
    /// <param name="shape">Of the forward pass.</param>
    /// <param name="weights">Of the forward pass.</param>
    /// <param name="norm">Of the forward pass.</param>
    /// <param name="state">Of the forward pass.</param>
    /// <param name="gradients">What is wanted.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or results overlap sources.</exception>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ExcitationShape shape, ExcitationWeights weights, ExcitationNorm norm, ExcitationState state, ExcitationGradients gradients)
    {
        const string Operation = "SqueezeExcitationKernel.Backward";
        Check(Operation, dy.Length, shape, weights, norm, state);
        Require.Length(Operation, nameof(x), x.Length, dy.Length);
        if (shape.Rectifies)
            Require.Length(Operation, nameof(y), y.Length, dy.Length);
        BatchNormKernel.CheckGradient(Operation, "dx", gradients.Input, dy, x, y);
        BatchNormKernel.CheckGradient(Operation, "daddend", gradients.Addend, dy, x, y);
        if (x.Length == 0)
            return;
        int channels = shape.Channels, batch = shape.Batch;
        nint all = (nint)batch * channels;
        bool foundStatistics = norm.Gamma.Length != 0 && !norm.IsFixed;
        using Scratch memory = new(ExcitationTerms.Length(shape) + (6L * all) + ((long)batch * shape.Hidden) + (3L * channels));
        float* at = memory.Pointer + ExcitationTerms.Length(shape), energies = at, sums = energies + all, scales = sums + (2 * all), offsets = scales + all, squeezed = offsets + all, hidden = squeezed + all;
        float* slope = hidden + ((nint)batch * shape.Hidden), gamma = slope + channels, beta = gamma + channels;
        fixed (float* pdy = dy, px = x, py = y, pdx = gradients.Input, pda = gradients.Addend, first = weights.First, firstBias = weights.FirstBias, secondBias = weights.SecondBias, mean = norm.Mean)
        fixed (float* pmeans = state.Means, psqueezed = state.Squeezed, phidden = state.Hidden, pgates = state.Gates)
        fixed (int* pplaces = state.Places)
        {
            ExcitationTerms terms = new(shape, weights, norm, memory.Pointer) { First = first, FirstBias = firstBias, SecondBias = secondBias, Means = pmeans, Squeezed = psqueezed, Hidden = phidden, Gates = pgates, Places = pplaces };
            new Span<float>(slope, channels).Clear();
            ExcitationBackward step = new()
            {
                Terms = terms, Gradient = pdy, X = px, Y = shape.Rectifies ? py : null, Energies = energies, Sums = sums, Scales = scales, Offsets = offsets, SqueezedGradient = squeezed, HiddenGradient = hidden, Slope = slope,
                Input = gradients.Input.Length == 0 ? null : pdx, Addend = gradients.Addend.Length == 0 ? null : pda, OverwritesInput = gradients.OverwritesInput, OverwritesAddend = gradients.OverwritesAddend,
                Part = foundStatistics ? ExcitationBackward.Sweep.Sums : ExcitationBackward.Sweep.Both,
            };
            RowCall.Run(step, batch, (long)shape.Pixels * channels);
            if (norm.Gamma.Length != 0)
                Lane.Run(new ExcitationJoin { Terms = terms, Sums = sums, SqueezedGradient = squeezed, Offsets = offsets, Slope = slope, Gamma = gamma, Beta = beta, FoundStatistics = foundStatistics }, channels);
            if (foundStatistics && (gradients.Input.Length != 0 || gradients.Addend.Length != 0))
            {
                step.Part = ExcitationBackward.Sweep.Input;
                RowCall.Run(step, batch, (long)shape.Pixels * channels);
            }
        }
        ReadOnlySpan<float> de = new(energies, batch * channels), dh = new(hidden, batch * shape.Hidden);
        if (gradients.First.Length != 0)
            Gemm.Multiply(new ReadOnlyMatrixSpan(dh, batch, shape.Hidden).Transposed, new ReadOnlyMatrixSpan(state.Squeezed, batch, channels), new MatrixSpan(gradients.First, shape.Hidden, channels), GemmOutput.Accumulate);
        if (gradients.Second.Length != 0)
            Gemm.Multiply(new ReadOnlyMatrixSpan(de, batch, channels).Transposed, new ReadOnlyMatrixSpan(state.Hidden, batch, shape.Hidden), new MatrixSpan(gradients.Second, channels, shape.Hidden), GemmOutput.Accumulate);
        if (gradients.FirstBias.Length != 0)
            Reduction.AddColumnSums(dh, gradients.FirstBias);
        if (gradients.SecondBias.Length != 0)
            Reduction.AddColumnSums(de, gradients.SecondBias);
        Add(gamma, gradients.Gamma);
        Add(beta, gradients.Beta);
    }

    private static void Add(float* from, Span<float> to)
    {
        for (int c = 0; c < to.Length; c++)
            to[c] += from[c];
    }

    private static void Check(string operation, int length, ExcitationShape shape, ExcitationWeights weights, ExcitationNorm norm, ExcitationState state)
    {
        (long channels, long hidden, long each) = (shape.Channels, shape.Hidden, (long)shape.Batch * shape.Channels);
        Require.Range(operation, nameof(shape), Math.Min(shape.Channels, shape.Hidden), shape.Channels >= 1 && shape.Hidden >= 1 && shape.Batch >= 0 && shape.Pixels >= 0, "of at least one channel and hidden unit");
        Require.Length(operation, "x", length, shape.Length);
        Require.Length(operation, nameof(weights.First), weights.First.Length, hidden * channels);
        Require.Length(operation, nameof(weights.FirstBias), weights.FirstBias.Length, hidden);
        Require.Length(operation, nameof(weights.Second), weights.Second.Length, hidden * channels);
        Require.Length(operation, nameof(weights.SecondBias), weights.SecondBias.Length, channels);
        Require.Length(operation, nameof(state.Means), state.Means.Length, each);
        Require.Length(operation, nameof(state.Squeezed), state.Squeezed.Length, each);
        Require.Length(operation, nameof(state.Gates), state.Gates.Length, each);
        Require.Length(operation, nameof(state.Hidden), state.Hidden.Length, shape.Batch * hidden);
        if (shape.PeakShare > 0)
        {
            Require.Length(operation, nameof(state.Places), state.Places.Length, each);
            Require.Range(operation, nameof(shape), shape.Pixels, shape.Pixels <= 1 << 24, "of at most 16,777,216 pixels where maxima are squeezed out");
        }
        if (norm.Gamma.Length == 0)
            return;
        if (norm.Moments.Length != 0)
            Require.Length(operation, nameof(norm.Moments), norm.Moments.Length, BatchNormKernel.MomentsLength(shape.Batch * shape.Pixels, shape.Pixels, shape.Channels));
        Require.Length(operation, nameof(norm.Gamma), norm.Gamma.Length, channels);
        Require.Length(operation, nameof(norm.Beta), norm.Beta.Length, channels);
        Require.Length(operation, nameof(norm.Mean), norm.Mean.Length, channels);
        Require.Length(operation, nameof(norm.Variance), norm.Variance.Length, channels);
    }
}
