namespace Heed;

/// <summary>One scan of a JPEG: which components and which coefficients it holds, and the walk over their blocks (ITU-T T.81, annexes A.2, F and G).</summary>
internal readonly struct JpegScan
{
    private readonly JpegFrame frame;
    private readonly JpegComponent[] components;
    private readonly int first, last, high, low, restartInterval;

    public JpegScan(JpegFrame frame, JpegComponent[] components, int first, int last, int high, int low, int restartInterval)
    {
        (this.frame, this.components, this.first, this.last) = (frame, components, first, last);
        (this.high, this.low, this.restartInterval) = (high, low, restartInterval);
    }

    /// <summary>Reads the scan.</summary>
    /// <param name="data">The file.</param>
    /// <param name="position">Where the bits begin.</param>
    /// <returns>Where they end: at a marker, or at the end of the file.</returns>
    public int Read(ReadOnlySpan<byte> data, int position)
    {
        var reader = new JpegBitReader(data, position);
        bool isSingle = components.Length == 1;
        int across = isSingle ? components[0].BlocksAcross : frame.UnitsAcross, down = isSingle ? components[0].BlocksDown : frame.UnitsDown;
        int untilRestart = restartInterval, restart = 0, run = 0;
        Reset();
        for (int y = 0; y < down; y++)
        {
            for (int x = 0; x < across; x++)
            {
                if (restartInterval > 0 && untilRestart-- == 0)
                {
                    if (reader.IsExhausted || !reader.TryRestart(restart))
                        throw frame.Fault(FormattableString.Invariant($"the restart marker {restart} is missing at byte {reader.Position}"));
                    restart = (restart + 1) & 7;
                    (untilRestart, run) = (restartInterval - 1, 0);
                    Reset();
                }
                if (isSingle)
                    Block(ref reader, components[0], x, y, ref run);
                else
                    Unit(ref reader, x, y, ref run);
            }
            if (reader.IsExhausted)
                throw frame.Fault(FormattableString.Invariant($"its data end at byte {reader.Position} of {data.Length}, before the picture is whole"));
        }
        return reader.Position;
    }

    private void Reset()
    {
        foreach (JpegComponent component in components)
            component.Predictor = 0;
    }

    private void Unit(ref JpegBitReader reader, int x, int y, ref int run)
    {
        foreach (JpegComponent component in components)
        {
            for (int v = 0; v < component.Vertical; v++)
            {
                for (int h = 0; h < component.Horizontal; h++)
                    Block(ref reader, component, x * component.Horizontal + h, y * component.Vertical + v, ref run);
            }
        }
    }

    private void Block(ref JpegBitReader reader, JpegComponent component, int x, int y, ref int run)
    {
        if (!frame.IsProgressive)
        {
            Sequential(ref reader, component, x, y);
            return;
        }
        Span<short> block = component.Coefficients.Slice((y * component.Stride + x) * 64, 64);
        if (first == 0)
        {
            if (high == 0)
                block[0] = (short)(DirectCoefficient(ref reader, component) << low);
            else
            {
                reader.Fill();
                block[0] |= (short)(reader.Take(1) << low);
            }
        }
        else if (high == 0)
            FirstBits(ref reader, component, block, ref run);
        else
            NextBit(ref reader, component, block, ref run);
    }

    private void Sequential(ref JpegBitReader reader, JpegComponent component, int x, int y)
    {
        Span<short> block = stackalloc short[64];
        block.Clear();
        int direct = DirectCoefficient(ref reader, component), furthest = 0;
        block[0] = (short)direct;
        JpegHuffmanTable table = component.Alternating!;
        ReadOnlySpan<byte> zigzag = JpegTransform.Zigzag;
        for (int k = 1; k < 64; k++)
        {
            int symbol = reader.TakeSymbol(table), size = symbol & 15;
            if (size == 0)
            {
                // End of block, or sixteen zeros.
                if (symbol != 0xF0)
                    break;
                k += 15;
                continue;
            }
            k += symbol >> 4;
            if (symbol < 0 || k > 63)
                throw BadCode(reader.Position);
            block[zigzag[k]] = (short)reader.TakeSigned(size);
            furthest = k;
        }
        ReadOnlySpan<ushort> quantization = component.Quantization;
        int stride = 8 * component.Stride;
        Span<byte> samples = component.Samples[(y * 8 * stride + 8 * x)..];
        if (furthest == 0)
            JpegTransform.InverseDirect(block[0] * quantization[0], samples, stride);
        else
            JpegTransform.Inverse(block, quantization, samples, stride);
    }

    private int DirectCoefficient(ref JpegBitReader reader, JpegComponent component)
    {
        int size = reader.TakeSymbol(component.Direct!);
        if ((uint)size > 15)
            throw BadCode(reader.Position);
        return size == 0 ? component.Predictor : component.Predictor += reader.TakeSigned(size);
    }

    /// <summary>The first bits of a band of coefficients (T.81, section G.1.2.2).</summary>
    private void FirstBits(ref JpegBitReader reader, JpegComponent component, Span<short> block, ref int run)
    {
        if (run > 0)
        {
            run--;
            return;
        }
        ReadOnlySpan<byte> zigzag = JpegTransform.Zigzag;
        for (int k = first; k <= last; k++)
        {
            int symbol = reader.TakeSymbol(component.Alternating!), zeros = symbol >> 4, size = symbol & 15;
            if (symbol < 0)
                throw BadCode(reader.Position);
            if (size == 0 && zeros < 15)
            {
                run = EndOfBand(ref reader, zeros) - 1;
                return;
            }
            k += zeros;
            if (size == 0)
                continue;
            if (k > last)
                throw BadCode(reader.Position);
            block[zigzag[k]] = (short)(reader.TakeSigned(size) << low);
        }
    }

    /// <summary>One more bit of a band: of each coefficient that is not zero, and of those that become so (T.81, section G.1.2.3).</summary>
    private void NextBit(ref JpegBitReader reader, JpegComponent component, Span<short> block, ref int run)
    {
        ReadOnlySpan<byte> zigzag = JpegTransform.Zigzag;
        int k = first;
        while (run == 0 && k <= last)
        {
            int symbol = reader.TakeSymbol(component.Alternating!), zeros = symbol >> 4, size = symbol & 15;
            if (size > 1 || symbol < 0)
                throw BadCode(reader.Position);
            int value = 0;
            if (size == 1)
                value = reader.Take(1) == 1 ? 1 << low : -1 << low;
            else if (zeros < 15)
            {
                run = EndOfBand(ref reader, zeros);
                break;
            }
            // So many zeros are passed over; what is not zero among them is refined on the way.
            for (; k <= last; k++)
            {
                ref short coefficient = ref block[zigzag[k]];
                if (coefficient != 0)
                    Refine(ref reader, ref coefficient);
                else if (zeros-- == 0)
                {
                    coefficient = (short)value;
                    break;
                }
            }
            k++;
        }
        if (run == 0)
            return;
        for (; k <= last; k++)
        {
            ref short coefficient = ref block[zigzag[k]];
            if (coefficient != 0)
                Refine(ref reader, ref coefficient);
        }
        run--;
    }

    private void Refine(ref JpegBitReader reader, ref short coefficient)
    {
        reader.Fill();
        if (reader.Take(1) == 1)
            coefficient += (short)(coefficient > 0 ? 1 << low : -1 << low);
    }

    /// <summary>How many blocks, with this one, have no more coefficients in the band.</summary>
    private static int EndOfBand(ref JpegBitReader reader, int size) => (1 << size) + (size == 0 ? 0 : reader.Take(size));

    private InputException BadCode(int position) => frame.Fault(FormattableString.Invariant($"there is no valid code before byte {position}"));
}
