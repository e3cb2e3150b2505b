using System.Text.Json.Nodes;

namespace Heed.Testing;

/// <summary>Writes tiny decoders of Llama's and GPT-2's form with a tokenizer of characters, random weights, as others would have them.</summary>
internal static class TinyDecoder
{
    private const string Characters = " abcdefghijklmnopqrstuvwxyz.,\n";

    /// <summary>Tokens of the tokenizer; <c>&lt;unk&gt;</c>, <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c> are 0, 1 and 2.</summary>
    public static int VocabularySize => 3 + Characters.Length;

    /// <summary>Writes a folder of Llama's form, whose tokenizer puts <c>&lt;s&gt;</c> before a text and <c>&lt;/s&gt;</c> behind it.</summary>
    /// <param name="folder">Made if absent.</param>
    /// <param name="vectors">Rows of the table; as many as tokens if 0.</param>
    public static TransformerLanguageModel Llama(string folder, int vectors = 0)
    {
        TransformerConfig shape = new()
        {
            Size = 16, LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 2, InnerSize = 24, Position = "rope", Norm = "rms", Activation = "swiglu", HasBias = false, HasAttentionBias = false, IsCausal = true,
            MaximumLength = 24, Dropout = 0,
        };
        TransformerLanguageModel model = Write(folder, shape, vectors, isTied: false);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer("""
            "post_processor":{"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
            "pair":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
            "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[2],"tokens":["</s>"]}}},
            """));
        return model;
    }

    /// <summary>Writes a folder of GPT-2's form, whose tokenizer puts nothing around a text.</summary>
    /// <param name="folder">Made if absent.</param>
    public static TransformerLanguageModel Gpt2(string folder)
    {
        TransformerConfig shape = new() { Size = 16, LayerCount = 2, HeadCount = 2, InnerSize = 32, Activation = "gelu-tanh", IsCausal = true, MaximumLength = 24, Dropout = 0 };
        TransformerLanguageModel model = Write(folder, shape, 0, isTied: true);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer(""));
        return model;
    }

    /// <summary>Sets a field of a JSON file, which is made if absent.</summary>
    public static void Set(string path, string field, string value)
    {
        JsonObject root = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : [];
        root[field] = JsonNode.Parse(value);
        File.WriteAllText(path, root.ToJsonString());
    }

    /// <summary>Adds a tensor that no decoder has.</summary>
    public static void AddTensors(string folder, TransformerLanguageModel model, params string[] names) =>
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), PretrainedTransformer.Of(model).Map.Save(model).Concat(names.Select(name => new SafetensorsArray(name, [1], new float[1]))));

    private static TransformerLanguageModel Write(string folder, TransformerConfig shape, int vectors, bool isTied)
    {
        TransformerLanguageModel model = new(shape, vectors == 0 ? VocabularySize : vectors, isTied);
        model.Initialize(7);
        // Wider than at the start of a training, so that greedy texts vary.
        foreach ((_, Parameter parameter) in model.NamedParameters().Where(p => p.Parameter.Shape.Rank == 2))
            parameter.Assign([.. parameter.Values.ToArray().Select(v => 8 * v)]);
        PretrainedTransformer.Of(model).Save(folder);
        return model;
    }

    private static string Tokenizer(string postProcessor)
    {
        string vocabulary = string.Join(',', Characters.Select((c, i) => c == '\n' ? $"\"\\n\":{i + 3}" : $"\"{c}\":{i + 3}"));
        return $$$"""
            {"version":"1.0","added_tokens":[{"id":1,"content":"<s>","special":true,"normalized":false},{"id":2,"content":"</s>","special":true,"normalized":false}],
            "pre_tokenizer":{"type":"Split","pattern":{"Regex":"[\\s\\S]"},"behavior":"Isolated","invert":false},{{{postProcessor}}}"decoder":{"type":"Fuse"},
            "model":{"type":"BPE","unk_token":"<unk>","vocab":{"<unk>":0,"<s>":1,"</s>":2,{{{vocabulary}}}},"merges":[]}}
            """;
    }
}
