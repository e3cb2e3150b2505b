using System.Text.Json;

namespace Heed;

/// <summary>Boxes in the form of COCO (Lin et al., ECCV 2014): <c>images</c> (id, file_name), <c>categories</c> (id, name) and <c>annotations</c>
/// (image_id, category_id, bbox = [x, y, width, height], perhaps iscrowd).</summary>
/// <param name="LabelNames">The names of the categories, ordered ordinally.</param>
/// <param name="Pictures">The pictures in the order of the file.</param>
internal sealed record CocoFile(IReadOnlyList<string> LabelNames, IReadOnlyList<(string Name, List<NamedBox> Boxes)> Pictures)
{
    private const long LargestFile = 1L << 30;

    public static CocoFile Read(string path) => FileAccessFault.Guard(path, "read", () => JsonFile.Read(path, "COCO file", LargestFile, maximumDepth: 16, root =>
    {
        var names = root.GetProperty("categories").EnumerateArray().ToDictionary(c => c.GetProperty("id").GetInt64(), c => Text(c, "name"));
        var pictures = new List<(string, List<NamedBox>)>();
        var byId = new Dictionary<long, List<NamedBox>>();
        foreach (JsonElement image in root.GetProperty("images").EnumerateArray())
        {
            var boxes = new List<NamedBox>();
            byId.Add(image.GetProperty("id").GetInt64(), boxes);
            pictures.Add((Text(image, "file_name"), boxes));
        }
        int index = 0;
        foreach (JsonElement annotation in root.GetProperty("annotations").EnumerateArray())
            Add(annotation, FormattableString.Invariant($"{path}, annotation {index++}"), names, byId);
        return new CocoFile([.. names.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], pictures);
    }, "it needs images with id and file_name, categories with id and name, annotations with image_id, category_id and bbox"));

    private static string Text(JsonElement parent, string name) => parent.GetProperty(name).GetString() ?? throw new FormatException($"a {name} is null");

    private static void Add(JsonElement annotation, string place, Dictionary<long, string> names, Dictionary<long, List<NamedBox>> byId)
    {
        bool isCrowd = annotation.TryGetProperty("iscrowd", out JsonElement crowd) && crowd.ValueKind == JsonValueKind.Number && crowd.GetDouble() != 0;
        if (!byId.TryGetValue(annotation.GetProperty("image_id").GetInt64(), out List<NamedBox>? boxes))
            throw new FormatException($"{place} is of no image");
        if (!names.TryGetValue(annotation.GetProperty("category_id").GetInt64(), out string? name))
            throw new FormatException($"{place} is of no category");
        float[] box = [.. annotation.GetProperty("bbox").EnumerateArray().Select(number => number.GetSingle())];
        if (box.Length != 4)
            throw new FormatException($"the bbox of {place} does not have four numbers");
        boxes.Add(new NamedBox(name, box[0], box[1], box[0] + box[2], box[1] + box[3], place) { Kind = isCrowd ? BoxKind.Crowd : BoxKind.Thing });
    }
}
