using System.Text.Json.Nodes;

namespace Heed;

/// <summary>A family of checkpoints: how its <c>config.json</c> reads, and what its tensors are called.</summary>
internal abstract class CheckpointForm
{
    private static readonly CheckpointForm[] all = [new BertForm("bert"), new BertForm("roberta"), new BertForm("xlm-roberta"), new DistilBertForm(), new Gpt2Form(), new LlamaForm()];

    private static readonly string[] heads = ["cls.", "lm_head.", "classifier.", "qa_outputs.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "pre_classifier.", "score."];

    /// <summary>The functions of a position-wise network by the names of others.</summary>
    protected static readonly (string Theirs, string Ours)[] Activations =
        [("gelu", "gelu"), ("gelu_new", "gelu-tanh"), ("gelu_fast", "gelu-tanh"), ("gelu_pytorch_tanh", "gelu-tanh"), ("relu", "relu"), ("silu", "silu"), ("swish", "silu")];

    /// <summary>The value of <c>model_type</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What stands before the names of the stack where a head was trained with it, as <c>bert.</c>.</summary>
    public abstract string Prefix { get; }

    /// <summary>Whether it foretells tokens; else it is an encoder.</summary>
    public virtual bool IsDecoder => false;

    /// <summary>Whether the last layer is the table of token vectors, where the file does not say.</summary>
    public virtual bool IsTiedByDefault => true;

    /// <summary>Our shape of the stack.</summary>
    /// <exception cref="FormatException">A field is missing, wrong, or asks for what is not built.</exception>
    /// <exception cref="ArgumentException">The values do not go together.</exception>
    public abstract TransformerConfig Read(ConfigFields fields);

    /// <summary>The fields that <see cref="Read"/> reads, for a network of this form; null where networks are read but never written so. For another network the fields are those of the nearest of this form.</summary>
    public virtual JsonObject? Write(TransformerConfig config) => null;

    /// <summary>Where the parameters of a <see cref="Transformer"/> lie, without prefix.</summary>
    public abstract IEnumerable<WeightPlace> Places(TransformerConfig config);

    /// <summary>Whether a tensor, its prefix taken off, holds constants that are computed here.</summary>
    protected abstract bool IsConstant(string name);

    public static IReadOnlyList<CheckpointForm> All => all;

    public static CheckpointForm Of(ConfigFields fields)
    {
        string name = fields.Text("model_type") ?? throw new FormatException("'model_type' is missing");
        return all.FirstOrDefault(f => f.Name == name) ?? throw new FormatException(
            $"checkpoints of the architecture '{NearestName.Shown(name)}' are not supported; supported are {string.Join(", ", all.Select(f => f.Name))}.{NearestName.Hint(name, all.Select(f => f.Name))}");
    }

    /// <summary>The map for the names that a file has: with or without prefix, normalisations called weight and bias or gamma and beta.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="names">The names of the file.</param>
    /// <param name="ours">What stands before our names, as <c>transformer.</c> in a language model.</param>
    /// <param name="hasHead">Whether there is a last layer of its own.</param>
    public WeightMap Map(TransformerConfig config, IReadOnlyCollection<string> names, string ours, bool hasHead)
    {
        string prefix = names.Any(n => n.StartsWith(Prefix, StringComparison.Ordinal)) ? Prefix : "";
        bool isOld = names.Any(n => n.EndsWith("LayerNorm.gamma", StringComparison.Ordinal));
        List<WeightPlace> places = [.. Places(config).Select(p => p with { Parameter = ours + p.Parameter, Tensor = prefix + (isOld ? OldName(p.Tensor) : p.Tensor) })];
        if (hasHead)
            places.Add(new WeightPlace("head.weight", Head));
        // Of two names for the table of token vectors a writer may have dropped either.
        else if (IsDecoder && !names.Contains(places[0].Tensor, StringComparer.Ordinal) && names.Contains(Head, StringComparer.Ordinal))
            places[0] = places[0] with { Tensor = Head };
        return new WeightMap(places, name => IsConstant(name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name) || IsHead(name, prefix));
    }

    /// <summary>Weight and bias of a dense layer or normalisation.</summary>
    protected static IEnumerable<WeightPlace> Pair(string ours, string theirs, bool hasBias = true)
    {
        yield return new WeightPlace(ours + ".weight", theirs + ".weight");
        if (hasBias)
            yield return new WeightPlace(ours + ".bias", theirs + ".bias");
    }

    /// <summary>The name of an activation in the files of others; null where they have none.</summary>
    protected static string? TheirName((string Theirs, string Ours)[] choices, string ours) => choices.FirstOrDefault(c => c.Ours == ours).Theirs;

    private const string Head = "lm_head.weight";

    // Heads stand beside the stack; where the stack has no prefix, by their usual names.
    private static bool IsHead(string name, string prefix) => (prefix.Length > 0 && !name.StartsWith(prefix, StringComparison.Ordinal))
        || name.StartsWith(prefix + "pooler.", StringComparison.Ordinal)
        || heads.Any(h => name.StartsWith(h, StringComparison.Ordinal));

    private static string OldName(string tensor) => tensor.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);
}
