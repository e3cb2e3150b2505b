namespace Heed;

/// <summary>Low-rank adaptation of dense layers.</summary>
/// <remarks>Source: Hu et al., "LoRA: low-rank adaptation of large language models", 2021.</remarks>
public sealed record LoraConfig
{
    /// <summary>r, the rank of what is learned.</summary>
    /// <value>Default 8; at least 1.</value>
    public int Rank { get; init; } = 8;

    /// <summary>α: what is learned counts α/r times.</summary>
    /// <value>Default 16; above 0.</value>
    public double Alpha { get; init; } = 16;

    /// <summary>Which dense layers are adapted, by the last part of their names, as <c>q_proj</c>, <c>k_proj</c>, <c>v_proj</c>, <c>out_proj</c>, <c>up_proj</c>, <c>down_proj</c>.</summary>
    /// <value>Default queries and values.</value>
    public IReadOnlyList<string> Targets { get; init; } = ["q_proj", "v_proj"];

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; says which, what is allowed, and what came.</exception>
    public void Validate()
    {
        if (Rank is < 1 or > 1 << 16)
            throw new ArgumentException(FormattableString.Invariant($"LoraConfig: Rank must be in 1 … 65536, got {Rank}."), nameof(Rank));
        if (!(Alpha > 0 && double.IsFinite(Alpha)))
            throw new ArgumentException(FormattableString.Invariant($"LoraConfig: Alpha must be above 0, got {Alpha}."), nameof(Alpha));
        if (Targets is null || Targets.Count == 0)
            throw new ArgumentException("LoraConfig: Targets names no layer; name one at least, as q_proj.", nameof(Targets));
    }
}
