using Heed.Testing;

namespace Heed.Tests.Formats;

/// <summary>What a killed save leaves: the disk is copied after every step of a save, and each copy must hold a whole model.</summary>
public sealed class ModelFolderKillTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_first_save_that_is_killed_leaves_nothing_or_the_model()
    {
        List<string> steps = Snapshots(first: null);
        steps.ShouldBe(["new folder", "config.json", "empty", "model.safetensors", "manifest", "new in place"]);
        for (int i = 0; i < steps.Count; i++)
        {
            if (i < steps.IndexOf("manifest"))
                Should.Throw<InputException>(() => ModelFolder.Open(Copy(i))).Message.ShouldContain("no such folder");
            else
                ModelFolderTests.Content(ModelFolder.Open(Copy(i))).ShouldBe("two");
        }
        CheckNextSave(steps.Count, mine: false);
    }

    [Fact]
    public void An_overwriting_save_that_is_killed_leaves_the_old_model_or_the_new_one()
    {
        List<string> steps = Snapshots(first: "one");
        steps.ShouldBe(["new folder", "config.json", "empty", "model.safetensors", "manifest", "old aside", "new in place", "old files deleted", "strangers moved", "old deleted"]);
        for (int i = 0; i < steps.Count; i++)
            ModelFolderTests.Content(ModelFolder.Open(Copy(i))).ShouldBe(i < steps.IndexOf("old aside") ? "one" : "two", steps[i]);
        CheckNextSave(steps.Count, mine: true);
    }

    [Fact]
    public void An_old_model_that_was_put_aside_is_found_where_the_new_one_is_lost()
    {
        ModelFolder.Write(folder["model"], ModelFolderTests.Files("one"));
        Directory.Move(folder["model"], folder["model.heed-old"]);
        Directory.CreateDirectory(folder["model.heed-new"]);
        ModelFolderTests.Content(ModelFolder.Open(folder["model"])).ShouldBe("one");
        ModelFolder.Write(folder["model"], ModelFolderTests.Files("two"));
        Directory.GetFileSystemEntries(folder.Path).ShouldBe([folder["model"]]);
    }

    [Fact]
    public void A_save_that_fails_after_a_killed_one_does_not_lose_the_model()
    {
        Snapshots(first: null);
        string copy = Copy(4);
        Dictionary<string, Action<Stream>> files = ModelFolderTests.Files("three");
        files["z"] = _ => throw new InvalidOperationException();
        Should.Throw<InvalidOperationException>(() => ModelFolder.Write(copy, files));
        ModelFolderTests.Content(ModelFolder.Open(copy)).ShouldBe("two");
    }

    /// <summary>After a kill at any step the next save succeeds, tidies up, and loses nothing of the user's.</summary>
    private void CheckNextSave(int count, bool mine)
    {
        for (int i = 0; i < count; i++)
        {
            ModelFolder.Write(Copy(i), ModelFolderTests.Files("three"));
            ModelFolderTests.Content(ModelFolder.Open(Copy(i))).ShouldBe("three");
            File.Exists(Path.Combine(Copy(i), "notes.txt")).ShouldBe(mine);
            Directory.GetFileSystemEntries(Path.GetDirectoryName(Copy(i))!).ShouldBe([Copy(i)]);
        }
    }

    private string Copy(int step) => Path.Combine(folder.Path, $"step{step}", "model");

    private List<string> Snapshots(string? first)
    {
        string disk = folder["disk"], model = Path.Combine(disk, "model");
        if (first is not null)
        {
            ModelFolder.Write(model, ModelFolderTests.Files(first));
            File.WriteAllText(Path.Combine(model, "notes.txt"), "mine");
        }
        var steps = new List<string>();
        ModelFolder.Write(model, ModelFolderTests.Files("two"), step =>
        {
            CopyFolder(disk, folder[$"step{steps.Count}"]);
            steps.Add(step);
        });
        return steps;
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from))
        {
            // The lock file is held open by the save; a copy of an empty file is what a kill leaves.
            if (file.EndsWith(".heed-lock", StringComparison.Ordinal))
                File.WriteAllText(Path.Combine(to, Path.GetFileName(file)), "");
            else
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
        foreach (string sub in Directory.GetDirectories(from))
            CopyFolder(sub, Path.Combine(to, Path.GetFileName(sub)));
    }
}
