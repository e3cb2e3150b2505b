using System.Reflection;
using Heed.Testing;

namespace Heed.Tests.House;

/// <summary>The public surface is a reviewed text: docs/api/NAME.txt. After a wanted change run the tests with HEED_UPDATE_API=1 and review the diff.</summary>
public class PublicApiTests
{
    public static TheoryData<string> Names => [.. PublicTypeTests.Assemblies.Select(assembly => assembly.GetName().Name!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_surface_is_the_reviewed_one(string name)
    {
        Assembly assembly = PublicTypeTests.Assemblies.Single(each => each.GetName().Name == name);
        string path = Repository.PathOf($"docs/api/{name}.txt"), surface = ApiText.Of(assembly);
        if (Environment.GetEnvironmentVariable("HEED_UPDATE_API") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, surface);
        }
        File.Exists(path).ShouldBeTrue($"docs/api/{name}.txt is missing; run with HEED_UPDATE_API=1");
        string[] reviewed = Lines(File.ReadAllText(path)), found = Lines(surface);
        string.Join('\n', found.Except(reviewed, StringComparer.Ordinal).Select(line => "+ " + line)
            .Concat(reviewed.Except(found, StringComparer.Ordinal).Select(line => "- " + line)))
            .ShouldBeEmpty($"the public surface of {name} changed; if that is wanted, run with HEED_UPDATE_API=1 and review docs/api/{name}.txt");
        found.ShouldBe(reviewed);
    }

    // Each member with its type, so that a member that moves to another type shows.
    private static string[] Lines(string text)
    {
        string type = "";
        return [.. text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line[0] == ' ' ? type + ":" + line : type = line)];
    }
}
