using Heed.Kernels;

namespace Heed;

/// <summary>A long short-term memory over whole sequences, in one direction or both.</summary>
/// <remarks>
/// <para>Formula, at each step: <c>i, f, o = σ(W·[x_t; h_{t−1}] + b)</c>, <c>g = tanh(W·[x_t; h_{t−1}] + b)</c>, <c>c_t = f∘c_{t−1} + i∘g</c>,
/// <c>h_t = o∘tanh(c_t)</c>; the gates stand in the order i, f, g, o. The reverse direction starts at each sequence's own end.</para>
/// <para>Shapes: x <c>(batch, time, input)</c>; W_ih <c>(4·hidden, input)</c>, W_hh <c>(4·hidden, hidden)</c>; output
/// <c>(batch, time, directions·hidden)</c>.</para>
/// <para>Source: Hochreiter and Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000. Unlike <c>torch.nn.LSTM</c>, the batch comes
/// first. Cost: 2·tokens·4·hidden·(input + hidden) flops a direction.</para>
/// </remarks>
public sealed class Lstm : RecurrentLayer
{
    /// <summary>Creates the layers.</summary>
    /// <param name="inputSize">Size of an input vector.</param>
    /// <param name="hiddenSize">Size of a hidden state of one direction.</param>
    /// <param name="layerCount">Number of stacked layers.</param>
    /// <param name="isBidirectional">Whether a second direction reads backwards.</param>
    /// <param name="dropout">Probability between stacked layers.</param>
    /// <param name="variationalDropout">Whether all steps of a sequence share a mask.</param>
    public Lstm(int inputSize, int hiddenSize, int layerCount = 1, bool isBidirectional = false, double dropout = 0, bool variationalDropout = false)
        : base(4, inputSize, hiddenSize, layerCount, isBidirectional, dropout, variationalDropout)
    {
    }

    private protected override Tensor[] RunLayer(Tensor x, SequenceRanges ranges, RecurrentWeights? packed, Tensor[] weights, Capture capture) =>
        Tensor.Lstm(x, ranges, packed, weights, capture.HasFlag(Capture.Gates));

    private protected override RecurrentWeights Pack(RecurrentShape shape, Tensor[] weights) =>
        LstmKernel.Pack(shape, Tensor.RecurrentParametersOf(weights));
}
