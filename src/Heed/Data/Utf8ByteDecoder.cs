using System.Buffers;
using System.Text.Unicode;

namespace Heed;

/// <summary>UTF-8, the fast way.</summary>
internal sealed class Utf8ByteDecoder : IByteDecoder
{
    public string Name => TextEncodingName.Utf8;

    public OperationStatus Decode(ReadOnlySpan<byte> bytes, Span<char> destination, bool isFinal, out int read, out int written)
    {
        OperationStatus status = Utf8.ToUtf16(bytes, destination, out read, out written, replaceInvalidSequences: false, isFinalBlock: isFinal);
        return status == OperationStatus.NeedMoreData && isFinal ? OperationStatus.InvalidData : status;
    }
}
