namespace Heed.Kernels;

/// <summary>Numbers in −3 … 3, a pure function of the seed.</summary>
internal struct ScoreDraw(ulong seed)
{
    private ulong drawn;

    public float Next() => ((CounterRandom.Block(seed, drawn++).Low >> 40) * (6f / (1 << 24))) - 3;

    public int Next(int count) => (int)((CounterRandom.Block(seed, drawn++).Low >> 33) % (ulong)count);

    public float[] Numbers(int count)
    {
        float[] numbers = new float[count];
        foreach (ref float number in numbers.AsSpan())
            number = Next();
        return numbers;
    }
}
