namespace Heed;

/// <summary>How a tokenizer's file wants short texts filled up; <see cref="PretrainedTokenizer"/> hands it on and does not apply it.</summary>
/// <param name="Id">The id to fill with.</param>
/// <param name="TypeId">The type of what is filled in.</param>
/// <param name="IsLeft">Whether to fill before the text.</param>
/// <param name="Length">The length to fill up to; null for that of the longest text of a batch.</param>
/// <param name="MultipleOf">A number that the length must be a multiple of; 1 for any.</param>
public sealed record TokenPadding(int Id, int TypeId, bool IsLeft, int? Length, int MultipleOf);
