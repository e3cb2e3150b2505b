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
        (Path, Form, Transformer, VocabularySize, IsTied, Json, EndIds) = (path, form, transformer, vocabularySize, isTied, json, new ConfigFields(json).Ids("eos_token_id", vocabularySize));

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

    /// <summary>The tokens that end a text, if the configuration says.</summary>
    internal int[] EndIds { get; }

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

    /// <summary>The configuration of a network of ours, in the first form that can say all of it.</summary>
    /// <exception cref="ArgumentException">None can.</exception>
    internal static PretrainedConfig Of(TransformerConfig shape, int vocabularySize, bool isDecoder, bool isTied)
    {
        CheckpointForm[] forms = [.. CheckpointForm.All.Where(f => f.IsDecoder == isDecoder)];
        foreach (CheckpointForm form in forms)
        {
            if (form.Write(shape) is not { } fields)
                continue;
            fields.Insert(0, "model_type", form.Name);
            fields["vocab_size"] = vocabularySize;
            fields["torch_dtype"] = "float32";
            if (isDecoder)
                fields["tie_word_embeddings"] = isTied;
            using JsonDocument document = JsonDocument.Parse(fields.ToJsonString());
            try
            {
                // What comes back when it is read says whether it was said.
                PretrainedConfig read = Parse(FileName, document.RootElement);
                if (Network(read.Transformer) == Network(shape))
                    return read;
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                continue;
            }
        }
        throw new ArgumentException($"PretrainedTransformer.Of: this network has parts that the forms {string.Join(", ", forms.Select(f => f.Name))} do not have; save it as a model of Heed.", nameof(shape));
    }

    // What is computed, with defaults written out; dropout is of training alone.
    private static TransformerConfig Network(TransformerConfig config) => config with
    {
        KeyValueHeadCount = config.SelfAttention.KeyHeads,
        HeadSize = config.SelfAttention.KeyDim,
        InnerSize = config.Inner,
        HasAttentionBias = config.HasAttentionBias ?? config.HasBias,
        RopeBase = config.Position == "rope" ? config.RopeBase : 0,
        RopeFactor = config.Position == "rope" ? config.RopeFactor : 0,
        Dropout = 0,
        AttentionDropout = 0,
        InnerDropout = null,
        EmbeddingDropout = null,
    };

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
