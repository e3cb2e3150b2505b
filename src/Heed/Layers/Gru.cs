using Heed.Kernels;

namespace Heed;

/// <summary>A gated recurrent unit over whole sequences, in one direction or both.</summary>
/// <remarks>
/// <para>Formula, at each step: <c>r, z = σ(W_i·x_t + b_i + W_h·h_{t−1} + b_h)</c>, <c>n = tanh(W_in·x_t + b_in + r∘(W_hn·h_{t−1} + b_hn))</c>,
/// <c>h_t = (1 − z)∘n + z∘h_{t−1}</c>; the gates stand in the order r, z, n.</para>
/// <para>Shapes: x <c>(batch, time, input)</c>; W_ih <c>(3·hidden, input)</c>, W_hh <c>(3·hidden, hidden)</c>; output
/// <c>(batch, time, directions·hidden)</c>.</para>
/// <para>Source: Cho et al. 2014, in PyTorch's form (the reset gate after the product). Cost: 2·tokens·3·hidden·(input + hidden) flops a
/// direction.</para>
/// </remarks>
public sealed class Gru : RecurrentLayer
{
    /// <summary>Creates the layers.</summary>
    /// <param name="inputSize">Size of an input vector.</param>
    /// <param name="hiddenSize">Size of a hidden state of one direction.</param>
    /// <param name="layerCount">Number of stacked layers.</param>
    /// <param name="isBidirectional">Whether a second direction reads backwards.</param>
    /// <param name="dropout">Probability between stacked layers.</param>
    /// <param name="variationalDropout">Whether all steps of a sequence share a mask.</param>
    public Gru(int inputSize, int hiddenSize, int layerCount = 1, bool isBidirectional = false, double dropout = 0, bool variationalDropout = false)
        : base(3, inputSize, hiddenSize, layerCount, isBidirectional, dropout, variationalDropout)
    {
    }

    private protected override Tensor[] RunLayer(Tensor x, SequenceRanges ranges, RecurrentWeights? packed, Tensor[] weights, Capture capture) =>
        Tensor.Gru(x, ranges, packed, weights);

    private protected override RecurrentWeights Pack(RecurrentShape shape, Tensor[] weights) =>
        GruKernel.Pack(shape, Tensor.RecurrentParametersOf(weights));
}
