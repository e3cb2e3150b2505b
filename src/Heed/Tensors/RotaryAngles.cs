using Heed.Kernels;

namespace Heed;

/// <summary>Sines and cosines of rotary position embedding, made for as many positions as were asked for.</summary>
/// <remarks>Frequency i of n/2 is base^(−2i/n); linear scaling divides positions by a factor, which lets a model read texts that many times longer. Safe from many threads.
/// Source: Su et al., "RoFormer", 2021; linear scaling: Chen et al., "Extending context window of large language models via positional interpolation", 2023.</remarks>
public sealed class RotaryAngles
{
    private const int First = 256;
    private volatile Table table = new([], []);

    /// <summary>Angles for heads of a size.</summary>
    /// <param name="size">n, features of a head that turn: even.</param>
    /// <param name="frequencyBase">base; default 10,000.</param>
    /// <param name="factor">What positions are divided by; default 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number does not suit.</exception>
    public RotaryAngles(int size, double frequencyBase = 10_000, double factor = 1)
    {
        if (size < 2 || size % 2 != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, "RotaryAngles: size must be even and at least 2.");
        if (!(frequencyBase > 1) || !double.IsFinite(frequencyBase))
            throw new ArgumentOutOfRangeException(nameof(frequencyBase), frequencyBase, "RotaryAngles: the base must be above 1.");
        if (!(factor > 0) || !double.IsFinite(factor))
            throw new ArgumentOutOfRangeException(nameof(factor), factor, "RotaryAngles: the factor must be above 0.");
        (Size, FrequencyBase, Factor) = (size, frequencyBase, factor);
    }

    /// <summary>Features of a head that turn.</summary>
    public int Size { get; }

    /// <summary>The base of the frequencies.</summary>
    public double FrequencyBase { get; }

    /// <summary>What positions are divided by.</summary>
    public double Factor { get; }

    // (positions, size/2) each; at least as many positions as asked for.
    internal Table For(int positions)
    {
        Table now = table;
        int pairs = Size / 2;
        if (now.Cos.Length >= (long)positions * pairs)
            return now;
        int count = Math.Max(First, positions > 1 << 24 ? positions : (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)positions));
        Table made = new(new float[checked(count * pairs)], new float[count * pairs]);
        RotaryKernel.Angles(FrequencyBase, Factor, pairs, made.Cos, made.Sin);
        return table = made;
    }

    internal sealed record Table(float[] Cos, float[] Sin);
}
