namespace Heed.Kernels;

/// <summary>How a <see cref="KeyValueCache"/> stores numbers.</summary>
public enum KeyValueFormat
{
    /// <summary>4 bytes, exact.</summary>
    Float32,

    /// <summary>2 bytes: the upper half of float32, rounded to nearest. Half the memory traffic of decoding; relative error up to 2⁻⁹.</summary>
    BFloat16,
}
