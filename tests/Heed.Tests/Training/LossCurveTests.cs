using System.Text.Json;
using Heed.Testing;

namespace Heed.Tests.Training;

/// <summary>The first 100 training steps on SST-2 beside torch's, from the same weights and batches; see goldens/README.md.</summary>
public sealed class LossCurveTests
{
    private const int BatchSize = 64;

    [SkippableTheory]
    [InlineData("additive", 2e-5)]
    [InlineData("mean", 2e-5)]
    [InlineData("last", 2e-5)]
    [InlineData("max", 5e-3)] // rounding decides between almost equal maxima: torch's own float32 and float64 differ by 3e-3
    public void The_loss_lies_on_torchs(string pooling, double tolerance)
    {
        string? path = RealData.Find("sst2/train.tsv");
        Skip.If(path is null, RealData.Reason);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Golden.PathOf("sst2_loss100.json")));
        TextData train = TextData.Read(path);
        TextEncoder encoder = TextEncoder.Build(train.Texts, new TextEncoderOptions { Vocabulary = new VocabularyOptions { MinimumCount = 1 } });
        encoder.Vocabulary.Count.ShouldBe(golden.RootElement.GetProperty("words").GetInt32());
        BlstmClassifier model = new(new BlstmConfig { Pooling = pooling, Dropout = 0 }, encoder.Vocabulary.Count, 2);
        Assign(model, golden.RootElement.GetProperty("parameters"));

        int[][] ids = [.. train.Texts.Select(encoder.EncodeIds)];
        int[] targets = train.ToLabels();
        AdamW optimizer = new(model.NamedParameters().Select(p => p.Parameter));
        double[] expected = [.. golden.RootElement.GetProperty("poolings").GetProperty(pooling).GetProperty("loss").EnumerateArray().Select(e => e.GetDouble())];
        for (int step = 0; step < expected.Length; step++)
        {
            int[] rows = [.. Enumerable.Range(step * BatchSize, BatchSize)];
            TextBatch batch = TextBatch.Create(ids, rows, targets);
            batch.MaximumLength.ShouldBe(golden.RootElement.GetProperty("batches").GetProperty("longest")[step].GetInt32());
            float loss = Step.Train(new RandomStream(1, "steps"), step, pass => Tensor.CrossEntropy(model.Forward(batch.Ids, batch.Lengths, pass).Logits, batch.Targets));
            ((double)loss).ShouldBe(expected[step], tolerance, $"step {step}");
            optimizer.Step(1e-3, clipNorm: 1);
        }
    }

    private static void Assign(BlstmClassifier model, JsonElement parameters)
    {
        Dictionary<string, Parameter> own = model.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        foreach (JsonElement p in parameters.EnumerateArray())
        {
            string name = p.GetProperty("name").GetString()!;
            string mine = name.Replace("lstm.", "encoder.", StringComparison.Ordinal).Replace("attention.", "pooling.hidden.", StringComparison.Ordinal).Replace("context.", "pooling.query.", StringComparison.Ordinal);
            if (!own.TryGetValue(mine, out Parameter? parameter))
                continue;
            float[] values = FormulaWeights.Create(parameter.Shape.Length, (ulong)p.GetProperty("salt").GetInt64(), (float)p.GetProperty("scale").GetDouble());
            if (name == "embedding.weight")
                values.AsSpan(0, parameter.Shape[1]).Clear();
            values.Sum(v => (double)v).ShouldBe(p.GetProperty("sum").GetDouble(), 1e-6, name);
            parameter.Assign(values);
            own.Remove(mine);
        }
        own.Keys.ShouldBeEmpty();
    }
}
