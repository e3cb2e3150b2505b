using System.Globalization;
using Heed.Testing;

namespace Heed.Tests.Tasks;

/// <summary>Released formats stay readable: a model folder of each format version is kept and replayed.</summary>
/// <remarks>HEED_UPDATE_MODEL=1 writes the folders of the current version anew; do that only when no release has it.</remarks>
public sealed class GoldenModelTests
{
    private static readonly string[] Texts = ["a lovely film", "the plot was awful and sad", "music", "", "Unknown words ONLY, 12!"];

    [Theory]
    [InlineData("text-classifier-1")]
    [InlineData("text-classifier-2")]
    [InlineData("text-classifier-2-sets")]
    public void A_folder_of_an_earlier_version_gives_the_answers_that_it_gave(string name)
    {
        string folder = Path.Combine(Repository.Root, "goldens", "models", name), answers = folder + ".tsv";
        if (Environment.GetEnvironmentVariable("HEED_UPDATE_MODEL") == "1" && name.StartsWith("text-classifier-2", StringComparison.Ordinal))
            Write(folder, answers, name.EndsWith("-sets", StringComparison.Ordinal));
        TextClassifier classifier = TextClassifier.Load(folder);
        string[] expected = File.ReadAllLines(answers);
        expected.Length.ShouldBe(Texts.Length);
        for (int i = 0; i < Texts.Length; i++)
        {
            string[] columns = expected[i].Split('\t');
            TextPrediction p = classifier.Predict(Texts[i]);
            p.Label.ShouldBe(columns[0]);
            Numbers(columns[1]).Zip(p.Probabilities).ShouldAllBe(x => Math.Abs(x.First - x.Second.Probability) < 1e-5);
            Numbers(columns[2]).Length.ShouldBe(p.Weights.Count);
            Numbers(columns[2]).Zip(p.Weights).ShouldAllBe(x => Math.Abs(x.First - x.Second.Weight) < 1e-5);
        }
    }

    private static float[] Numbers(string column) =>
        [.. column.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => float.Parse(n, CultureInfo.InvariantCulture))];

    private static void Write(string folder, string answers, bool isSets)
    {
        (string Text, string Label)[] rows = [.. Enumerable.Range(0, 120).Select(i => (i % 3) switch
        {
            0 => ($"a lovely and fine film {(i % 5 == 0 ? "music" : "story")}", "good"),
            1 => ($"the plot was awful and {(i % 5 == 0 ? "poor" : "sad")}", "bad"),
            _ => ($"a film with {(i % 5 == 0 ? "music" : "a plot")}", "neither"),
        })];
        TextData data = !isSets ? TextData.FromRows(rows) : TextData.FromRows(
            rows.Select((r, i) => new TextRow(r.Text, r.Label == "neither" ? "" : r.Label, i) { Values = [i % 2 == 0 ? "shop" : "web", "3.5"] }),
            new TextReadOptions { Target = TargetKind.Multi, Categories = ["where"], Numbers = ["price"] });
        TextClassifier classifier = TextClassifier.Train(data, data, new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 6, HiddenSize = 4, AttentionSize = 5, Dropout = 0, Pooling = isSets ? "projection" : "additive", PerLabel = isSets },
            Training = new TrainingOptions { EpochCount = 12, BatchSize = 8, LearningRate = 1e-2 },
        });
        classifier.Save(folder);
        static string Join(IEnumerable<float> values) => string.Join(' ', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
        File.WriteAllLines(answers, Texts.Select(t => classifier.Predict(t)).Select(p => $"{p.Label}\t{Join(p.Probabilities.Select(x => x.Probability))}\t{Join(p.Weights.Select(w => w.Weight))}"));
    }
}
