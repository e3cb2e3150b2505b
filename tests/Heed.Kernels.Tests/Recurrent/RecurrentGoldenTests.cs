using Heed.Testing;

namespace Heed.Kernels.Tests.Recurrent;

/// <summary>The kernels against torch: outputs and all gradients, from golden files.</summary>
public sealed class RecurrentGoldenTests
{
    private const float Limit = 2e-6f;

    [Theory]
    [InlineData(Cell.Lstm, "lstm")]
    [InlineData(Cell.Gru, "gru")]
    public void Two_layers_in_both_directions_with_unequal_lengths(Cell cell, string file)
    {
        Golden golden = Golden.Load(file);
        int[] lengths = golden.Integers("lengths");
        RecurrentCase first = Layer(golden, cell, new(4, 7, 5, 3, 2), lengths, 0), second = Layer(golden, cell, new(4, 7, 6, 3, 2), lengths, 1);
        first.X = golden.Input("x");
        Dictionary<string, float[]> lower = first.Forward();
        second.X = lower["y"];
        second.DY = golden.Input("probe.output");
        Dictionary<string, float[]> upper = second.Forward(), upperGradients = second.Backward();
        first.DY = upperGradients["x"];
        Dictionary<string, float[]> lowerGradients = first.Backward();

        Compare(golden, "output", upper["y"]);
        foreach (string state in cell == Cell.Lstm ? new[] { "h_n", "c_n" } : ["h_n"])
            Compare(golden, state, [.. lower[state], .. upper[state]]);
        Compare(golden, "grad.x", lowerGradients["x"]);
        CompareWeights(golden, 0, lowerGradients, 2);
        CompareWeights(golden, 1, upperGradients, 2);
    }

    [Theory]
    [InlineData(Cell.Lstm, "lstm_state")]
    [InlineData(Cell.Gru, "gru_state")]
    public void One_layer_from_given_states(Cell cell, string file)
    {
        Golden golden = Golden.Load(file);
        RecurrentCase layer = Layer(golden, cell, new(2, 7, 5, 3, 1), null, 0);
        (layer.X, layer.DY, layer.H0) = (golden.Input("x"), golden.Input("probe.output"), golden.Input("h_0"));
        if (cell == Cell.Lstm)
            layer.C0 = golden.Input("c_0");
        Dictionary<string, float[]> outputs = layer.Forward(), gradients = layer.Backward();
        Compare(golden, "output", outputs["y"]);
        Compare(golden, "h_n", outputs["h_n"]);
        Compare(golden, "grad.x", gradients["x"]);
        Compare(golden, "grad.h_0", gradients["h_0"]);
        CompareWeights(golden, 0, gradients, 1);
        if (cell == Cell.Lstm)
        {
            Compare(golden, "c_n", outputs["c_n"]);
            Compare(golden, "grad.c_0", gradients["c_0"]);
        }
    }

    private static RecurrentCase Layer(Golden golden, Cell cell, RecurrentShape shape, int[]? lengths, int layer)
    {
        RecurrentCase made = new(cell, shape, lengths, states: false);
        for (int d = 0; d < shape.Directions; d++)
        {
            for (int k = 0; k < 4; k++)
                made.Weights[d][k] = golden.Input(Name(k, layer, d));
        }
        int state = (int)shape.StateLength;
        made.DH = golden.Input("probe.h_n").AsSpan(layer * state, state).ToArray();
        if (cell == Cell.Lstm)
            made.DC = golden.Input("probe.c_n").AsSpan(layer * state, state).ToArray();
        return made;
    }

    private static void CompareWeights(Golden golden, int layer, Dictionary<string, float[]> gradients, int directions)
    {
        for (int d = 0; d < directions; d++)
        {
            for (int k = 0; k < 4; k++)
                Compare(golden, "grad." + Name(k, layer, d), gradients[$"{new[] { "W_ih", "W_hh", "b_ih", "b_hh" }[k]} {d}"]);
        }
    }

    private static string Name(int kind, int layer, int direction) =>
        $"{new[] { "weight_ih", "weight_hh", "bias_ih", "bias_hh" }[kind]}_l{layer}{(direction == 0 ? "" : "_reverse")}";

    private static void Compare(Golden golden, string name, float[] actual) =>
        Tolerance.AssertWithin(actual, Array.ConvertAll(golden.Floats(name), v => (double)v), Limit * Math.Max(1, golden.Floats(name).Max(Math.Abs)), name);
}
