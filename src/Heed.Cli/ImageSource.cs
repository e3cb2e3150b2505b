using System.CommandLine;

namespace Heed.Cli;

/// <summary>Pictures with classes as a user has them: a folder or archive, CIFAR's binary files, or a pair of idx files.</summary>
internal sealed class ImageSource
{
    private static readonly string[] nameFiles = ["classes.txt", "batches.meta.txt", "fine_label_names.txt"], cifarEndings = [".bin", ".bin.gz"];
    private readonly Option<string?> labels = new("--labels") { Description = "A table with the class of each picture (columns image and label), in place of folders.", HelpName = "file" };
    private readonly Option<int> folders = new("--label-folders") { Description = "How many folders in a picture's path make up its class.", HelpName = "N", DefaultValueFactory = _ => 1 };

    /// <summary>How files are read, for sources of the same command.</summary>
    public PictureReading Reading { get; } = new();

    /// <summary>Whether a model answers by pictures and their mirrored forms.</summary>
    public static Option<bool> AverageMirrored(string kept) => new("--average-mirrored") { Description = $"Answers are means of the probabilities of a picture and of its mirrored form; twice the time{kept}." };

    public IEnumerable<Option> Options => [labels, folders, .. Reading.Options];

    /// <summary>Names of classes: with commas between, or a file with one a line.</summary>
    public static string[] Names(string text)
    {
        string[] names = File.Exists(text) ? Lines(text) : text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length >= 1 && names.Distinct(StringComparer.Ordinal).Count() == names.Length ? names
            : throw new UsageException($"--classes must be different names, with commas between, or a file with one a line; got '{text}'.");
    }

    /// <summary>Reads pictures.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">A folder, tar, tar.gz or zip of pictures; .bin or .bin.gz files of CIFAR-10 or CIFAR-100, with commas between; or IMAGES,LABELS in idx format.</param>
    /// <param name="names">The classes that there must be; null for those that are found.</param>
    public PictureData Read(ParseResult parsed, string path, IReadOnlyList<string>? names = null)
    {
        string[] parts = Path.Exists(path) ? [path] : path.Split(',');
        if (parts.All(part => cifarEndings.Any(ending => part.EndsWith(ending, StringComparison.OrdinalIgnoreCase))))
            return PictureData.ReadCifar(parts, names ?? ClassNames(parts[0]), labelCount: 0);
        if (parts.Length == 2)
            return PictureData.ReadIdx(parts[0], parts[1], names);
        PictureDataOptions options = Reading.Read(parsed) with { LabelTable = parsed.GetValue(labels), LabelFolders = parsed.GetValue(folders), LabelNames = names };
        return UsageException.Guard(() => PictureData.Read(path, options));
    }

    // The names that lie beside CIFAR's files, one a line.
    private static string[]? ClassNames(string path)
    {
        string? file = nameFiles.Select(name => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, name)).FirstOrDefault(File.Exists);
        return file is null ? null : Lines(file);
    }

    private static string[] Lines(string file) => [.. File.ReadAllLines(file).Select(line => line.Trim()).Where(line => line.Length > 0)];
}
