namespace Heed;

/// <summary>Finds the class of each picture of a folder or archive.</summary>
internal static class PictureLabels
{
    /// <summary>The class by folders; null where a picture has none and faults are skipped.</summary>
    public static string?[] FromFolders(PictureEntry[] entries, string path, PictureDataOptions options, PictureFaultList faults)
    {
        string[][] folders = Array.ConvertAll(entries, entry => entry.Key.Split('/')[..^1]);
        int shared = Shared(folders, options.LabelFolders);
        var classes = new string?[entries.Length];
        for (int i = 0; i < classes.Length; i++)
        {
            if (folders[i].Length >= shared + options.LabelFolders)
                classes[i] = string.Join('/', folders[i].AsSpan(shared, options.LabelFolders).ToArray());
            else
                faults.Add(new InputException("the picture is in no class's folder. Put it into one, or give the classes in a table (LabelTable, --labels).", entries[i].Name), "pictures");
        }
        if (Directory.Exists(path))
            CheckEmpty(path, folders, shared, options.LabelFolders, faults);
        return classes;
    }

    /// <summary>The class by a table with a row for each picture.</summary>
    public static string?[] FromTable(PictureEntry[] entries, string table, PictureDataOptions options, PictureFaultList faults)
    {
        var classes = new string?[entries.Length];
        Dictionary<string, int> names = PictureFiles.ByName(entries);
        foreach (TextRow row in TextTable.ReadRows(table, new TextReadOptions { Text = options.ImageColumn, Label = options.LabelColumn ?? "label" }))
        {
            if (Find(names, row, table, faults) is { } found)
                classes[found] = row.Label;
        }
        for (int i = 0; i < classes.Length; i++)
        {
            if (classes[i] is null)
                faults.Add(new InputException($"the picture has no row in {table}.", entries[i].Name), "pictures");
        }
        return classes;
    }

    /// <summary>The picture that a row of a table names.</summary>
    public static int? Find(Dictionary<string, int> names, in TextRow row, string table, PictureFaultList faults)
    {
        string name = row.Text.Trim();
        if (names.TryGetValue(name, out int found) && found >= 0)
            return found;
        string why = found < 0 ? "is the name of several pictures; give the path inside the folder or archive" : "is not among the pictures; correct it, or remove the row";
        faults.Add(new InputException($"'{name}' {why}.", table, row.Line), "rows");
        return null;
    }

    /// <summary>From names to numbers.</summary>
    /// <param name="entries">The pictures.</param>
    /// <param name="classes">Their classes; null for those that were skipped.</param>
    /// <param name="names">The names in order.</param>
    /// <param name="faults">Takes pictures whose class is not among the names.</param>
    /// <param name="kept">The places of the pictures that have a class.</param>
    public static int[] Number(PictureEntry[] entries, string?[] classes, IReadOnlyList<string> names, PictureFaultList faults, out List<int> kept)
    {
        Dictionary<string, int> numbers = Numbers(names);
        int[] result = new int[entries.Length];
        kept = [];
        for (int i = 0; i < entries.Length; i++)
        {
            if (classes[i] is not { } name)
                continue;
            if (numbers.TryGetValue(name, out result[i]))
                kept.Add(i);
            else
                faults.Add(new InputException($"the picture has the class '{name}', which is not among the names {NearestName.List([.. names])}.{NearestName.Hint(name, names)}", entries[i].Name), "pictures");
        }
        return result;
    }

    public static Dictionary<string, int> Numbers(IReadOnlyList<string> names)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
            numbers[names[i]] = i;
        return numbers;
    }

    /// <summary>How many folders at the front all pictures share, so that enough are left for the class.</summary>
    private static int Shared(string[][] folders, int needed)
    {
        int shared = 0;
        while (Array.TrueForAll(folders, own => own.Length > shared + needed && own[shared] == folders[0][shared]))
            shared++;
        return shared;
    }

    // An archive lists no empty folders as a rule; a folder shows them.
    private static void CheckEmpty(string path, string[][] folders, int shared, int levels, PictureFaultList faults)
    {
        string root = Path.Combine([path, .. folders[0].AsSpan(0, shared)]);
        HashSet<string> filled = [.. folders.SelectMany(own => Enumerable.Range(shared + 1, Math.Clamp(own.Length - shared, 0, levels)).Select(end => Path.Combine([path, .. own.AsSpan(0, end)])))];
        Look(root, levels);

        void Look(string parent, int levels)
        {
            foreach (string folder in Directory.EnumerateDirectories(parent).Where(folder => !Path.GetFileName(folder).StartsWith('.')).Order(StringComparer.Ordinal))
            {
                if (!filled.Contains(folder))
                    faults.Add(new InputException("the class's folder has no pictures. Remove it, or put pictures into it.", folder), "classes");
                else if (levels > 1)
                    Look(folder, levels - 1);
            }
        }
    }
}
