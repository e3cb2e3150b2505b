namespace Heed;

/// <summary>Where a parameter or buffer of ours lies in a file of others.</summary>
/// <param name="Parameter">Our name, as <c>layer0.attention.k_proj.weight</c>.</param>
/// <param name="Tensor">The file's name, as <c>h.0.attn.c_attn.weight</c>; several parameters may share one.</param>
/// <param name="FirstRow">The first of our rows in a tensor that joins several parameters, counted in rows (out) of the joined matrix or elements of the joined bias; 0 for a tensor of its own.</param>
/// <param name="IsTransposed">Whether the file has the matrix as <c>(in, out)</c>, as GPT-2's <c>Conv1D</c>; ours are <c>(out, in)</c>. Biases are the same either way.</param>
/// <param name="TrailingOnes">Axes of length 1 that the file's tensor has behind ours when it is written, such as those of a 1 × 1 convolution that is a dense layer here; reading takes them or not.</param>
/// <param name="LeadingOnes">Axes of length 1 that the file's tensor has before ours when it is written; below 0, so many of ours that it lacks, as −1 for a convolution over one axis.</param>
public sealed record WeightPlace(string Parameter, string Tensor, int FirstRow = 0, bool IsTransposed = false, int TrailingOnes = 0, int LeadingOnes = 0);
