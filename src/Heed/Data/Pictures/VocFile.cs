using System.Xml;
using System.Xml.Linq;

namespace Heed;

/// <summary>One annotation in the form of Pascal VOC (Everingham et al., IJCV 2010): <c>annotation/filename</c>, and of each <c>object</c> its
/// <c>name</c>, <c>bndbox</c> and perhaps <c>difficult</c>.</summary>
/// <param name="Path">The XML file.</param>
/// <param name="Picture">The name of the picture's file; empty where none is given.</param>
/// <param name="Boxes">Its boxes.</param>
internal sealed record VocFile(string Path, string Picture, List<NamedBox> Boxes)
{
    private const int MostCharacters = 1 << 24;

    // No DTD: a document cannot read other files or blow itself up.
    private static readonly XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MostCharacters };

    public static VocFile[] ReadFolder(string folder, PictureFaultList faults)
    {
        if (!Directory.Exists(folder))
            throw new InputException("there is no such folder of XML files.", folder);
        string[] paths = FileAccessFault.Guard(folder, "read", () => Directory.GetFiles(folder, "*.xml"));
        if (paths.Length == 0)
            throw new InputException("there are no XML files in it.", folder);
        Array.Sort(paths, string.CompareOrdinal);
        var files = new List<VocFile>();
        foreach (string path in paths)
            faults.Try("pictures", () => files.Add(Read(path)));
        return [.. files];
    }

    public static VocFile Read(string path)
    {
        try
        {
            // A stream, since a path would be taken for a URI.
            using FileStream stream = File.OpenRead(path);
            using var reader = XmlReader.Create(stream, settings);
            XElement root = XDocument.Load(reader, LoadOptions.SetLineInfo).Root!;
            return new VocFile(path, root.Element("filename")?.Value.Trim() ?? "", [.. root.Elements("object").Select(thing => Box(thing, path))]);
        }
        catch (XmlException e)
        {
            throw new InputException($"this is no readable XML ({e.Message.TrimEnd('.')}).", path, e.LineNumber, innerException: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileAccessFault.Create(path, "read", e);
        }
    }

    private static NamedBox Box(XElement thing, string path)
    {
        int line = ((IXmlLineInfo)thing).LineNumber;
        return new NamedBox(
            thing.Element("name")?.Value.Trim() ?? "", Corner("xmin"), Corner("ymin"), Corner("xmax"), Corner("ymax"), FormattableString.Invariant($"{path}, line {line}"))
        {
            Kind = thing.Element("difficult")?.Value.Trim() == "1" ? BoxKind.Difficult : BoxKind.Thing,
        };

        float Corner(string name) => thing.Element("bndbox")?.Element(name) is { } corner ? BoxNumber.Parse(corner.Value.Trim(), path, line)
            : throw new InputException($"an object has no bndbox/{name}.", path, line);
    }
}
