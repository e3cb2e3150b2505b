using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a Transformer's layers, which every command that trains one has.</summary>
internal sealed class TransformerSettings
{
    private readonly Option<string> position, activation, norm;
    private readonly Option<int> heads, size, inner;
    private readonly Option<bool> postNorm, noBias;
    private readonly Option<double> attentionDropout;

    /// <summary>Adds the options to a list.</summary>
    /// <param name="all">The list.</param>
    /// <param name="defaults">What they are unless given.</param>
    public TransformerSettings(OptionList all, TransformerConfig defaults)
    {
        heads = all.Add("--heads", "Query heads.", defaults.HeadCount);
        size = all.Add("--size", "Features of a state.", defaults.Size);
        inner = all.Add("--inner", "Features inside the position-wise network; 0 for 4 times --size.", defaults.InnerSize);
        position = all.Add("--position", $"How positions come in: {string.Join(", ", TransformerConfig.Positions)}.", defaults.Position, "name");
        activation = all.Add("--activation", $"Function of the position-wise network: {string.Join(", ", FeedForward.Activations)}.", defaults.Activation, "name");
        norm = all.Add("--norm", $"Normalisation: {string.Join(", ", Norm.Names)}.", defaults.Norm, "name");
        postNorm = all.Flag("--post-norm", "Normalise sums, not what sublayers read.");
        noBias = all.Flag("--no-bias", "Dense layers add no bias.");
        attentionDropout = all.AddNumber("--attention-dropout", "Probability of dropping an attention weight.", defaults.AttentionDropout);
    }

    /// <summary><c>--post-norm</c>.</summary>
    public Option PostNorm => postNorm;

    /// <summary>A shape with what was given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="others">What it is where nothing was given.</param>
    public TransformerConfig Read(ParseResult parsed, TransformerConfig others) => others with
    {
        HeadCount = heads.Or(parsed, others.HeadCount),
        Size = size.Or(parsed, others.Size),
        InnerSize = inner.Or(parsed, others.InnerSize),
        Position = position.Or(parsed, others.Position),
        Activation = activation.Or(parsed, others.Activation),
        Norm = norm.Or(parsed, others.Norm),
        IsPreNorm = others.IsPreNorm && !parsed.GetValue(postNorm),
        HasBias = others.HasBias && !parsed.GetValue(noBias),
        AttentionDropout = (float)attentionDropout.Or(parsed, others.AttentionDropout),
    };
}
