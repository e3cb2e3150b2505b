using System.Globalization;
using Heed.Testing;

namespace Heed.Kernels.Tests;

public sealed class GoldenTests
{
    [Fact]
    public void The_formula_gives_the_bits_that_the_golden_script_used()
    {
        Golden golden = Golden.Load("formula");
        golden.Names.Count().ShouldBe(3);
        foreach (string name in golden.Names)
        {
            string[] words = name.Split(' ');
            float[] mine = FormulaWeights.Create(37, ulong.Parse(words[1], CultureInfo.InvariantCulture), float.Parse(words[3], CultureInfo.InvariantCulture));
            mine.ShouldBe(golden.Floats(name));
        }
    }

    [Fact]
    public void A_linear_layer_written_here_agrees_with_the_golden_file()
    {
        Golden golden = Golden.Load("linear");
        golden.InputShape("x").ShouldBe([7, 5]);
        golden.Shape("output").ShouldBe([7, 3]);
        float[] x = golden.Input("x"), weight = golden.Input("weight"), bias = golden.Input("bias"), output = golden.Floats("output");
        for (int i = 0; i < output.Length; i++)
        {
            int row = i / 3, column = i % 3;
            double expected = bias[column] + Enumerable.Range(0, 5).Sum(k => (double)x[row * 5 + k] * weight[column * 5 + k]);
            ((double)output[i]).ShouldBe(expected, 1e-6);
        }
    }

    [Fact]
    public void Integers_come_back_and_a_wrong_name_says_what_is_there()
    {
        Golden golden = Golden.Load("lstm");
        golden.Integers("lengths").ShouldBe([7, 3, 5, 1]);
        Should.Throw<KeyNotFoundException>(() => golden.Floats("ouput")).Message.ShouldContain("output");
        Should.Throw<KeyNotFoundException>(() => golden.Input("weight")).Message.ShouldContain("weight_hh_l1_reverse");
        Should.Throw<InvalidOperationException>(() => golden.Floats("lengths"));
    }
}
