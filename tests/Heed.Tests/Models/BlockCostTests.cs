using System.Globalization;
using System.Text;
using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>The table of costs in the page on attention blocks is measured; after a wanted change run the tests with HEED_UPDATE_DOCS=1.</summary>
public sealed class BlockCostTests
{
    private const string Page = "docs/mechanisms/picture-blocks.md", Begin = "<!-- costs -->\n", End = "<!-- end of costs -->\n";

    [Fact]
    public void The_page_has_what_every_block_adds_to_resnet20()
    {
        ResNetConfig config = ResNetConfig.Named("resnet20");
        (long Parameters, long Work) plain = Cost(config);
        StringBuilder table = new("| block | parameters | multiply-adds |\n|---|---:|---:|\n");
        table.Append(CultureInfo.InvariantCulture, $"| none | {plain.Parameters:N0} | {plain.Work:N0} |\n");
        foreach ((string name, ResNetConfig with) in PictureAttention.Names.Select(n => ($"`{n}`", config with { Attention = n })).Concat(PictureConvolution.Names.Select(n => ($"`{n}` convolutions", config with { Convolution = n }))))
        {
            (long parameters, long work) = Cost(with);
            table.Append(CultureInfo.InvariantCulture, $"| {name} | {parameters - plain.Parameters:+#,0;−#,0;0} | {work - plain.Work:+#,0;−#,0;0} |\n");
        }
        string path = Repository.PathOf(Page), text = File.ReadAllText(path).ReplaceLineEndings("\n");
        int from = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = text.IndexOf(End, StringComparison.Ordinal);
        string made = text[..from] + table + text[to..];
        if (Environment.GetEnvironmentVariable("HEED_UPDATE_DOCS") == "1")
            File.WriteAllText(path, text = made);
        text.ShouldBe(made, $"{Page}: run with HEED_UPDATE_DOCS=1");
    }

    private static (long Parameters, long Work) Cost(ResNetConfig config)
    {
        ResNet network = new(config);
        ModuleCost whole = ModuleCost.Measure(network, pass => network.Forward(pass.Input(new float[32 * 32 * 3], new Shape(1, 32, 32, 3)), pass))[0];
        return (whole.ParameterCount, whole.MultiplyAdds);
    }
}
