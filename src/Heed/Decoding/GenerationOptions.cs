namespace Heed;

/// <summary>How a language model writes.</summary>
public sealed record GenerationOptions
{
    /// <summary>Tokens that are written at most.</summary>
    /// <value>Default 200; at least 1.</value>
    public int MaximumTokens { get; init; } = 200;

    /// <summary>Logits are divided by it before a token is drawn; 0 takes the most probable token each time (greedy).</summary>
    /// <value>Default 0.8; at least 0.</value>
    public double Temperature { get; init; } = 0.8;

    /// <summary>Only the k most probable tokens are drawn from; 0 for all.</summary>
    /// <value>Default 0.</value>
    public int TopK { get; init; }

    /// <summary>Only the most probable tokens that together reach this probability are drawn from (Holtzman et al. 2020); 1 for all.</summary>
    /// <value>Default 1; in (0, 1].</value>
    public double TopP { get; init; } = 1;

    /// <summary>Only tokens with at least this share of the best one's probability are drawn from (Nguyen et al. 2024); 0 for all.</summary>
    /// <value>Default 0; in [0, 1].</value>
    public double MinP { get; init; }

    /// <summary>Logits of tokens that occurred before are divided by it where positive, multiplied where negative (Keskar et al. 2019); 1 for none.</summary>
    /// <value>Default 1; at least 1.</value>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Texts that end the writing; they are not given out.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> Stop { get => field ?? []; init; } = [];

    /// <summary>Hypotheses of a beam search, which takes the place of drawing (temperature, cuts and seed then have no say); 1 for none.</summary>
    /// <value>Default 1; from 1 to 256.</value>
    public int BeamSize { get; init; } = 1;

    /// <summary>As <see cref="DecodingOptions.LengthPenalty"/>, for beam search.</summary>
    /// <value>Default 1; at least 0.</value>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>The seed of drawing.</summary>
    /// <value>Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; says which, what is allowed, and what came.</exception>
    public void Validate()
    {
        Require(MaximumTokens >= 1, nameof(MaximumTokens), "at least 1", MaximumTokens);
        Require(Temperature >= 0 && double.IsFinite(Temperature), nameof(Temperature), "at least 0", Temperature);
        Require(TopK >= 0, nameof(TopK), "at least 0", TopK);
        Require(TopP is > 0 and <= 1, nameof(TopP), "above 0 and at most 1", TopP);
        Require(MinP is >= 0 and <= 1, nameof(MinP), "from 0 to 1", MinP);
        Require(RepetitionPenalty >= 1 && double.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), "at least 1", RepetitionPenalty);
        Require(BeamSize is >= 1 and <= 256, nameof(BeamSize), "from 1 to 256", BeamSize);
        Require(LengthPenalty >= 0 && double.IsFinite(LengthPenalty), nameof(LengthPenalty), "at least 0", LengthPenalty);
        if (Stop.Any(string.IsNullOrEmpty))
            throw new ArgumentException("GenerationOptions: a text of Stop is empty; it would end the writing before it begins.", nameof(Stop));
    }

    private static void Require(bool holds, string name, string allowed, object value)
    {
        if (!holds)
            throw new ArgumentException(FormattableString.Invariant($"GenerationOptions: {name} must be {allowed}, got {value}."), name);
    }
}
