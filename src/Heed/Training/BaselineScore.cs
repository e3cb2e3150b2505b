namespace Heed;

/// <summary>What a simpler model reaches on the same rows.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Accuracy">Share of rows that it has right.</param>
/// <param name="MacroF1">Mean F1 of the classes.</param>
/// <param name="Test">The model under test (first) against it (second); null where a test makes no sense.</param>
public sealed record BaselineScore(string Name, Interval Accuracy, Interval MacroF1, PairedTest? Test = null)
{
    /// <summary>What the test means for the choice of a model; empty without a test.</summary>
    public string Verdict => Test is null ? ""
        : Test.IsFirstBetter ? "the model is better than the simple one on these rows"
        : Test.IsSecondBetter ? "the simple model is better on these rows: use it"
        : "no difference beyond chance: on these rows the simple model is as good";
}
