using System.Security.Cryptography;

namespace Heed;

/// <summary>One save of a model folder.</summary>
/// <remarks>
/// <para>Beside the target <c>T</c> three names are ours: <c>T.heed-lock</c> (held open by the saving process, so that a second one is refused),
/// <c>T.heed-new</c> (the folder being written; whole from the moment its manifest is renamed into it) and <c>T.heed-old</c> (the model being
/// replaced). Order: write new; rename T to old; rename new to T; carry the user's own files over; delete old.</para>
/// <para>Killed anywhere, either T is whole, or T is absent and both others are whole: <see cref="WholeFolder"/> finds the model, and the next
/// save ends what was begun (<see cref="FinishEarlierSave"/>).</para>
/// </remarks>
internal sealed class ModelFolderWriter
{
    private const string NewSuffix = ".heed-new", OldSuffix = ".heed-old", LockSuffix = ".heed-lock";

    private readonly string target;
    private readonly Action<string> step;

    public ModelFolderWriter(string path, Action<string> step)
    {
        target = Resolve(path);
        this.step = step;
    }

    private string New => target + NewSuffix;

    private string Old => target + OldSuffix;

    /// <summary>Where the whole model of a path lies: there, or under the name that an interrupted save left; null if nowhere.</summary>
    public static string? WholeFolder(string path)
    {
        string resolved = Resolve(path);
        return Directory.Exists(resolved) ? path : Array.Find([resolved + NewSuffix, resolved + OldSuffix], IsWhole);
    }

    public void Write(IReadOnlyDictionary<string, Action<Stream>> files)
    {
        string parent = Path.GetDirectoryName(target) ?? throw new InputException("a model cannot be saved as the root of a disk.", target);
        FileAccessFault.Guard(parent, "create", () => Directory.CreateDirectory(parent));
        using FileStream saving = Lock();
        Guard(FinishEarlierSave);
        RefuseStrangers(files.Keys);
        try
        {
            Guard(() => Directory.CreateDirectory(New));
            step("new folder");
            WriteNew(files);
        }
        catch
        {
            // The save failed in this process, which is no kill: take back what it did.
            if (Directory.Exists(New))
                Guard(() => Directory.Delete(New, recursive: true));
            throw;
        }
        Guard(Swap);
    }

    private void WriteNew(IReadOnlyDictionary<string, Action<Stream>> files)
    {
        var written = new Dictionary<string, ModelFile>(StringComparer.Ordinal);
        foreach ((string name, Action<Stream> write) in files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            written.Add(name, WriteFile(Path.Combine(New, name), write));
            step(name);
        }
        byte[] manifest = new ModelManifest(ModelFolder.CurrentLibraryVersion(), written).ToJson();
        AtomicFile.Write(Path.Combine(New, ModelManifest.FileName), stream => stream.Write(manifest));
        step("manifest");
    }

    private static ModelFile WriteFile(string path, Action<Stream> write) => FileAccessFault.Guard(path, "write", () =>
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        write(stream);
        stream.Flush(flushToDisk: true);
        stream.Position = 0;
        return new ModelFile(stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    });

    private void Swap()
    {
        if (Directory.Exists(target))
        {
            Directory.Move(target, Old);
            step("old aside");
        }
        Directory.Move(New, target);
        step("new in place");
        Retire();
    }

    /// <summary>Ends a save that was killed: where the target is missing, the model that is whole takes its place; everything else is undone.</summary>
    private void FinishEarlierSave()
    {
        if (!Directory.Exists(target) && Array.Find([New, Old], IsWhole) is { } whole)
            Directory.Move(whole, target);
        if (Directory.Exists(New))
            Directory.Delete(New, recursive: true);
        Retire();
    }

    /// <summary>Deletes the model that was replaced, after what the user had put there is moved to the new one.</summary>
    private void Retire()
    {
        if (!Directory.Exists(Old))
            return;
        // Its manifest goes last: until then a second attempt still knows which files were ours.
        foreach (string name in IsWhole(Old) ? ModelManifest.Read(Old).Files.Keys : [])
            File.Delete(Path.Combine(Old, name));
        step("old files deleted");
        foreach (string entry in Directory.EnumerateFileSystemEntries(Old).ToArray())
        {
            string name = Path.GetFileName(entry);
            if (name != ModelManifest.FileName)
                Directory.Move(entry, Path.Combine(target, name));
        }
        step("strangers moved");
        File.Delete(Path.Combine(Old, ModelManifest.FileName));
        Directory.Delete(Old);
        step("old deleted");
    }

    /// <summary>Only a Heed model or an empty folder is replaced, and no file of the user's is.</summary>
    private void RefuseStrangers(IEnumerable<string> names)
    {
        if (File.Exists(target))
            throw new InputException("is a file; a model is saved as a folder. Choose another name.", target);
        if (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any())
            return;
        if (!IsWhole(target))
            throw new InputException("is not empty and no Heed model, so nothing is written there. Choose another folder, or delete it first.", target);
        ModelManifest existing = ModelManifest.Read(target);
        string? stranger = names.FirstOrDefault(name => !existing.Files.ContainsKey(name) && Path.Exists(Path.Combine(target, name)));
        if (stranger is not null)
            throw new InputException($"has a file '{stranger}' that Heed did not write and would replace. Move it away.", target);
    }

    private FileStream Lock()
    {
        try
        {
            return new FileStream(target + LockSuffix, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"cannot be saved: {e.Message} Is another process saving it?", target, innerException: e);
        }
    }

    private void Guard(Action action) => FileAccessFault.Guard(target, "write", action);

    private static bool IsWhole(string folder) => File.Exists(Path.Combine(folder, ModelManifest.FileName));

    /// <summary>The absolute path; through a link, so that the link stays one.</summary>
    private static string Resolve(string path) => FileAccessFault.Guard(path, "open", () =>
    {
        var folder = new DirectoryInfo(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return folder.LinkTarget is null ? folder.FullName : Path.TrimEndingDirectorySeparator(folder.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
    });
}
