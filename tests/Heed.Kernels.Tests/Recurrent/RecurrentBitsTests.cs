namespace Heed.Kernels.Tests.Recurrent;

/// <summary>Same bits alone and in a batch, for any number of threads, kept for a backward pass or not, packed before or not.</summary>
[Collection(nameof(Workers))]
[Trait("Legs", "InstructionSets")]
public sealed class RecurrentBitsTests
{
    [Theory]
    [InlineData(Cell.Lstm, 1, 17)]
    [InlineData(Cell.Lstm, 2, 40)]
    [InlineData(Cell.Gru, 1, 17)]
    [InlineData(Cell.Gru, 2, 40)]
    public void A_sequence_alone_has_the_bits_it_has_in_a_batch(Cell cell, int directions, int hidden)
    {
        RecurrentCase test = RecurrentTests.Make(cell, new(27, 21, 23, hidden, directions), states: true, ragged: true);
        Dictionary<string, float[]> together = test.Forward(), gradients = test.Backward();
        int row = test.Shape.Time * directions * hidden, inputRow = test.Shape.Time * test.Shape.InputSize;
        for (int b = 0; b < test.Shape.Batch; b++)
        {
            RecurrentCase single = test.Select(b);
            Dictionary<string, float[]> alone = single.Forward(), aloneGradients = single.Backward();
            RecurrentTests.ShouldHaveSameBits(alone, new()
            {
                ["y"] = together["y"].AsSpan(b * row, row).ToArray(), ["h_n"] = test.States(together["h_n"], b), ["c_n"] = test.States(together["c_n"], b),
            });
            RecurrentTests.ShouldHaveSameBits(aloneGradients, new()
            {
                ["x"] = gradients["x"].AsSpan(b * inputRow, inputRow).ToArray(), ["h_0"] = test.States(gradients["h_0"], b), ["c_0"] = test.States(gradients["c_0"], b),
            });
        }
    }

    [Theory]
    [InlineData(Cell.Lstm, 1)]
    [InlineData(Cell.Lstm, 2)]
    [InlineData(Cell.Gru, 1)]
    [InlineData(Cell.Gru, 2)]
    [Trait("Weight", "heavy")]
    public void Threads_change_no_bit(Cell cell, int directions)
    {
        // Large enough for several chunks and for every fork.
        RecurrentCase test = RecurrentTests.Make(cell, new(37, 43, 65, 130, directions), states: true, ragged: true);
        int before = Workers.Degree;
        try
        {
            Workers.Degree = 1;
            Dictionary<string, float[]> outputs = test.Forward(), gradients = test.Backward();
            foreach (int degree in new[] { 2, 3, 8 })
            {
                Workers.Degree = degree;
                RecurrentTests.ShouldHaveSameBits(test.Forward(), outputs);
                RecurrentTests.ShouldHaveSameBits(test.Backward(), gradients);
            }
        }
        finally
        {
            Workers.Degree = before;
        }
    }

    [Theory]
    [InlineData(Cell.Lstm, 1, 20)]
    [InlineData(Cell.Lstm, 29, 90)]
    [InlineData(Cell.Gru, 1, 20)]
    [InlineData(Cell.Gru, 29, 90)]
    public void Inference_and_packed_weights_have_the_bits_of_training(Cell cell, int batch, int time)
    {
        RecurrentCase test = RecurrentTests.Make(cell, new(batch, time, 20, 50, 2), states: true, ragged: batch > 1);
        Dictionary<string, float[]> expected = test.Forward();
        RecurrentTests.ShouldHaveSameBits(test.Forward(keep: false), expected);
        RecurrentTests.ShouldHaveSameBits(test.Forward(keep: false, packed: true), expected);
        RecurrentTests.ShouldHaveSameBits(test.Forward(keep: true, packed: true), expected);
    }

    [Fact]
    public void A_step_allocates_next_to_nothing()
    {
        RecurrentCase test = RecurrentTests.Make(Cell.Lstm, new(8, 12, 16, 32, 2), states: true, ragged: true);
        float[] y = new float[test.Shape.OutputLength], workspace = new float[LstmKernel.WorkspaceLength(test.Shape, test.Lengths)], dx = new float[test.X.Length];
        float[] w = new float[test.Weights[0][0].Length];
        void Step()
        {
            LstmKernel.Forward(test.Shape, test.Parameters, test.Input, new() { Y = y }, workspace);
            LstmKernel.Backward(test.Shape, test.Parameters, test.Input, new() { Y = test.DY }, new() { X = dx, Forward = new() { InputWeights = w } }, workspace);
        }
        Step();
        long start = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Step();
        (GC.GetAllocatedBytesForCurrentThread() - start).ShouldBeLessThan(100 * 256);
    }
}
