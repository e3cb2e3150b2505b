namespace Heed;

/// <summary>What finds the six numbers of an affine transform in a picture, for <see cref="SpatialTransformer"/>. Derive your own.</summary>
public abstract class Localization : Module
{
    /// <summary>Finds θ.</summary>
    /// <param name="picture">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>θ <c>(batch, 6)</c>, row by row.</returns>
    public abstract Tensor Forward(Tensor picture, in Pass pass);
}

/// <summary>The sizes of <see cref="ConvolutionalLocalization"/>.</summary>
public sealed record LocalizationConfig
{
    /// <summary>Rows of a picture.</summary>
    public required int Height { get; init; }

    /// <summary>Columns of a picture.</summary>
    public required int Width { get; init; }

    /// <summary>Values of a pixel; default 1.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Filters of the two convolutions; default 20.</summary>
    public int Filters { get; init; } = 20;

    /// <summary>Rows and columns of a filter; default 5.</summary>
    public int Kernel { get; init; } = 5;

    /// <summary>Size of the hidden dense layer; default 50.</summary>
    public int HiddenSize { get; init; } = 50;

    /// <summary>The size of the part that is looked at before anything is learned: θ starts as [s 0 0; 0 s 0]. Default 1: the whole picture.</summary>
    public float InitialScale { get; init; } = 1;
}

/// <summary>A small convolutional localization network, as the paper uses for distorted digits.</summary>
/// <remarks>
/// <para>Formula: pool(U) → convolution, pool, ReLU → convolution, ReLU → dense, ReLU → dense: θ. Each pool takes the largest of 2 × 2. The last layer starts with zero weights and the bias [s 0 0
/// 0 s 0], so the
/// transformer starts with the same upright look at every picture.</para>
/// <para>Shapes: picture <c>(batch, height, width, channels)</c>; θ <c>(batch, 6)</c>.</para>
/// </remarks>
public sealed class ConvolutionalLocalization : Localization
{
    private readonly LocalizationConfig config;
    private readonly Convolution first, second;
    private readonly Linear hidden;
    private readonly Parameter weight, bias;

    /// <summary>Creates the network.</summary>
    /// <param name="config">Its sizes.</param>
    /// <exception cref="ArgumentException">The picture is too small for two convolutions and pools.</exception>
    public ConvolutionalLocalization(LocalizationConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        (int height, int width) = (Reduced(config.Height, config.Kernel), Reduced(config.Width, config.Kernel));
        if (Math.Min(height, width) < 1)
            throw new ArgumentException(
                FormattableString.Invariant($"ConvolutionalLocalization: pictures of {config.Height} × {config.Width} are too small for two pools and two convolutions of {config.Kernel}; take a smaller Kernel."), nameof(config));
        this.config = config;
        first = Register("first", new Convolution(config.Channels, config.Filters, (config.Kernel, config.Kernel)));
        second = Register("second", new Convolution(config.Filters, config.Filters, (config.Kernel, config.Kernel)));
        hidden = Register("hidden", new Linear(height * width * config.Filters, config.HiddenSize));
        weight = Register("weight", new Parameter(new Shape(6, config.HiddenSize), Initializer.Zeros));
        bias = Register("bias", new Parameter(new Shape(6), new Upright(config.InitialScale)));
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor picture, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (picture.Shape.Rank != 4 || picture.Shape.Sizes[1..] is not [int height, int width, int channels] || (height, width, channels) != (config.Height, config.Width, config.Channels))
            throw ShapeException.For("ConvolutionalLocalization", nameof(picture),
                FormattableString.Invariant($"(batch, height, width, channels) = (batch, {config.Height}, {config.Width}, {config.Channels})"), picture.Shape);
        Tensor x = first.Forward(picture.MaxPool(2), pass).MaxPool(2).Relu();
        x = second.Forward(x, pass).Relu();
        x = hidden.Forward(x.Reshape(new Shape(x.Shape[0], x.Length / Math.Max(1, x.Shape[0]))), pass).Relu();
        return Return(Tensor.Linear(x, pass.Use(weight), pass.Use(bias)), pass);
    }

    private static int Reduced(int size, int kernel) => (((size / 2) - kernel + 1) / 2) - kernel + 1;

    private sealed class Upright(float scale) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            values.Clear();
            (values[0], values[4]) = (scale, scale);
        }
    }
}
