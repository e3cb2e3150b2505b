using System.Runtime.CompilerServices;

namespace Heed;

/// <summary>From 64 quantised coefficients to 64 samples: the inverse discrete cosine transform in whole numbers.</summary>
/// <remarks>
/// <para>The factorisation of Loeffler, Ligtenberg and Moschytz ("Practical fast 1-D DCT algorithms with 11 multiplications", ICASSP 1989), rows after
/// columns, constants in 13 fraction bits and two extra bits between the passes: the arithmetic that the Independent JPEG Group's "slow integer"
/// transform made the common standard, so results agree with it bit for bit.</para>
/// </remarks>
internal static class JpegTransform
{
    private const int Bits = 13, Extra = 2;

    // √2 · cos and their sums, times 2^13, rounded.
    private const int
        F0298 = 2446, F0390 = 3196, F0541 = 4433, F0765 = 6270, F0899 = 7373, F1175 = 9633, F1501 = 12299, F1847 = 15137, F1961 = 16069,
        F2053 = 16819, F2562 = 20995, F3072 = 25172;

    /// <summary>The place of each coefficient of the zigzag order in a block's rows.</summary>
    public static ReadOnlySpan<byte> Zigzag =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    /// <summary>Transforms a block.</summary>
    /// <param name="block">64 coefficients in natural order.</param>
    /// <param name="quantization">64 factors in natural order.</param>
    /// <param name="samples">Where the first sample goes; the others follow in rows of <paramref name="stride"/> bytes.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    public static void Inverse(ReadOnlySpan<short> block, ReadOnlySpan<ushort> quantization, Span<byte> samples, int stride)
    {
        Span<int> work = stackalloc int[64];
        block = block[..64];
        quantization = quantization[..64];
        for (int x = 0; x < 8; x++)
        {
            int c0 = block[x] * quantization[x];
            if (block[x + 8] == 0 && block[x + 16] == 0 && block[x + 24] == 0 && block[x + 32] == 0 && block[x + 40] == 0 && block[x + 48] == 0 && block[x + 56] == 0)
            {
                int value = c0 << Extra;
                for (int y = 0; y < 64; y += 8)
                    work[x + y] = value;
                continue;
            }
            Eight(
                c0, block[x + 8] * quantization[x + 8], block[x + 16] * quantization[x + 16], block[x + 24] * quantization[x + 24], block[x + 32] * quantization[x + 32],
                block[x + 40] * quantization[x + 40], block[x + 48] * quantization[x + 48], block[x + 56] * quantization[x + 56], 1 << (Bits - Extra - 1), out Octet sums);
            const int shift = Bits - Extra;
            (work[x], work[x + 8], work[x + 16], work[x + 24]) = (sums.A >> shift, sums.B >> shift, sums.C >> shift, sums.D >> shift);
            (work[x + 32], work[x + 40], work[x + 48], work[x + 56]) = (sums.E >> shift, sums.F >> shift, sums.G >> shift, sums.H >> shift);
        }
        for (int y = 0; y < 8; y++)
        {
            ReadOnlySpan<int> row = work.Slice(8 * y, 8);
            Span<byte> to = samples.Slice(y * stride, 8);
            const int shift = Bits + Extra + 3;
            // Half of the last unit, and 128 to bring the samples to 0 … 255.
            Eight(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], (1 << (shift - 1)) + (128 << shift), out Octet sums);
            (to[0], to[1], to[2], to[3]) = (Clamp(sums.A >> shift), Clamp(sums.B >> shift), Clamp(sums.C >> shift), Clamp(sums.D >> shift));
            (to[4], to[5], to[6], to[7]) = (Clamp(sums.E >> shift), Clamp(sums.F >> shift), Clamp(sums.G >> shift), Clamp(sums.H >> shift));
        }
    }

    /// <summary>Writes the samples of a block whose only coefficient is the first.</summary>
    public static void InverseDirect(int value, Span<byte> samples, int stride)
    {
        // The two passes of the full transform, for this case.
        const int shift = Extra + 3;
        byte sample = Clamp(((value << Extra) + (1 << (shift - 1)) >> shift) + 128);
        for (int y = 0; y < 8; y++)
            samples.Slice(y * stride, 8).Fill(sample);
    }

    /// <summary>One transform of eight numbers; <paramref name="offset"/> is added to each result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(int c0, int c1, int c2, int c3, int c4, int c5, int c6, int c7, int offset, out Octet sums)
    {
        int common = (c2 + c6) * F0541, low = common - c6 * F1847, high = common + c2 * F0765;
        int plus = ((c0 + c4) << Bits) + offset, minus = ((c0 - c4) << Bits) + offset;
        int e0 = plus + high, e3 = plus - high, e1 = minus + low, e2 = minus - low;

        int z1 = c7 + c1, z2 = c5 + c3, z3 = c7 + c3, z4 = c5 + c1, z5 = (z3 + z4) * F1175;
        z1 *= -F0899;
        z2 *= -F2562;
        z3 = z5 - z3 * F1961;
        z4 = z5 - z4 * F0390;
        int o0 = c7 * F0298 + z1 + z3, o1 = c5 * F2053 + z2 + z4, o2 = c3 * F3072 + z2 + z3, o3 = c1 * F1501 + z1 + z4;
        sums = new Octet(e0 + o3, e1 + o2, e2 + o1, e3 + o0, e3 - o0, e2 - o1, e1 - o2, e0 - o3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Clamp(int value) => (uint)value <= 255 ? (byte)value : (byte)(~(value >> 31) & 255);

    private readonly record struct Octet(int A, int B, int C, int D, int E, int F, int G, int H);
}
