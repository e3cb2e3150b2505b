using System.Numerics.Tensors;

namespace Heed;

/// <summary>Turns texts into vectors whose cosine says how near two texts are: a trained encoder, pooling, length 1.</summary>
/// <remarks>
/// <para>Formula: v = p/‖p‖, p the mean of the states of all tokens, special ones included, or the first token's state. What a cosine means, the encoder's training decides: sentence encoders such as MiniLM are trained for it, plain BERT is not.</para>
/// <para>Immutable: one instance serves all threads, with the same bits for a text alone as among others.</para>
/// <example><code>
/// TextEmbedder embedder = TextEmbedder.Load("all-MiniLM-L6-v2");
/// float[][] vectors = [.. embedder.Embed(["a cat", "a kitten", "the stock market"])];
/// float near = TextEmbedder.Similarity(vectors[0], vectors[1]);
/// </code></example>
/// <para>Source: Reimers and Gurevych, "Sentence-BERT", 2019, section 3, for the poolings.</para>
/// </remarks>
public sealed class TextEmbedder
{
    private const int Window = 1024;
    private readonly Transformer network;
    private readonly TokenEncoder tokens;

    private TextEmbedder(TrainedEncoder encoder, string pooling) => (network, tokens, Pooling) = (encoder.Network, encoder.Tokens, pooling);

    /// <summary>The poolings: <c>mean</c>, <c>cls</c>.</summary>
    public static IReadOnlyList<string> Poolings { get; } = ["mean", TransformerClassifierConfig.FirstToken];

    /// <summary>How states become one vector.</summary>
    public string Pooling { get; }

    /// <summary>Length of a vector.</summary>
    public int Size => network.Config.Size;

    /// <summary>How texts become token ids.</summary>
    public TokenEncoder Tokens => tokens;

    /// <summary>Loads an encoder.</summary>
    /// <param name="path">A Hugging Face folder of BERT, MiniLM, RoBERTa, XLM-R or DistilBERT, or a model of ours with a Transformer that reads both sides.</param>
    /// <param name="pooling">One of <see cref="Poolings"/>; default <c>mean</c>.</param>
    /// <exception cref="InputException">The folder holds no encoder, or is damaged.</exception>
    /// <exception cref="ArgumentException">There is no such pooling, or the encoder's texts have no first token that stands for the whole.</exception>
    public static TextEmbedder Load(string path, string pooling = "mean")
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!Poolings.Contains(pooling, StringComparer.Ordinal))
            throw new ArgumentException($"TextEmbedder: there is no pooling '{pooling}'; there are {string.Join(", ", Poolings)}.{NearestName.Hint(pooling, Poolings)}", nameof(pooling));
        TrainedEncoder encoder = TrainedEncoder.Load(path);
        if (pooling == TransformerClassifierConfig.FirstToken && !encoder.HasClassToken)
            throw new ArgumentException("TextEmbedder: the encoder's tokenizer puts no token before a text that stands for the whole; take the pooling mean.", nameof(pooling));
        return new TextEmbedder(encoder, pooling);
    }

    /// <summary>The vector of one text.</summary>
    /// <param name="text">Any text; one without tokens gets zeros.</param>
    /// <returns>As long as <see cref="Size"/>, of length 1.</returns>
    public float[] Embed(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TextInference.Embed(this, [text])[0];
    }

    /// <summary>The vectors of many texts, in order, in constant memory.</summary>
    /// <param name="texts">The texts; read as they are needed.</param>
    public IEnumerable<float[]> Embed(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return texts.Chunk(Window).SelectMany(window => TextInference.Embed(this, window));
    }

    /// <summary>The texts that are nearest to a query.</summary>
    /// <param name="query">Any text.</param>
    /// <param name="texts">What is searched; read once.</param>
    /// <param name="count">How many to find at most; at least 1.</param>
    /// <returns>By falling cosine; equal ones in their order.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public IReadOnlyList<TextMatch> Search(string query, IEnumerable<string> texts, int count = 10)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        float[] wanted = Embed(query);
        List<TextMatch> best = [];
        int index = 0;
        foreach (string[] window in texts.Chunk(Window))
        {
            float[][] vectors = TextInference.Embed(this, window);
            best.AddRange(window.Select((text, i) => new TextMatch(index + i, text, Similarity(wanted, vectors[i]))));
            index += window.Length;
            best = [.. best.OrderByDescending(match => match.Similarity).ThenBy(match => match.Index).Take(count)];
        }
        return best;
    }

    /// <summary>The cosine of two vectors from <see cref="Embed(string)"/>.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">As long.</param>
    public static float Similarity(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => TensorPrimitives.Dot(a, b);

    /// <summary>p, (batch, size).</summary>
    internal Tensor Pool(TextBatch batch, in Pass pass)
    {
        SequenceRanges ranges = new(batch.Lengths, batch.Starts);
        Tensor states = network.Forward(batch.Ids, ranges, pass, batch.Segments).States;
        // The mean of one step is that step.
        return states.MeanOverTime(Pooling == "mean" ? ranges : new SequenceRanges(Array.ConvertAll(batch.Lengths, length => Math.Min(1, length)), batch.Starts));
    }
}

/// <summary>A text that <see cref="TextEmbedder.Search"/> found.</summary>
/// <param name="Index">Its place among those that were searched, from 0.</param>
/// <param name="Text">The text.</param>
/// <param name="Similarity">Cosine to the query, from −1 to 1.</param>
public sealed record TextMatch(int Index, string Text, float Similarity);
