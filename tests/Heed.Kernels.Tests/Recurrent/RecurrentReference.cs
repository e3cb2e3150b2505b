namespace Heed.Kernels.Tests.Recurrent;

/// <summary>A case in double precision: reference outputs, reference gradients, and a loss for differences.</summary>
public sealed class RecurrentReference
{
    private readonly RecurrentCase source;

    public RecurrentReference(RecurrentCase source)
    {
        this.source = source;
        Values = new(StringComparer.Ordinal) { ["x"] = Double(source.X), ["h_0"] = Double(source.H0), ["c_0"] = Double(source.C0) };
        for (int d = 0; d < 2; d++)
        {
            for (int k = 0; k < 4; k++)
                Values[$"{new[] { "W_ih", "W_hh", "b_ih", "b_hh" }[k]} {d}"] = d < source.Shape.Directions ? Double(source.Weights[d][k]) : [];
        }
    }

    /// <summary>What the loss is differentiated by.</summary>
    public Dictionary<string, double[]> Values { get; }

    private RecurrentParameters<double> Parameters => new()
    {
        Forward = new() { InputWeights = Values["W_ih 0"], HiddenWeights = Values["W_hh 0"], InputBias = Values["b_ih 0"], HiddenBias = Values["b_hh 0"] },
        Reverse = new() { InputWeights = Values["W_ih 1"], HiddenWeights = Values["W_hh 1"], InputBias = Values["b_ih 1"], HiddenBias = Values["b_hh 1"] },
    };

    private RecurrentInput<double> Input => new()
    {
        X = Values["x"], Lengths = source.Lengths, Starts = source.Starts, InitialHidden = Values["h_0"], InitialCell = Values["c_0"],
    };

    public Dictionary<string, double[]> Forward()
    {
        RecurrentShape shape = source.Shape;
        double[] y = new double[shape.OutputLength], h = new double[shape.StateLength], c = new double[source.Cell == Cell.Lstm ? shape.StateLength : 0];
        RecurrentOutput<double> output = new() { Y = y, FinalHidden = h, FinalCell = c };
        if (source.Cell == Cell.Lstm)
            ReferenceLstm.Forward(shape, Parameters, Input, output);
        else
            ReferenceGru.Forward(shape, Parameters, Input, output);
        return new(StringComparer.Ordinal) { ["y"] = y, ["h_n"] = h, ["c_n"] = c };
    }

    /// <summary>Sum of outputs times their gradients.</summary>
    public double Loss()
    {
        Dictionary<string, double[]> outputs = Forward();
        return Dot(outputs["y"], source.DY) + Dot(outputs["h_n"], source.DH) + Dot(outputs["c_n"], source.DC);
    }

    public Dictionary<string, double[]> Backward()
    {
        Dictionary<string, double[]> all = Values.ToDictionary(v => v.Key, v => new double[v.Value.Length], StringComparer.Ordinal);
        RecurrentGradients<double> gradients = new()
        {
            X = all["x"], InitialHidden = all["h_0"], InitialCell = all["c_0"],
            Forward = new() { InputWeights = all["W_ih 0"], HiddenWeights = all["W_hh 0"], InputBias = all["b_ih 0"], HiddenBias = all["b_hh 0"] },
            Reverse = new() { InputWeights = all["W_ih 1"], HiddenWeights = all["W_hh 1"], InputBias = all["b_ih 1"], HiddenBias = all["b_hh 1"] },
        };
        RecurrentOutputGradients<double> output = new() { Y = Double(source.DY), FinalHidden = Double(source.DH), FinalCell = Double(source.DC) };
        if (source.Cell == Cell.Lstm)
            ReferenceLstm.Backward(source.Shape, Parameters, Input, output, gradients);
        else
            ReferenceGru.Backward(source.Shape, Parameters, Input, output, gradients);
        return all;
    }

    private static double Dot(double[] a, float[] b) => b.Length == 0 ? 0 : a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Double(float[] values) => Array.ConvertAll(values, v => (double)v);
}
