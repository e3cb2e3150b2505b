namespace Heed;

/// <summary>The shape of a <see cref="PointerNetwork"/>.</summary>
public sealed record PointerNetworkConfig
{
    /// <summary>Size of an item.</summary>
    /// <value>At least 1.</value>
    public required int InputSize { get; init; }

    /// <summary>Size of a hidden state of encoder and decoder.</summary>
    /// <value>Default 128; at least 1.</value>
    public int HiddenSize { get; init; } = 128;

    /// <summary>Size of the hidden layer of the scores <c>additive</c> and <c>concat</c>, unless their name says one.</summary>
    /// <value>Default 128; at least 1.</value>
    public int AttentionSize { get; init; } = 128;

    /// <summary>The score by its name, as <see cref="Heed.Score.Parse"/> takes it; not <c>location</c>, which does not read items, nor <c>location-aware</c>, which reads weights of earlier steps.</summary>
    /// <value>Default <c>additive</c>.</value>
    public string Score { get => field ?? "additive"; init; } = "additive";

    /// <summary>The distribution over the items by its name, as <see cref="Heed.Distribution.Parse"/> takes it: <c>softmax</c>, <c>sparsemax</c> or <c>entmax</c>.</summary>
    /// <value>Default <c>softmax</c>.</value>
    public string Distribution { get => field ?? "softmax"; init; } = "softmax";

    /// <summary>Whether an item that was pointed at cannot be pointed at again, as in sorting or tours.</summary>
    /// <value>Default false.</value>
    public bool Once { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or makes no sense in a pointer network; says which, and why.</exception>
    public void Validate()
    {
        foreach ((string name, int value) in new[] { (nameof(InputSize), InputSize), (nameof(HiddenSize), HiddenSize), (nameof(AttentionSize), AttentionSize) })
        {
            if (value is < 1 or > 1 << 16)
                throw new ArgumentException(FormattableString.Invariant($"PointerNetwork: {name} must be in 1 … 65536, got {value}."), name);
        }
        string? why = CreateScore() switch
        {
            LocationScore => "knows places alone and does not read the items",
            LocationAwareScore => "reads the weights of earlier steps, and all steps of training are computed at once",
            _ => null,
        };
        if (why is not null)
            throw new ArgumentException($"PointerNetwork: the score '{Score}' {why}; take additive, general or another that compares.", nameof(Score));
        why = Heed.Distribution.Parse(Distribution) switch
        {
            Softmax { Sink: false } or Sparsemax or Entmax { IsLearned: false } => null,
            Entmax => "would learn its α from a loss that α itself defines",
            TopK => "gives no probability and no gradient to a right item that is not among the first",
            GumbelSoftmax or HardAttention => "draws, and the items' probabilities are the answer itself",
            _ => "does not sum to 1, so that it is no distribution over the items",
        };
        if (why is not null)
            throw new ArgumentException($"PointerNetwork: the distribution '{Distribution}' {why}; take softmax, sparsemax or entmax.", nameof(Distribution));
    }

    /// <summary>The score that the values name.</summary>
    internal Score CreateScore() => Heed.Score.Sized(Score, AttentionSize);
}
