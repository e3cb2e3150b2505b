using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a text classifier that is a Transformer: trained from nothing, or a trained encoder that is fine-tuned.</summary>
internal sealed class TextTransformerSettings
{
    private const string Recurrent = "blstm", FromNothing = "transformer";
    private static readonly TransformerConfig encoder = new TransformerClassifierConfig().Encoder;
    private static readonly LoraConfig lora = new();

    private readonly Option<string> model;
    private readonly Option<int> heads, size, inner, window, rank;
    private readonly Option<double> alpha, attentionDropout;
    private readonly Option<string> position, targets;

    public TextTransformerSettings()
    {
        model = Options.Add("--model", "What reads the texts: blstm; transformer, an encoder trained from nothing; or the folder of a trained encoder to fine-tune (BERT, MiniLM, RoBERTa, XLM-R, DistilBERT, or one of Heed's).", Recurrent, "name");
        size = Options.Add("--size", "Of a Transformer: features of a state.", encoder.Size);
        heads = Options.Add("--heads", "Of a Transformer: query heads.", encoder.HeadCount);
        inner = Options.Add("--inner", "Of a Transformer: features inside the position-wise network; 0 for 4 times --size.", encoder.InnerSize);
        position = Options.Add("--position", $"Of a Transformer: how positions come in: {string.Join(", ", TransformerConfig.Positions)}.", encoder.Position, "name");
        window = Options.Add("--window", "Of a Transformer: how many tokens a layer looks to either side, the token itself among them; 0 for all.", encoder.Window);
        attentionDropout = Options.AddNumber("--attention-dropout", "Of a Transformer: probability of dropping an attention weight.", encoder.AttentionDropout);
        rank = Options.Add("--lora", "Fine-tune by low-rank adapters of this rank beside the frozen encoder, merged into it at the end; 0 trains all weights.", 0, "rank");
        alpha = Options.AddNumber("--lora-alpha", "What adapters learn counts alpha/rank times.", lora.Alpha);
        targets = Options.Add("--lora-targets", "Layers that get an adapter, between commas: q_proj, k_proj, v_proj, out_proj, up_proj, down_proj.", string.Join(',', lora.Targets), "names");
    }

    public OptionList Options { get; } = new();

    /// <summary>Whether the network is recurrent.</summary>
    public bool IsRecurrent(ParseResult parsed) => parsed.GetValue(model) == Recurrent;

    /// <summary>The folder of a trained encoder; null if there is none.</summary>
    public string? Folder(ParseResult parsed)
    {
        string name = parsed.GetValue(model)!;
        if (name is Recurrent or FromNothing)
            return null;
        return Directory.Exists(name) ? name : throw new UsageException($"--model must be {Recurrent}, {FromNothing}, or the folder of a trained encoder; there is no folder '{name}'.");
    }

    /// <summary>The adapters; null for none.</summary>
    public LoraConfig? Lora(ParseResult parsed)
    {
        if (parsed.GetValue(rank) == 0)
        {
            Refuse(parsed, [alpha, targets], "is for adapters; give their rank by --lora");
            return null;
        }
        return new LoraConfig { Rank = parsed.GetValue(rank), Alpha = parsed.GetValue(alpha), Targets = parsed.GetValue(targets)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) };
    }

    /// <summary>Refuses options of a network that was not chosen.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="recurrent">Options of the recurrent network alone.</param>
    /// <param name="shape">Options of shape that a trained encoder brings with it, its tokens among them.</param>
    /// <param name="hasStart">Whether the run goes on from a model of ours, whose shape it has.</param>
    public void Check(ParseResult parsed, IEnumerable<Option> recurrent, IEnumerable<Option> shape, bool hasStart)
    {
        if (hasStart)
        {
            Refuse(parsed, [model, size, heads, inner, position, window, attentionDropout], "does not go with --init, which brings a network of its own");
            return;
        }
        if (IsRecurrent(parsed))
            Refuse(parsed, [size, heads, inner, position, window, attentionDropout, rank], "is for Transformers; add --model transformer, or --model FOLDER");
        else
            Refuse(parsed, recurrent, $"is for the recurrent network; leave it out, or take --model {Recurrent}");
        if (Folder(parsed) is { } folder)
            Refuse(parsed, shape.Concat([size, heads, inner, position, window, attentionDropout]), $"is what the encoder in {folder} brings; leave it out");
        else
            Refuse(parsed, [rank], "adapts a trained encoder; give its folder by --model");
    }

    /// <summary>The encoder that is trained from nothing.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="layers">Layers; null for as many as usual.</param>
    /// <param name="dropout">Dropout; null for the usual one.</param>
    public TransformerConfig Encoder(ParseResult parsed, int? layers, double? dropout) => encoder with
    {
        Size = parsed.GetValue(size),
        HeadCount = parsed.GetValue(heads),
        InnerSize = parsed.GetValue(inner),
        Position = parsed.GetValue(position)!,
        Window = parsed.GetValue(window),
        AttentionDropout = (float)parsed.GetValue(attentionDropout),
        LayerCount = layers ?? encoder.LayerCount,
        Dropout = dropout ?? encoder.Dropout,
    };

    private static void Refuse(ParseResult parsed, IEnumerable<Option> options, string why)
    {
        if (options.FirstOrDefault(option => option.IsGiven(parsed)) is { } given)
            throw new UsageException($"{given.Name} {why}.");
    }
}
