namespace Heed;

/// <summary>How well a <see cref="MaskedLanguageModel"/> guesses hidden tokens of a text.</summary>
/// <param name="TokenCount">Tokens that were guessed.</param>
/// <param name="Loss">Mean of −ln P of a hidden token, in nats.</param>
/// <param name="Accuracy">Share of them that were the most probable ones.</param>
public sealed record MaskedLanguageModelReport(long TokenCount, double Loss, double Accuracy)
{
    /// <summary>e^loss.</summary>
    public double Perplexity => Math.Exp(Loss);
}
