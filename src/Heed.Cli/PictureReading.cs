using System.CommandLine;

namespace Heed.Cli;

/// <summary>The options of how files of pictures are read, whatever belongs to them.</summary>
internal sealed class PictureReading
{
    private const int Mebibyte = 1 << 20;
    private readonly Option<bool> skip = new("--skip-faults") { Description = "Leave out files that cannot be read, and count them; otherwise the first one ends the run." };
    private readonly Option<int> keep = new("--keep-decoded")
    {
        Description = "MiB of decoded pictures that stay in memory, of each data set; the others are decoded each time they are needed.",
        HelpName = "MiB",
        DefaultValueFactory = _ => (int)(new PictureDataOptions().MaximumDecodedBytes / Mebibyte),
    };

    public IEnumerable<Option> Options => [skip, keep];

    public PictureDataOptions Read(ParseResult parsed) => parsed.GetValue(keep) is >= 0 and int most
        ? new() { Faults = parsed.GetValue(skip) ? PictureFaults.Skip : PictureFaults.Stop, KeepDecoded = true, MaximumDecodedBytes = (long)most * Mebibyte }
        : throw new UsageException(FormattableString.Invariant($"--keep-decoded must be at least 0 MiB, got {parsed.GetValue(keep)}."));
}
