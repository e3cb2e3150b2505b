// Classify your own text and see why: dotnet run -c Release samples/classify.cs
// expect: rows      120
// expect: macro F1
// expect: bag of words
// expect: I was charged twice, please refund: billing
// expect: sum of the weights 1.000
#:project ../src/Heed/Heed.csproj
using System.Globalization;
using Heed;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
Environment.CurrentDirectory = Directory.CreateTempSubdirectory("heed-sample-").FullName;
Tickets.Write("tickets.tsv", count: 1200);

TextSplit data = TextData.Read("tickets.tsv", text: "text", label: "label").Split(seed: 1);   // 80/10/10, stratified, no text in two parts

TextClassifier classifier = TextClassifier.Train(data.Train, data.Dev, new TextClassifierOptions
{
    Network = new BlstmConfig { EmbeddingSize = 32, HiddenSize = 32, Pooling = "additive" },      // α = softmax(uᵀ tanh(W·h_t + b))
    Training = new TrainingOptions { Seed = 1, EpochCount = 6, LearningRate = 5e-3, Monitor = "macro-f1", ClassWeights = "balanced" },
}, new ConsoleProgress());

Console.WriteLine(classifier.Evaluate(data.Test));      // macro F1 with 95 % interval, per class, beside bag of words
classifier.Save("model/");

TextClassifier served = TextClassifier.Load("model/");  // immutable: one instance for all threads
TextPrediction p = served.Predict("I was charged twice, please refund");
Console.WriteLine($"\n{p.Text}: {p.Label} {p.Probability:P1}");
foreach (TokenWeight t in p.Weights)                    // sums to 1; ranges into the original string
    Console.WriteLine($"{t.Weight:F3} {p.Text[t.Range]}");
Console.WriteLine($"sum of the weights {p.Weights.Sum(t => t.Weight):F3}");

/// <summary>Letters to a shop. What is wished for decides the label; the label 'other' shares its words with all of them.</summary>
internal static class Tickets
{
    private static readonly string[] openings = ["Hello,", "Dear team,", "Good morning,", "Hi,", "As I wrote last week:", "Sorry to trouble you again,"];
    private static readonly string[] things = ["the lamp", "my order", "the blue chair", "your catalogue", "the printer", "our contract"];
    private static readonly string[] endings = ["", "Thank you.", "Please answer soon.", "I have waited long enough.", "Best wishes"];
    private static readonly (string Label, string[] Wishes)[] kinds =
    [
        ("billing", ["I was charged twice for {0}", "please refund {0}", "the invoice for {0} is wrong", "{0} was paid for long ago", "you charged too much for {0}, I want a refund"]),
        ("shipping", ["{0} has not arrived", "{0} went to my old address", "where is {0} now", "{0} is a week late", "the parcel with {0} was left in the rain"]),
        ("repair", ["{0} no longer works", "{0} makes a strange noise", "a part of {0} broke off", "{0} came with a crack", "can someone repair {0}"]),
        ("other", ["do you still sell {0}", "{0} arrived and was paid for, thank you", "how do I clean {0}", "I would buy {0} again", "nothing is wrong with {0}, I only wish to praise it"]),
    ];

    public static void Write(string path, int count)
    {
        var random = new RandomStream(1, "tickets");
        using var file = new StreamWriter(path);
        file.WriteLine("label\ttext");
        for (int i = 0; i < count; i++)
        {
            (string label, string[] wishes) = kinds[random.Next(kinds.Length)];
            string wish = Pick(wishes).Replace("{0}", Pick(things));
            file.WriteLine($"{label}\t{Pick(openings)} {wish}. Number {random.Next(10_000)}. {Pick(endings)}".TrimEnd());
        }

        string Pick(string[] from) => from[random.Next(from.Length)];
    }
}
