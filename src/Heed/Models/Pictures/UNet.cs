namespace Heed;

/// <summary>A U-Net: an encoder that sees ever larger parts of a picture at ever fewer places, and a decoder that goes back to all pixels and takes at each step what the encoder saw there. It says the class of every pixel.</summary>
/// <remarks>
/// <para>Formula: e_1 = block(x), e_n = block(max over 2 × 2 of e_{n−1}); d_N = e_N, d_n = block([e_n, up(d_{n+1})]); logits = a 1 × 1 convolution of d_1. With a backbone e is its levels, and what its finest one has fewer pixels
/// than the picture is made up for by bilinear interpolation of the logits.</para>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c>; logits <c>(batch, height, width, classes)</c>. Any size: pictures are padded with zeros below and on the right to a multiple of the largest stride, and the logits cut
/// back. Convolutions keep the size by padding, where the paper loses a border.</para>
/// <para>Parameter names: <c>encoder1.conv1</c>, …; <c>up1</c> and <c>decoder1</c> for the finest step of the decoder; <c>head</c>; a backbone is <c>backbone</c>.</para>
/// <para>Source: Ronneberger, Fischer and Brox, "U-Net", 2015; with batch norm; attention at the end of every block as Roy, Navab and Wachinger 2018 have it.</para>
/// </remarks>
public sealed class UNet : Module
{
    private readonly ConvolutionBlock[] encoder;
    private readonly PictureNetwork? backbone;
    private readonly Module[] enlargements;
    private readonly ConvolutionBlock[] decoder;
    private readonly Slot<Convolution> head;

    /// <summary>Creates the network.</summary>
    /// <param name="config">The shape.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public UNet(UNetConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        // Its own head is not used, so one class is enough.
        PictureNetworkConfig? shape = config.Backbone is null ? null : config.Backbone with { Channels = config.Channels, ClassCount = 1 };
        Config = config with { Backbone = shape };
        int[] widths = [.. config.Widths], levels;
        if (shape is null)
        {
            encoder = [.. widths.Select((width, n) => Register(FormattableString.Invariant($"encoder{n + 1}"),
                new ConvolutionBlock(n == 0 ? config.Channels : widths[n - 1], width, config.Depth, config.Attention, config.Reduction)))];
            (levels, Stride) = (widths, 1 << (widths.Length - 1));
        }
        else
        {
            encoder = [];
            backbone = Register("backbone", shape.Create());
            backbone.RequireLevels(widths.Length, FormattableString.Invariant($"UNetConfig: there are {widths.Length} widths"));
            (levels, Stride) = ([.. backbone.LevelChannels.Take(widths.Length)], backbone.LevelStrides[^1]);
        }
        enlargements = new Module[levels.Length - 1];
        decoder = new ConvolutionBlock[levels.Length - 1];
        int from = levels[^1];
        for (int n = levels.Length - 2; n >= 0; n--)
        {
            enlargements[n] = Register(FormattableString.Invariant($"up{n + 1}"), config.Upsampling == "transposed"
                ? new TransposedConvolution(from, widths[n], (2, 2), stride: 2) : (Module)new Convolution(from, widths[n], (1, 1)));
            decoder[n] = Register(FormattableString.Invariant($"decoder{n + 1}"), new ConvolutionBlock(levels[n] + widths[n], widths[n], config.Depth, config.Attention, config.Reduction));
            from = widths[n];
        }
        head = RegisterSlot("head", new Convolution(from, config.ClassCount, (1, 1)));
    }

    /// <summary>The shape.</summary>
    public UNetConfig Config { get; }

    /// <summary>Rows and columns are padded to a multiple of it.</summary>
    public int Stride { get; }

    internal PictureNetwork? Backbone => backbone;

    /// <summary>A forward pass over one black picture.</summary>
    internal Func<Pass, Tensor> Look(int height, int width) => pass => Forward(pass.Input(new float[height * width * Config.Channels], new Shape(1, height, width, Config.Channels)), pass);

    /// <summary>Logits of each pixel.</summary>
    /// <param name="pictures">Shape <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, height, width, classes)</c>.</returns>
    /// <exception cref="ShapeException">The pictures have other channels.</exception>
    public Tensor Forward(Tensor pictures, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        if (pictures.Shape.Rank != 4 || pictures.Shape[3] != Config.Channels)
            throw ShapeException.For("UNet", nameof(pictures), FormattableString.Invariant($"(batch, height, width, channels) with channels = {Config.Channels}"), pictures.Shape, "Pictures have their channels last.");
        (int height, int width) = (pictures.Shape[1], pictures.Shape[2]);
        int rows = Padded(height), columns = Padded(width);
        bool isPadded = (rows, columns) != (height, width);
        IReadOnlyList<Tensor> levels = Levels(isPadded ? pictures.Crop(0, 0, rows, columns) : pictures, pass);
        Tensor y = pass.Probed(this, levels[decoder.Length]);
        for (int n = decoder.Length - 1; n >= 0; n--)
            y = decoder[n].Forward(Tensor.Concatenate(levels[n], Enlarge(n, y, levels[n].Shape, pass)), pass);
        y = head.Module.Forward(y, pass);
        if ((y.Shape[1], y.Shape[2]) != (rows, columns))
            y = y.Resize(rows, columns);
        return Return(isPadded ? y.Crop(0, 0, height, width) : y, pass);
    }

    private int Padded(int size) => (size + Stride - 1) / Stride * Stride;

    private IReadOnlyList<Tensor> Levels(Tensor pictures, in Pass pass)
    {
        if (backbone is not null)
            return backbone.Levels(pictures, pass);
        Tensor[] levels = new Tensor[encoder.Length];
        for (int n = 0; n < levels.Length; n++)
            levels[n] = encoder[n].Forward(n == 0 ? pictures : levels[n - 1].MaxPool(2), pass);
        return levels;
    }

    // A 1 × 1 convolution and interpolation can change places; where there are fewer pixels the convolution is cheaper.
    private Tensor Enlarge(int n, Tensor x, Shape like, in Pass pass) => enlargements[n] is TransposedConvolution transposed
        ? transposed.Forward(x, pass) : ((Convolution)enlargements[n]).Forward(x, pass).Resize(like[1], like[2]);
}
