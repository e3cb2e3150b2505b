namespace Heed.Tests.House;

public class SourceTextTests
{
    [Theory]
    [InlineData("a /* b */ c // d\ne", "a c \ne")]
    [InlineData("a \"b // c\" d", "a d")]
    [InlineData("a \"b \\\" c\" d", "a d")]
    [InlineData("a @\"b \\\" d", "a d")]
    [InlineData("a @\"b \"\" c\" d", "a d")]
    [InlineData("a \"\" b", "a b")]
    [InlineData("a '\"' b '\\'' c", "a b c")]
    [InlineData("a $\"b {c} {{d}} {e:F2}\" f", "a c} } e:F2} f")]
    [InlineData("a $\"b {c + \"d\"} e\" f", "a c + } f")]
    [InlineData("a $\"b {new X { Y = 1 }} e\" f", "a new X { Y = 1 }} f")]
    [InlineData("a \"\"\"b \" c \"\" {d} \"\"\" e", "a e")]
    [InlineData("a $$\"\"\"b {c} {{d}} \"\"\" e", "a d}} e")]
    public void Only_code_stays(string source, string expected)
    {
        string code = SourceText.CodeOnly(source);
        code.Length.ShouldBe(source.Length);
        Squeeze(code).ShouldBe(Squeeze(expected));
    }

    // Closing braces of holes are left or not; what counts is words.
    private static string Squeeze(string text) =>
        string.Join(' ', text.Replace('}', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries)).Replace(" \n", "\n", StringComparison.Ordinal);
}
