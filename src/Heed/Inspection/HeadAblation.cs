namespace Heed;

/// <summary>Switches heads off, to see what depends on them: what weights show is a guess, what breaks without a head is not.</summary>
/// <remarks>
/// <para>A head's context before the output projection is replaced, in every forward pass of the layer from then on (whole sequences, caches, training), until the action that each method returns is called.</para>
/// <para>Zeros move the layer's result away from what later layers know; the mean over a text keeps what the head always adds and takes away only what depends on the input. Source: Michel, Levy and Neubig,
/// "Are sixteen heads really better than one?", 2019.</para>
/// <example><code>
/// Action restore = HeadAblation.Zero(model.Network.Transformer.Layers[2].Attention, 0, 3);
/// double without = model.Evaluate(text).Loss;
/// restore();
/// </code></example>
/// </remarks>
public static class HeadAblation
{
    /// <summary>The heads find nothing.</summary>
    /// <param name="attention">The layer.</param>
    /// <param name="heads">The heads.</param>
    /// <returns>Switches them on again.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such head.</exception>
    public static Action Zero(MultiHeadAttention attention, params ReadOnlySpan<int> heads) => Replace(attention, [], heads);

    /// <summary>The heads find the same whatever they read.</summary>
    /// <param name="attention">The layer.</param>
    /// <param name="means">Contexts <c>(heads, value size)</c> of all heads, as <see cref="Means"/> gives them.</param>
    /// <param name="heads">The heads.</param>
    /// <returns>Switches them on again.</returns>
    /// <exception cref="ArgumentException">The means have another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such head.</exception>
    public static Action Mean(MultiHeadAttention attention, ReadOnlySpan<float> means, params ReadOnlySpan<int> heads)
    {
        ArgumentNullException.ThrowIfNull(attention);
        int length = attention.Config.Heads * attention.Config.ValueDim;
        if (means.Length != length)
            throw new ArgumentException(FormattableString.Invariant($"HeadAblation.Mean: {length} means are required, (heads, value size) = ({attention.Config.Heads}, {attention.Config.ValueDim}), got {means.Length}."), nameof(means));
        return Replace(attention, means, heads);
    }

    /// <summary>The mean context of each head over all tokens that go through a layer.</summary>
    /// <param name="attention">The layer.</param>
    /// <param name="run">Runs the model over texts.</param>
    /// <returns>Shape <c>(heads, value size)</c>; zeros if nothing ran. Rows of padding, which are zeros in all heads, do not count.</returns>
    public static float[] Means(MultiHeadAttention attention, Action run)
    {
        ArgumentNullException.ThrowIfNull(attention);
        ArgumentNullException.ThrowIfNull(run);
        double[] sums = new double[attention.Config.Heads * attention.Config.ValueDim];
        long count = 0;
        Action remove = attention.AddHeadHook((MultiHeadAttention _, Tensor heads, in Pass _) =>
        {
            lock (sums)
            {
                for (int at = 0; at < heads.Length; at += sums.Length)
                {
                    ReadOnlySpan<float> row = heads.Values.Slice(at, sums.Length);
                    if (!row.ContainsAnyExcept(0f))
                        continue;
                    for (int i = 0; i < sums.Length; i++)
                        sums[i] += row[i];
                    count++;
                }
            }
            return heads;
        });
        try
        {
            run();
        }
        finally
        {
            remove();
        }
        return Array.ConvertAll(sums, sum => (float)(sum / Math.Max(1, count)));
    }

    private static Action Replace(MultiHeadAttention attention, ReadOnlySpan<float> by, ReadOnlySpan<int> heads)
    {
        ArgumentNullException.ThrowIfNull(attention);
        (int count, int size) = (attention.Config.Heads, attention.Config.ValueDim);
        float[] keep = new float[count * size], add = new float[count * size];
        keep.AsSpan().Fill(1);
        foreach (int head in heads)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(head, nameof(heads));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(head, count, nameof(heads));
            keep.AsSpan(head * size, size).Clear();
            if (!by.IsEmpty)
                by.Slice(head * size, size).CopyTo(add.AsSpan(head * size));
        }
        bool shifts = add.AsSpan().ContainsAnyExcept(0f);
        return attention.AddHeadHook((MultiHeadAttention _, Tensor found, in Pass pass) =>
        {
            Tensor kept = found * pass.Input(keep, new Shape(count, size));
            return shifts ? kept + pass.Input(add, new Shape(count, size)) : kept;
        });
    }
}
