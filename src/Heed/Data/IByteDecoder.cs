using System.Buffers;

namespace Heed;

/// <summary>Turns bytes into UTF-16, strictly.</summary>
internal interface IByteDecoder
{
    /// <summary>The encoding's name.</summary>
    string Name { get; }

    /// <summary>Decodes as much as there is room for.</summary>
    /// <returns><see cref="OperationStatus.InvalidData"/> where the next byte belongs to no character; what stands before it is written.</returns>
    OperationStatus Decode(ReadOnlySpan<byte> bytes, Span<char> destination, bool isFinal, out int read, out int written);
}
