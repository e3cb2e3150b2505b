using Heed.Testing;

namespace Heed.Kernels.Tests.Recurrent;

/// <summary>The kernels against the double-precision references, and the references against differences.</summary>
[Trait("Legs", "InstructionSets")]
public sealed class RecurrentTests
{
    /// <summary>Odd sizes around both vector tails, lengths with 0 and equal ones, padding left and right, one and two directions.</summary>
    public static TheoryData<Cell, int, int, int, int, int, bool, bool> Sizes
    {
        get
        {
            TheoryData<Cell, int, int, int, int, int, bool, bool> data = [];
            foreach (Cell cell in new[] { Cell.Lstm, Cell.Gru })
            {
                foreach (int hidden in new[] { 1, 3, 5, 16, 17, 33 })
                    data.Add(cell, 5, 7, hidden + 2, hidden, 2, true, hidden % 2 == 1);
                data.Add(cell, 1, 9, 3, 5, 1, true, false);
                data.Add(cell, 3, 1, 2, 4, 2, false, false);
                data.Add(cell, 13, 11, 31, 40, 1, false, true);
                data.Add(cell, 33, 60, 19, 48, 2, true, true);
                data.Add(cell, 2, 150, 8, 24, 2, true, true);
                data.Add(cell, 7, 0, 4, 5, 2, true, true);
                data.Add(cell, 0, 4, 4, 5, 2, true, false);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Forward_is_the_reference(Cell cell, int batch, int time, int input, int hidden, int directions, bool states, bool ragged)
    {
        RecurrentCase test = Make(cell, new(batch, time, input, hidden, directions), states, ragged);
        Dictionary<string, double[]> expected = new RecurrentReference(test).Forward();
        ShouldBeClose(test.Forward(keep: true), expected);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Backward_is_the_reference(Cell cell, int batch, int time, int input, int hidden, int directions, bool states, bool ragged)
    {
        RecurrentCase test = Make(cell, new(batch, time, input, hidden, directions), states, ragged);
        Dictionary<string, double[]> expected = new RecurrentReference(test).Backward();
        ShouldBeClose(test.Backward(), expected);
    }

    [Theory]
    [InlineData(Cell.Lstm)]
    [InlineData(Cell.Gru)]
    public void Gradients_are_added_on_demand(Cell cell)
    {
        RecurrentCase test = Make(cell, new(4, 6, 5, 7, 2), states: true, ragged: true);
        Dictionary<string, double[]> expected = new RecurrentReference(test).Backward();
        ShouldBeClose(test.Backward(start: 2), expected.ToDictionary(e => e.Key, e => Array.ConvertAll(e.Value, v => v + 2)));
    }

    [Theory]
    [InlineData(Cell.Lstm)]
    [InlineData(Cell.Gru)]
    public void Layers_without_biases_match(Cell cell)
    {
        RecurrentCase test = new(cell, new(3, 5, 4, 6, 2), lengths: [5, 2, 4], biases: false);
        RecurrentReference reference = new(test);
        ShouldBeClose(test.Forward(), reference.Forward());
        ShouldBeClose(Only(test.Backward(), "x", "W_ih 0", "W_hh 1"), reference.Backward());
    }

    [Theory]
    [InlineData(Cell.Lstm, 1)]
    [InlineData(Cell.Lstm, 2)]
    [InlineData(Cell.Gru, 1)]
    [InlineData(Cell.Gru, 2)]
    public void Reference_gradients_are_differences(Cell cell, int directions)
    {
        RecurrentCase test = new(cell, new(3, 4, 2, 3, directions), lengths: [4, 0, 2], starts: [0, 3, 1]);
        RecurrentReference reference = new(test);
        Dictionary<string, double[]> gradients = reference.Backward();
        const double Step = 1e-5;
        foreach ((string name, double[] values) in reference.Values)
        {
            for (int i = 0; i < values.Length; i++)
            {
                double value = values[i];
                values[i] = value + Step;
                double above = reference.Loss();
                values[i] = value - Step;
                double below = reference.Loss();
                values[i] = value;
                gradients[name][i].ShouldBe((above - below) / (2 * Step), 1e-8, $"{name}[{i}]");
            }
        }
    }

    [Theory]
    [InlineData(Cell.Lstm)]
    [InlineData(Cell.Gru)]
    public void Empty_sequences_hand_their_state_through(Cell cell)
    {
        RecurrentCase test = new(cell, new(3, 4, 5, 6, 2), lengths: [0, 4, 0]);
        Dictionary<string, float[]> outputs = test.Forward(), gradients = test.Backward();
        test.States(outputs["h_n"], 0, 2).ShouldBe(test.States(test.H0, 0, 2));
        test.States(gradients["h_0"], 0, 2).ShouldBe(test.States(test.DH, 0, 2));
        test.States(outputs["c_n"], 0, 2).ShouldBe(test.States(test.C0, 0, 2));
        test.States(gradients["c_0"], 0, 2).ShouldBe(test.States(test.DC, 0, 2));
    }

    [Theory]
    [InlineData(Cell.Lstm)]
    [InlineData(Cell.Gru)]
    public void Padding_neither_leaks_nor_is_written_to(Cell cell)
    {
        RecurrentCase clean = Make(cell, new(9, 8, 5, 7, 2), states: true, ragged: true), dirty = Make(cell, clean.Shape, states: true, ragged: true);
        int padded = 0;
        for (int b = 0; b < clean.Shape.Batch; b++)
        {
            for (int t = 0; t < clean.Shape.Time; t++)
            {
                if (!clean.IsPadding(b, t))
                    continue;
                padded++;
                Row(dirty.X, clean, b, t).Fill(float.NaN);
                Row(dirty.DY, clean, b, t).Fill(float.NaN);
            }
        }
        padded.ShouldBeGreaterThan(0);
        Dictionary<string, float[]> outputs = dirty.Forward(), gradients = dirty.Backward();
        ShouldHaveSameBits(outputs, clean.Forward());
        ShouldHaveSameBits(gradients, clean.Backward());
        for (int b = 0; b < clean.Shape.Batch; b++)
        {
            for (int t = 0; t < clean.Shape.Time; t++)
            {
                Row(outputs["y"], clean, b, t).ContainsAnyExcept(0f).ShouldBe(!clean.IsPadding(b, t));
                Row(gradients["x"], clean, b, t).ContainsAnyExcept(0f).ShouldBe(!clean.IsPadding(b, t));
            }
        }
    }

    [Fact]
    public void Gradients_that_are_not_wanted_change_no_others()
    {
        RecurrentCase test = Make(Cell.Gru, new(3, 5, 4, 6, 2), states: false, ragged: true);
        Dictionary<string, float[]> all = test.Backward();
        float[] workspace = new float[GruKernel.WorkspaceLength(test.Shape, test.Lengths)], y = new float[test.Shape.OutputLength], w = new float[all["W_hh 1"].Length];
        GruKernel.Forward(test.Shape, test.Parameters, test.Input, new() { Y = y }, workspace);
        GruKernel.Backward(test.Shape, test.Parameters, test.Input, new() { Y = test.DY }, new() { Reverse = new() { HiddenWeights = w } }, workspace);
        w.ShouldBe(all["W_hh 1"]);
    }

    internal static RecurrentCase Make(Cell cell, RecurrentShape shape, bool states, bool ragged)
    {
        if (!ragged)
            return new(cell, shape, states: states);
        int[] lengths = [.. Enumerable.Range(0, shape.Batch).Select(b => b == 1 ? 0 : b == 2 ? shape.Time : shape.Time == 0 ? 0 : (((b * 5) + 3) % (shape.Time + 1)))];
        int[] starts = [.. lengths.Select((length, b) => (shape.Time - length) * (b % 3) / 2)];
        return new(cell, shape, lengths, starts, states);
    }

    private static Span<float> Row(float[] values, RecurrentCase test, int b, int t)
    {
        int width = values.Length / (test.Shape.Batch * test.Shape.Time);
        return values.AsSpan(((b * test.Shape.Time) + t) * width, width);
    }

    private static Dictionary<string, float[]> Only(Dictionary<string, float[]> all, params string[] names) => names.ToDictionary(n => n, n => all[n]);

    internal static void ShouldHaveSameBits(Dictionary<string, float[]> actual, Dictionary<string, float[]> expected)
    {
        foreach ((string name, float[] values) in expected)
            Array.ConvertAll(actual[name], BitConverter.SingleToInt32Bits).ShouldBe(Array.ConvertAll(values, BitConverter.SingleToInt32Bits), name);
    }

    // Sharp enough to see a factor of 1.001: the error is measured against the largest value of the tensor.
    private static void ShouldBeClose(Dictionary<string, float[]> actual, Dictionary<string, double[]> expected)
    {
        foreach ((string name, float[] values) in actual)
        {
            double[] right = expected[name];
            double size = right.Select(Math.Abs).DefaultIfEmpty(0).Max();
            Tolerance.AssertWithin(values, right, (5e-6 * size) + 1e-7, name);
        }
    }
}
