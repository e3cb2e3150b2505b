using System.Buffers.Binary;

namespace Heed;

/// <summary>The frame header of a JPEG: size, components and how they are sampled.</summary>
internal sealed class JpegFrame : IDisposable
{
    private readonly string? name;

    private JpegFrame(string? name, int width, int height, bool isProgressive, JpegComponent[] components)
    {
        (this.name, Width, Height, IsProgressive, Components) = (name, width, height, isProgressive, components);
        MostHorizontal = components.Max(component => component.Horizontal);
        MostVertical = components.Max(component => component.Vertical);
        foreach (JpegComponent component in components)
            component.Measure(width, height, MostHorizontal, MostVertical);
    }

    public int Width { get; }

    public int Height { get; }

    public bool IsProgressive { get; }

    public JpegComponent[] Components { get; }

    public int MostHorizontal { get; }

    public int MostVertical { get; }

    /// <summary>Units of interleaved scans: the smallest pieces that hold whole blocks of every component.</summary>
    public int UnitsAcross => (Width + 8 * MostHorizontal - 1) / (8 * MostHorizontal);

    public int UnitsDown => (Height + 8 * MostVertical - 1) / (8 * MostVertical);

    /// <summary>Whether every component had a scan.</summary>
    public bool IsWhole => Array.TrueForAll(Components, component => component.Quantization is not null && (!IsProgressive || component.PendingBits[0] >= 0));

    public static JpegFrame Parse(byte marker, ReadOnlySpan<byte> segment, string? name, PictureReadOptions options)
    {
        if (marker > JpegMarker.FrameProgressive)
            throw new InputException($"the JPEG is {JpegMarker.FrameName(marker)}; baseline and progressive ones are read. Save it as one of them.", name);
        if (segment.Length < 6 || segment.Length != 6 + 3 * segment[5])
            throw Damaged("its frame header has a wrong length", name);
        if (segment[0] != 8)
            throw new InputException(FormattableString.Invariant($"the JPEG has {segment[0]} bits a sample; 8 are read. Save it with 8 bits."), name);
        int height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
        if (height == 0 && width > 0)
            throw new InputException("the JPEG tells its height behind its data (a DNL marker), which is not read. Save it again with another program.", name);
        options.CheckSize(width, height, name);
        if (segment[5] is not (1 or 3 or 4))
            throw new InputException(FormattableString.Invariant($"the JPEG has {segment[5]} colour components; 1, 3 and 4 are read."), name);
        var components = new JpegComponent[segment[5]];
        for (int i = 0; i < components.Length; i++)
        {
            ReadOnlySpan<byte> entry = segment.Slice(6 + 3 * i, 3);
            (int horizontal, int vertical) = (entry[1] >> 4, entry[1] & 15);
            if (horizontal is < 1 or > 4 || vertical is < 1 or > 4 || entry[2] > 3)
                throw Damaged("a component has sampling factors or a table number that do not exist", name);
            // A single component is not interleaved: its factors mean nothing (T.81, section A.2.2).
            components[i] = components.Length == 1 ? new JpegComponent(entry[0], 1, 1, entry[2]) : new JpegComponent(entry[0], horizontal, vertical, entry[2]);
        }
        var frame = new JpegFrame(name, width, height, marker == JpegMarker.FrameProgressive, components);
        if (Array.Exists(components, component => frame.MostHorizontal % component.Horizontal != 0 || frame.MostVertical % component.Vertical != 0))
            throw new InputException("the JPEG has components whose sampling is no whole fraction of the picture's, which is not read. Save it with 4:4:4 or 4:2:0.", name);
        return frame;
    }

    /// <summary>Takes memory for the samples, once the file is long enough to hold them.</summary>
    /// <param name="bytes">Bytes from the first scan on.</param>
    public void Allocate(long bytes)
    {
        // Each block takes at least a code of one bit, in a sequential picture a second one for the end of the block.
        long blocks = Components.Sum(component => (long)component.BlocksAcross * component.BlocksDown);
        if (blocks * (IsProgressive ? 1 : 2) > bytes * 8)
        {
            throw new InputException(FormattableString.Invariant(
                $"the JPEG declares {Width} × {Height} pixels, more than its {bytes} bytes of data can hold. Is it whole?"), name);
        }
        foreach (JpegComponent component in Components)
            component.Allocate(IsProgressive);
    }

    /// <summary>Turns the coefficients of a progressive picture into samples.</summary>
    public void Transform()
    {
        foreach (JpegComponent component in Components)
        {
            Span<short> coefficients = component.Coefficients;
            int stride = 8 * component.Stride;
            for (int y = 0; y < component.BlocksDown; y++)
            {
                for (int x = 0; x < component.BlocksAcross; x++)
                {
                    JpegTransform.Inverse(
                        coefficients.Slice((y * component.Stride + x) * 64, 64), component.Quantization, component.Samples[(y * 8 * stride + 8 * x)..], stride);
                }
            }
        }
    }

    public InputException Fault(string what) => Damaged(what, name);

    public void Dispose()
    {
        foreach (JpegComponent component in Components)
            component.Dispose();
    }

    public static InputException Damaged(string what, string? name) => new($"the JPEG is damaged or cut off: {what}. Copy or save it again.", name);
}
