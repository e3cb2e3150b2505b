namespace Heed;

/// <summary>The second bytes of the markers of a JPEG (ITU-T T.81, table B.1).</summary>
internal static class JpegMarker
{
    public const byte
        FrameBaseline = 0xC0, FrameExtended = 0xC1, FrameProgressive = 0xC2, FrameLast = 0xCF,
        HuffmanTables = 0xC4, ArithmeticConditions = 0xCC, Restart0 = 0xD0, Restart7 = 0xD7, Start = 0xD8, End = 0xD9, Scan = 0xDA,
        QuantizationTables = 0xDB, LineCount = 0xDC, RestartInterval = 0xDD, App0 = 0xE0, App1 = 0xE1, App14 = 0xEE, Temporary = 0x01;

    /// <summary>Whether a marker begins a frame.</summary>
    public static bool IsFrame(byte marker) => marker is >= FrameBaseline and <= FrameLast and not (HuffmanTables or ArithmeticConditions or 0xC8);

    /// <summary>Whether a marker stands alone, without a length and data behind it.</summary>
    public static bool IsAlone(byte marker) => marker is Temporary or Start or End or (>= Restart0 and <= Restart7);

    /// <summary>What a frame that is not read is called.</summary>
    public static string FrameName(byte marker) => marker switch
    {
        0xC3 => "lossless",
        0xC5 or 0xC6 or 0xC7 => "hierarchical",
        0xC9 or 0xCA => "arithmetic-coded",
        0xCB => "lossless arithmetic-coded",
        _ => "hierarchical arithmetic-coded",
    };
}
