using System.Globalization;

namespace Heed;

/// <summary>What happens to pictures, boxes and masks that cannot be used.</summary>
public enum PictureFaults
{
    /// <summary>The first one is an error.</summary>
    Stop,

    /// <summary>They are left out and counted. Every picture is then decoded once while the data are read, so that none fails later.</summary>
    Skip,
}

/// <summary>Something that was left out.</summary>
/// <param name="Reason">The message that it would have stopped with; it names the file.</param>
/// <param name="Kind">In a word or two, for counting: <c>pictures</c>, <c>boxes</c>, <c>masks</c>, <c>classes</c>.</param>
public readonly record struct SkippedPicture(string Reason, string Kind);

/// <summary>What became of the files.</summary>
/// <param name="Read">Pictures found.</param>
/// <param name="Kept">Pictures kept.</param>
/// <param name="Skipped">What was left out, in the order of the files.</param>
public sealed record PictureReadCounts(int Read, int Kept, IReadOnlyList<SkippedPicture> Skipped)
{
    /// <summary>For people: <c>364 pictures read, 364 kept (skipped boxes: 2)</c>.</summary>
    public override string ToString()
    {
        string kept = string.Create(CultureInfo.InvariantCulture, $"{Read:N0} pictures read, {Kept:N0} kept");
        string skipped = string.Join(", ", Skipped.GroupBy(skipped => skipped.Kind, StringComparer.Ordinal)
            .Select(kind => string.Create(CultureInfo.InvariantCulture, $"skipped {kind.Key}: {kind.Count():N0}")));
        return skipped.Length == 0 ? kept : $"{kept} ({skipped})";
    }
}

/// <summary>Stops at a fault, or notes it.</summary>
internal sealed class PictureFaultList(PictureFaults policy)
{
    private readonly List<SkippedPicture> skipped = [];

    public bool Skips => policy == PictureFaults.Skip;

    public IReadOnlyList<SkippedPicture> Skipped => skipped;

    public void Add(InputException fault, string kind)
    {
        if (!Skips)
            throw fault;
        skipped.Add(new SkippedPicture(fault.Message, kind));
    }

    /// <summary>Notes what an action throws.</summary>
    /// <returns>Whether it threw nothing.</returns>
    public bool Try(string kind, Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (InputException fault) when (Skips)
        {
            Add(fault, kind);
            return false;
        }
    }
}
