using System.Text.Json;
using System.Xml.Linq;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class BenchTests
{
    [Fact]
    public void Bench_gives_limits_kernels_and_a_picture()
    {
        using TemporaryFolder folder = new();
        JsonElement result = JsonDocument.Parse(CommandRun.Of("bench", "--only", "gemm 1", "--budget", "1", "--json", "--quiet", "--svg", folder["roof.svg"]).ShouldSucceed().Out).RootElement;
        result.GetProperty("limits").GetProperty("fmaGigaflops")[0].GetDouble().ShouldBeGreaterThan(0);
        JsonElement[] kernels = [.. result.GetProperty("kernels").EnumerateArray()];
        kernels.Select(k => k.GetProperty("kernel").GetString()).Distinct().ShouldBe(["Gemm 1024×1024×1024", "Gemm 128×128×64", "Gemm 1×512×512"]);
        kernels.ShouldAllBe(k => k.GetProperty("gigaflops").GetDouble() > 0 && k.GetProperty("share").GetDouble() > 0);
        XDocument.Load(folder["roof.svg"]).Descendants().Where(e => e.Name.LocalName == "circle").Count().ShouldBe(6, "each kernel in the picture and in its legend");
    }

    [Fact]
    public void The_table_names_what_limits_each_kernel()
    {
        CommandRun run = CommandRun.Of("bench", "--only", "1×512×512", "--budget", "1", "--threads", "1", "--quiet").ShouldSucceed();
        run.Out.ShouldContain("FMA peak, vectors of");
        run.Out.ShouldContain("Gemm 1×512×512");
    }

    [Fact]
    public void What_does_not_exist_is_refused()
    {
        CommandRun.Of("bench", "--only", "pooling").ShouldRefuse("--only 'pooling'", "Gemm 512×512×512");
        CommandRun.Of("bench", "--budget", "0").ShouldRefuse("--budget must be from 1 to 60000, got 0");
    }
}
