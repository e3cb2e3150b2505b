using System.Text.RegularExpressions;
using Heed.Testing;

namespace Heed.Tests.House;

/// <summary>The texts around the code.</summary>
public partial class RepositoryTests
{
    [Fact]
    public void The_changelog_has_a_section_for_what_comes() =>
        File.ReadLines(Repository.PathOf("CHANGELOG.md")).ShouldContain("## [Unreleased]");

    [Fact]
    public void Links_of_the_pages_lead_somewhere()
    {
        var broken = new List<string>();
        foreach (string page in Repository.Files("docs", "*.md").Concat(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]))
        {
            string folder = Path.GetDirectoryName(Repository.PathOf(page))!;
            foreach (Match link in Link().Matches(File.ReadAllText(Repository.PathOf(page))))
            {
                string target = link.Groups["target"].Value;
                if (!target.Contains("://", StringComparison.Ordinal) && !Path.Exists(Path.Combine(folder, target)))
                    broken.Add($"{page}: {target}");
            }
        }
        broken.ShouldBeEmpty();
    }

    [Fact]
    public void Decisions_are_numbered_and_say_what_a_decision_says()
    {
        string[] records = [.. Repository.Files("docs/decisions", "*.md")];
        for (int i = 0; i < records.Length; i++)
        {
            string text = File.ReadAllText(Repository.PathOf(records[i]));
            Path.GetFileName(records[i]).ShouldStartWith(FormattableString.Invariant($"{i + 1:0000}-"));
            foreach (string section in new[] { "Date: ", "## Context", "## Options", "## Decision", "## Consequences" })
                text.ShouldContain(section, Case.Sensitive, records[i]);
        }
    }

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();
}
