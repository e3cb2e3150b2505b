using System.Runtime.Intrinsics;
using Heed.Testing;

namespace Heed.Kernels.Tests.InstructionSets;

/// <summary>The kernel tests again under each narrower instruction set, in child processes.</summary>
/// <remarks>A test class takes part by its trait: <c>[Trait("Legs", "InstructionSets")]</c>, and stays out of the scalar one by <c>[Trait("Weight", "heavy")]</c>.</remarks>
public class InstructionSetTests
{
    private const string Filter = "Legs=InstructionSets";

    // Without any instruction set everything takes some thirty times as long; what is marked heavy is left to the other legs there.
    private const string Light = Filter + "&Weight!=heavy";

    [SkippableTheory]
    [InlineData("AVX2", "DOTNET_EnableAVX512", 256)]
    [InlineData("SSE", "DOTNET_EnableAVX2", 128)]
    [InlineData("scalar", "DOTNET_EnableHWIntrinsic", 0)]
    public void Kernel_tests_pass(string leg, string variable, int width)
    {
        Skip.If(ChildTestRun.IsChild, "started by this test");
        Skip.If(width >= WidestVector(), "this machine has no wider vectors than that");
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [variable] = "0",
            ["HEED_EXPECTED_VECTOR_WIDTH"] = FormattableString.Invariant($"{width}"),
        };
        ChildTestRun run = ChildTestRun.Start(typeof(InstructionSetTests).Assembly, width == 0 ? Light : Filter, leg, variables, TimeSpan.FromMinutes(5));
        run.Failed.ShouldBe(0, run.Output);
        // Without a test the filter is wrong, and the leg proves nothing.
        run.Passed.ShouldBeGreaterThan(1, run.Output);
    }

    [SkippableFact]
    [Trait("Legs", "InstructionSets")]
    public void The_switch_works()
    {
        Skip.IfNot(ChildTestRun.IsChild, "looks at the child processes of this class");
        WidestVector().ShouldBe(int.Parse(Environment.GetEnvironmentVariable("HEED_EXPECTED_VECTOR_WIDTH")!, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static int WidestVector() =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
}
