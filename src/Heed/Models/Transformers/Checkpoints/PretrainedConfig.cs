using System.Text.Json;
using System.Text.Json.Nodes;

namespace Heed;

/// <summary>What the <c>config.json</c> of a Hugging Face folder says about a checkpoint, in our words.</summary>
/// <remarks>Read are <c>bert</c> (MiniLM among them), <c>roberta</c>, <c>xlm-roberta</c>, <c>distilbert</c>, <c>gpt2</c> and <c>llama</c>. A setting that changes what the network computes and is not built is refused by
/// name; fields that change nothing are kept as they are.</remarks>
public sealed class PretrainedConfig
{
    internal const string FileName = "config.json";
    private const long LargestFile = 4 << 20;
    private const int MaximumDepth = 32;

    private PretrainedConfig(string path, CheckpointForm form, TransformerConfig transformer, int vocabularySize, bool isTied, JsonElement json) =>
        (Path, Form, Transformer, VocabularySize, IsTied, Json) = (path, form, transformer, vocabularySize, isTied, json);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The value of <c>model_type</c>, as <c>bert</c>.</summary>
    public string Architecture => Form.Name;

    /// <summary>Whether it foretells tokens (GPT-2, Llama); else it is an encoder.</summary>
    public bool IsDecoder => Form.IsDecoder;

    /// <summary>The shape of the stack.</summary>
    public TransformerConfig Transformer { get; }

    /// <summary>Number of ids.</summary>
    public int VocabularySize { get; }

    /// <summary>Whether the last layer of a decoder is the table of token vectors.</summary>
    public bool IsTied { get; }

    internal CheckpointForm Form { get; }

    private JsonElement Json { get; }

    /// <summary>Reads the file of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InputException">There is no such file, it is damaged, or asks for what is not built; says what.</exception>
    public static PretrainedConfig Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = System.IO.Path.Combine(folder, FileName);
        return JsonFile.Read(path, "configuration of a checkpoint", LargestFile, MaximumDepth, root => Parse(path, root), "see docs/checkpoints.md for what is read");
    }

    /// <summary>The file again, with the type of the numbers that are saved.</summary>
    internal void Write(Stream stream)
    {
        JsonObject root = JsonObject.Create(Json)!;
        foreach (string name in new[] { "torch_dtype", "dtype" })
        {
            if (root.ContainsKey(name))
                root[name] = "float32";
        }
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true });
        root.WriteTo(writer);
    }

    private static PretrainedConfig Parse(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no object");
        ConfigFields fields = new(root);
        CheckpointForm form = CheckpointForm.Of(fields);
        if (fields.Find("quantization_config") is not null)
            throw new FormatException("'quantization_config': quantised checkpoints are not supported; take the float32, float16 or bfloat16 one");
        TransformerConfig transformer = form.Read(fields);
        transformer.Validate();
        return new PretrainedConfig(path, form, transformer, fields.Count("vocab_size"), form.IsDecoder && fields.Flag("tie_word_embeddings", form.IsTiedByDefault), root.Clone());
    }
}
