namespace Heed;

/// <summary>Two dense layers with fewer units between: W₂·max(norm(W₁·z + b₁), 0) + b₂, over the last axis; W₂ may start at 0 and b₂ at a value. Names as timm's: <c>fc1</c>, <c>norm</c>, <c>fc2</c>.</summary>
internal sealed class BottleneckMlp : Module
{
    private readonly Linear fc1, fc2;
    private readonly LayerNorm? norm;

    public BottleneckMlp(int channels, int hidden, bool hasBias = true, bool hasNorm = false, float? start = null)
    {
        fc1 = Register("fc1", new Linear(channels, hidden, hasBias));
        norm = hasNorm ? Register("norm", new LayerNorm(hidden)) : null;
        fc2 = Register("fc2", start is { } value ? new Linear(hidden, channels, hasBias, Initializer.Zeros, Initializer.Filled(value)) : new Linear(hidden, channels, hasBias));
    }

    public Tensor Forward(Tensor z, in Pass pass)
    {
        Tensor hidden = fc1.Forward(z, pass);
        return Return(fc2.Forward((norm is null ? hidden : norm.Forward(hidden, pass)).Relu(), pass), pass);
    }
}
