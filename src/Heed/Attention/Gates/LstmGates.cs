namespace Heed;

/// <summary>The gates of <see cref="Lstm"/> as a mechanism of the catalogue.</summary>
internal static class LstmGates
{
    internal static Mechanism Entry => new("lstm-gates", MechanismKind.Saliency)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "i, f, o = σ(W·[x_t; h_{t−1}] + b); c_t = f∘c_{t−1} + i∘g; h_t = o∘tanh(c_t)",
        Shapes = "x (batch, time, input); gates (batch, time, directions, 4·hidden): i, f, g, o",
        Cost = "One copy of what the kernel keeps",
        Source = "Hochreiter and Schmidhuber 1997; forget gate: Gers, Schmidhuber and Cummins 2000",
        Variant = "Read with Capture.Gates, one tensor a layer; asking changes no bit of the result.",
        Use = "To see what a memory lets in, keeps, and lets out.",
        Avoid = "As an explanation alone: a gate says how much passed, not whether it mattered.",
        Example = new(() =>
        {
            Lstm lstm = new(inputSize: 2, hiddenSize: 1);
            lstm.Initialize(seed: 1);
            Tensor x = Tensor.From([1, 0, 0, 1], new Shape(1, 2, 2));
            return Step.Evaluate(pass => lstm.Forward(x, SequenceRanges.Full(1, 2), pass).Gates![0], Capture.Gates);
        }),
        Types = [typeof(Lstm)],
        Pages = ["gates"],
    };
}
