namespace Heed.Kernels.Tests;

/// <summary>The error table's bound holds, and the table measures what it says.</summary>
[Trait("Legs", "InstructionSets")]
[Trait("Weight", "heavy")]
public class AttentionErrorTests
{
    [Fact]
    public void At_most_twice_that_of_plain_float32()
    {
        IReadOnlyList<AttentionError> errors = AttentionErrors.Measure();
        errors.Count.ShouldBe(40);
        foreach (AttentionError e in errors)
        {
            e.Passed.ShouldBeTrue(e.ToString());
            // Plain float32 is right too, but not exact.
            e.Plain.ShouldBeInRange(1e-9, 1e-3, e.ToString());
            e.Fused.ShouldBeGreaterThan(1e-9, e.ToString());
        }
    }
}
