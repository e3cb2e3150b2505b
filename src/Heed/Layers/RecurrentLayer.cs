using System.Globalization;
using Heed.Kernels;

namespace Heed;

/// <summary>What a recurrent layer returns.</summary>
/// <param name="Output">The hidden states of the last layer: <c>(batch, time, directions·hidden)</c>, forward half first; 0 in padding.</param>
/// <param name="FinalHidden">The final hidden states: <c>(layers·directions, batch, hidden)</c>.</param>
/// <param name="FinalCell">The final cell states, likewise; null for a GRU.</param>
public sealed record RecurrentResult(Tensor Output, Tensor FinalHidden, Tensor? FinalCell)
{
    /// <summary>How far the gates of an LSTM were open at each step, one tensor a layer: <c>(batch, time, directions, 4·hidden)</c>, input gate i, forget gate f, candidate g (in (−1, 1)) and
    /// output gate o side by
    /// side, 0 in padding. Without gradients. Null if nobody asked (<see cref="Capture.Gates"/>), and for a GRU.</summary>
    public IReadOnlyList<Tensor>? Gates { get; init; }
}

/// <summary>What LSTM and GRU have in common: stacked layers, one or two directions, unequal lengths inside a batch.</summary>
/// <remarks>Parameters have PyTorch's names (<c>weight_ih_l0</c>, <c>weight_hh_l0</c>, <c>bias_ih_l0</c>, <c>bias_hh_l0</c>,
/// <c>_reverse</c>), shapes and order of gates, and start uniform in ±1/√hidden.</remarks>
public abstract class RecurrentLayer : Module
{
    private readonly StackedLayer[] layers;

    private protected RecurrentLayer(int gateCount, int inputSize, int hiddenSize, int layerCount, bool isBidirectional, double dropout, bool variationalDropout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(layerCount, 1);
        (InputSize, HiddenSize, DirectionCount) = (inputSize, hiddenSize, isBidirectional ? 2 : 1);
        Between = new Dropout(dropout, variationalDropout);
        Initializer start = Initializer.Uniform(1 / Math.Sqrt(hiddenSize));
        layers = new StackedLayer[layerCount];
        for (int l = 0; l < layerCount; l++)
        {
            int width = l == 0 ? inputSize : DirectionCount * hiddenSize;
            layers[l] = new StackedLayer(width, [.. Enumerable.Range(0, DirectionCount).SelectMany(d => Create(l, d, gateCount * hiddenSize, width, start))]);
        }
    }

    /// <summary>Size of an input vector.</summary>
    public int InputSize { get; }

    /// <summary>Size of a hidden state of one direction.</summary>
    public int HiddenSize { get; }

    /// <summary>1 or 2.</summary>
    public int DirectionCount { get; }

    /// <summary>Number of stacked layers.</summary>
    public int LayerCount => layers.Length;

    /// <summary>Size of an output vector: directions·hidden.</summary>
    public int OutputSize => DirectionCount * HiddenSize;

    private Dropout Between { get; }

    /// <summary>Runs over whole sequences.</summary>
    /// <param name="x">Shape <c>(batch, time, input)</c>.</param>
    /// <param name="ranges">The real steps of each sequence; padding is neither read nor written.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Output <c>(batch, time, directions·hidden)</c> and final states <c>(layers·directions, batch, hidden)</c>.</returns>
    /// <exception cref="ShapeException">x has another shape, or the ranges do not fit.</exception>
    public RecurrentResult Forward(Tensor x, SequenceRanges ranges, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 3 || x.Shape[2] != InputSize)
            throw ShapeException.For(GetType().Name, "x", FormattableString.Invariant($"(batch, time, input) with input = {InputSize}"), x.Shape);
        ranges.Check(GetType().Name, x.Shape[0], x.Shape[1]);
        Tensor[] hidden = new Tensor[LayerCount];
        Tensor?[] cell = new Tensor?[LayerCount];
        List<Tensor> gates = [];
        for (int l = 0; l < LayerCount; l++)
        {
            if (l > 0)
                x = Between.Forward(x, pass);
            Tensor[] results = layers[l].Run(x, ranges, this, pass);
            (x, hidden[l], cell[l]) = (results[0], results[1], results.Length > 2 ? results[2] : null);
            if (results.Length > 3)
                gates.Add(results[3]);
        }
        return new RecurrentResult(Return(x, pass), Stack(hidden), cell[0] is null ? null : Stack(cell!)) { Gates = gates.Count > 0 ? gates : null };
    }

    private protected abstract Tensor[] RunLayer(Tensor x, SequenceRanges ranges, RecurrentWeights? packed, Tensor[] weights, Capture capture);

    private protected abstract RecurrentWeights Pack(RecurrentShape shape, Tensor[] weights);

    private Parameter[] Create(int layer, int direction, int gates, int width, Initializer start)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $"_l{layer}{(direction == 1 ? "_reverse" : "")}");
        return
        [
            Register("weight_ih" + suffix, new Parameter(new Shape(gates, width), start)),
            Register("weight_hh" + suffix, new Parameter(new Shape(gates, HiddenSize), start)),
            Register("bias_ih" + suffix, new Parameter(new Shape(gates), start)),
            Register("bias_hh" + suffix, new Parameter(new Shape(gates), start)),
        ];
    }

    private static Tensor Stack(Tensor[] states)
    {
        if (states.Length == 1)
            return states[0];
        Shape each = states[0].Shape;
        return Tensor.Concatenate([.. states.Select(s => s.Reshape(new Shape(s.Length)))]).Reshape(new Shape(states.Length * each[0], each[1], each[2]));
    }

    /// <summary>One of the stacked layers: its parameters, and for evaluation the packed weights, made again after they changed.</summary>
    private sealed class StackedLayer(int width, Parameter[] parameters)
    {
        private readonly Lock packing = new();
        private (long Version, RecurrentWeights Weights)? packed;

        public Tensor[] Run(Tensor x, SequenceRanges ranges, RecurrentLayer layer, in Pass pass)
        {
            Tensor[] weights = new Tensor[parameters.Length];
            for (int i = 0; i < weights.Length; i++)
                weights[i] = pass.Use(parameters[i]);
            return layer.RunLayer(x, ranges, pass.Step.Records ? null : Packed(layer, weights), weights, pass.Capture);
        }

        private RecurrentWeights Packed(RecurrentLayer layer, Tensor[] weights)
        {
            long version = parameters.Sum(p => (long)p.Version);
            lock (packing)
            {
                if (packed is not { } p || p.Version != version)
                    packed = p = (version, layer.Pack(new RecurrentShape(0, 0, width, layer.HiddenSize, layer.DirectionCount), weights));
                return p.Weights;
            }
        }
    }
}
