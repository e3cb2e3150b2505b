namespace Heed;

/// <summary>What a <see cref="HierarchicalEncoder"/> returns.</summary>
/// <param name="Context">The documents: <c>(batch, context size)</c>.</param>
/// <param name="Weights">How much each token counted, its sentence's weight times its own within it: <c>(batch, 1, time)</c>; sums to 1.</param>
/// <param name="WordWeights">The token's weight within its sentence: <c>(batch, 1, time)</c>; sums to 1 over each sentence.</param>
/// <param name="SentenceWeights">The sentences' weights: <c>(batch, 1, sentences)</c>; sums to 1, 0 behind a document's last sentence.</param>
/// <param name="Penalty">What the poolings add to the loss; null for most.</param>
public sealed record HierarchicalResult(Tensor Context, Tensor Weights, Tensor WordWeights, Tensor SentenceWeights, Tensor? Penalty);

/// <summary>The hierarchical attention network of Yang et al. 2016, "Hierarchical attention networks for document classification", section 2: words → sentences → document, with attention on both levels.</summary>
/// <remarks>
/// <para>Formula: <c>h_it = BRNN(x_it)</c> over the words t of sentence i, <c>s_i = Σ_t α_it·h_it</c>; <c>h_i = BRNN(s_i)</c> over the sentences, <c>c = Σ_i α_i·h_i</c>; both α by the chosen pooling, <c>additive</c> as in the paper.</para>
/// <para>Shapes: token vectors <c>(batch, time, embedding)</c>, sentence numbers <c>(batch · time)</c>; inside, sentences stand as <c>(sentences of the batch, longest sentence, …)</c> and <c>(batch, most sentences, …)</c>; context <c>(batch, context)</c>.</para>
/// <para>The paper has GRUs; the cell is chosen. A document without tokens has a zero context. Cost: that of the flat encoder, plus a recurrent layer over sentences; recurrence runs only as far as the longest sentence, so long documents
/// have more to do side by side.</para>
/// </remarks>
public sealed class HierarchicalEncoder : Module
{
    private readonly RecurrentLayer wordEncoder, sentenceEncoder;
    private readonly SequencePooling wordPooling, sentencePooling;
    private readonly Dropout dropout;

    /// <summary>Creates the encoder.</summary>
    /// <param name="config">Sizes, cell and pooling of both levels.</param>
    public HierarchicalEncoder(BlstmConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int states = 2 * config.HiddenSize;
        wordEncoder = Register("word_encoder", config.CreateEncoder(config.EmbeddingSize));
        wordPooling = Register("word_pooling", config.CreatePooling(states));
        sentenceEncoder = Register("sentence_encoder", config.CreateEncoder(wordPooling.ContextSize));
        sentencePooling = Register("sentence_pooling", config.CreatePooling(states));
        dropout = Register("dropout", new Dropout(config.Dropout));
    }

    internal static Mechanism Entry => new("hierarchical", MechanismKind.InputRepresentation)
    {
        InputRepresentation = "hierarchical",
        OutputRepresentation = "single",
        Formula = "u_it = tanh(W·h_it + b), α_it = softmax_t(uᵀu_it), s_i = Σ_t α_it·h_it; the same again over sentences: c = Σ_i α_i·h_i",
        Shapes = "token vectors (batch, time, embedding), sentence numbers (batch · time); context (batch, context); weights (batch, 1, time) and (batch, 1, sentences)",
        Cost = "The flat encoder's, plus a recurrent layer over the sentences; its steps are as many as the longest sentence has, not the text",
        Source = "Yang et al., \"Hierarchical attention networks for document classification\", 2016, section 2",
        Variant = "LSTM or GRU (the paper: GRU) and any pooling on both levels; sentences by SentenceSplitter, cut after 64 tokens.",
        Use = "Documents of many sentences, of which few decide; where the reader wants to know which.",
        Avoid = "Single sentences: the upper level then has nothing to choose from.",
        Example = new(() =>
        {
            HierarchicalEncoder encoder = new(new BlstmConfig { EmbeddingSize = 2, HiddenSize = 2, AttentionSize = 4 });
            encoder.Initialize(seed: 1);
            Tensor words = Tensor.From([1, 0, 0, 1, 2, 1, -1, 0, 1, 1], new Shape(1, 5, 2));
            int[] sentences = [0, 0, 0, 1, 1];
            return Step.Evaluate(pass => encoder.Forward(words, sentences, SequenceRanges.Full(batch: 1, time: 5), pass).Weights);
        }),
        Types = [typeof(HierarchicalEncoder)],
        Pages = ["hierarchical"],
    };

    /// <summary>Size of a document's context.</summary>
    public int ContextSize => sentencePooling.ContextSize;

    // Whether the weights may lead other values than the states.
    internal bool IsFocused => wordPooling.IsFocused && sentencePooling.IsFocused;

    /// <summary>Reads documents.</summary>
    /// <param name="vectors">Token vectors <c>(batch, time, embedding)</c>.</param>
    /// <param name="sentences">For each token the number of its sentence <c>(batch · time)</c>, row-major; a new sentence begins wherever the number changes. What stands at padding does not count.</param>
    /// <param name="ranges">The real tokens of each document.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Context <c>(batch, context)</c> and the weights of both levels.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public HierarchicalResult Forward(Tensor vectors, ReadOnlyMemory<int> sentences, SequenceRanges ranges, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (vectors.Shape.Rank != 3 || vectors.Shape[2] != wordEncoder.InputSize)
            throw ShapeException.For("HierarchicalEncoder", nameof(vectors), FormattableString.Invariant($"(batch, time, embedding) with embedding = {wordEncoder.InputSize}"), vectors.Shape);
        (int batch, int time, int size) = (vectors.Shape[0], vectors.Shape[1], vectors.Shape[2]);
        ranges.Check("HierarchicalEncoder", batch, time);
        if (sentences.Length != batch * time)
            throw new ShapeException(FormattableString.Invariant($"HierarchicalEncoder: {sentences.Length} sentence numbers came; (batch · time) = ({batch} · {time}) are required, one for each token."));
        SentenceLayout layout = SentenceLayout.Of(sentences.Span, ranges, time);

        Tensor words = Tensor.Embed(vectors.Reshape(new Shape(batch * time, size)), layout.WordRows, new Shape(layout.Count, layout.Longest));
        PoolingResult lower = wordPooling.Forward(wordEncoder.Forward(words, layout.WordRanges, pass).Output, layout.WordRanges, pass, isWhole: false);
        Answer(lower.Weights, layout, ranges, time, pass);
        Tensor parts = Tensor.Embed(dropout.Forward(lower.Context, pass), layout.SentenceRows, new Shape(batch, layout.Most));
        PoolingResult upper = sentencePooling.Forward(sentenceEncoder.Forward(parts, layout.SentenceRanges, pass).Output, layout.SentenceRanges, pass);

        Tensor own = AtTokens(lower.Weights, layout.PlaceOfToken, batch, time, pass, layout.IsReal), sentence = AtTokens(upper.Weights, layout.SentenceOfToken, batch, time, pass, layout.IsReal);
        Tensor? penalty = lower.Penalty is { } p && upper.Penalty is { } q ? p + q : null;
        return new HierarchicalResult(Return(upper.Context, pass), own * sentence, own, MeanOfViews(upper.Weights), penalty);
    }

    // Of words a row for each sentence, over all tokens of the document.
    private void Answer(Tensor weights, SentenceLayout layout, SequenceRanges ranges, int time, in Pass pass)
    {
        pass.Find<AttentionCapture>()?.Answer(wordPooling, weights.Shape[1], new CaptureSource
        {
            Queries = [.. layout.SentenceRanges.Lengths.ToArray().Select(sentences => (0, sentences))],
            KeyCounts = ranges.Lengths.ToArray(),
            Write = (tile, rows) =>
            {
                for (int i = 0; i < tile.Queries * tile.Keys; i++)
                {
                    int token = (tile.Batch * time) + ranges.Starts.Span[tile.Batch] + tile.FirstKey + (i % tile.Keys), place = layout.PlaceOfToken[token];
                    bool isOwn = layout.SentenceOfToken[token] - (tile.Batch * layout.Most) == tile.FirstQuery + (i / tile.Keys);
                    rows.Span[i] = isOwn ? weights.Values[((((place / layout.Longest) * weights.Shape[1]) + tile.Head) * layout.Longest) + (place % layout.Longest)] : 0;
                }
            },
        });
    }

    // (n, views, steps) → (n, 1, steps).
    private static Tensor MeanOfViews(Tensor weights) => weights.Shape[1] == 1 ? weights : weights.Transpose().MeanLast().Reshape(new Shape(weights.Shape[0], 1, weights.Shape[2]));

    // The weight that stands at a token's place on one of the levels: (batch, 1, time), 0 at padding.
    private static Tensor AtTokens(Tensor weights, int[] places, int batch, int time, in Pass pass, float[] isReal)
    {
        Tensor table = MeanOfViews(weights);
        return Tensor.Embed(table.Reshape(new Shape(table.Length, 1)), places, new Shape(batch, time)).Reshape(new Shape(batch, 1, time)) * pass.Input(isReal, new Shape(batch, 1, time));
    }
}

/// <summary>Where the tokens of a batch stand when its sentences are rows, and its sentences when documents are.</summary>
/// <param name="Count">Sentences of the batch, at least 1.</param>
/// <param name="Longest">Tokens of the longest sentence, at least 1.</param>
/// <param name="Most">Sentences of the document that has most, at least 1.</param>
internal sealed record SentenceLayout(int Count, int Longest, int Most)
{
    /// <summary>For each place (sentences, longest) the token (batch · time) that stands there; any token in padding.</summary>
    public required int[] WordRows { get; init; }

    public required SequenceRanges WordRanges { get; init; }

    /// <summary>For each place (batch, most) the sentence that stands there; any in padding.</summary>
    public required int[] SentenceRows { get; init; }

    public required SequenceRanges SentenceRanges { get; init; }

    /// <summary>For each token (batch · time) its place (sentences · longest), and that of its sentence (batch · most).</summary>
    public required int[] PlaceOfToken { get; init; }

    public required int[] SentenceOfToken { get; init; }

    /// <summary>1 for each token, 0 for padding.</summary>
    public required float[] IsReal { get; init; }

    public static SentenceLayout Of(ReadOnlySpan<int> numbers, SequenceRanges ranges, int time)
    {
        List<(int Document, int First, int Length)> sentences = [];
        int[] counts = new int[ranges.Count];
        for (int b = 0; b < counts.Length; b++)
        {
            int first = (b * time) + ranges.Starts.Span[b], end = first + ranges.Lengths.Span[b];
            for (int t = first, from = first; t < end; t++)
            {
                if (t + 1 < end && numbers[t + 1] == numbers[t])
                    continue;
                sentences.Add((b, from, t + 1 - from));
                counts[b]++;
                from = t + 1;
            }
        }
        if (sentences.Count == 0)
            sentences.Add((0, 0, 0));
        int longest = Math.Max(1, sentences.Max(s => s.Length)), most = Math.Max(1, counts.Max());
        int[] words = new int[sentences.Count * longest], rows = new int[counts.Length * most], places = new int[counts.Length * time], upper = new int[places.Length];
        float[] real = new float[places.Length];
        for (int s = 0, inDocument = 0; s < sentences.Count; s++)
        {
            (int document, int first, int length) = sentences[s];
            inDocument = s > 0 && sentences[s - 1].Document == document ? inDocument + 1 : 0;
            rows[(document * most) + inDocument] = s;
            for (int w = 0; w < length; w++)
            {
                words[(s * longest) + w] = first + w;
                places[first + w] = (s * longest) + w;
                upper[first + w] = (document * most) + inDocument;
                real[first + w] = 1;
            }
        }
        return new SentenceLayout(sentences.Count, longest, most)
        {
            WordRows = words,
            WordRanges = new SequenceRanges(sentences.Select(s => s.Length).ToArray()),
            SentenceRows = rows,
            SentenceRanges = new SequenceRanges(counts),
            PlaceOfToken = places,
            SentenceOfToken = upper,
            IsReal = real,
        };
    }
}
