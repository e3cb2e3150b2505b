using Heed.Kernels;

namespace Heed;

/// <summary>A stream of random numbers that is a pure function of seed, purpose and position.</summary>
/// <remarks>
/// <para>One run has one seed and one stream for each purpose ("init", "shuffle", "dropout" …): drawing more numbers for one purpose never
/// changes another, and a run is resumed bit for bit by storing <see cref="Position"/>. The generator is <see cref="CounterRandom"/>.</para>
/// <para>Thread safety: an instance belongs to one thread; <see cref="Fork(string)"/> makes independent ones.</para>
/// </remarks>
public sealed class RandomStream
{
    private (ulong Low, ulong High) block;
    private ulong blockIndex = ulong.MaxValue;

    /// <summary>Creates the stream of a purpose.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the numbers are for; ordinal, case-sensitive.</param>
    public RandomStream(ulong seed, string purpose)
        : this(Derive(CounterRandom.Mix(seed), purpose))
    {
    }

    private RandomStream(ulong key) => Key = key;

    /// <summary>The key of the stream: seed and purpose, mixed.</summary>
    public ulong Key { get; }

    /// <summary>How many times 64 bits were drawn so far; setting it moves the stream there.</summary>
    public ulong Position { get; set; }

    /// <summary>A stream of its own, derived from this one's key (not its position).</summary>
    /// <param name="purpose">What the numbers are for.</param>
    public RandomStream Fork(string purpose) => new(Derive(Key, purpose));

    /// <summary>A stream of its own, derived from this one's key (not its position) and a number such as a step or a row.</summary>
    /// <param name="index">The number.</param>
    public RandomStream Fork(ulong index) => new(CounterRandom.Mix(Key ^ CounterRandom.Mix(index ^ 0x5851F42D4C957F2D)));

    /// <summary>This stream at its place, to draw the same numbers again.</summary>
    internal RandomStream Copy() => new(Key) { Position = Position };

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong index = Position >> 1;
        if (blockIndex != index)
            (block, blockIndex) = (CounterRandom.Block(Key, index), index);
        return (Position++ & 1) == 0 ? block.Low : block.High;
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1ul << 53));

    /// <summary>A number in [0, 1) with 24 random bits.</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>An integer in [0, <paramref name="exclusiveMaximum"/>), without bias.</summary>
    /// <param name="exclusiveMaximum">The bound, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is below 1.</exception>
    public int Next(int exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveMaximum, 1);
        ulong range = (ulong)exclusiveMaximum, product = (NextUInt64() >> 32) * range;
        // Lemire's rejection: the low half below 2^32 mod range would favour small results.
        for (ulong limit = (1ul << 32) % range; (uint)product < limit;)
            product = (NextUInt64() >> 32) * range;
        return (int)(product >> 32);
    }

    /// <summary>A number from the standard normal distribution (Box–Muller; two uniform draws each).</summary>
    public double NextNormal() =>
        Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>Puts the items into a random order (Fisher–Yates).</summary>
    /// <param name="items">The items; changed in place.</param>
    /// <typeparam name="T">Any type.</typeparam>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Derive(ulong key, string purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        foreach (char c in purpose)
            key = CounterRandom.Mix(key ^ c);
        return CounterRandom.Mix(key + (ulong)purpose.Length);
    }
}
