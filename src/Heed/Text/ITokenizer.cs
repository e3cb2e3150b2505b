namespace Heed;

/// <summary>Cuts a text into tokens and says under which form a token is looked up in the vocabulary.</summary>
/// <remarks>An implementation depends on nothing but the text: not on the host's culture, not on whether ICU is installed.
/// Instances are immutable and answer many threads at once.</remarks>
public interface ITokenizer
{
    /// <summary>The name under which a saved tokenizer is found again, for example <c>word</c>.</summary>
    string Name { get; }

    /// <summary>Whether <see cref="Normalize"/> makes lower case.</summary>
    bool LowerCase { get; }

    /// <summary>Cuts a text.</summary>
    /// <param name="text">Any UTF-16 text; lone surrogates are kept as tokens of their own.</param>
    /// <param name="tokens">Emptied, then filled in text order; tokens do not overlap.</param>
    void Tokenize(ReadOnlySpan<char> text, List<Token> tokens);

    /// <summary>Writes the vocabulary form of a token; it always has as many UTF-16 units as the token.</summary>
    /// <param name="token">The characters of one token.</param>
    /// <param name="destination">At least as long as <paramref name="token"/>; may be the same memory.</param>
    void Normalize(ReadOnlySpan<char> token, Span<char> destination);
}
