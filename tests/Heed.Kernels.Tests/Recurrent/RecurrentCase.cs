namespace Heed.Kernels.Tests.Recurrent;

public enum Cell
{
    Lstm,
    Gru,
}

/// <summary>A layer with weights, inputs and output gradients of its own, and everything that the kernel and the reference make of it.</summary>
public sealed class RecurrentCase
{
    private readonly int seed;

    public RecurrentCase(Cell cell, RecurrentShape shape, int[]? lengths = null, int[]? starts = null, bool states = true, bool biases = true, int seed = 1)
    {
        (Cell, Shape, this.seed) = (cell, shape, seed);
        (Lengths, Starts) = (lengths ?? [], starts ?? []);
        int gates = (cell == Cell.Lstm ? 4 : 3) * shape.HiddenSize;
        X = Random(1, (int)shape.InputLength, 1);
        for (int d = 0; d < shape.Directions; d++)
        {
            float scale = 1 / MathF.Sqrt(shape.HiddenSize);
            Weights.Add([Random(10 + d, gates * shape.InputSize, scale), Random(20 + d, gates * shape.HiddenSize, scale),
                Random(30 + d, biases ? gates : 0, scale), Random(40 + d, biases ? gates : 0, scale)]);
        }
        int state = states ? (int)shape.StateLength : 0, cellState = cell == Cell.Lstm ? state : 0;
        (H0, C0) = (Random(50, state, 1), Random(51, cellState, 1));
        (DY, DH, DC) = (Random(60, (int)shape.OutputLength, 1), Random(61, state, 1), Random(62, cellState, 1));
    }

    public Cell Cell { get; }

    public RecurrentShape Shape { get; }

    public int[] Lengths { get; }

    public int[] Starts { get; }

    public float[] X { get; set; }

    public List<float[][]> Weights { get; } = [];

    public float[] H0 { get; set; }

    public float[] C0 { get; set; }

    public float[] DY { get; set; }

    public float[] DH { get; set; }

    public float[] DC { get; set; }

    public int LengthOf(int b) => Lengths.Length == 0 ? Shape.Time : Lengths[b];

    public int StartOf(int b) => Starts.Length == 0 ? 0 : Starts[b];

    public bool IsPadding(int b, int t) => t < StartOf(b) || t >= StartOf(b) + LengthOf(b);

    /// <summary>Outputs by name.</summary>
    public Dictionary<string, float[]> Forward(bool keep = true, bool packed = false) => Forward(keep, packed, out _);

    private Dictionary<string, float[]> Forward(bool keep, bool packed, out float[] workspace)
    {
        float[] y = Filled(Shape.OutputLength), h = Filled(Shape.StateLength), c = Filled(Cell == Cell.Lstm ? Shape.StateLength : 0);
        int length = Cell == Cell.Lstm ? LstmKernel.WorkspaceLength(Shape, Lengths) : GruKernel.WorkspaceLength(Shape, Lengths);
        workspace = keep ? Filled(length) : [];
        RecurrentOutput<float> output = new() { Y = y, FinalHidden = h, FinalCell = c };
        if (Cell == Cell.Lstm && packed)
            LstmKernel.Forward(Shape, LstmKernel.Pack(Shape, Parameters), Input, output, workspace);
        else if (Cell == Cell.Lstm)
            LstmKernel.Forward(Shape, Parameters, Input, output, workspace);
        else if (packed)
            GruKernel.Forward(Shape, GruKernel.Pack(Shape, Parameters), Input, output, workspace);
        else
            GruKernel.Forward(Shape, Parameters, Input, output, workspace);
        return new(StringComparer.Ordinal) { ["y"] = y, ["h_n"] = h, ["c_n"] = c };
    }

    /// <summary>Gradients by name, added to <paramref name="start"/> or, if it is NaN, overwriting.</summary>
    public Dictionary<string, float[]> Backward(float start = float.NaN)
    {
        Forward(keep: true, packed: false, out float[] workspace);
        int gates = (Cell == Cell.Lstm ? 4 : 3) * Shape.HiddenSize;
        Dictionary<string, float[]> all = new(StringComparer.Ordinal) { ["x"] = Filled(X.Length, start), ["h_0"] = Filled(H0.Length, start), ["c_0"] = Filled(C0.Length, start) };
        for (int d = 0; d < 2; d++)
        {
            int rows = d < Shape.Directions ? gates : 0;
            all[$"W_ih {d}"] = Filled(rows * Shape.InputSize, start);
            all[$"W_hh {d}"] = Filled(rows * Shape.HiddenSize, start);
            all[$"b_ih {d}"] = Filled(rows, start);
            all[$"b_hh {d}"] = Filled(rows, start);
        }
        RecurrentGradients<float> gradients = new()
        {
            Mode = float.IsNaN(start) ? GemmOutput.Overwrite : GemmOutput.Accumulate,
            X = all["x"], InitialHidden = all["h_0"], InitialCell = all["c_0"],
            Forward = new() { InputWeights = all["W_ih 0"], HiddenWeights = all["W_hh 0"], InputBias = all["b_ih 0"], HiddenBias = all["b_hh 0"] },
            Reverse = new() { InputWeights = all["W_ih 1"], HiddenWeights = all["W_hh 1"], InputBias = all["b_ih 1"], HiddenBias = all["b_hh 1"] },
        };
        RecurrentOutputGradients<float> output = new() { Y = DY, FinalHidden = DH, FinalCell = DC };
        if (Cell == Cell.Lstm)
            LstmKernel.Backward(Shape, Parameters, Input, output, gradients, workspace);
        else
            GruKernel.Backward(Shape, Parameters, Input, output, gradients, workspace);
        return all;
    }

    public RecurrentParameters<float> Parameters => new() { Forward = Direction(0), Reverse = Direction(1) };

    public RecurrentInput<float> Input => new() { X = X, Lengths = Lengths, Starts = Starts, InitialHidden = H0, InitialCell = C0 };

    private RecurrentDirection<float> Direction(int d) => d >= Shape.Directions ? default : new()
    {
        InputWeights = Weights[d][0], HiddenWeights = Weights[d][1], InputBias = Weights[d][2], HiddenBias = Weights[d][3],
    };

    /// <summary>The sequences at these places of the batch, as a batch of their own.</summary>
    public RecurrentCase Select(params int[] sequences)
    {
        RecurrentCase part = new(Cell, Shape with { Batch = sequences.Length }, [.. sequences.Select(LengthOf)], [.. sequences.Select(StartOf)], H0.Length > 0, true, seed);
        part.Weights.Clear();
        part.Weights.AddRange(Weights);
        int row = Shape.Time * Shape.InputSize, output = Shape.Time * Shape.Directions * Shape.HiddenSize;
        part.X = [.. sequences.SelectMany(b => X.Skip(b * row).Take(row))];
        part.DY = [.. sequences.SelectMany(b => DY.Skip(b * output).Take(output))];
        (part.H0, part.C0, part.DH, part.DC) = (States(H0, sequences), States(C0, sequences), States(DH, sequences), States(DC, sequences));
        return part;
    }

    /// <summary>The rows of a state that belong to some sequences.</summary>
    public float[] States(float[] state, params int[] sequences) => state.Length == 0 ? [] :
        [.. Enumerable.Range(0, Shape.Directions).SelectMany(d => sequences.SelectMany(b => state.Skip(((d * Shape.Batch) + b) * Shape.HiddenSize).Take(Shape.HiddenSize)))];

    private static float[] Filled(long length, float value = float.NaN)
    {
        float[] values = new float[length];
        values.AsSpan().Fill(value);
        return values;
    }

    private float[] Random(int stream, int length, float scale)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
            values[i] = ((CounterRandom.Block((ulong)((seed * 1000) + stream), (ulong)i).Low & 0xFFFFFF) / 8388608f - 1) * scale;
        return values;
    }
}
