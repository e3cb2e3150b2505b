namespace Heed.Experiments;

/// <summary>Two convolutions with pools, two dense layers; with or without a spatial transformer in front.</summary>
/// <remarks>Shapes: pictures (batch, 60, 60, 1); logits (batch, 10). With the transformer the convolutions see its result of 28 × 28, without it the whole picture.</remarks>
internal sealed class DigitNetwork : Module
{
    private const int Look = 28, Kernel = 5, First = 16, Second = 32, Hidden = 128;
    private readonly SpatialTransformer? transformer;
    private readonly Convolution first, second;
    private readonly Linear hidden, output;

    public DigitNetwork(bool hasTransformer)
    {
        if (hasTransformer)
            transformer = Register("transformer", new SpatialTransformer(new ConvolutionalLocalization(new LocalizationConfig { Height = Canvas.Size, Width = Canvas.Size }), Look, Look));
        int seen = hasTransformer ? Look : Canvas.Size, left = (((seen - Kernel + 1) / 2) - Kernel + 1) / 2;
        first = Register("first", new Convolution(1, First, (Kernel, Kernel)));
        second = Register("second", new Convolution(First, Second, (Kernel, Kernel)));
        hidden = Register("hidden", new Linear(left * left * Second, Hidden));
        output = Register("output", new Linear(Hidden, 10));
    }

    public Tensor Forward(Tensor pictures, in Pass pass)
    {
        Tensor x = transformer is null ? pictures : transformer.Forward(pictures, pass).Picture;
        x = first.Forward(x, pass).MaxPool(2).Relu();
        x = second.Forward(x, pass).MaxPool(2).Relu();
        return output.Forward(hidden.Forward(x.Reshape(new Shape(x.Shape[0], x.Length / x.Shape[0])), pass).Relu(), pass);
    }
}
