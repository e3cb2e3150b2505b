namespace Heed;

/// <summary>How targets are searched for.</summary>
public sealed record DecodingOptions
{
    /// <summary>Hypotheses that are kept at each step; 1 is greedy search.</summary>
    /// <value>Default 5; from 1 to 256.</value>
    public int BeamSize { get; init; } = 5;

    /// <summary>How many answers a source gets, best first; at most <see cref="BeamSize"/> unless they are drawn.</summary>
    /// <value>Default 1.</value>
    public int BestCount { get; init; } = 1;

    /// <summary>α of the length penalty: hypotheses are compared by log P / ((5 + length)/6)^α (Wu et al. 2016); 0 prefers short ones.</summary>
    /// <value>Default 1; at least 0.</value>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>β of the coverage penalty β·Σ_j log min(Σ_t α_tj, 1), added to what hypotheses are compared by (Wu et al. 2016).</summary>
    /// <value>Default 0; at least 0.</value>
    public double CoveragePenalty { get; init; }

    /// <summary>No run of that many tokens may occur twice in an answer; 0 allows all.</summary>
    /// <value>Default 0.</value>
    public int BlockNgrams { get; init; }

    /// <summary>Tokens of an answer at most; 0: twice the source's and 10 more.</summary>
    /// <value>Default 0.</value>
    public int MaximumLength { get; init; }

    /// <summary>Whether answers are drawn from the distribution instead of searched for; <see cref="BestCount"/> are drawn for each source.</summary>
    /// <value>Default false.</value>
    public bool Sample { get; init; }

    /// <summary>Logits are divided by it before a token is drawn.</summary>
    /// <value>Default 1; above 0.</value>
    public double Temperature { get; init; } = 1;

    /// <summary>Only the k most probable tokens are drawn from; 0 for all.</summary>
    /// <value>Default 0.</value>
    public int TopK { get; init; }

    /// <summary>Only the most probable tokens that together reach this probability are drawn from (Holtzman et al. 2020); 1 for all.</summary>
    /// <value>Default 1; in (0, 1].</value>
    public double TopP { get; init; } = 1;

    /// <summary>The seed of drawing.</summary>
    /// <value>Default 1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>Sources decoded side by side.</summary>
    /// <value>Default 32; at least 1. It changes no answer.</value>
    public int BatchSize { get; init; } = 32;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or values do not go together; says which and why.</exception>
    public void Validate()
    {
        Require(BeamSize is >= 1 and <= 256, nameof(BeamSize), "from 1 to 256", BeamSize);
        Require(BestCount >= 1 && (Sample ? BestCount <= 256 : BestCount <= BeamSize), nameof(BestCount), Sample ? "from 1 to 256" : FormattableString.Invariant($"from 1 to BeamSize = {BeamSize}"), BestCount);
        Require(LengthPenalty >= 0 && double.IsFinite(LengthPenalty), nameof(LengthPenalty), "at least 0", LengthPenalty);
        Require(CoveragePenalty >= 0 && double.IsFinite(CoveragePenalty), nameof(CoveragePenalty), "at least 0", CoveragePenalty);
        Require(BlockNgrams >= 0, nameof(BlockNgrams), "at least 0", BlockNgrams);
        Require(MaximumLength >= 0, nameof(MaximumLength), "at least 0", MaximumLength);
        Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), "above 0", Temperature);
        Require(TopK >= 0, nameof(TopK), "at least 0", TopK);
        Require(TopP is > 0 and <= 1, nameof(TopP), "above 0 and at most 1", TopP);
        Require(BatchSize >= 1, nameof(BatchSize), "at least 1", BatchSize);
    }

    internal int LongestFor(int source) => MaximumLength > 0 ? MaximumLength : (2 * source) + 10;

    private static void Require(bool holds, string name, string allowed, object value)
    {
        if (!holds)
            throw new ArgumentException(FormattableString.Invariant($"DecodingOptions: {name} must be {allowed}, got {value}."), name);
    }
}
