namespace Heed;

/// <summary>The shape of a <see cref="MemoryNetwork"/>.</summary>
public sealed record MemoryNetworkConfig
{
    /// <summary>Number of word ids; 0 is padding. Answers are words.</summary>
    /// <value>At least 2.</value>
    public required int VocabularySize { get; init; }

    /// <summary>d, the size of a memory.</summary>
    /// <value>Default 32; at least 1.</value>
    public int EmbeddingSize { get; init; } = 32;

    /// <summary>How often the memory is asked.</summary>
    /// <value>Default 3; at least 1.</value>
    public int Hops { get; init; } = 3;

    /// <summary>How many sentences back the temporal encoding tells apart.</summary>
    /// <value>Default 50; at least 1.</value>
    public int MaximumSentences { get; init; } = 50;

    /// <summary>Which matrices hops share: <c>adjacent</c>, where the output of a hop is the input of the next, or <c>layer-wise</c>, where all hops have the same and the state passes a linear map.</summary>
    /// <value>Default <c>adjacent</c>.</value>
    public string Tying { get; init; } = "adjacent";

    /// <summary>How the words of a sentence become one vector: <c>position</c>, weighted by their place, or <c>bag</c>, summed.</summary>
    /// <value>Default <c>position</c>.</value>
    public string Encoding { get; init; } = "position";

    /// <summary>The score between state and memory by its name, as <see cref="Heed.Score.Parse"/> takes it, one for all hops; not <c>location</c>, which does not read memories, nor <c>location-aware</c>, which reads weights of earlier steps.</summary>
    /// <value>Default <c>dot</c>.</value>
    public string Score { get => field ?? "dot"; init; } = "dot";

    /// <summary>The distribution over the sentences by its name, as <see cref="Heed.Distribution.Parse"/> takes it, one for all hops; not <c>hard</c>, which needs a further loss, nor <c>monotonic</c> and <c>local-m</c>, which move on from step to step.</summary>
    /// <value>Default <c>softmax</c>.</value>
    public string Distribution { get => field ?? "softmax"; init; } = "softmax";

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or makes no sense in a memory network; says which, and why or what is allowed.</exception>
    public void Validate()
    {
        foreach ((string name, int value, int least) in new[] { (nameof(VocabularySize), VocabularySize, 2), (nameof(EmbeddingSize), EmbeddingSize, 1), (nameof(Hops), Hops, 1), (nameof(MaximumSentences), MaximumSentences, 1) })
        {
            if (value < least || value > 1 << 20)
                throw new ArgumentException(FormattableString.Invariant($"MemoryNetwork: {name} must be in {least} … 1048576, got {value}."), name);
        }
        if (Tying is not ("adjacent" or "layer-wise"))
            throw new ArgumentException($"MemoryNetwork: Tying must be adjacent or layer-wise, got '{Tying}'.{NearestName.Hint(Tying, ["adjacent", "layer-wise"])}", nameof(Tying));
        if (Encoding is not ("position" or "bag"))
            throw new ArgumentException($"MemoryNetwork: Encoding must be position or bag, got '{Encoding}'.{NearestName.Hint(Encoding, ["position", "bag"])}", nameof(Encoding));
        string? why = Heed.Score.Parse(Score) switch
        {
            LocationScore => "knows places alone and does not read the memories",
            LocationAwareScore => "reads the weights of earlier steps, and each hop asks anew",
            _ => null,
        };
        if (why is not null)
            throw new ArgumentException($"MemoryNetwork: the score '{Score}' {why}; take dot, general or another that compares.", nameof(Score));
        why = Heed.Distribution.Parse(Distribution) switch
        {
            HardAttention { Gradient: HardGradient.Reinforce } => "learns by a loss of reinforcement, which this network does not add; take hard-straight-through or gumbel-hard",
            MonotonicAttention => "never goes back, but a later hop may need an earlier fact; take softmax",
            LocalAttention { Centre: LocalCentre.Step } => "looks around the number of the step, which hops do not have; take local-p or softmax",
            _ => null,
        };
        if (why is not null)
            throw new ArgumentException($"MemoryNetwork: the distribution '{Distribution}' {why}.", nameof(Distribution));
    }
}
