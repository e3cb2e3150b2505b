namespace Heed;

/// <summary>How the numbers of a safetensors entry are stored; little-endian, row-major.</summary>
public enum SafetensorsType
{
    /// <summary>IEEE 754 binary64, 8 bytes.</summary>
    F64,

    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    F32,

    /// <summary>IEEE 754 binary16, 2 bytes.</summary>
    F16,

    /// <summary>The upper half of a binary32 (bfloat16), 2 bytes.</summary>
    BF16,

    /// <summary>8-bit float with 4 exponent and 3 mantissa bits, 1 byte.</summary>
    F8E4M3,

    /// <summary>8-bit float with 5 exponent and 2 mantissa bits, 1 byte.</summary>
    F8E5M2,

    /// <summary>Signed, 8 bytes.</summary>
    I64,

    /// <summary>Signed, 4 bytes.</summary>
    I32,

    /// <summary>Signed, 2 bytes.</summary>
    I16,

    /// <summary>Signed, 1 byte.</summary>
    I8,

    /// <summary>Unsigned, 8 bytes.</summary>
    U64,

    /// <summary>Unsigned, 4 bytes.</summary>
    U32,

    /// <summary>Unsigned, 2 bytes.</summary>
    U16,

    /// <summary>Unsigned, 1 byte.</summary>
    U8,

    /// <summary>0 or 1, 1 byte.</summary>
    Bool,
}
