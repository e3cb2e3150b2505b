namespace Heed.Tests.Tasks;

public sealed class ImbalanceTests
{
    [Fact]
    public void Unequal_labels_are_weighted_and_the_user_is_told()
    {
        (TrainingOptions options, string? note) = Imbalance.Resolve(new TrainingOptions(), ["ham", "spam", "absent"], [4001, 1000, 0]);
        (options.Monitor, options.ClassWeights).ShouldBe(("macro-f1", "balanced"));
        note!.ShouldContain("'ham' has 4,001 rows, 'spam' 1,000");
        Imbalance.Balanced([30, 10]).ShouldBe([40f / 60, 2]);
    }

    [Fact]
    public void Near_equal_labels_and_choices_of_the_user_stay_as_they_are()
    {
        (TrainingOptions options, string? note) = Imbalance.Resolve(new TrainingOptions(), ["a", "b"], [300, 100]);
        (options.Monitor, options.ClassWeights, note).ShouldBe(("accuracy", "none", null));
        (options, note) = Imbalance.Resolve(new TrainingOptions { Monitor = "loss", ClassWeights = "none" }, ["a", "b"], [900, 100]);
        (options.Monitor, options.ClassWeights, note).ShouldBe(("loss", "none", null));
        (options, note) = Imbalance.Resolve(new TrainingOptions { Monitor = "loss" }, ["a", "b"], [900, 100]);
        (options.Monitor, options.ClassWeights).ShouldBe(("loss", "balanced"));
        note!.ShouldNotContain("macro F1");
    }

    [Fact]
    public void The_temperature_undoes_overconfidence()
    {
        // Logits of ±2 that are right three times in four want T = 2/ln 3.
        float[] logits = [.. Enumerable.Repeat(new[] { 2f, 0f }, 4000).SelectMany(x => x)];
        int[] targets = [.. Enumerable.Range(0, 4000).Select(i => i % 4 == 0 ? 1 : 0)];
        TemperatureScaling.Fit(logits, 4000, l => Loss(l, targets)).ShouldBe(2 / Math.Log(3), 0.01);
        // Few rows that are all right say little: T stays near 1 instead of going to 0.
        TemperatureScaling.Fit([2, 0, 2, 0], 2, l => Loss(l, [0, 0])).ShouldBeInRange(0.8, 1);
    }

    private static double Loss(float[] logits, int[] targets) => Heed.Kernels.CrossEntropyKernel.Forward(logits, targets, 2, new float[logits.Length]);
}
