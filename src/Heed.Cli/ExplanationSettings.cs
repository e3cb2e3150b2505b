using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of <see cref="ExplanationOptions"/>.</summary>
internal sealed class ExplanationSettings
{
    private static readonly ExplanationOptions usual = new();

    private readonly Option<string> methods = new("--methods")
    {
        Description = "The methods, between commas, or all: " + string.Join(", ", ExplanationMethod.Names) + ". attention and value-norm take a layer, a head or a view: attention:0.3, attention:view1.",
        HelpName = "names",
        DefaultValueFactory = _ => "all",
    };
    private readonly Option<string?> target = new("--target") { Description = "Explain the answer of this label; of a language model or translator this token, of a detector or segmenter this class. [default: what the model answers]", HelpName = "label" };
    private readonly Option<int?> place = new("--place") { Description = "Of a detector: explain the box with this number, as 'heed predict' lists them, from 1. Of a masked language model: which of several hidden tokens; in a text that hides none, the token to hide.", HelpName = "N" };
    private readonly Option<bool> whole = new("--whole-picture") { Description = "Of a segmenter: the mean over all pixels, not only over those that have the label." };
    private readonly Option<string?> removal = new("--removal") { Description = "How a unit is taken away: delete, unknown or mask; of pictures blur or mean. [default: the first that the model has]", HelpName = "rule" };
    private readonly Option<string?> baseline = new("--baseline") { Description = "Where integrated gradients start: zero, unknown or mask; of pictures mean, black or blur. [default: the first that the model has]", HelpName = "name" };
    private readonly Option<int> steps = new("--steps") { Description = "Points of the path of integrated gradients.", HelpName = "N", DefaultValueFactory = _ => usual.Steps };
    private readonly Option<int> samples = new("--samples") { Description = "Noisy copies of SmoothGrad.", HelpName = "N", DefaultValueFactory = _ => usual.Samples };
    private readonly Option<double> noise = CommonOptions.Number("--noise", "SmoothGrad's noise, as a share of the range of the input's vectors.", usual.Noise);
    private readonly Option<ulong> seed = CommonOptions.Seed();

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { methods, target, place, whole, removal, baseline, steps, samples, noise, seed })
            command.Add(option);
    }

    public ExplanationOptions Read(ParseResult parsed) => UsageException.Guard(() =>
    {
        string chosen = parsed.GetValue(methods)!;
        ExplanationOptions options = new()
        {
            Methods = chosen == "all" ? null : chosen.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            Target = parsed.GetValue(target),
            Place = parsed.GetValue(place),
            WholePicture = parsed.GetValue(whole),
            Removal = parsed.GetValue(removal),
            Baseline = parsed.GetValue(baseline),
            Steps = parsed.GetValue(steps),
            Samples = parsed.GetValue(samples),
            Noise = parsed.GetValue(noise),
            Seed = parsed.GetValue(seed),
        };
        options.Validate();
        return options.Methods is [] ? throw new UsageException("--methods names no method; there are " + string.Join(", ", ExplanationMethod.Names) + ".") : options;
    });
}
