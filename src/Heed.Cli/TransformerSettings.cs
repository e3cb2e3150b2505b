using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of a Transformer's layers, which every command that trains one has.</summary>
internal sealed class TransformerSettings
{
    private readonly Option<string> position, activation, norm;
    private readonly Option<int> heads, size, inner;
    private readonly Option<bool> postNorm, noBias;

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
    }

    /// <summary>A shape with what the options say.</summary>
    public TransformerConfig Read(ParseResult parsed, TransformerConfig others) => others with
    {
        HeadCount = parsed.GetValue(heads),
        Size = parsed.GetValue(size),
        InnerSize = parsed.GetValue(inner),
        Position = parsed.GetValue(position)!,
        Activation = parsed.GetValue(activation)!,
        Norm = parsed.GetValue(norm)!,
        IsPreNorm = !parsed.GetValue(postNorm),
        HasBias = !parsed.GetValue(noBias),
    };
}
