namespace Heed;

/// <summary>The spatial transformer: soft, location-wise attention. The picture itself decides which part of it, turned and scaled how, is looked at, and gradients flow through the look.</summary>
/// <remarks>
/// <para>Formula: θ = localization(U), a 2 × 3 matrix for each picture; a pixel (x', y') of the result, in [−1, 1]², is read at (x, y)ᵀ = θ·(x', y', 1)ᵀ of U, bilinearly. θ = [s 0 t; 0 s t'] alone
/// is attention
/// that crops; a full θ also turns and shears.</para>
/// <para>Shapes: U <c>(batch, height, width, channels)</c>; θ <c>(batch, 6)</c>, row by row; result <c>(batch, height', width', channels)</c>. Coordinates as PyTorch's <c>align_corners = False</c>
/// has them: ±1 are
/// the outer edges; zeros outside.</para>
/// <para>Variant: affine, bilinear, one transformer. The paper also has thin plate splines and several transformers side by side.</para>
/// <para>Cost: the localization network, and 8·channels flops for each pixel of the result. Source: Jaderberg, Simonyan, Zisserman and Kavukcuoglu, "Spatial transformer networks", 2015, section
/// 3.</para>
/// </remarks>
public sealed class SpatialTransformer : Module
{
    internal static Mechanism Entry => new("spatial-transformer", MechanismKind.InputForm)
    {
        InputForm = "location-wise",
        InputRepresentation = "self",
        OutputRepresentation = "single",
        Formula = "θ = localization(U); pixel (x', y') of the result is U, bilinearly, at θ·(x', y', 1)ᵀ",
        Shapes = "picture (batch, height, width, channels); θ (batch, 6); result (batch, height', width', channels)",
        Cost = "The localization network, and 8·channels flops a pixel of the result",
        Source = "Jaderberg, Simonyan, Zisserman and Kavukcuoglu, \"Spatial transformer networks\", 2015",
        Variant = "Affine, bilinear, coordinates as align_corners = False; thin plate splines are not built.",
        Use = "Objects anywhere in the picture, turned or scaled.",
        Avoid = "Where several places matter at once, or the object fills the picture.",
        Example = new(() =>
        {
            SpatialTransformer look = new(new ConvolutionalLocalization(new LocalizationConfig { Height = 12, Width = 12, Kernel = 2 }), height: 2, width: 2);
            look.Initialize(seed: 1);
            Tensor picture = Tensor.From([.. Enumerable.Range(0, 144).Select(i => (float)i)], new Shape(1, 12, 12, 1));
            return Step.Evaluate(pass => look.Forward(picture, pass).Picture);
        }),
        Types = [typeof(SpatialTransformer), typeof(ConvolutionalLocalization)],
        Pages = ["spatial-transformer"],
    };

    private readonly Slot<Localization> localization;
    private readonly float[] lattice;

    /// <summary>Creates the transformer.</summary>
    /// <param name="localization">What finds θ; the network <c>localization</c> of the paper.</param>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    public SpatialTransformer(Localization localization, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(localization);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        this.localization = RegisterSlot("localization", localization);
        (Height, Width) = (height, width);
        lattice = Lattice(height, width);
    }

    /// <summary>Rows of the result.</summary>
    public int Height { get; }

    /// <summary>Columns of the result.</summary>
    public int Width { get; }

    /// <summary>Looks.</summary>
    /// <param name="picture">U: <c>(batch, height, width, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>The result <c>(batch, height', width', channels)</c>, and θ <c>(batch, 6)</c>: where the look went.</returns>
    /// <exception cref="ShapeException">The shape does not fit.</exception>
    public (Tensor Picture, Tensor Theta) Forward(Tensor picture, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(picture);
        Tensor theta = localization.Module.Forward(picture, pass);
        if (picture.Shape.Rank != 4 || theta.Shape != new Shape(picture.Shape[0], 6))
            throw ShapeException.For("SpatialTransformer", "theta", "(batch, 6), from the localization network,", theta.Shape);
        return (Return(picture.GridSample(Grid(theta, pass)), pass), theta);
    }

    // θ·(x', y', 1)ᵀ for all pixels of the result: (batch, height', width', 2).
    private Tensor Grid(Tensor theta, in Pass pass)
    {
        int batch = theta.Shape[0];
        Tensor points = theta.Reshape(new Shape(batch, 2, 3)).MatMul(pass.Input(lattice, new Shape(3, Height * Width)));
        return points.Transpose().Reshape(new Shape(batch, Height, Width, 2));
    }

    // (3, height'·width'): x', y' and 1 of each pixel's centre.
    private static float[] Lattice(int height, int width)
    {
        int pixels = height * width;
        float[] points = new float[3 * pixels];
        for (int i = 0; i < pixels; i++)
        {
            points[i] = (((2 * (i % width)) + 1f) / width) - 1;
            points[pixels + i] = (((2 * (i / width)) + 1f) / height) - 1;
            points[(2 * pixels) + i] = 1;
        }
        return points;
    }
}
