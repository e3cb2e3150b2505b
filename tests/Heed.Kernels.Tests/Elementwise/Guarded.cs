namespace Heed.Kernels.Tests;

/// <summary>A float buffer between guard values: kernels that write outside are found.</summary>
internal sealed class Guarded
{
    private const int Margin = 37;
    private const float Guard = 12345.678f;
    private readonly float[] memory;
    private readonly int length;

    public Guarded(params ReadOnlySpan<float> values)
        : this(values.Length) => values.CopyTo(Span);

    public Guarded(int length)
    {
        this.length = length;
        memory = new float[length + (2 * Margin)];
        memory.AsSpan().Fill(Guard);
        Span.Clear();
    }

    public Span<float> Span => memory.AsSpan(Margin, length);

    public float[] Checked()
    {
        memory.AsSpan(0, Margin).ContainsAnyExcept(Guard).ShouldBeFalse("written before the span");
        memory.AsSpan(Margin + length).ContainsAnyExcept(Guard).ShouldBeFalse("written behind the span");
        return Span.ToArray();
    }
}
