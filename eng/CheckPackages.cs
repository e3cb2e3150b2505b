// Checks the packages of a folder: dotnet run eng/CheckPackages.cs -- FOLDER
using System.IO.Compression;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

const long LibraryLimit = 2_000_000, ToolLimit = 10_000_000;

string[] packages = [.. Directory.GetFiles(args[0], "*.nupkg").Order(StringComparer.Ordinal)];
var faults = new List<string>();
foreach (string package in packages)
    Check(package);
if (packages.Length == 0)
    faults.Add($"{args[0]}: no packages");
foreach (string fault in faults)
    Console.Error.WriteLine(fault);
return faults.Count == 0 ? 0 : 1;

void Check(string package)
{
    string file = Path.GetFileName(package);
    void Expect(bool condition, string rule)
    {
        if (!condition)
            faults.Add($"{file}: {rule}");
    }

    using ZipArchive zip = ZipFile.OpenRead(package);
    XElement metadata = XDocument.Load(zip.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open()).Root!.Elements().First();
    string Text(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
    bool tool = metadata.Descendants().Any(element => element.Name.LocalName == "packageType" && element.Attribute("name")?.Value == "DotnetTool");
    long length = new FileInfo(package).Length, limit = tool ? ToolLimit : LibraryLimit;

    Expect(zip.GetEntry("README.md") is not null && Text("readme") == "README.md", "has no readme");
    Expect(Text("license") == "MIT", "has no licence");
    Expect(Text("description").Length > 0 && Text("tags").Length > 0, "has no description or tags");
    Expect(length < limit, FormattableString.Invariant($"has {length} bytes; {limit} are allowed"));
    Expect(File.Exists(Path.ChangeExtension(package, ".snupkg")), "has no symbol package");
    foreach (ZipArchiveEntry entry in zip.Entries)
        Expect(!IsNative(entry), $"holds the native file {entry.FullName}");
    if (!tool)
    {
        Expect(zip.Entries.Any(entry => entry.FullName.StartsWith("lib/", StringComparison.Ordinal) && entry.FullName.EndsWith(".xml", StringComparison.Ordinal)),
            "has no XML documentation");
    }
    Console.WriteLine(FormattableString.Invariant($"{file}: {length} bytes, {zip.Entries.Count} files"));
}

static bool IsNative(ZipArchiveEntry entry)
{
    if (Path.GetExtension(entry.FullName) is ".so" or ".dylib" or ".a" or ".lib" or ".exe")
        return true;
    if (!entry.FullName.EndsWith(".dll", StringComparison.Ordinal))
        return false;
    using var bytes = new MemoryStream();
    using (Stream stream = entry.Open())
        stream.CopyTo(bytes);
    bytes.Position = 0;
    using var image = new PEReader(bytes);
    return !image.HasMetadata;
}
