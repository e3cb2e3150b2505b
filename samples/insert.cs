// Squeeze-and-Excitation in a network you already have: dotnet run -c Release samples/insert.cs
// expect: 3 blocks after layer*.*.bn2
// expect: right
// expect: layer1.0.se.gate
#:project ../src/Heed/Heed.csproj
using System.Globalization;
using Heed;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
PictureData data = PictureData.FromPictures([.. Stripes(400)], ["along", "down"]);
(PictureData train, PictureData dev, PictureData test) = data.Split(seed: 1);
ImageClassifierOptions options = new()
{
    Network = new ResNetConfig { Depths = [1, 1, 1], Widths = [8, 16, 32] },
    Augmentation = new() { CropPadding = 1 },
    Training = new ImageClassifierOptions().Training with { EpochCount = 2, BatchSize = 16, LearningRate = 0.05, Seed = 1 },
};
PictureNetwork network = ImageClassifier.Train(train, dev, options).Network;

Insertion se = network.Insert(after: "layer*.*.bn2",               // end of each residual branch, before the addition
    channels => new SqueezeExcitation(channels, new() { Squeeze = "both", StartOpen = true }));
Console.WriteLine(se);                                             // blocks, + parameters, + multiply-adds
network.Freeze("conv1", "layer1.0.conv*");

ImageClassifier classifier = ImageClassifier.Train(network, train, dev, options);
Console.WriteLine($"{classifier.Evaluate(test).Accuracy:P0} right");
ImagePrediction answer = classifier.Predict(test.Read(0).Picture, Capture.Gates);
foreach (CapturedGates gates in answer.Gates)
    Console.WriteLine($"{gates.Layer}: {gates.Values.Min():F2} … {gates.Values.Max():F2}");

// Stripes along and down, with noise.
static IEnumerable<(Picture, string)> Stripes(int count)
{
    RandomStream random = new(5, "stripes");
    for (int n = 0; n < count; n++)
    {
        byte[] samples = new byte[3 * 64];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = (byte)((((n % 2 == 0 ? i / 24 : i / 3 % 8) % 2) * 150) + random.Next(100));
        yield return (new Picture(8, 8, 3, samples), n % 2 == 0 ? "along" : "down");
    }
}
