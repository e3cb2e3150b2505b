using System.Text;
using Heed.Kernels;

namespace Heed;

/// <summary>A conversation with a <see cref="LanguageModel"/>: what was read and written before stays in its cache, so that only what is new costs time.</summary>
/// <remarks>For one thread at a time.</remarks>
public sealed class TextWriterSession
{
    // What training of tokenizers and GPT's call the end, where the files name no role.
    private const string EndOfText = "<|endoftext|>";
    private readonly LanguageModel model;
    private readonly TokenGenerator generator;

    /// <summary>Begins one.</summary>
    /// <param name="model">The model.</param>
    /// <param name="format">How the cache stores numbers.</param>
    public TextWriterSession(LanguageModel model, KeyValueFormat format = KeyValueFormat.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        generator = new TokenGenerator(model.Network, format);
    }

    /// <summary>Tokens that the last call wrote.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Tokens of the last prompt that were in the cache already.</summary>
    public int ReusedTokens => generator.ReusedTokens;

    /// <summary>Writes behind a prompt.</summary>
    /// <param name="prompt">Any text with at least one token.</param>
    /// <param name="options">How; default if null.</param>
    /// <param name="cancellation">Ends the writing.</param>
    /// <returns>Pieces of text as they come, without the prompt; only whole characters.</returns>
    /// <exception cref="ArgumentException">The prompt has no token or is longer than the model reads, or an option is out of its range.</exception>
    public IEnumerable<string> Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        options ??= new GenerationOptions();
        options.Validate();
        int[] ids = model.Encode(prompt).Ids;
        if (ids.Length == 0 && model.Tokenizer.BosId is { } begin)
            ids = [begin];
        HashSet<int> ends = [.. model.Ends];
        if ((model.Tokenizer.EosId ?? model.Tokenizer.IdOf(EndOfText)) is { } end)
            ends.Add(end);
        return Run(generator.Generate(ids, options, ends), options.Stop, cancellation);
    }

    private IEnumerable<string> Run(IEnumerable<int> tokens, IReadOnlyList<string> stops, CancellationToken cancellation)
    {
        TokenStream stream = new(model.Tokenizer);
        StopFinder finder = new(stops);
        TokenCount = 0;
        foreach (int token in tokens)
        {
            cancellation.ThrowIfCancellationRequested();
            TokenCount++;
            // A table that was filled up to a round size has rows for no token.
            string piece = finder.Add(token < model.Tokenizer.VocabularySize ? stream.Append(token) : "");
            if (piece.Length > 0)
                yield return piece;
            if (finder.HasStopped)
                yield break;
        }
        string rest = finder.Add(stream.Flush()) + finder.Rest();
        if (rest.Length > 0)
            yield return rest;
    }

    // Holds back what may be the begin of a stop text.
    private sealed class StopFinder(IReadOnlyList<string> stops)
    {
        private readonly StringBuilder held = new();

        public bool HasStopped { get; private set; }

        public string Add(string piece)
        {
            if (HasStopped || stops.Count == 0)
                return HasStopped ? "" : piece;
            string text = held.Append(piece).ToString();
            int found = -1;
            foreach (string stop in stops)
            {
                int at = text.IndexOf(stop, StringComparison.Ordinal);
                found = at >= 0 && (found < 0 || at < found) ? at : found;
            }
            HasStopped = found >= 0;
            int safe = HasStopped ? found : text.Length - stops.Max(stop => Overlap(text, stop));
            held.Clear().Append(text, safe, HasStopped ? 0 : text.Length - safe);
            return text[..safe];
        }

        public string Rest() => HasStopped ? "" : held.ToString();

        // The longest end of the text that begins the stop.
        private static int Overlap(string text, string stop)
        {
            for (int length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                    return length;
            }
            return 0;
        }
    }
}
