using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Text;

public class CodePointPatternTests
{
    [Theory]
    [InlineData(@"\p{L}+", "ab 𝒜𝓁 𐐀x 1", "ab|𝒜𝓁|𐐀x")]
    [InlineData(@"[^\s\p{L}]+", "👍🏽a ½ 𝟘b", "👍🏽|½|𝟘")]
    [InlineData(@"\s+(?!\S)|\s+", "a   b  ", "  | |  ")]
    [InlineData(@"(?i:'s|'LL)", "'S 'll 'ſ 's", "'S|'ll|'ſ|'s")]
    [InlineData(@"\p{N}{1,3}", "1234567", "123|456|7")]
    [InlineData(@"a.*?b", "axxbxb a\nb", "axxb")]
    [InlineData(@"(?>o+)o|x", "ooox", "x")]
    [InlineData(@"o++o|x", "ooox", "x")]
    [InlineData(@"(?:ab|a)(?:c|bc)", "abc abbc", "abc|abbc")]
    [InlineData(@"(?<=[a-c])d|(?<!\s)e", "ad d be e", "d|e")]
    [InlineData(@"\bfoo\b", "foo foobar foo", "foo|foo")]
    [InlineData(@"^.|.$", "ab\ncd", "a|b|c|d")]
    [InlineData(@"[\p{L}&&[^a-m]]+", "anode", "no")]
    [InlineData(@"[^\x{3040}-\x{30ff}\u4E00]", "かカ一x", "x")]
    [InlineData(@"[\]\-a]+|[b-]", "]-a b-", "]-a|b|-")]
    [InlineData(@"\p{Han}+|\P{Han}", "漢字か", "漢字|か")]
    [InlineData(@"a{,2}", "aaa", "aa|a")]
    [InlineData(@"a{x}", "a{x} aa", "a{x}")]
    [InlineData(@"(?:ab){2,}", "ababab ab", "ababab")]
    [InlineData(@"(?<name>a)(?P<other>b)", "ab", "ab")]
    public void Finds_what_the_pattern_says(string pattern, string text, string expected) => string.Join('|', Find(pattern, text)).ShouldBe(expected);

    // Within the basic plane .NET's own expressions say what is right.
    [Property(MaxTest = 400)]
    public Property Agrees_with_the_platform_inside_the_basic_plane() => Prop.ForAll(
        Gen.Elements("a", "b", "B", "1", " ", "\n", "é", "好", "'", "s", "_", "-").ListOf().Select(string.Concat).ToArbitrary(), text =>
    {
        foreach (string pattern in new[]
        {
            @"'s|'t| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+", @"a+?b|(?:ab)*?1|b{2,3}",
            @"(?i:AB|b)+|\w+?\b", @"(a|ab)(c|b*1)?s?", @"(?=a)\w+(?!1)|[^ab\s]*'", @"(?:(?:a|b)+1)+",
        })
        {
            string[] expected = [.. Regex.Matches(text, pattern, RegexOptions.CultureInvariant).Where(match => match.Length > 0).Select(match => match.Value)];
            Find(pattern, text).ShouldBe(expected, pattern);
        }
    });

    [Theory]
    [InlineData("(a", "')'")]
    [InlineData("a)", "')'")]
    [InlineData("[a", "']'")]
    [InlineData("*a", "nothing to repeat")]
    [InlineData(@"(a)\1", "not supported")]
    [InlineData(@"\p{Klingon}", "Klingon")]
    [InlineData(@"(?<=ab)c", "look behind")]
    [InlineData("(a*)*", "may be empty")]
    [InlineData("a{5,2}", "out of range")]
    [InlineData("a{100000}", "out of range")]
    [InlineData("[z-a]", "turned round")]
    [InlineData(@"\x{110000}", "number")]
    [InlineData("(?Q:a)", "unknown kind")]
    [InlineData("[[:klingon:]]", "klingon")]
    public void Refuses_what_it_cannot(string pattern, string part) => Should.Throw<FormatException>(() => new CodePointPattern(pattern)).Message.ShouldContain(part);

    [Fact]
    public void Size_and_depth_are_bounded()
    {
        foreach (string pattern in new[] { new string('(', 5000), new string('[', 5000), new string('a', 6000), "((((a{1000}){1000}){1000}){1000})", "(?:(?:ab){1000}){1000}", @"\" })
            Should.Throw<FormatException>(() => new CodePointPattern(pattern));
    }

    [Fact]
    public void What_goes_back_too_often_is_given_up()
    {
        string text = new('a', 40);
        Should.Throw<InputException>(() => Find("(?:a+)+b", text)).Message.ShouldContain("goes back too often");
        Find(@"\s+(?!\S)|\s+", new string(' ', 300_000)).Length.ShouldBe(1);
    }

    private static string[] Find(string pattern, string text)
    {
        var matches = new List<string>();
        using PatternMatcher matcher = new CodePointPattern(pattern).In(text);
        for (int at = 0; matcher.Find(at, out int start, out int end); at = end)
            matches.Add(text[start..end]);
        return [.. matches];
    }
}
