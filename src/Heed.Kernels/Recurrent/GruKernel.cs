namespace Heed.Kernels;

/// <summary>A gated recurrent unit layer over whole sequences, forward and backward, in one or both directions.</summary>
/// <remarks>
/// <para>For each step t of a sequence, with σ the logistic function:
/// <c>r = σ(W_ir·x + b_ir + W_hr·h + b_hr)</c>, <c>z = σ(W_iz·x + b_iz + W_hz·h + b_hz)</c>,
/// <c>n = tanh(W_in·x + b_in + r∘(W_hn·h + b_hn))</c>, <c>h ← (1 − z)∘n + z∘h</c>, <c>y_t = h</c>. The reverse direction starts at each
/// sequence's own last step.</para>
/// <para>Shapes, row-major: x (batch, time, input); y (batch, time, directions·hidden), forward half first; states (directions, batch, hidden);
/// weights as <c>torch.nn.GRU</c>'s: W_ih (3·hidden, input), W_hh (3·hidden, hidden), biases (3·hidden), gates in the order r, z, n.
/// Unlike it, the batch is first, padding may stand on both sides and needs no sorting, and a sequence may be empty.</para>
/// <para>Bits: a sequence's outputs do not depend on the other sequences of the batch or on threads; gradients do not depend on threads.
/// Weight gradients are sums over all rows in an order that the lengths fix.</para>
/// <para>Cost: 6·N·directions·hidden·(input + hidden) flops for N steps in all, backward twice that; no allocation after the first call of
/// a size. Thread safety: all members may be used from any thread.</para>
/// <para>Source: Cho et al., "Learning phrase representations using RNN encoder–decoder", 2014, in PyTorch's form: the reset gate acts on the
/// product with the hidden weights, not on the state before it.</para>
/// </remarks>
public static class GruKernel
{
    /// <summary>Packs weights for many forward passes.</summary>
    /// <param name="shape">Sizes; batch and time do not matter.</param>
    /// <param name="parameters">The weights.</param>
    /// <exception cref="ArgumentException">A span has another length than the sizes demand.</exception>
    public static RecurrentWeights Pack(in RecurrentShape shape, in RecurrentParameters<float> parameters) =>
        RecurrentCall<GruCell>.Pack(shape, parameters);

    /// <summary>Floats of the workspace in which a forward pass keeps what its backward pass needs: about 5·hidden for each step and
    /// direction.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="lengths">Steps of each sequence; empty: all positions.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the shape, or the workspace would exceed 2³¹ − 1 floats.</exception>
    public static int WorkspaceLength(in RecurrentShape shape, ReadOnlySpan<int> lengths = default) =>
        RecurrentCall<GruCell>.WorkspaceLength(shape, lengths);

    /// <summary>Forward pass; the weights are packed first.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="parameters">The weights.</param>
    /// <param name="input">x, lengths, initial states.</param>
    /// <param name="output">y, final states; must not overlap the input.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> floats if a backward pass follows, else empty.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void Forward(
        in RecurrentShape shape, in RecurrentParameters<float> parameters, in RecurrentInput<float> input, in RecurrentOutput<float> output, Span<float> workspace = default) =>
        RecurrentCall<GruCell>.Forward(shape, parameters, input, output, workspace);

    /// <summary>Forward pass with weights that were packed before.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="weights">From <see cref="Pack"/>.</param>
    /// <param name="input">x, lengths, initial states.</param>
    /// <param name="output">y, final states; must not overlap the input.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> floats if a backward pass follows, else empty.</param>
    /// <exception cref="ArgumentException">A span has another length than the shape demands, or a sequence lies outside of time.</exception>
    public static void Forward(
        in RecurrentShape shape, RecurrentWeights weights, in RecurrentInput<float> input, in RecurrentOutput<float> output, Span<float> workspace = default) =>
        RecurrentCall<GruCell>.Forward(shape, weights, input, output, workspace);

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
        RecurrentCall<GruCell>.Backward(shape, parameters, input, output, gradients, workspace);
}
