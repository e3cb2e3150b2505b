namespace Heed.Experiments;

/// <summary>Digits turned, scaled and moved on 60 × 60: the same network with and without a spatial transformer in front.</summary>
internal abstract class DistortedDigits(bool hasTransformer) : IExperiment
{
    public string Name => hasTransformer ? "stn" : "stn-without";

    public string Summary => "distorted MNIST 60 × 60 " + (hasTransformer ? "with a spatial transformer" : "with the same network over the whole picture");

    public void Run(ExperimentOptions options)
    {
        DigitNetwork network = new(hasTransformer);
        Fit fit = new(Digits.Read(options.Data, "train", options.Train), Digits.Read(options.Data, "t10k", options.Test), Placement.Distorted, options);
        int epochs = options.Epochs > 0 ? options.Epochs : 9;
        (double accuracy, double seconds) = fit.Run(
            network, (Tensor pictures, int[] labels, in Pass pass) => Tensor.CrossEntropy(network.Forward(pictures, pass), labels), network.Forward, epochs, options.Rate > 0 ? options.Rate : 1e-3);
        ExperimentLine.Append(options, Name, new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["train"] = options.Train, ["test"] = options.Test, ["accuracy"] = accuracy, ["epochs"] = epochs,
            ["parameters"] = network.ParameterCount, ["train_seconds"] = Math.Round(seconds, 1), ["cpu_seconds"] = Math.Round(ExperimentLine.ProcessorSeconds, 1),
        });
    }
}

internal sealed class WithTransformer() : DistortedDigits(hasTransformer: true);

internal sealed class WithoutTransformer() : DistortedDigits(hasTransformer: false);
