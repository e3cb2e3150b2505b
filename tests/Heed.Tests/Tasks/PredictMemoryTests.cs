using Heed.Testing;

namespace Heed.Tests.Tasks;

[Collection(MemoryCollection.Name)]
public sealed class PredictMemoryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_hundred_thousand_rows_of_a_file_take_no_more_memory_than_the_first_twenty_thousand(bool evidence)
    {
        const int Rows = 200_000;
        TextData data = TextClassifierTests.Data(100, 1);
        TextClassifier model = TextClassifier.Train(data, data, new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 4, HiddenSize = 2, AttentionSize = 2 },
            Training = new TrainingOptions { EpochCount = 1 },
            Baseline = evidence,
        });
        using TemporaryFolder folder = new();
        string path = folder["rows.tsv"];
        File.WriteAllLines(path, Enumerable.Range(0, Rows).Select(i => $"{i}\tthe film was good {i}").Prepend("id\ttext"));
        long early = 0, latest = 0;
        int count = 0;
        foreach (TextPrediction prediction in model.PredictMany(TextTable.ReadRows(path, new TextReadOptions { Label = null })))
        {
            count++;
            prediction.Text.ShouldEndWith($" {count - 1}");
            if (count == Rows / 10)
                early = GC.GetTotalMemory(forceFullCollection: true);
            else if (count == Rows - 1)
                latest = GC.GetTotalMemory(forceFullCollection: true);
        }
        count.ShouldBe(Rows);
        // The texts alone would be 10 MB, the answers more than 100.
        (latest - early).ShouldBeLessThan(2 << 20);
    }
}
