namespace Heed.Experiments;

/// <summary>Digits somewhere on 60 × 60, alone or among pieces of others, seen through a window of 12 × 12 that the network moves itself.</summary>
internal abstract class GlimpsedDigits(Placement placement, int looks) : IExperiment
{
    public string Name => placement == Placement.Cluttered ? "glimpses-cluttered" : "glimpses-translated";

    public string Summary => FormattableString.Invariant($"{(placement == Placement.Cluttered ? "cluttered" : "translated")} MNIST 60 × 60 in {looks} glimpses of 12 × 12 at three scales");

    public void Run(ExperimentOptions options)
    {
        GlimpseClassifier network = new(new GlimpseConfig { Looks = looks }, 10);
        Fit fit = new(Digits.Read(options.Data, "train", options.Train), Digits.Read(options.Data, "t10k", options.Test), placement, options);
        int epochs = options.Epochs > 0 ? options.Epochs : placement == Placement.Cluttered ? 25 : 40;
        (double accuracy, double seconds) = fit.Run(
            network, (Tensor pictures, int[] labels, in Pass pass) => network.Loss(pictures, labels, pass),
            (Tensor pictures, in Pass pass) => network.Forward(pictures, pass).Logits, epochs, options.Rate > 0 ? options.Rate : 1e-3);
        ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["train"] = options.Train, ["test"] = options.Test, ["accuracy"] = accuracy, ["epochs"] = epochs,
            ["looks"] = looks, ["parameters"] = network.ParameterCount, ["train_seconds"] = Math.Round(seconds, 1), ["cpu_seconds"] = Math.Round(ExperimentLine.ProcessorSeconds, 1),
        });
    }
}

internal sealed class TranslatedGlimpses() : GlimpsedDigits(Placement.Translated, looks: 6);

internal sealed class ClutteredGlimpses() : GlimpsedDigits(Placement.Cluttered, looks: 8);
