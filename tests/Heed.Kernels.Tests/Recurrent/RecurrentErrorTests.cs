namespace Heed.Kernels.Tests.Recurrent;

/// <summary>Wrong arguments are named, with what was expected and what came.</summary>
public sealed class RecurrentErrorTests
{
    private readonly RecurrentCase test = new(Cell.Lstm, new(2, 3, 4, 5, 2));

    [Fact]
    public void Wrong_input_length() =>
        Message(t => t.X = new float[23]).ShouldBe("Lstm: X has 23 elements, 24 are required: (batch, time, input). (Parameter 'X')");

    [Fact]
    public void Wrong_weight_length() =>
        Message(t => t.Weights[1][1] = new float[99]).ShouldStartWith("Lstm: Reverse.HiddenWeights has 99 elements, 100 are required: (gates·hidden, hidden).");

    [Fact]
    public void Wrong_bias_length() =>
        Message(t => t.Weights[0][3] = []).ShouldStartWith("Lstm: Forward.HiddenBias has 0 elements, 20 are required");

    [Fact]
    public void Wrong_state_length() =>
        Message(t => t.C0 = new float[1]).ShouldStartWith("Lstm: InitialCell has 1 elements, 20 are required: (directions, batch, hidden).");

    [Theory]
    [InlineData(new[] { 4, 0 }, new int[0], "sequence 0 has start 0 and length 4")]
    [InlineData(new[] { 1, -1 }, new int[0], "sequence 1 has start 0 and length -1")]
    [InlineData(new[] { 1, 3 }, new[] { 0, 1 }, "sequence 1 has start 1 and length 3")]
    [InlineData(new[] { 1, 3 }, new[] { -1, 0 }, "sequence 0 has start -1 and length 1")]
    [InlineData(new[] { 1, int.MaxValue }, new[] { 0, int.MaxValue }, "sequence 1 has start 2147483647")]
    [InlineData(new[] { 1 }, new int[0], "Lengths has 1 elements, 2 are required")]
    [InlineData(new int[0], new[] { 0, 0, 0 }, "Starts has 3 elements, 2 are required")]
    public void Wrong_sequences(int[] lengths, int[] starts, string message) =>
        Should.Throw<ArgumentException>(() =>
            LstmKernel.Forward(test.Shape, test.Parameters, new() { X = test.X, Lengths = lengths, Starts = starts }, new() { Y = new float[test.Shape.OutputLength] }))
            .Message.ShouldContain(message);

    [Fact]
    public void Small_workspace() =>
        Should.Throw<ArgumentException>(() => LstmKernel.Forward(test.Shape, test.Parameters, test.Input, new() { Y = new float[test.Shape.OutputLength] }, new float[7]))
            .Message.ShouldStartWith("Lstm: workspace has 7 floats, at least ");

    [Fact]
    public void Output_over_input()
    {
        RecurrentCase square = new(Cell.Gru, new(2, 3, 4, 4, 1));
        Should.Throw<ArgumentException>(() => GruKernel.Forward(square.Shape, square.Parameters, square.Input, new() { Y = square.X }))
            .Message.ShouldStartWith("Gru: Y overlaps X; give it memory of its own.");
    }

    [Fact]
    public void Weights_of_another_cell()
    {
        RecurrentCase gru = new(Cell.Gru, test.Shape);
        Should.Throw<ArgumentException>(() => LstmKernel.Forward(test.Shape, GruKernel.Pack(gru.Shape, gru.Parameters), test.Input, new() { Y = new float[test.Shape.OutputLength] }))
            .Message.ShouldStartWith("Lstm: weights are packed for Gru with (input, hidden, directions) = (4, 5, 2)");
    }

    [Fact]
    public void A_gru_has_no_cell_state()
    {
        RecurrentCase gru = new(Cell.Gru, test.Shape) { C0 = new float[20] };
        Should.Throw<ArgumentException>(() => gru.Forward()).Message.ShouldStartWith("Gru: InitialCell has 20 elements, 0 are required");
    }

    [Theory]
    [InlineData(-1, 1, 1, 1, 1)]
    [InlineData(1, -1, 1, 1, 1)]
    [InlineData(1, 1, 0, 1, 1)]
    [InlineData(1, 1, 1, 0, 1)]
    [InlineData(1, 1, 1, 1, 3)]
    [InlineData(1 << 20, 1 << 10, 4, 1, 1)]
    public void Impossible_shapes(int batch, int time, int input, int hidden, int directions) =>
        Should.Throw<ArgumentException>(() => LstmKernel.WorkspaceLength(new(batch, time, input, hidden, directions))).ParamName.ShouldBe("shape");

    private string Message(Action<RecurrentCase> damage)
    {
        damage(test);
        return Should.Throw<ArgumentException>(() => test.Forward()).Message;
    }
}
