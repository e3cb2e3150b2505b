using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Text;

public class CharacterTokenizerTests
{
    [Property(MaxTest = 500)]
    public Property Gives_every_grapheme_cluster_and_nothing_else() => Prop.ForAll(WordTokenizerTests.AnyText(), text =>
    {
        var tokens = new List<Token>();
        new CharacterTokenizer().Tokenize(text, tokens);
        tokens.Select(token => token.Start).ShouldBe(StringInfo.ParseCombiningCharacters(text));
        tokens.Sum(token => token.Length).ShouldBe(text.Length);
    });

    [Fact]
    public void Counts_what_readers_see()
    {
        var tokens = new List<Token>();
        new CharacterTokenizer().Tokenize("a é\r\n👩‍👩‍👧", tokens);
        tokens.Count.ShouldBe(5);
    }
}
