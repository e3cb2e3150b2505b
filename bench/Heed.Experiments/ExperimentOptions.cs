using System.Globalization;

namespace Heed.Experiments;

/// <summary>What all experiments have in common.</summary>
internal sealed record ExperimentOptions
{
    public const string Usage = "[--data DIR] [--epochs N] [--train IMAGES] [--test IMAGES] [--batch N] [--rate LEARNING_RATE] [--seed N] [--out FILE.jsonl] [--plot FILE.svg]";

    /// <summary>Folder of the data sets.</summary>
    public string Data { get; init; } = Path.Combine("..", "shared", "data");

    /// <summary>Passes over the training data; 0: the experiment's own number.</summary>
    public int Epochs { get; init; }

    /// <summary>Training pictures.</summary>
    public int Train { get; init; } = 60_000;

    /// <summary>Test pictures.</summary>
    public int Test { get; init; } = 10_000;

    /// <summary>Pictures of a step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Highest learning rate; 0: the experiment's own.</summary>
    public double Rate { get; init; }

    /// <summary>Weights, order and distortions follow from it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The file that gets the line.</summary>
    public string Out { get; init; } = Path.Combine("bench", "quality", "experiments.jsonl");

    /// <summary>The picture of an experiment that draws one.</summary>
    public string Plot { get; init; } = Path.Combine("docs", "results", "attention-budget.svg");

    public static bool TryParse(string[] args, out ExperimentOptions options, out string message)
    {
        options = new ExperimentOptions();
        message = "";
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
                return false;
            string value = args[i + 1];
            int number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1;
            switch (args[i])
            {
                case "--data": options = options with { Data = value }; break;
                case "--out": options = options with { Out = value }; break;
                case "--plot": options = options with { Plot = value }; break;
                case "--epochs" when number >= 0: options = options with { Epochs = number }; break;
                case "--train" when number >= 1: options = options with { Train = number }; break;
                case "--test" when number >= 1: options = options with { Test = number }; break;
                case "--batch" when number >= 1: options = options with { Batch = number }; break;
                case "--seed" when number >= 0: options = options with { Seed = (ulong)number }; break;
                case "--rate" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double rate) && rate > 0: options = options with { Rate = rate }; break;
                default: return false;
            }
        }
        return true;
    }
}
