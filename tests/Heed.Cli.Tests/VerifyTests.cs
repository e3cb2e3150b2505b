using System.Text.Json;
using Heed.Kernels;

namespace Heed.Cli.Tests;

public sealed class VerifyTests
{
    [Fact]
    public void Verify_checks_every_width_that_the_machine_has()
    {
        JsonElement result = JsonDocument.Parse(CommandRun.Of("verify", "--json", "--quiet").ShouldSucceed().Out).RootElement;
        result.GetProperty("passed").GetBoolean().ShouldBeTrue();
        result.GetProperty("widths").EnumerateArray().Select(w => w.GetProperty("bits").GetInt32()).ShouldBe(new[] { 512, 256, 128 }.Where(w => w <= Simd.Bits));
        result.GetProperty("widths").EnumerateArray().Select(w => w.GetProperty("hash").GetString()!.Length).ShouldAllBe(length => length == 16);
        result.GetProperty("widths")[0].GetProperty("kernels").EnumerateArray().Select(k => k.GetProperty("kernel").GetString()).ShouldContain("LstmKernel");
    }

    [Fact]
    public void One_width_is_a_table_and_a_verdict()
    {
        CommandRun run = CommandRun.Of("verify", "--width", "128", "--kernel", "softmax", "--quiet").ShouldSucceed();
        run.Lines[0].ShouldStartWith("128 bits, ");
        run.Lines.Where(line => line.Contains("Kernel", StringComparison.Ordinal)).ShouldAllBe(line => line.Contains("SoftmaxKernel", StringComparison.Ordinal));
        run.Lines[^1].ShouldBe("all kernels agree with the references");
    }

    [Fact]
    public void The_errors_of_attention_are_a_table_or_json()
    {
        CommandRun run = CommandRun.Of("verify", "--errors").ShouldSucceed();
        run.Lines.Count(line => line.Contains("passed", StringComparison.Ordinal)).ShouldBe(40);
        JsonElement result = JsonDocument.Parse(CommandRun.Of("verify", "--errors", "--json").ShouldSucceed().Out).RootElement;
        result.GetProperty("passed").GetBoolean().ShouldBeTrue();
        result.GetProperty("errors").EnumerateArray().ShouldAllBe(e => e.GetProperty("fused").GetDouble() <= e.GetProperty("limit").GetDouble());
    }

    [Fact]
    public void A_kernel_that_does_not_exist_is_refused() => CommandRun.Of("verify", "--kernel", "Sofmax").ShouldRefuse("No kernel has 'Sofmax' in its name; there are Elementwise.Exp, ");

    [Fact]
    public void A_width_that_does_not_exist_is_refused() => CommandRun.Of("verify", "--width", "64").ShouldRefuse("--width must be 512, 256 or 128, got 64");
}
