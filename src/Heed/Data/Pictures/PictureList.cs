using Heed.Kernels;

namespace Heed;

/// <summary>The pictures of a data set, decoded or not.</summary>
internal sealed class PictureList
{
    private readonly PictureEntry[] entries;
    private readonly PictureReadOptions decoding;

    private PictureList(PictureEntry[] entries, PictureReadOptions decoding) => (this.entries, this.decoding) = (entries, decoding);

    public int Count => entries.Length;

    /// <summary>Bytes of the pictures that are in memory decoded.</summary>
    public long DecodedBytes => entries.Sum(entry => entry.DecodedBytes);

    public string NameOf(int index) => entries[index].Name;

    public Picture Read(int index) => entries[index].Decode(decoding);

    public PictureList Select(IReadOnlyList<int> indices) => new([.. indices.Select(i => entries[i])], decoding);

    /// <summary>Checks the pictures as far as the options ask for, on as many threads as <see cref="Workers.Degree"/> says, and keeps those that can be used.</summary>
    /// <param name="found">All pictures.</param>
    /// <param name="options">Whether they are decoded and kept.</param>
    /// <param name="decoding">How they are decoded.</param>
    /// <param name="faults">Takes what cannot be used.</param>
    /// <param name="kept">The places of those that are kept in <paramref name="found"/>.</param>
    public static PictureList Create(IReadOnlyList<PictureEntry> found, PictureDataOptions options, PictureReadOptions decoding, PictureFaultList faults, out List<int> kept)
    {
        var usable = new PictureEntry[found.Count];
        var refused = new InputException?[found.Count];
        // Pictures that are given decoded are in memory anyway. Which ones the bound leaves out is left to chance; what they hold is not.
        long bytes = 0, most = options.KeepDecoded ? options.MaximumDecodedBytes : 0;
        bool isFull = most == 0;
        // Faults are collected, since the first in order is the one to report, whichever thread meets one.
        Parallel.For(0, found.Count, new ParallelOptions { MaxDegreeOfParallelism = Workers.Degree }, i =>
        {
            try
            {
                usable[i] = found[i];
                if (!faults.Skips && Volatile.Read(ref isFull))
                {
                    found[i].Size(decoding);
                    return;
                }
                PictureEntry decoded = found[i].Decoded(decoding);
                if (Volatile.Read(ref isFull))
                    return;
                if (Interlocked.Add(ref bytes, decoded.DecodedBytes) <= most)
                    usable[i] = decoded;
                else
                    Volatile.Write(ref isFull, true);
            }
            catch (InputException e)
            {
                refused[i] = e;
            }
        });
        kept = [];
        for (int i = 0; i < usable.Length; i++)
        {
            if (refused[i] is { } fault)
                faults.Add(fault, "pictures");
            else
                kept.Add(i);
        }
        return new PictureList([.. kept.Select(i => usable[i])], decoding);
    }
}
