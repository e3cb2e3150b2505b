namespace Heed;

/// <summary>A gate for each place of a plane from two maps of it: σ(norm(convolution of both)).</summary>
/// <remarks>Names as timm's and those of the authors of triplet attention: <c>conv.conv</c>, <c>conv.bn</c>; gates by a hook on <c>gate</c>.</remarks>
internal sealed class MapGate : Module
{
    private readonly Normalized conv;
    private readonly SpatialGates gate;

    public MapGate(int kernel, bool startOpen = false)
    {
        if (kernel < 1 || kernel % 2 == 0)
            throw new ArgumentOutOfRangeException(nameof(kernel), kernel, "The kernel must be odd, so that there is a gate for each place.");
        conv = Register("conv", new Normalized(kernel, startOpen));
        gate = Register("gate", new SpatialGates());
    }

    /// <summary>Two maps (batch, rows, columns, 2) to gates (batch, rows, columns, 1).</summary>
    public Tensor Forward(Tensor maps, in Pass pass) => gate.Forward(conv.Forward(maps, pass), pass);

    /// <summary>Two maps (batch, rows, columns) to gates (batch, rows, columns, 1).</summary>
    public Tensor Forward(Tensor first, Tensor second, in Pass pass)
    {
        Shape map = new([.. first.Shape.Sizes, 1]);
        return Forward(Tensor.Concatenate(first.Reshape(map), second.Reshape(map)), pass);
    }

    private sealed class Normalized : Module
    {
        private readonly Convolution conv;
        private readonly BatchNorm norm;

        public Normalized(int kernel, bool startOpen)
        {
            conv = Register("conv", new Convolution(2, 1, (kernel, kernel), padding: (kernel / 2, kernel / 2), hasBias: false));
            norm = Register("bn", new BatchNorm(1, startsAtZero: startOpen, shift: startOpen ? GateFunction.OpenEnergy("sigmoid") : 0));
        }

        public Tensor Forward(Tensor maps, in Pass pass) => Return(norm.Forward(conv.Forward(maps, pass), pass), pass);
    }
}
