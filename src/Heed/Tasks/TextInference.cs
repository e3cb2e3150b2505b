using Heed.Kernels;

namespace Heed;

/// <summary>A text classifier's forward passes over many rows.</summary>
internal static class TextInference
{
    private const int BatchSize = 64, LongestSentence = 64;

    /// <summary>The logits of all rows (rows, outputs).</summary>
    public static float[] Logits(TextClassifier model, TextData data)
    {
        string[] texts = [.. data.Texts];
        return Logits(model, texts, Encode(model.Tokens, texts), model.Features.Encode(data));
    }

    /// <summary>The logits of texts that are encoded already (rows, outputs).</summary>
    public static float[] Logits(TextClassifier model, string[] texts, EncodedText[] encoded, FeatureTable features)
    {
        int outputs = model.Head.OutputCount;
        float[] all = new float[texts.Length * outputs];
        ForEachBatch(model, encoded, features, row => (texts[row], encoded[row].Tokens), Capture.None, (batch, logits, _) =>
        {
            for (int i = 0; i < batch.BatchSize; i++)
                logits.Values.Slice(i * outputs, outputs).CopyTo(all.AsSpan(batch.RowIndices[i] * outputs));
        });
        return all;
    }

    /// <summary>The answers to rows, in order.</summary>
    public static TextPrediction[] Predict(TextClassifier model, TextRow[] rows)
    {
        EncodedText[] encoded = Encode(model.Tokens, Array.ConvertAll(rows, row => row.Text));
        FeatureTable features = Further(model, rows);
        TextPrediction[] answers = new TextPrediction[rows.Length];
        int outputs = model.Head.OutputCount;
        ForEachBatch(model, encoded, features, row => (rows[row].Text, encoded[row].Tokens), Capture.Weights, (batch, logits, pooling) =>
        {
            for (int i = 0; i < batch.BatchSize; i++)
            {
                int row = batch.RowIndices[i];
                IReadOnlyList<TokenWeight>[] views = Views(pooling.Weights, i, batch.Starts[i], encoded[row].Tokens);
                TextPrediction prediction = new(rows[row].Text, "", -1, 0, [], views.Length == 1 ? views[0] : TokenWeight.Mean(views), encoded[row].CutOff)
                {
                    Views = views,
                    Sentences = pooling.SentenceWeights is null ? [] : SentenceWeight.Of(pooling, batch, i, encoded[row].Tokens),
                    Affinity = pooling.Affinity is null ? null : TokenAffinity.Of(pooling.Affinity, i, rows[row].Text, encoded[row].Tokens),
                };
                answers[row] = model.Head.Answer(logits.Values.Slice(i * outputs, outputs), model.Rule, prediction);
            }
        });
        return answers;
    }

    /// <summary>The logits (rows, outputs), and each row's weights of the pooling (views · tokens).</summary>
    public static (float[] Logits, float[][] Weights) Attended(TextClassifier model, TextRow[] rows, EncodedText[] encoded, FeatureTable features)
    {
        int outputs = model.Head.OutputCount;
        float[] all = new float[rows.Length * outputs];
        float[][] weights = new float[rows.Length][];
        ForEachBatch(model, encoded, features, row => (rows[row].Text, encoded[row].Tokens), Capture.Weights, (batch, logits, pooling) =>
        {
            (int views, int time) = (pooling.Weights.Shape[1], pooling.Weights.Shape[2]);
            for (int i = 0; i < batch.BatchSize; i++)
            {
                (int row, int tokens) = (batch.RowIndices[i], batch.Lengths[i]);
                logits.Values.Slice(i * outputs, outputs).CopyTo(all.AsSpan(row * outputs));
                weights[row] = new float[views * tokens];
                for (int v = 0; v < views; v++)
                    pooling.Weights.Values.Slice((((i * views) + v) * time) + batch.Starts[i], tokens).CopyTo(weights[row].AsSpan(v * tokens));
            }
        });
        return (all, weights);
    }

    /// <summary>The vectors of texts, each of length 1; of a text without tokens zeros.</summary>
    public static float[][] Embed(TextEmbedder embedder, string[] texts)
    {
        EncodedText[] encoded = Encode(embedder.Tokens, texts);
        float[][] vectors = new float[texts.Length][];
        ForEachBatch(encoded, null, Capture.None, (batch, pass) =>
        {
            Tensor pooled = embedder.Pool(batch, pass);
            for (int i = 0; i < batch.BatchSize; i++)
                vectors[batch.RowIndices[i]] = Normalized(pooled.Values.Slice(i * embedder.Size, embedder.Size));
        });
        return vectors;
    }

    private static float[] Normalized(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += (double)value * value;
        float[] vector = values.ToArray();
        for (int i = 0; i < vector.Length && sum > 0; i++)
            vector[i] = (float)(vector[i] / Math.Sqrt(sum));
        return vector;
    }

    /// <summary>Answers a text with a tiny network of the default form, for what the runtime compiles on the way.</summary>
    public static void WarmUp()
    {
        TextEncoder encoder = new(new WordTokenizer(), new Vocabulary(["a"]));
        NgramIndex ngrams = new(encoder, maximumOrder: 2);
        ngrams.TryAdd(-1, Vocabulary.Unknown + 1);
        TfidfModel evidence = new(new TfidfFeatures(ngrams, [1]), weights: [0, 0], bias: [0, 0], strength: 1) { Settings = [1] };
        BlstmConfig form = new() { EmbeddingSize = 32, HiddenSize = 32, AttentionSize = 32, Evidence = true };
        BlstmClassifier network = new(form, encoder.Vocabulary.Count, classCount: 2);
        TextClassifier tiny = new(network, encoder, TextHead.Create(TargetKind.Single, ["a", "b"]), new FeatureEncoder([], [])) { Baseline = evidence };
        tiny.Predict("a b a");
    }

    /// <summary>The number of each token's sentence.</summary>
    public static int[] Sentences(string text, Token[] tokens) => SentenceSplitter.NumbersOf(text, tokens, LongestSentence);

    /// <summary>The further columns of rows; those of a row without any count as missing.</summary>
    public static FeatureTable Further(TextClassifier model, TextRow[] rows)
    {
        string[] missing = [.. Enumerable.Repeat("", model.Features.FieldCount)];
        return model.Features.Encode([.. rows.Select(row => row.Values.Count == 0 ? missing : row.Values)]);
    }

    /// <summary>The features of some rows (batch · features); empty where there are none.</summary>
    public static float[] Vectors(FeatureTable features, int size, int[] rows)
    {
        float[] vectors = new float[rows.Length * size];
        if (size > 0)
            features.WriteVectors(rows, vectors);
        return vectors;
    }

    /// <summary>The segments of texts; null where they have none.</summary>
    public static int[][]? Segments(IReadOnlyList<EncodedText> texts) => texts.Any(text => text.Segments.Length > 0) ? [.. texts.Select(text => text.Segments)] : null;

    /// <summary>Texts as ids, side by side.</summary>
    public static EncodedText[] Encode(TokenEncoder tokens, string[] texts)
    {
        EncodedText[] encoded = new EncodedText[texts.Length];
        Workers.Share((texts.Length + BatchSize - 1) / BatchSize, n =>
        {
            for (int i = n * BatchSize; i < Math.Min(texts.Length, (n + 1) * BatchSize); i++)
                encoded[i] = tokens.Encode(texts[i]);
        });
        return encoded;
    }

    // Batches side by side, as the steps of a short text leave little to share inside of one. Each writes to its own rows, so bits do not depend on it.
    private static void ForEachBatch(TextClassifier model, EncodedText[] encoded, FeatureTable features, Func<int, (string Text, Token[] Tokens)> source, Capture capture, Action<TextBatch, Tensor, PoolingResult> use)
    {
        int[][]? sentences = model.IsHierarchical ? [.. Enumerable.Range(0, encoded.Length).Select(row => Sentences(source(row).Text, source(row).Tokens))] : null;
        ForEachBatch(encoded, sentences, capture, (batch, pass) =>
        {
            float[] vectors = Vectors(features, model.Features.VectorSize, batch.RowIndices);
            float[]? evidence = model.Network.Config.Evidence ? EvidenceRows.Of(model.Baseline!, batch, source) : null;
            (Tensor logits, PoolingResult pooling) = model.Network.Forward(batch.Ids, new SequenceRanges(batch.Lengths, batch.Starts), pass, vectors, evidence, batch.Sentences, batch.Segments);
            use(batch, logits, pooling);
        });
    }

    private static void ForEachBatch(EncodedText[] encoded, int[][]? sentences, Capture capture, BatchAction use)
    {
        int[][] ids = [.. encoded.Select(e => e.Ids)];
        int[][]? segments = Segments(encoded);
        IReadOnlyList<ReadOnlyMemory<int>> batches = BatchPlan.Evaluation(ids.Select(i => i.Length).ToArray(), BatchSize).Epoch(0);
        Workers.Share(batches.Count, n =>
        {
            TextBatch batch = TextBatch.Create(ids, batches[n].Span, sentences: sentences, segments: segments);
            Step.Evaluate(
                pass =>
                {
                    use(batch, pass);
                    return 0;
                },
                capture);
        });
    }

    private delegate void BatchAction(TextBatch batch, Pass pass);

    private static IReadOnlyList<TokenWeight>[] Views(Tensor weights, int row, int start, Token[] tokens)
    {
        (int views, int time) = (weights.Shape[1], weights.Shape[2]);
        IReadOnlyList<TokenWeight>[] result = new IReadOnlyList<TokenWeight>[views];
        for (int v = 0; v < views; v++)
        {
            // Special tokens stand for nothing in the text: what they weigh is missing from the sum.
            List<TokenWeight> view = new(tokens.Length);
            for (int t = 0; t < tokens.Length; t++)
            {
                if (tokens[t].Length > 0)
                    view.Add(new TokenWeight(tokens[t].Range, weights.Values[(((row * views) + v) * time) + start + t]));
            }
            result[v] = view;
        }
        return result;
    }
}
