namespace Heed.Kernels;

/// <summary>A long short-term memory layer over whole sequences, forward and backward, in one or both directions.</summary>
/// <remarks>
/// <para>For each step t of a sequence, with σ the logistic function:
/// <c>i = σ(W_ii·x + b_ii + W_hi·h + b_hi)</c>, <c>f = σ(W_if·x + b_if + W_hf·h + b_hf)</c>, <c>g = tanh(W_ig·x + b_ig + W_hg·h + b_hg)</c>,
/// <c>o = σ(W_io·x + b_io + W_ho·h + b_ho)</c>, <c>c ← f∘c + i∘g</c>, <c>h ← o∘tanh c</c>, <c>y_t = h</c>. The reverse direction starts at
/// each sequence's own last step.</para>
/// <para>Shapes, row-major: x (batch, time, input); y (batch, time, directions·hidden), forward half first; states (directions, batch, hidden);
/// weights as <c>torch.nn.LSTM</c>'s: W_ih (4·hidden, input), W_hh (4·hidden, hidden), biases (4·hidden), gates in the order i, f, g, o.
/// Unlike it, the batch is first, padding may stand on both sides and needs no sorting, and a sequence may be empty.</para>
/// <para>Bits: a sequence's outputs do not depend on the other sequences of the batch or on threads; gradients do not depend on threads.
/// Weight gradients are sums over all rows in an order that the lengths fix.</para>
/// <para>Cost: 8·N·directions·hidden·(input + hidden) flops for N steps in all, backward twice that; no allocation after the first call of
/// a size. Thread safety: all members may be used from any thread.</para>
/// <para>Sources: Hochreiter and Schmidhuber, "Long short-term memory", 1997; the forget gate: Gers, Schmidhuber and Cummins, "Learning to
/// forget", 2000.</para>
/// </remarks>
public static class LstmKernel
{
    /// <summary>Packs weights for many forward passes.</summary>
    /// <param name="shape">Sizes; batch and time do not matter.</param>
    /// <param name="parameters">The weights.</param>
    /// <exception cref="ArgumentException">A span has another length than the sizes demand.</exception>
    public static RecurrentWeights Pack(in RecurrentShape shape, in RecurrentParameters<float> parameters) =>
        RecurrentCall<LstmCell>.Pack(shape, parameters);

    /// <summary>Floats of the workspace in which a forward pass keeps what its backward pass needs: about 6·hidden for each step and
    /// direction.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="lengths">Steps of each sequence; empty: all positions.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the shape, or the workspace would exceed 2³¹ − 1 floats.</exception>
    public static int WorkspaceLength(in RecurrentShape shape, ReadOnlySpan<int> lengths = default) =>
        RecurrentCall<LstmCell>.WorkspaceLength(shape, lengths);

    /// <summary>Forward pass; the weights are packed first.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="input">x, lengths, initial states.</param>
    /// <param name="output">y, final states; must not overlap the input.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> floats if a backward pass follows, else empty.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void Forward(
        in RecurrentShape shape, in RecurrentParameters<float> parameters, in RecurrentInput<float> input, in RecurrentOutput<float> output, Span<float> workspace = default) =>
        RecurrentCall<LstmCell>.Forward(shape, parameters, input, output, workspace);

    /// <summary>Forward pass with weights that were packed before.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="weights">From <see cref="Pack"/>.</param>
    /// <param name="input">x, lengths, initial states.</param>
    /// <param name="output">y, final states; must not overlap the input.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> floats if a backward pass follows, else empty.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void Forward(
        in RecurrentShape shape, RecurrentWeights weights, in RecurrentInput<float> input, in RecurrentOutput<float> output, Span<float> workspace = default) =>
        RecurrentCall<LstmCell>.Forward(shape, weights, input, output, workspace);

    /// <summary>Backward pass through all steps.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="parameters">The weights of the forward pass.</param>
    /// <param name="input">The input of the forward pass.</param>
    /// <param name="output">The loss's gradients by what the forward pass wrote.</param>
    /// <param name="gradients">Where the gradients go; must not overlap anything else.</param>
    /// <param name="workspace">As the forward pass left it; only read.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void Backward(
        in RecurrentShape shape, in RecurrentParameters<float> parameters, in RecurrentInput<float> input, in RecurrentOutputGradients<float> output,
        in RecurrentGradients<float> gradients, ReadOnlySpan<float> workspace) =>
        RecurrentCall<LstmCell>.Backward(shape, parameters, input, output, gradients, workspace);

    /// <summary>Reads the gates of every step out of a forward pass's workspace: what was let in, kept and let out.</summary>
    /// <param name="shape">Sizes of the forward pass.</param>
    /// <param name="lengths">Steps of each sequence, as there; empty: all positions.</param>
    /// <param name="starts">First step of each, as there; empty: 0.</param>
    /// <param name="workspace">As the forward pass left it.</param>
    /// <param name="gates">(batch, time, directions, 4·hidden): i, f, g, o of each step; 0 in padding.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void ReadGates(in RecurrentShape shape, ReadOnlySpan<int> lengths, ReadOnlySpan<int> starts, ReadOnlySpan<float> workspace, Span<float> gates)
    {
        RecurrentCheck.Shape<LstmCell>(shape);
        RecurrentCheck.Sequences<LstmCell>(shape, lengths, starts);
        Require.Length("LstmKernel.ReadGates", nameof(gates), gates.Length, (long)shape.Batch * shape.Time * shape.Directions * 4 * shape.HiddenSize);
        RecurrentPass<LstmCell>.ReadGates(shape, lengths, starts, workspace, gates);
    }
}
