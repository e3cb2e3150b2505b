using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

public sealed class CompareTests(TrainedModel model) : IClassFixture<TrainedModel>
{
    [Fact]
    public void A_model_is_not_worse_than_itself()
    {
        CommandRun run = CommandRun.Of("compare", model.Model, model.Model, "--data", model.Test).ShouldSucceed();
        run.Out.ShouldContain("no difference beyond chance");
        run.Out.ShouldContain("shipping");
    }

    [Fact]
    public void A_worse_model_gives_1_and_its_losses_by_class()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of("train", "text", "--data", model.Data, "--out", folder["blind"], "--epochs", "1", "--hidden", "2", "--embedding", "2", "--attention", "2",
            "--learning-rate", "0.000001", "--no-evidence").ShouldSucceed();
        CommandRun run = CommandRun.Of("compare", model.Model, folder["blind"], "--data", model.Test, "--json");
        run.Code.ShouldBe(1, run.Error);
        JsonElement json = JsonDocument.Parse(run.Out).RootElement;
        json.GetProperty("isWorse").GetBoolean().ShouldBeTrue();
        json.GetProperty("test").GetProperty("pValue").GetDouble().ShouldBeLessThan(0.05);
        json.GetProperty("classes").EnumerateArray().Sum(c => c.GetProperty("lost").GetInt32()).ShouldBeGreaterThan(0);
        CommandRun.Of("compare", folder["blind"], model.Model, "--data", model.Test).ShouldSucceed().Out.ShouldContain("the new model is better");
    }
}
