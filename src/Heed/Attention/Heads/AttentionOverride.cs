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
    private readonly WeightChange change;
    private readonly HashSet<Module> places;
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
        this.change = change;
        places = [.. IAttentionPlace.In(model, poolings, layers).Select(place => place.Module)];
    }

    /// <summary>Rewrites the weights of one row over the keys that it may attend to.</summary>
    /// <param name="weights">The model's, which sum to 1 (not those of a sigmoid, or beside a sink); to be overwritten.</param>
    /// <param name="row">How many rows came before in this pass.</param>
    public delegate void WeightChange(Span<float> weights, int row);

    /// <summary>Whether the model has anything that this changes.</summary>
    public bool HasPlaces => places.Count > 0;

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
            change(seen.AsSpan(0, count), rows++);
            for (int i = 0; i < count; i++)
                changed[first + at[i]] = seen[i];
        }
        return pass.Input(changed, weights.Shape);
    }

    internal bool Wants(Module place) => places.Contains(place);
}
