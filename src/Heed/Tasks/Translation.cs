namespace Heed;

/// <summary>An answer of a <see cref="Translator"/>.</summary>
/// <param name="Source">What was translated.</param>
/// <param name="Text">The answer, detokenized.</param>
/// <param name="LogProbability">log P of its tokens and its end.</param>
/// <param name="Score">What answers of one source are compared by.</param>
/// <param name="Tokens">The answer's tokens as they stand in it: unknown ones are those of the source that were looked at most.</param>
/// <param name="SourceTokens">The source's tokens as ranges.</param>
/// <param name="Alignment">For each token of the answer the weights of the source's tokens.</param>
public sealed record Translation(string Source, string Text, double LogProbability, double Score, IReadOnlyList<string> Tokens, IReadOnlyList<Range> SourceTokens, IReadOnlyList<float[]> Alignment)
{
    /// <summary>Whether the end was written; otherwise the maximum length cut the answer off.</summary>
    public bool HasEnded { get; init; } = true;

    /// <summary>Tokens at the end of the source that were not read.</summary>
    public int CutOff { get; init; }

    /// <summary>Further answers to the same source, best first.</summary>
    public IReadOnlyList<Translation> Others { get; init; } = [];
}
