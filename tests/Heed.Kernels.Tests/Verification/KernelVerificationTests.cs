using Heed.Testing;

namespace Heed.Kernels.Tests.Verification;

[Trait("Legs", "InstructionSets")]
public sealed class KernelVerificationTests
{
    [Fact]
    public void Every_kernel_agrees_with_its_reference_and_the_bits_repeat()
    {
        List<string> told = [];
        KernelVerification first = KernelVerification.Run(told.Add);
        first.Verdicts.Where(v => !v.Passed).ShouldBeEmpty();
        first.Passed.ShouldBeTrue();
        first.VectorBits.ShouldBe(Simd.Bits);
        if (!ChildTestRun.IsChild)
            KernelVerification.Run().Hash.ShouldBe(first.Hash);
        told.ShouldBe(KernelVerification.All.Select(a => a.Kernel));
        first.Verdicts.Select(v => v.Kernel).Distinct(StringComparer.Ordinal).ShouldBe(told, "each check must compare something");
    }

    [Fact]
    public void Every_kernel_has_a_check()
    {
        IEnumerable<string> kernels = typeof(Gemm).Assembly.GetExportedTypes().Where(t => t is { IsAbstract: true, IsSealed: true } && t.Name.EndsWith("Kernel", StringComparison.Ordinal)).Select(t => t.Name)
            .Concat([nameof(Gemm), nameof(Reduction), nameof(FusedAttention)]);
        kernels.Except(KernelVerification.All.Select(a => a.Kernel), StringComparer.Ordinal).ShouldBeEmpty("each needs an entry in KernelVerification.All");
    }

    [Theory]
    [InlineData(1f, true)]
    [InlineData(1.001f, false)]
    [InlineData(float.NaN, false)]
    public void A_gradient_that_is_wrong_by_a_thousandth_fails(float factor, bool passes)
    {
        List<KernelVerdict> verdicts = [];
        KernelChecker checker = new("square", verdicts);
        float[] x = checker.Draw(31), dy = checker.Draw(31), dx = [.. x.Zip(dy).Select(p => 2 * p.First * p.Second * factor)];
        checker.CompareWithDifferences("dx", dx, x, dy, at => [.. at.Select(v => v * v)], 1e-6);
        checker.Compare("y", [.. x.Select(v => v * factor)], KernelChecker.Widen(x), 0);
        verdicts.Select(v => v.Passed).ShouldBe([passes, passes]);
    }
}
