namespace Heed;

/// <summary>Puts other attention weights in the place of a model's own during one forward pass: what the answer does then says whether it rests on where the model looked.</summary>
/// <remarks>
/// <para>Give it to <see cref="Step.Evaluate{T}"/>. It changes the learned poolings of a text network and, where it is asked to, each <see cref="MultiHeadAttention"/> over whole sequences (not from a cache, and not with vectors that
/// relative positions add to values). What was masked stays masked: a change sees only the keys that a row may attend to. An <see cref="AttentionCapture"/> of the same pass still shows the model's own weights.</para>
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
    /// <param name="poolings">Whether learned poolings are changed.</param>
    /// <param name="layers">Whether layers of multi-head attention are changed.</param>
    public AttentionOverride(Module model, WeightChange change, bool poolings = true, bool layers = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(change);
        this.change = change;
        places = [.. model.NamedModules().Select(m => m.Module).Where(m => (poolings && m is SequencePooling { IsFocused: true }) || (layers && m is MultiHeadAttention))];
    }

    /// <summary>Rewrites the weights of one row over the keys that it may attend to.</summary>
    /// <param name="weights">The model's, which sum to 1; to be overwritten.</param>
    /// <param name="row">How many rows came before in this pass.</param>
    public delegate void WeightChange(Span<float> weights, int row);

    /// <summary>Whether the model has anything that this changes.</summary>
    public bool HasPlaces => places.Count > 0;

    /// <summary>All keys alike.</summary>
    /// <param name="model">The model.</param>
    public static AttentionOverride Uniform(Module model) => new(model, static (weights, _) => weights.Fill(1f / weights.Length));

    /// <summary>The same weights on other keys, row by row.</summary>
    /// <param name="model">The model.</param>
    /// <param name="seed">The seed.</param>
    public static AttentionOverride Permuted(Module model, ulong seed = 1)
    {
        RandomStream random = new(seed, "permuted attention");
        return new AttentionOverride(model, (weights, row) => random.Fork((ulong)row).Shuffle(weights));
    }

    /// <summary>The weights of a place with the change, as a constant; the same tensor if the place is not changed.</summary>
    internal Tensor Of(Module place, Tensor weights, in Pass pass)
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
                if (changed[first + key] > 0)
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
