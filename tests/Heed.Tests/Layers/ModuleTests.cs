namespace Heed.Tests.Layers;

public sealed class ModuleTests
{
    [Fact]
    public void Parameters_have_the_names_of_PyTorch()
    {
        Names(new Linear(3, 2)).ShouldBe(["weight", "bias"]);
        Names(new Lstm(3, 2, layerCount: 2, isBidirectional: true)).ShouldBe([
            "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse",
            "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1", "weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse"]);
        Names(new LayerNorm(3)).ShouldBe(["weight", "bias"]);
        new Lstm(3, 5, isBidirectional: true, layerCount: 2).NamedParameters().Single(p => p.Name == "weight_ih_l1").Parameter.Shape.ShouldBe(new Shape(20, 10));
    }

    [Fact]
    public void A_seed_and_a_name_fix_the_first_values_whatever_else_there_is()
    {
        BlstmClassifier a = new(new BlstmConfig(), 50, 3), b = new(new BlstmConfig { Pooling = "max" }, 50, 3);
        a.Initialize(7);
        b.Initialize(7);
        float[] Of(Module m, string name) => m.NamedParameters().Single(p => p.Name == name).Parameter.Values.ToArray();
        Of(a, "encoder.weight_hh_l0").ShouldBe(Of(b, "encoder.weight_hh_l0"));
        b.Initialize(8);
        Of(a, "encoder.weight_hh_l0").ShouldNotBe(Of(b, "encoder.weight_hh_l0"));
        Of(a, "embedding.weight").Take(200).ShouldAllBe(v => v == 0);
    }

    [Fact]
    public void A_child_in_a_slot_is_replaced_by_path_and_a_fixed_one_is_not()
    {
        BlstmClassifier model = new(new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4 }, 20, 3);
        model.Replace("output", new Linear(8, 5));
        Step.Evaluate(pass => model.Forward(new[] { 2, 3 }, new[] { 2 }, pass).Logits.Shape).ShouldBe(new Shape(1, 5));
        Should.Throw<ArgumentException>(() => model.Replace("output", new Dropout(0))).Message.ShouldContain("must be a Linear");
        Should.Throw<ArgumentException>(() => model.Replace("dropout", new Dropout(0))).Message.ShouldContain("RegisterSlot");
        Should.Throw<ArgumentException>(() => model.Replace("outputs", new Linear(8, 5))).Message.ShouldContain("'output'");
    }

    [Fact]
    public void A_hook_sees_and_may_replace_what_a_module_returns()
    {
        Linear layer = new(2, 2);
        int seen = 0;
        Action remove = layer.AddHook((Module module, Tensor y, in Pass pass) =>
        {
            seen++;
            return y.Scale(0);
        });
        Step.Evaluate(pass => layer.Forward(pass.Input([1, 2], new Shape(1, 2)), pass)).ToArray().ShouldBe([0, 0]);
        remove();
        Step.Evaluate(pass => layer.Forward(pass.Input([1, 2], new Shape(1, 2)), pass)).ToArray().ShouldNotBe([0, 0]);
        seen.ShouldBe(1);
    }

    [Fact]
    public void Weights_go_to_a_file_and_back_and_what_does_not_fit_is_named()
    {
        string path = Path.Combine(Path.GetTempPath(), $"heed-{Guid.NewGuid():N}.safetensors");
        try
        {
            Lstm a = new(3, 2), b = new(3, 2);
            a.SaveWeights(path);
            b.LoadWeights(path).ToString().ShouldBe("4 loaded, 0 missing, 0 unexpected, 0 mis-shaped");
            foreach (((string name, Parameter left), (_, Parameter right)) in a.NamedParameters().Zip(b.NamedParameters()))
                left.Values.SequenceEqual(right.Values).ShouldBeTrue(name);
            new Linear(3, 2).LoadWeights(path).ToString().ShouldContain("2 missing (weight, bias), 4 unexpected");
            WeightReport report = new Lstm(5, 2).LoadWeights(path);
            report.MisShaped.ShouldBe(["'weight_ih_l0': the file has (8, 3), the model (8, 5)"]);
            Should.Throw<InputException>(report.ThrowIfIncomplete).Message.ShouldContain("belongs to another model");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Dropout_keeps_the_mean_in_training_and_does_nothing_in_evaluation()
    {
        Dropout layer = new(0.25);
        float[] ones = [.. Enumerable.Repeat(1f, 40_000)];
        Step.Evaluate(pass => layer.Forward(pass.Input(ones, new Shape(ones.Length)), pass)).ToArray().ShouldBe(ones);
        Parameter p = new(new Shape(ones.Length), Initializer.Ones);
        float mean = Step.Train(new RandomStream(3, "t"), 0, pass => layer.Forward(pass.Use(p), pass).Mean());
        mean.ShouldBe(1, 0.01);
        p.Gradient.ToArray().Distinct().Count().ShouldBe(2);
        Should.Throw<ArgumentOutOfRangeException>(() => new Dropout(1));
    }

    private static IEnumerable<string> Names(Module module) => module.NamedParameters().Select(p => p.Name);
}
