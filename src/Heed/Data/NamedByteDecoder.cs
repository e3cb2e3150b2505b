using System.Buffers;
using System.Text;

namespace Heed;

/// <summary>Any encoding of the base library.</summary>
internal sealed class NamedByteDecoder(string name) : IByteDecoder
{
    private readonly Decoder decoder = TextEncodingName.Find(name).GetDecoder();
    private readonly bool isWindows = name.StartsWith("windows-125", StringComparison.Ordinal);

    public string Name => name;

    public OperationStatus Decode(ReadOnlySpan<byte> bytes, Span<char> destination, bool isFinal, out int read, out int written)
    {
        decoder.Convert(bytes, destination, isFinal, out read, out written, out bool isComplete);
        ReadOnlySpan<char> decoded = destination[..written];
        int invalid = decoded.IndexOf(TextEncodingName.Invalid);
        // The base library decodes the few bytes that these encodings leave open to control characters, which no text holds.
        int open = isWindows ? decoded.IndexOfAnyInRange('\u0080', '\u009F') : -1;
        if (invalid < 0 && open < 0)
            return isComplete ? OperationStatus.Done : OperationStatus.DestinationTooSmall;
        written = invalid < 0 ? open : open < 0 ? invalid : Math.Min(invalid, open);
        return OperationStatus.InvalidData;
    }
}
