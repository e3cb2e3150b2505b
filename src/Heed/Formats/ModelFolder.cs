using System.Reflection;
using System.Security.Cryptography;

namespace Heed;

/// <summary>How much of a model folder is checked when it is opened.</summary>
public enum ModelFolderCheck
{
    /// <summary>Presence, length and SHA-256 of every file; reads everything once (about 1 GB a second).</summary>
    Hashes,

    /// <summary>Presence and length only; finds what was cut off, not what was changed.</summary>
    Lengths,
}

/// <summary>A model on disk: a folder of files with a manifest, either whole or refused.</summary>
/// <remarks>
/// <para><c>manifest.json</c> lists every file with its length and SHA-256, and the version of the folder's form. A file that is missing,
/// cut off or changed, a manifest that names files elsewhere, and a form newer than this library are one <see cref="InputException"/> each.
/// Files that the manifest does not list are the user's own: they are ignored when reading and kept when a model is overwritten.</para>
/// <para>Thread safety: immutable; all members may be called from several threads.</para>
/// </remarks>
public sealed class ModelFolder
{
    private readonly ModelManifest manifest;

    private ModelFolder(string path, ModelManifest manifest) => (Path, this.manifest) = (path, manifest);

    /// <summary>Where the folder lies.</summary>
    public string Path { get; }

    /// <summary>The version of the library that wrote the folder, as <c>0.1.0</c>.</summary>
    public string LibraryVersion => manifest.LibraryVersion;

    /// <summary>The files by name, without the manifest itself; names differ in more than case.</summary>
    public IReadOnlyDictionary<string, ModelFile> Files => manifest.Files;

    /// <summary>Opens a model folder and checks that it is whole.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="check">How much is checked; hashes by default.</param>
    /// <exception cref="InputException">The folder is missing, is no Heed model, is newer than this library, or is not whole.</exception>
    /// <remarks>A process that was killed in the instant between the two renames of an overwriting save leaves the model under its temporary
    /// name; it is found there, and the next save tidies up.</remarks>
    public static ModelFolder Open(string path, ModelFolderCheck check = ModelFolderCheck.Hashes)
    {
        ArgumentNullException.ThrowIfNull(path);
        PickledWeights.Refuse(path);
        string folder = ModelFolderWriter.WholeFolder(path)
            ?? throw new InputException(File.Exists(path) ? "is a file; a model is a folder." : "no such folder. Is the path right?", path);
        var model = new ModelFolder(folder, ModelManifest.Read(folder));
        foreach ((string name, ModelFile file) in model.Files)
            CheckFile(model.PathOf(name), file, check);
        return model;
    }

    /// <summary>Writes a model folder so that it is there whole or not at all.</summary>
    /// <param name="path">The folder; made if absent. An existing Heed model there is replaced once the new one is whole; files in it that Heed
    /// did not write stay.</param>
    /// <param name="files">The files by name (letters, digits, dot, hyphen and underscore), each with the action that writes its content.</param>
    /// <exception cref="ArgumentException">A name is not a plain file name, or two names differ only in case.</exception>
    /// <exception cref="InputException">The folder holds something that is no Heed model, another process is saving there, or the file system
    /// refuses. What was there before is unchanged.</exception>
    /// <remarks>The new folder is made beside the old one and renamed, so <paramref name="path"/> cannot itself be the root of a mounted disk;
    /// a folder below it can.</remarks>
    public static void Write(string path, IReadOnlyDictionary<string, Action<Stream>> files) => Write(path, files, static _ => { });

    /// <summary>Writes a model folder; <paramref name="step"/> is told about each step on the disk, so that tests can stop anywhere.</summary>
    internal static void Write(string path, IReadOnlyDictionary<string, Action<Stream>> files, Action<string> step)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(files);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (string name in files.Keys)
        {
            if (!ModelManifest.IsFileName(name) || !names.Add(name))
            {
                throw new ArgumentException(
                    $"ModelFolder.Write: '{name}' must be a plain file name of ASCII letters, digits, '.', '-' and '_', given once.", nameof(files));
            }
        }
        new ModelFolderWriter(path, step).Write(files);
    }

    /// <summary>The path of a file of the model, for readers that want one.</summary>
    /// <param name="name">A name from <see cref="Files"/>.</param>
    /// <exception cref="InputException">The model has no such file.</exception>
    public string PathOf(string name) => Files.ContainsKey(name) ? System.IO.Path.Combine(Path, name)
        : throw new InputException($"the model has no '{name}'; it has {string.Join(", ", Files.Keys.Order(StringComparer.Ordinal))}.", Path);

    /// <summary>Opens a file of the model for reading.</summary>
    /// <param name="name">A name from <see cref="Files"/>.</param>
    /// <exception cref="InputException">The model has no such file, or it cannot be read.</exception>
    public Stream OpenRead(string name)
    {
        string path = PathOf(name);
        return FileAccessFault.Guard(path, "read", () => File.OpenRead(path));
    }

    internal static string CurrentLibraryVersion()
    {
        string text = typeof(ModelFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        int build = text.IndexOf('+', StringComparison.Ordinal);
        return build < 0 ? text : text[..build];
    }

    private static void CheckFile(string path, ModelFile expected, ModelFolderCheck check)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new InputException("missing, although the manifest of the model lists it. Copy the whole folder again.", path);
        if (file.Length != expected.Length)
        {
            throw new InputException(FormattableString.Invariant(
                $"has {file.Length} bytes, but the manifest of the model says {expected.Length}. Copy the whole folder again."), path);
        }
        if (check == ModelFolderCheck.Hashes && Hash(path) != expected.Sha256)
            throw new InputException("was changed after the model was saved: its SHA-256 is not the one in the manifest. Copy the whole folder again.", path);
    }

    private static string Hash(string path) => FileAccessFault.Guard(path, "read", () =>
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    });
}
