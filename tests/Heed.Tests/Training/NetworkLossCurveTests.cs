using System.Text.Json;
using Heed.Testing;

namespace Heed.Tests.Training;

/// <summary>The first training steps of residual networks and of a language model beside torch's, from the same weights and batches; see goldens/README.md.</summary>
public sealed class NetworkLossCurveTests
{
    [SkippableTheory]
    [InlineData("resnet20")]
    [InlineData("se-resnet20")]
    public void Residual_networks_lie_on_torchs(string name)
    {
        string? path = RealData.Find("cifar10_small/train.bin.gz");
        Skip.If(path is null, RealData.Reason);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Golden.PathOf("pictures_loss100.json")));
        JsonElement curve = golden.RootElement.GetProperty("curves").GetProperty(name);
        int size = golden.RootElement.GetProperty("batch").GetInt32(), pixels = 3 * CifarFile.Size * CifarFile.Size;
        CifarFile pictures = CifarFile.Read(path);
        ResNet network = new(ResNetConfig.Named(name));
        network.Initialize(1);
        Assign(network, curve, torch => [torch]);
        Sgd optimizer = new(network.NamedParameters().Select(p => p.Parameter), momentum: 0.9, weightDecay: 5e-4);
        Follow(curve, optimizer, golden.RootElement.GetProperty("rate").GetDouble(), clip: 0, (step, pass) =>
        {
            float[] x = new float[size * pixels];
            int[] labels = new int[size];
            for (int row = 0; row < size; row++)
            {
                labels[row] = pictures.Label((step * size) + row);
                ReadOnlySpan<byte> samples = pictures.Picture((step * size) + row).Samples.Span;
                for (int i = 0; i < pixels; i++)
                    x[(row * pixels) + i] = ((samples[i] / 255f) - 0.5f) / 0.25f;
            }
            return Tensor.CrossEntropy(network.Forward(pass.Input(x, new Shape(size, CifarFile.Size, CifarFile.Size, 3)), pass), labels);
        });
    }

    [SkippableFact]
    public void A_language_model_lies_on_torchs()
    {
        string? path = RealData.Find("tinyshakespeare/input.txt");
        Skip.If(path is null, RealData.Reason);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Golden.PathOf("lm_loss200.json")));
        JsonElement curve = golden.RootElement.GetProperty("curves").GetProperty("decoder");
        (int windows, int context, int stride) = (Number("batch"), Number("context"), Number("stride"));
        string text = File.ReadAllText(path);
        char[] alphabet = [.. text.Distinct().Order()];
        alphabet.Length.ShouldBe(Number("characters"));
        int[] ids = [.. text.Select(c => Array.BinarySearch(alphabet, c))];
        TransformerLanguageModel model = new(new LanguageModelOptions().Network, alphabet.Length);
        model.Initialize(1);
        Assign(model, curve, Own);
        AdamW optimizer = new(model.NamedParameters().Select(p => p.Parameter), weightDecay: 0.1);
        Follow(curve, optimizer, golden.RootElement.GetProperty("rate").GetDouble(), clip: 1, (step, pass) =>
        {
            int[] read = new int[windows * context], next = new int[windows * context];
            for (int row = 0; row < windows; row++)
            {
                int start = (int)((((long)step * windows) + row) * stride % (ids.Length - context - 1));
                ids.AsSpan(start, context).CopyTo(read.AsSpan(row * context));
                ids.AsSpan(start + 1, context).CopyTo(next.AsSpan(row * context));
            }
            return model.Loss(read, next, SequenceRanges.Full(windows, context), pass);
        });

        int Number(string name) => golden.RootElement.GetProperty(name).GetInt32();

        // Torch's script joins the three projections.
        static string[] Own(string torch)
        {
            string own = torch.Replace("tokens.", "transformer.embedding.tokens.", StringComparison.Ordinal).Replace("layers.", "transformer.layer", StringComparison.Ordinal)
                .Replace(".out.", ".attention.out_proj.", StringComparison.Ordinal).Replace(".up.", ".feed_forward.up_proj.", StringComparison.Ordinal).Replace(".down.", ".feed_forward.down_proj.", StringComparison.Ordinal);
            return torch.Contains(".qkv.", StringComparison.Ordinal) ? [.. "qkv".Select(c => own.Replace(".qkv.", $".attention.{c}_proj.", StringComparison.Ordinal))] : [own];
        }
    }

    // Rounding grows with the steps until float32 says nothing about a single one, in torch as here. So the float64 curve is the truth, and this float32 curve may be no more than twice as far from it as torch's float32 curve:
    // over the first tenth of the steps, where a wrong term would show at once, and over all of them.
    private static void Follow(JsonElement curve, Optimizer optimizer, double rate, double clip, Func<int, Pass, Tensor> lossOf)
    {
        double[] torch = Losses("loss"), exact = Losses("loss_float64"), own = new double[exact.Length];
        for (int step = 0; step < own.Length; step++)
        {
            int number = step;
            own[step] = Step.Train(new RandomStream(1, "steps"), step, pass => lossOf(number, pass));
            optimizer.Step(rate, clip);
        }
        foreach (int steps in new[] { own.Length / 10, own.Length })
            Distance(own, steps).ShouldBeLessThan(1e-6 + (2 * Distance(torch, steps)), FormattableString.Invariant($"the first {steps} steps"));

        double[] Losses(string name) => [.. curve.GetProperty(name).EnumerateArray().Select(e => e.GetDouble())];

        double Distance(double[] losses, int steps) => Math.Sqrt(losses.Zip(exact).Take(steps).Average(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));
    }

    // Parameters that a curve does not name are those of normalisations, which start at 1 and 0.
    private static void Assign(Module model, JsonElement curve, Func<string, string[]> own)
    {
        Dictionary<string, Parameter> parameters = model.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        foreach (JsonElement p in curve.GetProperty("parameters").EnumerateArray())
        {
            Parameter[] parts = [.. own(p.GetProperty("name").GetString()!).Select(name => parameters[name])];
            float[] values = FormulaWeights.Create(parts.Sum(part => part.Shape.Length), (ulong)p.GetProperty("salt").GetInt64(), (float)p.GetProperty("scale").GetDouble());
            values.Sum(v => (double)v).ShouldBe(p.GetProperty("sum").GetDouble(), 1e-5);
            for (int i = 0, at = 0; i < parts.Length; at += parts[i++].Shape.Length)
                parts[i].Assign(values.AsSpan(at, parts[i].Shape.Length));
            foreach (string name in own(p.GetProperty("name").GetString()!))
                parameters.Remove(name);
        }
        parameters.Keys.ShouldAllBe(name => name.Contains("bn", StringComparison.Ordinal) || name.Contains("norm", StringComparison.Ordinal) || name.Contains("downsample.1", StringComparison.Ordinal));
    }
}
