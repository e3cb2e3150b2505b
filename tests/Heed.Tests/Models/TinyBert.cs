namespace Heed.Testing;

/// <summary>Writes a tiny encoder of BERT's form with a WordPiece tokenizer, random weights, as others would have it.</summary>
internal static class TinyBert
{
    private static readonly string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    private static readonly string[] words =
        ["the", "film", "was", "a", "plot", "and", "actor", "scene", "music", "story", "good", "great", "fine", "love", "##ly", "bad", "awful", "poor", "sad", ",", ".", "!"];

    /// <summary>The shape.</summary>
    public static TransformerConfig Shape { get; } = new()
    {
        Size = 16, LayerCount = 2, HeadCount = 2, InnerSize = 32, IsPreNorm = false, MaximumLength = 24, SegmentCount = 2, NormalizesEmbedding = true, Epsilon = 1e-12, Dropout = 0,
    };

    /// <summary>Writes the folder.</summary>
    /// <param name="folder">Made if absent.</param>
    /// <param name="hasPooler">Whether there is a pooler among the weights.</param>
    /// <returns>The encoder.</returns>
    public static Transformer Write(string folder, bool hasPooler = false)
    {
        Transformer encoder = new(Shape, special.Length + words.Length + 2);
        encoder.Initialize(5);
        PretrainedTransformer<Transformer> saved = PretrainedTransformer.Of(encoder);
        saved.Save(folder);
        if (hasPooler)
        {
            float[] weight = [.. Enumerable.Range(0, 256).Select(i => i % 17 == 0 ? 1f : 0f)], bias = [.. Enumerable.Range(0, 16).Select(i => i * 0.01f)];
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), saved.Map.Save(encoder).Append(new SafetensorsArray("pooler.dense.weight", [16, 16], weight)).Append(new SafetensorsArray("pooler.dense.bias", [16], bias)));
        }
        string vocabulary = string.Join(',', special.Concat(words).Select((word, id) => $"\"{word}\":{id}"));
        string added = string.Join(',', special.Select((word, id) => $$"""{"id":{{id}},"content":"{{word}}","special":true,"normalized":false}"""));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), $$$"""
            {"version":"1.0","added_tokens":[{{{added}}}],"normalizer":{"type":"BertNormalizer","lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
            "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},"decoder":{"type":"WordPiece"},
            "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{ {{{vocabulary}}} } } }
            """);
        return encoder;
    }

    /// <summary>Rows whose label one word decides.</summary>
    public static TextData Data(int count, int seed, string good = "good", string bad = "bad") => TextData.FromRows(Rows(count, seed).Select(row => (row.Text, row.IsGood ? good : bad)));

    /// <summary>The same as text and whether it is good.</summary>
    public static IEnumerable<(string Text, bool IsGood)> Rows(int count, int seed)
    {
        string[] good = ["good", "great", "fine", "lovely"], bad = ["bad", "awful", "poor", "sad"], filler = words[..10];
        for (int i = 0; i < count; i++)
        {
            RandomStream random = new RandomStream((ulong)seed, "tiny").Fork((ulong)i);
            List<string> text = [.. Enumerable.Range(0, 4 + random.Next(5)).Select(_ => filler[random.Next(filler.Length)])];
            text.Insert(random.Next(text.Count), (i % 2 == 0 ? good : bad)[random.Next(4)]);
            yield return (string.Join(' ', text), i % 2 == 0);
        }
    }
}
