namespace Heed;

/// <summary>Puts other attention weights in the place of a model's own during one forward pass: what the answer does then says whether it rests on where the model looked.</summary>
/// <remarks>
/// <para>Give it to <see cref="Step.Evaluate{T}"/>. It changes the learned poolings of a text network and the hops of a <c>MemoryNetwork</c>; and, where it is asked to, each <see cref="MultiHeadAttention"/> over whole sequences (not from a
/// cache, and not with vectors that relative positions add to values) and each <see cref="Attention"/>, as that of a recurrent decoder, step by step: what a step found goes changed into the steps after it, into coverage and into copying.</para>
/// <para>What was masked stays masked: a change sees only the keys that a row may attend to. In <see cref="Attention"/> these are all keys that no mask hides, also those to which a sparse or hard distribution gave 0.</para>
/// <para>Memory: the whole matrices of weights of the changed layers. Source: Jain and Wallace, "Attention is not explanation", 2019; Wiegreffe and Pinter, "Attention is not not explanation", 2019.</para>
/// </remarks>
public sealed class AttentionOverride : IPassRequest
{
    private readonly Rewrite rewrite;
    private readonly HashSet<Module> places;
    private readonly int? keyCount;
    private int rows;

    /// <summary>Overrides a model's weights.</summary>
    /// <param name="model">The model that will run, or the part of it that shall be changed.</param>
    /// <param name="change">Rewrites one row.</param>
    /// <param name="poolings">Whether learned poolings, and hops of memory networks, are changed.</param>
    /// <param name="layers">Whether layers of attention are changed, with one head or several.</param>
    public AttentionOverride(Module model, WeightChange change, bool poolings = true, bool layers = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(change);
        rewrite = (weights, _, row) => change(weights, row);
        places = [.. IAttentionPlace.In(model, poolings, layers).Select(place => place.Module)];
    }

    private AttentionOverride(IEnumerable<Module> places, float[] given)
    {
        (this.places, keyCount) = ([.. places], given.Length);
        rewrite = (weights, keys, _) => Give(given, weights, keys);
    }

    /// <summary>Rewrites the weights of one row over the keys that it may attend to.</summary>
    /// <param name="weights">The model's, which sum to 1 (not those of a sigmoid, or beside a sink); to be overwritten.</param>
    /// <param name="row">How many rows came before in this pass.</param>
    public delegate void WeightChange(Span<float> weights, int row);

    // Beside the weights the key that each belongs to.
    private delegate void Rewrite(Span<float> weights, ReadOnlySpan<int> keys, int row);

    /// <summary>Whether the model has anything that this changes.</summary>
    public bool HasPlaces => places.Count > 0;

    /// <summary>Rows that were rewritten so far.</summary>
    internal int RowCount => rows;

    /// <summary>Of them those that <see cref="Given(Module, IReadOnlyList{float})"/> left alone.</summary>
    internal int KeptRowCount { get; private set; }

    /// <summary>All keys alike: each gets the mean of the row, so that its sum stays, as the 1 of softmax.</summary>
    /// <param name="model">The model.</param>
    public static AttentionOverride Uniform(Module model) => new(model, static (weights, _) =>
    {
        double sum = 0;
        foreach (float weight in weights)
            sum += weight;
        weights.Fill((float)(sum / weights.Length));
    });

    /// <summary>The same weights on other keys, row by row.</summary>
    /// <param name="model">The model.</param>
    /// <param name="seed">The seed.</param>
    public static AttentionOverride Permuted(Module model, ulong seed = 1)
    {
        RandomStream random = new(seed, "permuted attention");
        return new AttentionOverride(model, (weights, row) => random.Fork((ulong)row).Shuffle(weights));
    }

    /// <summary>Given weights in every row of every place, whatever the model itself looks at.</summary>
    /// <remarks>α′_j = s·w_j/Σ_k w_k over the keys k that the row may attend to, s the sum of its own weights (the 1 of softmax). A row that may see none of the keys with a weight, as the first ones of a causal layer, keeps its own.</remarks>
    /// <param name="model">The model, in a pass over one input, or the part of it whose keys these are.</param>
    /// <param name="weights">w: one a key, at least 0; they need not sum to 1.</param>
    /// <exception cref="ArgumentException">A weight is negative or no number, or all are 0; in the pass: a place has another number of keys.</exception>
    public static AttentionOverride Given(Module model, IReadOnlyList<float> weights) => Given(model, weights, static _ => true);

    /// <summary>The same at the places that <paramref name="isChanged"/> says yes to, by name.</summary>
    internal static AttentionOverride Given(Module model, IReadOnlyList<float> weights, Func<string, bool> isChanged)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(weights);
        foreach (float weight in weights)
        {
            if (!(weight >= 0) || !float.IsFinite(weight))
                throw new ArgumentException(FormattableString.Invariant($"AttentionOverride: a weight must be a number of at least 0, got {weight}."), nameof(weights));
        }
        if (!weights.Any(weight => weight > 0))
            throw new ArgumentException("AttentionOverride: all weights are 0; at least one key needs a weight above 0.", nameof(weights));
        return new AttentionOverride(IAttentionPlace.In(model).Where(place => isChanged(place.Name)).Select(place => place.Module), [.. weights]);
    }

    /// <summary>The weights of a place with the change, as a constant; the same tensor if the place is not changed.</summary>
    /// <param name="place">The place.</param>
    /// <param name="weights">Its own.</param>
    /// <param name="pass">The call.</param>
    /// <param name="energies">What they came from, −∞ where a mask hides a key; null: a key is hidden where its weight is 0.</param>
    internal Tensor Of(Module place, Tensor weights, in Pass pass, Tensor? energies = null)
    {
        if (!places.Contains(place))
            return weights;
        int keys = weights.Shape[^1];
        if (keyCount is { } expected && keys != expected)
            throw new ArgumentException(FormattableString.Invariant($"AttentionOverride: {expected} weights are given, and the model looks at {keys} keys at once, as one that reads sentence by sentence or the texts of a pair apart; such parts cannot be given weights of the whole."));
        float[] changed = weights.ToArray(), seen = new float[keys];
        int[] at = new int[keys];
        for (int first = 0; first < changed.Length; first += keys)
        {
            int count = 0;
            for (int key = 0; key < keys; key++)
            {
                if (energies is null ? changed[first + key] > 0 : !float.IsNegativeInfinity(energies.Values[first + key]))
                    (at[count], seen[count++]) = (key, changed[first + key]);
            }
            if (count == 0)
                continue;
            rewrite(seen.AsSpan(0, count), at.AsSpan(0, count), rows++);
            for (int i = 0; i < count; i++)
                changed[first + at[i]] = seen[i];
        }
        return pass.Input(changed, weights.Shape);
    }

    private void Give(float[] given, Span<float> weights, ReadOnlySpan<int> keys)
    {
        double own = 0, sum = 0;
        for (int i = 0; i < keys.Length; i++)
            (own, sum) = (own + weights[i], sum + given[keys[i]]);
        if (sum == 0)
        {
            KeptRowCount++;
            return;
        }
        for (int i = 0; i < keys.Length; i++)
            weights[i] = (float)(own * given[keys[i]] / sum);
    }

    internal bool Wants(Module place) => places.Contains(place);
}
