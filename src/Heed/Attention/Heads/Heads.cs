namespace Heed;

/// <summary>How many times attention looks, and what the looks are joined to: the output representation of the unified model.</summary>
public abstract record Heads;

/// <summary>One look at queries, keys and values as they come.</summary>
public sealed record SingleOutput : Heads;

/// <summary>Several heads, each on projections of its own; contexts side by side, projected. Vaswani et al. 2017.</summary>
/// <remarks>Formula: head_i = attention(Q·W_iᵀ, K·W_iᵀ, V·W_iᵀ); context = [head_1; …; head_h]·W_oᵀ. Parameters <c>q_proj</c>, <c>k_proj</c>, <c>v_proj</c>, <c>out_proj</c> with biases.</remarks>
/// <param name="HeadCount">h; at least 1.</param>
/// <param name="HeadSize">Length of a head's queries, keys and values; default: the query's length divided by h.</param>
public sealed record MultiHead(int HeadCount, int HeadSize = 0) : Heads;
