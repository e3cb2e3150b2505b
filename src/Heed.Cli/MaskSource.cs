using System.CommandLine;

namespace Heed.Cli;

/// <summary>Pictures with masks as a user has them: a folder or archive with a folder of pictures and one of masks.</summary>
internal sealed class MaskSource
{
    private readonly Option<string?> classes = new("--classes") { Description = "Names of the classes by their numbers in the masks, from 0: written with commas between, or a file with one a line.", HelpName = "names" };
    private readonly Option<int> none = new("--void") { Description = "The number of pixels that belong to no class; -1 if there are none.", HelpName = "N", DefaultValueFactory = _ => -1 };
    private readonly Option<string> images = new("--images") { Description = "The folder of the pictures.", HelpName = "name", DefaultValueFactory = _ => "images" };
    private readonly Option<string> masks = new("--masks") { Description = "The folder of the masks.", HelpName = "name", DefaultValueFactory = _ => "labels" };
    private readonly PictureReading reading;

    /// <summary>Makes the options.</summary>
    /// <param name="reading">Options that another source of the command has, too; null to make them.</param>
    public MaskSource(PictureReading? reading = null)
    {
        this.reading = reading ?? new PictureReading();
        LookOptions = reading is null ? [none, images, masks, .. this.reading.Options] : [none, images, masks];
    }

    public IEnumerable<Option> Options => LookOptions.Prepend(classes);

    /// <summary>Those that count where a model says the classes.</summary>
    public IEnumerable<Option> LookOptions { get; }

    /// <summary>Reads pictures and masks.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">A folder, tar, tar.gz or zip.</param>
    /// <param name="names">The classes that there must be; null for those of the option.</param>
    public MaskData Read(ParseResult parsed, string path, IReadOnlyList<string>? names = null)
    {
        names ??= ImageSource.Names(parsed.GetValue(classes) ?? throw new UsageException("--classes is required: names of the classes by their numbers in the masks, with commas between, or a file with one a line."));
        return UsageException.Guard(() => MaskData.Read(path, names, parsed.GetValue(none) is >= 0 and int number ? number : null, reading.Read(parsed), parsed.GetValue(images)!, parsed.GetValue(masks)!));
    }
}
