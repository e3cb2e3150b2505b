using Heed.Testing;

namespace Heed.Tests.Layers;

/// <summary>The inputs of a golden file as parameters, so that every gradient can be compared.</summary>
internal sealed class Parity(Golden golden)
{
    private const float Tolerance = 2e-5f;
    private readonly Dictionary<string, Parameter> inputs = golden.InputNames.Where(n => !n.StartsWith("probe.", StringComparison.Ordinal))
        .ToDictionary(n => n, n => Create(golden, n), StringComparer.Ordinal);

    public Tensor Use(string name, Pass pass) => pass.Use(inputs[name]);

    /// <summary>Gives a module the golden's values; its parameters stand for the inputs from then on.</summary>
    public void Adopt(Module module, IReadOnlyDictionary<string, string>? names = null)
    {
        foreach ((string name, Parameter parameter) in module.NamedParameters())
        {
            string input = names is null ? name : names[name];
            parameter.Assign(golden.Input(input));
            inputs[input] = parameter;
        }
    }

    public void Run(Func<Pass, List<(string Name, Tensor Value)>> compute)
    {
        Step.Train(new RandomStream(1, "parity"), 0, pass =>
        {
            Tensor? loss = null;
            foreach ((string name, Tensor value) in compute(pass))
            {
                Compare(name, value.Values, golden.Floats(name));
                Tensor term = value.WeightedSum(golden.Input("probe." + name));
                loss = loss is null ? term : loss + term;
            }
            return loss!;
        });
        foreach ((string name, Parameter parameter) in inputs)
            Compare("grad." + name, parameter.HasGradient ? parameter.Gradient : new float[parameter.Shape.Length], golden.Floats("grad." + name));
    }

    private static Parameter Create(Golden golden, string name)
    {
        Parameter parameter = new(new Shape(golden.InputShape(name)), Initializer.Zeros);
        parameter.Assign(golden.Input(name));
        return parameter;
    }

    private static void Compare(string name, ReadOnlySpan<float> got, float[] expected)
    {
        got.Length.ShouldBe(expected.Length, name);
        double size = Math.Max(1e-3, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
            Math.Abs(got[i] - expected[i]).ShouldBeLessThan((float)(Tolerance * size), $"{name}[{i}]: {got[i]:G9}, torch {expected[i]:G9}");
    }
}
