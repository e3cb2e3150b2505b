using System.Globalization;
using Heed.Testing;

namespace Heed.Tests.Tasks;

/// <summary>Nothing depends on the host's culture: same model, same folder, same words and numbers in every report.</summary>
public sealed class CultureTests
{
    [Theory]
    [InlineData("tr-TR")]
    [InlineData("de-DE")]
    [InlineData("ar-SA")]
    public void Results_files_and_texts_are_the_same_under_every_culture(string culture)
    {
        (string Report, byte[] Weights, byte[] Tokens, string Message) neutral = Under("", Work), other = Under(culture, Work);
        other.Report.ShouldBe(neutral.Report);
        other.Weights.ShouldBe(neutral.Weights);
        other.Tokens.ShouldBe(neutral.Tokens);
        other.Message.ShouldBe(neutral.Message);
    }

    private static (string Report, byte[] Weights, byte[] Tokens, string Message) Work()
    {
        (string, string)[] rows = [.. Enumerable.Range(0, 80).Select(i => (i % 2 == 0 ? $"INTERESTING FILM Iıİi {i % 7}" : $"DULL ISSUE Iıİi {i % 5}", i % 2 == 0 ? "Iyi" : "ıssız"))];
        TextData data = TextData.FromRows(rows);
        TextClassifier classifier = TextClassifier.Train(data, data, new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 6, HiddenSize = 4, AttentionSize = 4 },
            Training = new TrainingOptions { EpochCount = 2, BatchSize = 8 },
        });
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "m");
        classifier.Save(path);
        string message = Should.Throw<ShapeException>(() => Tensor.From(new float[1234567], new Shape(1234567)).Reshape(new Shape(2))).Message;
        return (classifier.Evaluate(data).ToString() + TextClassifier.Load(path).Predict("interesting film").Probability.ToString("R", CultureInfo.InvariantCulture),
            File.ReadAllBytes(Path.Combine(path, "model.safetensors")), File.ReadAllBytes(Path.Combine(path, "tokenizer.json")), message);
    }

    private static T Under<T>(string culture, Func<T> work)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo(culture);
            return work();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
