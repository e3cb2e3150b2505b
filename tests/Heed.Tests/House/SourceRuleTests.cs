using System.Text.RegularExpressions;
using Heed.Testing;

namespace Heed.Tests.House;

/// <summary>What every source file keeps.</summary>
public partial class SourceRuleTests
{
    private const int MaximumLines = 600;

    private static IEnumerable<string> SourceFiles => new[] { "src", "tests", "bench", "samples" }.SelectMany(folder => Repository.Files(folder, "*.cs"));

    [Fact]
    public void No_file_is_longer_than_600_lines() =>
        SourceFiles.Where(path => !path.EndsWith(".g.cs", StringComparison.Ordinal))
            .Select(path => (Path: path, Lines: File.ReadLines(Repository.PathOf(path)).Count()))
            .Where(file => file.Lines > MaximumLines).ShouldBeEmpty("split it; only tables in *.g.cs may be longer");

    [Fact]
    public void No_type_is_named_after_nothing() => Lines(Vague()).ShouldBeEmpty("name what the type is or does");

    [Fact]
    public void No_machine_path_is_in_the_source() => Lines(MachinePath(), inStringsToo: true).ShouldBeEmpty();

    [Fact]
    public void Unsafe_code_is_in_the_kernels_only() =>
        Lines(Unsafe()).Where(line => line.StartsWith("src/", StringComparison.Ordinal) && !line.StartsWith("src/Heed.Kernels/", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void Namespaces_are_file_scoped_and_follow_the_project()
    {
        foreach (string path in Repository.Files("src", "*.cs"))
        {
            string project = path.Split('/')[1];
            foreach (Match match in Namespace().Matches(SourceText.CodeOnly(File.ReadAllText(Repository.PathOf(path)))))
                match.Groups["name"].Value.ShouldBe(project + ";", path);
        }
    }

    [Fact]
    public void Source_projects_open_their_internals_to_tests_only()
    {
        foreach (string path in Repository.Files("src", "*.csproj"))
        {
            foreach (Match match in Friends().Matches(File.ReadAllText(Repository.PathOf(path))))
                match.Groups["name"].Value.ShouldEndWith(".Tests", customMessage: path);
        }
        Lines(FriendAttribute()).ShouldBeEmpty("say it in the project file");
    }

    [Fact]
    public void Imports_are_in_order() =>
        SourceFiles.Where(path => !AreInOrder(File.ReadAllText(Repository.PathOf(path)))).ShouldBeEmpty("namespaces, static ones, aliases; each of them System first, then by the alphabet");

    [Theory]
    [InlineData("using System;\nusing System.Text;\nusing Heed.Kernels;\nusing Heed.Testing;\nusing static System.Math;\nusing A = B;\n", true)]
    [InlineData("using Heed.Kernels;\nusing System.Text;\n", false)]
    [InlineData("using System.Text;\nusing System.IO;\n", false)]
    [InlineData("using Heed.Testing;\nusing Heed.Kernels;\n", false)]
    [InlineData("using A = B;\nusing C;\n", false)]
    [InlineData("using static System.Math;\nusing C;\n", false)]
    public void The_rule_about_imports_finds_what_it_forbids(string text, bool kept) => AreInOrder(text).ShouldBe(kept);

    [Theory]
    [InlineData("internal sealed class CacheManager", true)]
    [InlineData("public static class StringUtils", true)]
    [InlineData("struct Helper", true)]
    [InlineData("class HelperText", false)]
    [InlineData("var engine = Engine;", false)]
    public void The_rule_about_names_finds_what_it_forbids(string line, bool found) => Vague().IsMatch(line).ShouldBe(found);

    [Theory]
    [InlineData("\"/home/somebody/x\"", true)]
    [InlineData("\"C:\\Users\\x\"", true)]
    [InlineData("\"/tmp/x\"", true)]
    [InlineData("a/tmp/b", false)]
    public void The_rule_about_paths_finds_what_it_forbids(string line, bool found) => MachinePath().IsMatch(line).ShouldBe(found);

    private static bool AreInOrder(string text)
    {
        (int Kind, bool IsOther, string Name)[] imports = [.. Import().Matches(text).Select(m => (
            m.Groups["alias"].Success ? 2 : m.Groups["static"].Success ? 1 : 0, !$"{m.Groups["name"].Value}.".StartsWith("System.", StringComparison.Ordinal), m.Groups["name"].Value))];
        return imports.SequenceEqual(imports.OrderBy(i => i.Kind).ThenBy(i => i.IsOther).ThenBy(i => i.Name, StringComparer.OrdinalIgnoreCase));
    }

    private static IEnumerable<string> Lines(Regex pattern, bool inStringsToo = false)
    {
        foreach (string path in SourceFiles.Where(path => !path.EndsWith("/SourceRuleTests.cs", StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(Repository.PathOf(path));
            string[] lines = (inStringsToo ? text : SourceText.CodeOnly(text)).Split('\n');
            for (int i = 0; i < lines.Length; i++)
            {
                if (pattern.IsMatch(lines[i]))
                    yield return FormattableString.Invariant($"{path}:{i + 1}: {lines[i].Trim()}");
            }
        }
    }

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record)\s+\w*(?:Manager|Helper|Helpers|Util|Utils|Engine)\b")]
    private static partial Regex Vague();

    [GeneratedRegex(@"(?<![\w.*])/(?:tmp|home|root|work|usr/lib|Users)/|[A-Za-z]:\\+Users\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"^using (?<static>static )?(?<name>[\w.]+)(?<alias> = .*)?;", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Import();

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"^\s*namespace\s+(?<name>\S+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Namespace();

    [GeneratedRegex("InternalsVisibleTo\\s+Include=\"(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Friends();

    [GeneratedRegex(@"assembly\s*:\s*InternalsVisibleTo")]
    private static partial Regex FriendAttribute();
}
