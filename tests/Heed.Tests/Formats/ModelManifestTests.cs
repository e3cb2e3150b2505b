using System.Text;
using Heed.Testing;

namespace Heed.Tests.Formats;

public class ModelManifestTests
{
    private const string Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("", "not a valid manifest")]
    [InlineData("[]", "not a valid manifest")]
    [InlineData("{}", "not a valid manifest")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{}""", "not a valid manifest")]
    [InlineData("""{"format":"heed-model","version":1,"version":1,"library":"0.1.0","files":{}}""", "not a valid manifest")]
    [InlineData("""{"format":"other","version":1,"library":"0.1.0","files":{}}""", "'format' is not 'heed-model'")]
    [InlineData("""{"format":"heed-model","version":2,"files":[]}""", "version 2 of the model folder is unknown; this library reads up to 1. Update Heed.")]
    [InlineData("""{"format":"heed-model","version":0,"library":"0.1.0","files":{}}""", "version 0")]
    [InlineData("""{"format":"heed-model","version":1e9,"library":"0.1.0","files":{}}""", "not a valid manifest")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":[]}""", "not a valid manifest")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"../../etc/passwd":{"length":0,"sha256":"HASH"}}}""", "is not a plain file name")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"/etc/passwd":{"length":0,"sha256":"HASH"}}}""", "is not a plain file name")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"a\\b":{"length":0,"sha256":"HASH"}}}""", "is not a plain file name")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"\ud800":{"length":0,"sha256":"HASH"}}}""", "")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"manifest.json":{"length":0,"sha256":"HASH"}}}""", "is not a plain file name")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"a":{"length":-1,"sha256":"HASH"}}}""", "needs a length from 0")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"a":{"length":1.5,"sha256":"HASH"}}}""", "not a valid manifest")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"a":{"length":0,"sha256":"abc"}}}""", "64 lower-case")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"a":{"length":0}}}""", "not a valid manifest")]
    [InlineData("""{"format":"heed-model","version":1,"library":"0.1.0","files":{"a":{"length":0,"sha256":"HASH"},"A":{"length":0,"sha256":"HASH"}}}""", "listed twice")]
    public void A_hostile_manifest_is_refused(string json, string message)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json.Replace("HASH", Hash, StringComparison.Ordinal));
        InputException e = Should.Throw<InputException>(() => ModelManifest.Parse(bytes, "m/manifest.json"));
        e.Message.ShouldStartWith("m/manifest.json: ");
        e.Message.ShouldContain(message);
    }

    [Fact]
    public void A_manifest_of_great_length_or_depth_is_refused_at_once()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["manifest.json"], new byte[(1 << 20) + 1]);
        Should.Throw<InputException>(() => ModelFolder.Open(folder.Path)).Message.ShouldContain("more than the 1048576");
        File.WriteAllText(folder["manifest.json"], new string('[', 1 << 20));
        Should.Throw<InputException>(() => ModelFolder.Open(folder.Path)).Message.ShouldContain("not a valid manifest");
    }

    [Fact]
    public void Mutated_manifests_raise_nothing_but_InputException()
    {
        using var folder = new TemporaryFolder();
        string model = folder["model"], path = Path.Combine(model, "manifest.json");
        ModelFolder.Write(model, ModelFolderTests.Files("some bytes"));
        byte[] whole = File.ReadAllBytes(path);
        var random = new RandomStream(1, "fuzz");
        int refused = 0;
        for (int run = 0; run < 4000; run++)
        {
            byte[] mutant = whole[..(random.Next(4) == 0 ? random.Next(whole.Length) : whole.Length)];
            for (int edits = Math.Min(mutant.Length, 1 + random.Next(3)); edits > 0; edits--)
                mutant[random.Next(mutant.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : "0123456789{}[]\",:./"u8[random.Next(19)];
            File.WriteAllBytes(path, mutant);
            try
            {
                ModelFolder.Open(model);
            }
            catch (InputException)
            {
                refused++;
            }
        }
        // Harmless are changes of white space and of the library's version.
        refused.ShouldBeInRange(3000, 3999);
    }
}
