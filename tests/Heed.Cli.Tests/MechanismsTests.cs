using System.Text.Json;

namespace Heed.Cli.Tests;

public sealed class MechanismsTests
{
    [Fact]
    public void All_are_listed_by_the_four_criteria_and_by_kind()
    {
        CommandRun run = CommandRun.Of("mechanisms").ShouldSucceed();
        foreach (Mechanism m in MechanismCatalogue.All)
            run.Out.ShouldContain(m.Signature);
        foreach (string heading in new[] { "Output representation", "Scores f", "Distributions g", "Masks", "Poolings", "Saliency" })
            run.Out.ShouldContain(heading);
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("mechanisms", "--json").ShouldSucceed().Out);
        json.RootElement.GetProperty("mechanisms").GetArrayLength().ShouldBe(MechanismCatalogue.All.Count);
        json.RootElement.GetProperty("mechanisms").EnumerateArray().Select(m => m.GetProperty("softness").GetString()!.Split(", ")[^1]).ShouldAllBe(half => half == "global" || half == "local");
        run.Out.ShouldContain("soft, local");
    }

    [Fact]
    public void One_is_shown_whole_with_an_example_that_runs()
    {
        CommandRun run = CommandRun.Of("mechanisms", "entmax").ShouldSucceed();
        foreach (string part in new[] { "entmax(alpha)", "formula", "criteria", "alpha: α, above 1 up to 2; default 1.5", "shapes", "cost", "Peters", "variant", "not for", "Distribution.Parse(\"entmax(1.5)\")", "(1, 1, 1, 4): 0." })
            run.Out.ShouldContain(part);
        CommandRun.Of("mechanisms", "additive").ShouldSucceed().Out.ShouldContain("uᵀu_t", Case.Sensitive, "both the score and the pooling");
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("mechanisms", "score-additive", "--json").ShouldSucceed().Out);
        json.RootElement.GetProperty("mechanisms")[0].GetProperty("example").GetString()!.ShouldContain("Score = \"additive(8)\"");
    }

    [Fact]
    public void An_unknown_name_gets_the_nearest() => CommandRun.Of("mechanisms", "sparsmax").ShouldRefuse("there is no mechanism 'sparsmax'", "Did you mean 'sparsemax'?");
}
