using System.Text;
using Heed.Testing;

namespace Heed.Tests.Formats;

public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Model => folder["model"];

    public void Dispose() => folder.Dispose();

    internal static Dictionary<string, Action<Stream>> Files(string content) => new(StringComparer.Ordinal)
    {
        ["config.json"] = stream => stream.Write("{}"u8),
        ["model.safetensors"] = stream => stream.Write(Encoding.UTF8.GetBytes(content)),
        ["empty"] = _ => { },
    };

    internal static string Content(ModelFolder model)
    {
        using var reader = new StreamReader(model.OpenRead("model.safetensors"));
        return reader.ReadToEnd();
    }

    [Fact]
    public void What_is_written_is_opened()
    {
        ModelFolder.Write(Model + Path.DirectorySeparatorChar, Files("one"));
        ModelFolder model = ModelFolder.Open(Model);
        Content(model).ShouldBe("one");
        model.Files.Keys.Order(StringComparer.Ordinal).ShouldBe(["config.json", "empty", "model.safetensors"]);
        model.Files["model.safetensors"].ShouldBe(new ModelFile(3, "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"));
        model.LibraryVersion.ShouldMatch(@"^\d+\.\d+\.\d+$");
        File.Exists(model.PathOf("config.json")).ShouldBeTrue();
        Should.Throw<InputException>(() => model.OpenRead("vocabulary.txt")).Message.ShouldContain("it has config.json, empty, model.safetensors");
        Directory.GetFileSystemEntries(folder.Path).ShouldBe([Model]);
    }

    [Fact]
    public void The_same_files_give_the_same_manifest()
    {
        ModelFolder.Write(Model, Files("one"));
        ModelFolder.Write(folder["other"], Files("one").Reverse().ToDictionary(StringComparer.Ordinal));
        File.ReadAllBytes(Path.Combine(Model, "manifest.json")).ShouldBe(File.ReadAllBytes(Path.Combine(folder["other"], "manifest.json")));
    }

    [Fact]
    public void Overwriting_replaces_the_model_and_keeps_what_the_user_put_there()
    {
        ModelFolder.Write(Model, Files("one"));
        File.WriteAllText(Path.Combine(Model, "notes.txt"), "mine");
        Directory.CreateDirectory(Path.Combine(Model, "plots"));
        ModelFolder.Write(Model, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal) { ["model.safetensors"] = s => s.Write("two"u8) });
        Content(ModelFolder.Open(Model)).ShouldBe("two");
        Directory.GetFileSystemEntries(Model).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(["manifest.json", "model.safetensors", "notes.txt", "plots"]);
        Directory.GetFileSystemEntries(folder.Path).ShouldBe([Model]);
    }

    [Fact]
    public void A_folder_of_somebody_else_is_refused_and_untouched()
    {
        Directory.CreateDirectory(Model);
        ModelFolder.Write(Model, Files("into an empty folder"));
        File.Delete(Path.Combine(Model, "manifest.json"));
        Should.Throw<InputException>(() => ModelFolder.Write(Model, Files("two"))).Message.ShouldContain("is not empty and no Heed model");
        File.ReadAllText(Path.Combine(Model, "model.safetensors")).ShouldBe("into an empty folder");

        ModelFolder.Write(folder["second"], Files("one"));
        File.WriteAllText(Path.Combine(folder["second"], "labels.txt"), "mine");
        Dictionary<string, Action<Stream>> files = Files("two");
        files["labels.txt"] = _ => { };
        Should.Throw<InputException>(() => ModelFolder.Write(folder["second"], files)).Message.ShouldContain("'labels.txt' that Heed did not write");
        Content(ModelFolder.Open(folder["second"])).ShouldBe("one");

        File.WriteAllText(folder["file"], "");
        Should.Throw<InputException>(() => ModelFolder.Write(folder["file"], Files("one"))).Message.ShouldContain("is a file");
        Should.Throw<InputException>(() => ModelFolder.Write(Path.GetPathRoot(folder.Path)!, Files("one")));
    }

    [Fact]
    public void An_error_while_saving_keeps_the_old_model()
    {
        ModelFolder.Write(Model, Files("one"));
        Dictionary<string, Action<Stream>> files = Files("two");
        files["z"] = _ => throw new InvalidOperationException("no more numbers");
        Should.Throw<InvalidOperationException>(() => ModelFolder.Write(Model, files));
        files["z"] = _ => throw new IOException("disk full");
        Should.Throw<InputException>(() => ModelFolder.Write(Model, files)).Message.ShouldContain("disk full");
        Content(ModelFolder.Open(Model)).ShouldBe("one");
        Directory.GetFileSystemEntries(folder.Path).ShouldBe([Model]);
    }

    [Fact]
    public void A_second_save_at_the_same_time_is_refused()
    {
        Dictionary<string, Action<Stream>> files = Files("outer");
        files["config.json"] = _ => Should.Throw<InputException>(() => ModelFolder.Write(Model, Files("inner"))).Message.ShouldContain("another process");
        ModelFolder.Write(Model, files);
        Content(ModelFolder.Open(Model)).ShouldBe("outer");
    }

    [Fact]
    public void A_link_to_a_model_stays_a_link()
    {
        ModelFolder.Write(Model, Files("one"));
        Directory.CreateSymbolicLink(folder["current"], Model);
        ModelFolder.Write(folder["current"], Files("two"));
        new DirectoryInfo(folder["current"]).LinkTarget.ShouldBe(Model);
        Content(ModelFolder.Open(Model)).ShouldBe("two");
        Content(ModelFolder.Open(folder["current"])).ShouldBe("two");
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData(".hidden")]
    [InlineData("..")]
    [InlineData("Manifest.json")]
    [InlineData("")]
    [InlineData("C:x")]
    [InlineData("naïve")]
    public void A_name_that_is_no_plain_file_name_is_refused(string name) => Should.Throw<ArgumentException>(() =>
        ModelFolder.Write(Model, new Dictionary<string, Action<Stream>>(StringComparer.Ordinal) { [name] = _ => { } })).Message.ShouldContain($"'{name}'");

    [Fact]
    public void What_is_not_whole_is_refused_with_the_file_at_fault()
    {
        Should.Throw<InputException>(() => ModelFolder.Open(Model)).Message.ShouldContain("no such folder");
        ModelFolder.Write(Model, Files("some bytes"));
        string weights = Path.Combine(Model, "model.safetensors");

        File.WriteAllText(weights, "some bytez");
        Refused(weights, "was changed");
        Content(ModelFolder.Open(Model, ModelFolderCheck.Lengths)).ShouldBe("some bytez");

        File.WriteAllText(weights, "some byte");
        Refused(weights, "has 9 bytes, but the manifest of the model says 10");
        Should.Throw<InputException>(() => ModelFolder.Open(Model, ModelFolderCheck.Lengths));

        File.Delete(weights);
        Refused(weights, "missing");
        File.Delete(Path.Combine(Model, "manifest.json"));
        Refused(Model, "not a Heed model: it has no manifest.json");
        Should.Throw<InputException>(() => ModelFolder.Open("a\0b"));
    }

    private void Refused(string path, string message)
    {
        InputException e = Should.Throw<InputException>(() => ModelFolder.Open(Model));
        e.Path.ShouldBe(path);
        e.Message.ShouldContain(message);
    }
}
