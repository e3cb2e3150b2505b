using System.Buffers.Binary;

namespace Heed;

/// <summary>Reads JPEG files (ITU-T T.81): the segments between the markers, then the scans.</summary>
/// <remarks>Baseline, extended sequential and progressive, Huffman coded, 8 bits; restart intervals; every whole sampling; grey, YCbCr, RGB, CMYK and
/// YCCK (the last two become RGB). Refused by name: arithmetic coding, lossless and hierarchical frames, other depths.</remarks>
internal ref struct JpegDecoder
{
    /// <summary>More scans than any encoder writes; a hostile file could ask for a walk over all blocks in a few bytes.</summary>
    private const int MaximumScans = 100;

    private readonly ReadOnlySpan<byte> data;
    private readonly string? name;
    private readonly PictureReadOptions options;
    private readonly ushort[]?[] quantization = new ushort[4][];
    private readonly JpegHuffmanTable?[] direct = new JpegHuffmanTable[4], alternating = new JpegHuffmanTable[4];
    private JpegFrame? frame;
    private int position = 2, restartInterval, scans, orientation = 1, adobeTransform = -1;
    private bool isJfif;

    private JpegDecoder(ReadOnlySpan<byte> data, string? name, PictureReadOptions options)
    {
        this.data = data;
        (this.name, this.options) = (name, options);
    }

    public static PictureInfo Inspect(ReadOnlySpan<byte> file, string? name, PictureReadOptions options)
    {
        var decoder = new JpegDecoder(file, name, options);
        while (decoder.frame is null)
        {
            if (decoder.Segment() is JpegMarker.End or 0)
                throw JpegFrame.Damaged("it has no frame header", name);
        }
        (int width, int height) = (decoder.frame.Width, decoder.frame.Height);
        bool isTurned = options.ApplyOrientation && decoder.orientation > 4;
        return new PictureInfo(PictureFormat.Jpeg, isTurned ? height : width, isTurned ? width : height);
    }

    public static Picture Decode(ReadOnlySpan<byte> file, string? name, PictureReadOptions options)
    {
        var decoder = new JpegDecoder(file, name, options);
        try
        {
            byte marker;
            do
                marker = decoder.Segment();
            while (marker is not (JpegMarker.End or 0));
            return decoder.Finish(marker);
        }
        finally
        {
            decoder.frame?.Dispose();
        }
    }

    /// <summary>Reads the next segment, with the scan behind it where it is one.</summary>
    /// <returns>Its marker; 0 at the end of the file.</returns>
    private byte Segment()
    {
        byte marker = NextMarker();
        if (marker == 0 || JpegMarker.IsAlone(marker))
            return marker;
        int length = position + 2 <= data.Length ? BinaryPrimitives.ReadUInt16BigEndian(data[position..]) : 0;
        if (length < 2 || position + length > data.Length)
            throw Fault(FormattableString.Invariant($"the segment {marker:X2} at byte {position} reaches beyond the file's {data.Length} bytes"));
        ReadOnlySpan<byte> segment = data.Slice(position + 2, length - 2);
        position += length;
        if (JpegMarker.IsFrame(marker))
            frame = frame is null ? JpegFrame.Parse(marker, segment, name, options) : throw Fault("it has a second frame");
        else
            Read(marker, segment);
        return marker;
    }

    private void Read(byte marker, ReadOnlySpan<byte> segment)
    {
        switch (marker)
        {
            case JpegMarker.HuffmanTables:
                ReadHuffman(segment);
                break;
            case JpegMarker.QuantizationTables:
                ReadQuantization(segment);
                break;
            case JpegMarker.RestartInterval:
                restartInterval = segment.Length == 2 ? BinaryPrimitives.ReadUInt16BigEndian(segment) : throw Fault("its restart interval has a wrong length");
                break;
            case JpegMarker.Scan:
                ReadScan(segment);
                break;
            case JpegMarker.App0:
                isJfif |= segment.StartsWith("JFIF\0"u8);
                break;
            case JpegMarker.App1:
                if (segment.StartsWith("Exif\0\0"u8))
                    orientation = ExifOrientation.Find(segment[6..]);
                break;
            case JpegMarker.App14:
                if (segment.StartsWith("Adobe"u8) && segment.Length >= 12)
                    adobeTransform = segment[11];
                break;
            default:
                break;
        }
    }

    /// <summary>Steps over fill bytes, and over what a scan left, to the next marker.</summary>
    private byte NextMarker()
    {
        while (position + 1 < data.Length)
        {
            int found = data[position..].IndexOf((byte)0xFF);
            if (found < 0 || position + found + 1 >= data.Length)
                break;
            position += found + 1;
            byte marker = data[position];
            // Zero is a stuffed byte, 0xFF the last fill byte before a marker.
            if (marker is not (0 or 0xFF))
            {
                position++;
                return marker;
            }
        }
        position = data.Length;
        return 0;
    }

    private readonly void ReadHuffman(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            int count = 0;
            if (segment.Length >= 17)
            {
                foreach (byte codes in segment.Slice(1, 16))
                    count += codes;
            }
            (int kind, int index) = (segment[0] >> 4, segment[0] & 15);
            if (segment.Length < 17 + count || count > 256 || kind > 1 || index > 3 || segment.Length < 17)
                throw Fault("a Huffman table has a wrong length or number");
            JpegHuffmanTable table = JpegHuffmanTable.Create(segment.Slice(1, 16), segment.Slice(17, count)) ?? throw Fault("a Huffman table has more codes than fit");
            (kind == 0 ? direct : alternating)[index] = table;
            segment = segment[(17 + count)..];
        }
    }

    private readonly void ReadQuantization(ReadOnlySpan<byte> segment)
    {
        while (!segment.IsEmpty)
        {
            (int size, int index) = ((segment[0] >> 4) + 1, segment[0] & 15);
            if (size > 2 || index > 3 || segment.Length < 1 + 64 * size)
                throw Fault("a quantisation table has a wrong length or number");
            // A new array, since a component keeps the one of its first scan.
            ushort[] table = new ushort[64];
            for (int k = 0; k < 64; k++)
                table[JpegTransform.Zigzag[k]] = size == 1 ? segment[1 + k] : BinaryPrimitives.ReadUInt16BigEndian(segment[(1 + 2 * k)..]);
            quantization[index] = table;
            segment = segment[(1 + 64 * size)..];
        }
    }

    private void ReadScan(ReadOnlySpan<byte> segment)
    {
        if (frame is null)
            throw Fault("it has a scan before the frame header");
        int count = segment.IsEmpty ? 0 : segment[0];
        if (count is < 1 or > 4 || segment.Length != 4 + 2 * count)
            throw Fault("a scan header has a wrong length");
        if (scans++ == 0)
            frame.Allocate(data.Length - position);
        if (scans > MaximumScans)
            throw Fault(FormattableString.Invariant($"it has more than {MaximumScans} scans"));
        (int first, int last, int high, int low) = (segment[^3], segment[^2], segment[^1] >> 4, segment[^1] & 15);
        if (!frame.IsProgressive)
            (first, last, high, low) = (0, 63, 0, 0);
        bool isBand = first > 0;
        if (last > 63 || first > last || (frame.IsProgressive && ((!isBand && last > 0) || (isBand && count > 1) || low > 13 || (high > 0 && high != low + 1))))
            throw Fault("a scan has coefficients or bits that do not exist");
        var components = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            int id = segment[1 + 2 * i], tables = segment[2 + 2 * i];
            JpegComponent component = Array.Find(frame.Components, c => c.Id == id) ?? throw Fault("a scan has a component that the frame does not have");
            if (Array.IndexOf(components, component) >= 0)
                throw Fault("a scan has a component twice");
            components[i] = component;
            Prepare(component, tables, first, last, high, low);
        }
        if (count > 1 && components.Sum(c => c.Horizontal * c.Vertical) > 10)
            throw Fault("a scan has units of more than ten blocks");
        position = new JpegScan(frame, components, first, last, high, low, restartInterval).Read(data, position);
    }

    /// <summary>Gives a component the tables of a scan, and sees that each bit of a coefficient comes once and in order.</summary>
    private readonly void Prepare(JpegComponent component, int tables, int first, int last, int high, int low)
    {
        component.Quantization ??= quantization[component.QuantizationIndex] ?? throw Fault("a quantisation table is missing");
        component.Direct = (tables >> 4) < 4 ? direct[tables >> 4] : null;
        component.Alternating = (tables & 15) < 4 ? alternating[tables & 15] : null;
        bool needsDirect = first == 0 && high == 0, needsAlternating = last > 0;
        if ((needsDirect && component.Direct is null) || (needsAlternating && component.Alternating is null))
            throw Fault("a Huffman table is missing");
        if (!frame!.IsProgressive)
            return;
        foreach (ref sbyte pending in component.PendingBits.AsSpan(first, last - first + 1))
        {
            if (pending != (high == 0 ? -1 : high))
                throw Fault("a scan repeats or leaves out bits of coefficients");
            pending = (sbyte)low;
        }
    }

    private readonly Picture Finish(byte marker)
    {
        // Without the end marker a sequential picture may be whole, a progressive one may lack scans.
        if (frame is null || !frame.IsWhole || (marker == 0 && frame.IsProgressive))
            throw Fault(FormattableString.Invariant($"it ends at byte {data.Length} without the whole picture"));
        if (frame.IsProgressive)
            frame.Transform();
        Picture picture = JpegColour.Convert(frame, SpaceOf(frame), isInverted: adobeTransform >= 0);
        return options.ApplyOrientation ? ExifOrientation.Apply(picture, orientation) : picture;
    }

    /// <summary>What the components mean. Where no segment says it, their numbers do.</summary>
    private readonly JpegSpace SpaceOf(JpegFrame frame) => frame.Components.Length switch
    {
        1 => JpegSpace.Grey,
        4 => adobeTransform == 2 ? JpegSpace.Ycck : JpegSpace.Cmyk,
        _ when isJfif => JpegSpace.YCbCr,
        _ when adobeTransform >= 0 => adobeTransform == 0 ? JpegSpace.Rgb : JpegSpace.YCbCr,
        _ => frame.Components is [{ Id: 'R' }, { Id: 'G' }, { Id: 'B' }] ? JpegSpace.Rgb : JpegSpace.YCbCr,
    };

    private readonly InputException Fault(string what) => JpegFrame.Damaged(what, name);
}
