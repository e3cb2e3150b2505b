using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Heed;

/// <summary>How a trace stores weights.</summary>
public enum TraceType
{
    /// <summary>4 bytes a weight: every bit is kept.</summary>
    F32,

    /// <summary>2 bytes a weight: within 2⁻¹¹ of its own size, or 2⁻²⁵.</summary>
    F16,

    /// <summary>1 byte a weight and the largest of each row: within 1/510 of the row's largest.</summary>
    U8,
}

/// <summary>What the cells of a coarser level of a trace are.</summary>
public enum TracePooling
{
    /// <summary>The mean of the weights that a cell covers.</summary>
    Mean,

    /// <summary>Their largest, so that a single strong weight is still seen.</summary>
    Max,
}

/// <summary>Rows of weights as bytes, and back.</summary>
internal static class TraceCode
{
    public static int Size(TraceType type) => type switch { TraceType.F32 => 4, TraceType.F16 => 2, _ => 1 };

    public static SafetensorsType Stored(TraceType type) => type switch { TraceType.F32 => SafetensorsType.F32, TraceType.F16 => SafetensorsType.F16, _ => SafetensorsType.U8 };

    /// <summary>Writes one row.</summary>
    /// <returns>The row's scale; of use for <see cref="TraceType.U8"/> alone.</returns>
    public static float Encode(TraceType type, ReadOnlySpan<float> row, Span<byte> bytes)
    {
        if (type == TraceType.F32)
        {
            if (BitConverter.IsLittleEndian)
                MemoryMarshal.AsBytes(row).CopyTo(bytes);
            else
                for (int i = 0; i < row.Length; i++)
                    BinaryPrimitives.WriteSingleLittleEndian(bytes[(4 * i)..], row[i]);
            return 0;
        }
        if (type == TraceType.F16)
        {
            for (int i = 0; i < row.Length; i++)
                BinaryPrimitives.WriteHalfLittleEndian(bytes[(2 * i)..], (Half)row[i]);
            return 0;
        }
        float largest = row.IsEmpty ? 0 : Math.Max(0, TensorPrimitives.Max(row));
        for (int i = 0; i < row.Length; i++)
            bytes[i] = largest > 0 ? (byte)Math.Round(byte.MaxValue * Math.Clamp(row[i] / largest, 0, 1)) : (byte)0;
        return largest;
    }

    /// <summary>Reads one row.</summary>
    public static void Decode(TraceType type, ReadOnlySpan<byte> bytes, float scale, Span<float> row)
    {
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = type switch
            {
                TraceType.F32 => BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]),
                TraceType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]),
                _ => scale * bytes[i] / byte.MaxValue,
            };
        }
    }
}
