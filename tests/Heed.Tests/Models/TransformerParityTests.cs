using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Attention, layers and whole checkpoints of others' forms against torch, outputs and gradients; weights come by their names through the maps. See goldens/README.md.</summary>
public sealed class TransformerParityTests
{
    // About a dozen roundings of a result's largest number: a layer has as many operations one after the other, and the largest error of some eight numbers is partly luck.
    private const double Floor = 1.5e-6;
    private static readonly SequenceRanges ranges = new(new[] { 5, 3 }), keys = new(new[] { 4, 1 });

    [Fact]
    public void Self_attention_agrees()
    {
        MultiHeadAttention layer = new(new MultiHeadConfig { Size = 8, HeadCount = 2 });
        Golden g = Golden.Load("transformer_attention_self");
        Agrees(g, layer, TorchWeights.Of(layer), (pass, use) => layer.Forward(use("x"), ranges, pass).Context.WithoutPadding(ranges));
        Tensor weights = Step.Evaluate(pass => layer.Forward(pass.Input(g.Input("x"), new Shape(2, 5, 8)), ranges, pass).Weights!, Capture.Weights);
        // torch has rows of padding queries, too; ours are empty.
        float[] got = weights.Values.ToArray(), expected = g.Floats("weights");
        foreach (int row in Enumerable.Range(10, 10).Where(row => row % 5 >= 3))
            expected.AsSpan(5 * row, 5).CopyTo(got.AsSpan(5 * row));
        Compare(g, "weights", got);
    }

    [Fact]
    public void Cross_attention_over_a_memory_of_another_size_agrees()
    {
        MultiHeadAttention layer = new(new MultiHeadConfig { Size = 8, HeadCount = 2, MemorySize = 6 });
        Agrees(Golden.Load("transformer_attention_cross"), layer, TorchWeights.Of(layer), (pass, use) => layer.Forward(use("x"), null, use("memory"), keys, pass).Context);
    }

    [Theory]
    [InlineData("post")]
    [InlineData("pre")]
    public void Encoder_layers_agree(string norm)
    {
        TransformerLayer layer = new(Torch(norm));
        Agrees(Golden.Load("transformer_encoder_layer_" + norm), layer, TorchWeights.Of(layer), (pass, use) => layer.Forward(use("x"), ranges, pass).States.WithoutPadding(ranges));
    }

    [Theory]
    [InlineData("post")]
    [InlineData("pre")]
    public void Decoder_layers_agree(string norm)
    {
        TransformerLayer layer = new(Torch(norm) with { IsCausal = true }, memorySize: 8);
        Agrees(Golden.Load("transformer_decoder_layer_" + norm), layer, TorchWeights.Of(layer), (pass, use) => layer.Forward(use("x"), null, pass, use("memory"), keys).States);
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    [InlineData("distilbert")]
    public void Encoders_from_folders_agree(string name)
    {
        Golden g = Golden.Load("transformer_" + name);
        using TemporaryFolder folder = new();
        CheckpointFolder.Write(folder.Path, g.Metadata["config"], CheckpointFolder.Tensors(g));
        PretrainedTransformer<Transformer> loaded = PretrainedTransformer.LoadEncoder(folder.Path);
        loaded.Report.Loaded.Count.ShouldBe(g.InputNames.Count() - 1);
        int[] segments = name == "bert" ? g.Integers("segments") : [];
        Agrees(g, loaded.Model, loaded.Map, (pass, _) => loaded.Model.Forward(g.Integers("ids"), ranges, pass, segments).States.WithoutPadding(ranges), output: "states", isLoaded: true);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void Decoders_from_folders_agree(string name)
    {
        Golden g = Golden.Load("transformer_" + name);
        using TemporaryFolder folder = new();
        CheckpointFolder.Write(folder.Path, g.Metadata["config"], CheckpointFolder.Tensors(g));
        PretrainedTransformer<TransformerLanguageModel> loaded = PretrainedTransformer.LoadLanguageModel(folder.Path);
        loaded.Model.IsTied.ShouldBe(name == "gpt2");
        Agrees(g, loaded.Model, loaded.Map, (pass, _) => loaded.Model.Forward(g.Integers("ids"), ranges, pass).WithoutPadding(ranges), output: "logits", isLoaded: true);
    }

    [Fact]
    public void Stacked_layers_load_under_the_names_of_a_torch_encoder()
    {
        Golden g = Golden.Load("transformer_encoder_layer_post");
        Transformer stack = new(Torch("post") with { LayerCount = 1 }, 11);
        using TemporaryFolder folder = new();
        SafetensorsWriter.Write(folder["w.safetensors"], CheckpointFolder.Tensors(g, "x").Select(t => t with { Name = "encoder.layers.0." + t.Name }));
        WeightReport report = TorchWeights.Of(stack, "encoder.").Load(stack, folder["w.safetensors"]);
        report.ToString().ShouldBe("12 loaded, 0 missing, 0 unexpected, 0 mis-shaped");
        stack.NamedParameters().Single(p => p.Name == "layer0.attention.v_proj.bias").Parameter.Values.ToArray().ShouldBe(g.Input("self_attn.in_proj_bias")[16..]);
    }

    private static TransformerConfig Torch(string norm) => new()
    {
        Size = 8, HeadCount = 2, InnerSize = 12, Dropout = 0, IsPreNorm = norm == "pre", Activation = norm == "pre" ? "gelu" : "relu",
    };

    /// <summary>Loads the golden's weights by name, runs, and compares the output and every gradient, those of the weights joined and turned as the file has them.</summary>
    internal static void Agrees(Golden golden, Module module, WeightMap map, Func<Pass, Func<string, Tensor>, Tensor> run, string output = "output", bool isLoaded = false)
    {
        string[] inputs = [.. new[] { "x", "memory" }.Intersect(golden.InputNames)];
        if (!isLoaded)
        {
            using TemporaryFolder folder = new();
            SafetensorsWriter.Write(folder["w.safetensors"], CheckpointFolder.Tensors(golden, inputs));
            WeightReport report = map.Load(module, folder["w.safetensors"]);
            report.ThrowIfIncomplete();
            report.Unexpected.ShouldBeEmpty();
        }
        Dictionary<string, Parameter> given = inputs.ToDictionary(n => n, n => new Parameter(new Shape(golden.InputShape(n)), Initializer.Zeros), StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in given)
            parameter.Assign(golden.Input(name));
        Step.Train(new RandomStream(1, "parity"), 0, pass =>
        {
            Tensor y = run(pass, name => pass.Use(given[name]));
            Compare(golden, output, y.Values);
            return y.WeightedSum(golden.Input("probe." + output));
        });
        foreach ((string name, Parameter parameter) in given)
            Compare(golden, "grad." + name, parameter.Gradient);
        SafetensorsArray[] gradients = [.. map.Save(module, p => p.HasGradient ? p.Gradient.ToArray() : new float[p.Shape.Length])];
        gradients.Select(a => a.Name).Order(StringComparer.Ordinal).ShouldBe(CheckpointFolder.Tensors(golden, inputs).Select(a => a.Name).Order(StringComparer.Ordinal));
        foreach (SafetensorsArray gradient in gradients)
        {
            gradient.Shape.ShouldBe(golden.InputShape(gradient.Name), gradient.Name);
            Compare(golden, "grad." + gradient.Name, gradient.Values.Span);
        }
    }

    // The numeric contract: twice the error of plain float32, here torch's, plus a floor.
    private static void Compare(Golden golden, string name, ReadOnlySpan<float> got)
    {
        float[] expected = golden.Floats(name);
        got.Length.ShouldBe(expected.Length, name);
        double plain = golden.PlainError(name) ?? throw new InvalidOperationException($"{name}: the golden does not say how far torch's float32 is");
        double own = Largest(expected), all = golden.Names.Where(n => n.StartsWith("grad.", StringComparison.Ordinal)).Max(n => Largest(golden.Floats(n)));
        // A gradient a hundred times smaller than others is what is left of them, with their rounding. That of a key's bias is zero: a sum over the same numbers as that of the key's weights.
        double size = own < 1e-12 ? Largest(golden.Floats(name.Replace(".bias", ".weight", StringComparison.Ordinal))) : Math.Max(own, 1e-2 * all);
        for (int i = 0; i < expected.Length; i++)
            Math.Abs((double)got[i] - expected[i]).ShouldBeLessThanOrEqualTo((2 * plain) + (Floor * size), $"{name}[{i}]: {got[i]:G9}, torch {expected[i]:G9}, whose float32 is up to {plain:E1} away");
    }

    private static double Largest(float[] values) => values.Max(Math.Abs);

}
