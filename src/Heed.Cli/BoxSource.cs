using System.CommandLine;

namespace Heed.Cli;

/// <summary>Pictures with boxes as a user has them: pictures, and a table, a COCO file or a folder of VOC files beside them.</summary>
internal static class BoxSource
{
    /// <summary>What a path must be.</summary>
    public const string Form = "PICTURES,BOXES: a folder, tar, tar.gz or zip of pictures, and with a comma between a table (columns image, class, xmin, ymin, xmax, ymax), a COCO file (.json) or a folder of Pascal VOC files (.xml)";

    /// <summary>The option that takes some rows of a table.</summary>
    public static Option<string?> Rows(string name, string what) => new(name) { Description = $"Rows of the table {what}, by the value of a column, as split=train; without it all.", HelpName = "column=value" };

    /// <summary>Reads pictures and boxes.</summary>
    /// <param name="path">Both paths.</param>
    /// <param name="rows">Which rows of a table, as <c>column=value</c>; null for all.</param>
    /// <param name="reading">How files are read.</param>
    /// <param name="names">The classes that there must be; null for those that are found.</param>
    public static BoxData Read(string path, string? rows, PictureDataOptions reading, IReadOnlyList<string>? names = null)
    {
        int comma = path.LastIndexOf(',');
        if (comma < 1 || comma == path.Length - 1)
            throw new UsageException($"pictures with boxes are {Form}; got '{path}'.");
        (string pictures, string boxes) = (path[..comma], path[(comma + 1)..]);
        PictureDataOptions options = reading with { LabelNames = names };
        bool isFolder = Directory.Exists(boxes), isCoco = boxes.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        if (rows is not null && (isFolder || isCoco))
            throw new UsageException($"rows can be taken from a table only, and {boxes} is none.");
        return UsageException.Guard(() => isFolder ? BoxData.ReadVoc(pictures, boxes, options) : isCoco ? BoxData.ReadCoco(pictures, boxes, options) : BoxData.ReadTable(pictures, boxes, options, Filter(rows)));
    }

    private static (string Column, string Value)? Filter(string? rows)
    {
        if (rows is null)
            return null;
        int equals = rows.IndexOf('=', StringComparison.Ordinal);
        return equals < 1 ? throw new UsageException($"rows are chosen as column=value; got '{rows}'.") : (rows[..equals], rows[(equals + 1)..]);
    }
}
