namespace Heed;

/// <summary>Divides pictures that have no single class: every picture with the same chance.</summary>
internal static class PictureParts
{
    public static (int[] Train, int[] Dev, int[] Test) Draw(int count, ulong seed, double dev, double test)
    {
        if (!(dev >= 0 && test >= 0 && dev + test < 1))
            throw new ArgumentOutOfRangeException(nameof(dev), FormattableString.Invariant($"Split: dev and test must be shares from 0 that leave something to train on; got {dev} and {test}."));
        int[] order = [.. Enumerable.Range(0, count)];
        RandomStream random = new(seed, "parts");
        for (int i = count - 1; i > 0; i--)
        {
            int j = random.Next(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        int devCount = Share(dev), testCount = Math.Min(Share(test), count - devCount);
        return ([.. order[(devCount + testCount)..].Order()], [.. order[..devCount].Order()], [.. order[devCount..(devCount + testCount)].Order()]);

        int Share(double share) => share == 0 ? 0 : Math.Min(count, Math.Max(1, (int)Math.Round(share * count)));
    }
}
