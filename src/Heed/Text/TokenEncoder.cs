namespace Heed;

/// <summary>From text to the ids that a network reads: our own tokenizer with a vocabulary that was learned from the texts (<see cref="TextEncoder"/>), or the tokenizer of a pretrained
/// encoder (<see cref="PretrainedEncoder"/>).</summary>
/// <remarks>Immutable and thread-safe.</remarks>
public abstract class TokenEncoder
{
    private protected TokenEncoder(int maximumLength, TextRedaction redaction) => (MaximumLength, Redaction) = (maximumLength, redaction);

    /// <summary>One more than the largest id.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>How many tokens of a text are kept, special ones included.</summary>
    public int MaximumLength { get; }

    /// <summary>What is taken out of each text before it is cut.</summary>
    public TextRedaction Redaction { get; }

    /// <summary>How often a token had to occur in the corpus to be known; 0 if the vocabulary was not built from one, or by an older version.</summary>
    public int MinimumCount { get; init; }

    /// <summary>What a token is read as that word dropout drops.</summary>
    internal abstract int DroppedId { get; }

    /// <summary>Whether a token is of the form of texts, not a word: word dropout leaves it.</summary>
    internal abstract bool IsStructure(int id);

    /// <summary>The ids of a text with the place of each token.</summary>
    /// <param name="text">Any text.</param>
    public abstract EncodedText Encode(string text);

    /// <summary>The ids of a text alone, for training.</summary>
    /// <param name="text">Any text.</param>
    public virtual int[] EncodeIds(string text) => Encode(text).Ids;
}
