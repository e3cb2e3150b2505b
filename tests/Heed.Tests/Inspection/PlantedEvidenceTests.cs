using Heed.Tests.Tasks;

namespace Heed.Tests.Inspection;

/// <summary>Inputs of which one part is known to decide: who finds it, and who must not.</summary>
public sealed class PlantedEvidenceTests
{
    private static readonly string[] Deciding = ["good", "great", "fine", "lovely", "bad", "awful", "poor", "sad"];
    private static readonly BlstmConfig Small = new() { EmbeddingSize = 12, HiddenSize = 8, AttentionSize = 8, Dropout = 0.1 };
    private static readonly Lazy<TextClassifier> Sees = new(() => Train(TextClassifierTests.Data(400, 1), Small));

    [Fact]
    public void Occlusion_and_integrated_gradients_find_the_word_that_decides()
    {
        foreach (string method in new[] { "occlusion", "integrated-gradients" })
        {
            PlantedEvidence found = PlantedEvidence.Test(Explained(Sees.Value, method));
            found.FirstShare.Value.ShouldBeGreaterThanOrEqualTo(0.95, method);
            found.PValue.ShouldBeLessThan(0.001);
        }
    }

    [Fact]
    public void A_model_that_never_saw_the_word_is_not_explained_by_it()
    {
        TextClassifier blind = Train(Map(TextClassifierTests.Data(400, 1), word => Deciding.Contains(word) ? "film" : word), Small);
        foreach (string method in new[] { "occlusion", "integrated-gradients" })
            PlantedEvidence.Test(Explained(blind, method)).PValue.ShouldBeGreaterThan(0.05, method);
    }

    [Fact]
    public void The_verdict_is_explains_for_what_finds_the_word_and_not_shown_for_uniform_attention()
    {
        FaithfulnessOptions options = new() { Explanation = new ExplanationOptions { Methods = ["attention", "occlusion", "smoothgrad"] } };
        FaithfulnessReport Report(TextClassifier model) => FaithfulnessReport.Measure(Texts(40).Select(text => model.Explaining(new TextRow(text, null, 0))), options);
        FaithfulnessReport report = Report(Sees.Value);
        report.Count.ShouldBe(40);
        MethodFaithfulness occlusion = report.Methods[1];
        occlusion.Verdict.ShouldBe(ExplanationVerdict.Explains);
        occlusion.Comprehensiveness.Value.ShouldBeGreaterThan(report.Random.Comprehensiveness.Value + 0.1);
        occlusion.Sufficiency.Value.ShouldBeLessThan(report.Random.Sufficiency.Value);
        occlusion.DeletionGap.Low.ShouldBeGreaterThan(0);
        occlusion.InsertionGap.Low.ShouldBeGreaterThan(0);
        (occlusion.Deletion[0], occlusion.Deletion.Count).ShouldSatisfyAllConditions(x => x.Item1.ShouldBe(occlusion.Insertion[^1], 1e-6), x => x.Item2.ShouldBe(11));
        report.Methods[2].Stability.ShouldBeInRange(0.3, 1);
        double.IsNaN(occlusion.Stability).ShouldBeTrue("it draws nothing");
        report.Agreement[1, 1].Value.ShouldBe(1, 1e-9);
        report.ToString().ShouldContain("40 inputs, removal by 'delete'");
        report.ToString().ShouldBe(Report(Sees.Value).ToString());

        MethodFaithfulness uniform = Report(Train(TextClassifierTests.Data(400, 1), Small with { Pooling = "mean" })).Methods[0];
        (uniform.Method, uniform.Verdict, uniform.ComprehensivenessGap.Value).ShouldBe(("attention", ExplanationVerdict.NotShown, 0));
    }

    [Fact]
    public void In_pictures_the_patch_that_decides_is_found()
    {
        (PictureData data, _) = Patches(360, 1);
        ImageClassifier model = ImageClassifier.Train(data.Select([.. Enumerable.Range(0, 300)]), data.Select([.. Enumerable.Range(300, 60)]), new ImageClassifierOptions
        {
            Network = new ResNetConfig { Depths = [1, 1], Widths = [8, 16], Attention = "se" }, Augmentation = null, Training = new ImageClassifierOptions().Training with { BatchSize = 8, EpochCount = 12, LearningRate = 0.05 },
        });
        (PictureData test, int[] cells) = Patches(60, 2);
        model.Evaluate(test).Accuracy.ShouldBeGreaterThan(0.95);
        int[] patched = [.. Enumerable.Range(0, 60).Where(i => i % 3 < 2)];
        ExplainedInput[] inputs = [.. patched.Select(i => model.Explaining(test.Read(i).Picture, label: test.LabelNames[test.Labels[i]], cells: 4))];
        foreach (string method in new[] { "occlusion", "integrated-gradients" })
            PlantedEvidence.Test([.. inputs.Select((input, i) => (ExplanationMethod.Explain(input, new() { Methods = [method], Removal = "mean" })[0], cells[patched[i]]))]).FirstShare.Value.ShouldBeGreaterThanOrEqualTo(0.95, method);
        Explanation cam = ExplanationMethod.Explain(inputs[0], new() { Methods = ["grad-cam"] })[0];
        (cam.GridRows, cam.GridColumns, cam.Scores.Count).ShouldBe((4, 4, 16));
        cam.Scores.ShouldAllBe(score => score >= 0);
        PlantedEvidence.Test([.. inputs.Select((input, i) => (ExplanationMethod.Explain(input, new() { Methods = ["grad-cam"] })[0], cells[patched[i]]))]).PValue.ShouldBeLessThan(0.001);
        Picture painted = PictureOverlay.Of(test.Read(0).Picture, cam);
        (painted.Width, painted.Height, painted.Channels).ShouldBe((12, 12, 3));
        model.Gates(test.Read(0).Picture).Select(layer => layer.Values.Count).ShouldBe([8, 16]);
        model.GatesByClass(test).ShouldAllBe(layers => layers.Count == 2 && layers[0].Values.All(gate => gate > 0 && gate < 1));
    }

    [Fact]
    public void The_test_itself_sees_what_is_there_and_only_that()
    {
        RandomStream random = new(1, "scores");
        Explanation Made(float first) => new() { Model = "m", Source = "s", Target = "t", Value = 0, Method = "made", Scores = [first, .. Enumerable.Range(0, 9).Select(_ => random.NextSingle())] };
        PlantedEvidence strong = PlantedEvidence.Test([.. Enumerable.Range(0, 30).Select(_ => (Made(2), 0))]);
        (strong.Count, strong.FirstShare.Value).ShouldBe((30, 1));
        strong.PValue.ShouldBeLessThan(0.001);
        PlantedEvidence.Test([.. Enumerable.Range(0, 30).Select(_ => (Made(random.NextSingle()), 0))]).PValue.ShouldBeGreaterThan(0.05);
        Explanation flat = new() { Model = "m", Source = "s", Target = "t", Value = 0, Method = "flat", Scores = [1, 1, 1] };
        PlantedEvidence none = PlantedEvidence.Test([.. Enumerable.Range(0, 30).Select(_ => (flat, 1))]);
        (none.FirstShare.Value, none.PValue).ShouldBe((0, 1));
    }

    private static (Explanation, int)[] Explained(TextClassifier model, string method) => [.. TextClassifierTests.Data(60, 7).Select(row =>
    {
        string label = Array.IndexOf(Deciding, row.Text.Split(' ').First(Deciding.Contains)) < 4 ? "good" : "bad";
        return (model.Explain(row.Text, new() { Methods = [method], Target = label })[0], Array.FindIndex(row.Text.Split(' '), Deciding.Contains));
    })];

    private static IEnumerable<string> Texts(int count) => TextClassifierTests.Data(count, 7).Texts;

    private static TextData Map(TextData data, Func<string, string> word) => TextData.FromRows([.. data.Select(row => (string.Join(' ', row.Text.Split(' ').Select(word)), data.LabelNames[row.Label]))]);

    private static TextClassifier Train(TextData data, BlstmConfig network) => TextClassifier.Train(data, data, new TextClassifierOptions
    {
        Network = network, Baseline = false, Training = new TrainingOptions { EpochCount = 8, BatchSize = 16, LearningRate = 5e-3 },
    });

    // Grey noise of 12 × 12, in one of its 4 × 4 cells a bright or a dark patch, or none: without the third class one of the others could be what is left.
    private static (PictureData Data, int[] Cells) Patches(int count, ulong seed)
    {
        RandomStream random = new(seed, "patches");
        int[] cells = [.. Enumerable.Range(0, count).Select(_ => random.Next(16))];
        return (PictureData.FromPictures(cells.Select((cell, n) =>
        {
            byte[] samples = [.. Enumerable.Range(0, 144).Select(_ => (byte)(108 + random.Next(40)))];
            for (int i = 0; i < 9 && n % 3 < 2; i++)
                samples[(((cell / 4 * 3) + (i / 3)) * 12) + (cell % 4 * 3) + (i % 3)] = (byte)(n % 3 == 0 ? 235 : 20);
            return (new Picture(12, 12, 1, samples), n % 3 == 0 ? "bright" : n % 3 == 1 ? "dark" : "none");
        })), cells);
    }
}
