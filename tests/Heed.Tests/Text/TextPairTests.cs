namespace Heed.Tests.Text;

public class TextPairTests
{
    [Fact]
    public void Two_texts_become_one_string_and_two_ranges()
    {
        string pair = TextPair.Join("is it \u001Eopen?", "yes");
        TextPair.TrySplit(pair, out Range first, out Range second).ShouldBeTrue();
        (pair[first], pair[second]).ShouldBe(("is it  open?", "yes"));
        TextPair.TrySplit("no pair", out first, out second).ShouldBeFalse();
        ("no pair"[first], "no pair"[second]).ShouldBe(("no pair", ""));
    }

    [Fact]
    public void The_separator_is_a_token_of_its_own()
    {
        foreach (ITokenizer tokenizer in new ITokenizer[] { new WordTokenizer(), new CharacterTokenizer() })
        {
            var tokens = new List<Token>();
            string pair = TextPair.Join("a", "\u0301b\u200D");
            tokenizer.Tokenize(pair, tokens);
            tokens.ShouldContain(new Token(1, 1), tokenizer.Name);
        }
    }

    [Theory]
    [InlineData("a b c d e f", "g h", "a b c | g h")]
    [InlineData("a b", "c d e f g h", "a b | c d e")]
    [InlineData("a b c d e f", "g h i j k l", "a b c | g h")]
    [InlineData("a b c d e f g", "", "a b c d e |")]
    [InlineData("", "a b c d e f g", "| a b c d e")]
    [InlineData("a b c", "d e", "a b c | d e")]
    public void Of_a_pair_that_is_too_long_the_longer_text_is_shortened(string first, string second, string expected)
    {
        string pair = TextPair.Join(first, second);
        TextEncoder encoder = TextEncoder.Build([pair, pair], new TextEncoderOptions { MaximumLength = 6 });
        EncodedText encoded = encoder.Encode(pair);
        string.Join(' ', encoded.Tokens.Select(token => pair[token.Range])).Replace(TextPair.Separator, '|').ShouldBe(expected);
        encoded.CutOff.ShouldBe(first.Length / 2 + first.Length % 2 + second.Length / 2 + second.Length % 2 + 1 - encoded.Ids.Length);
        encoder.EncodeIds(pair).ShouldBe(encoded.Ids);
        encoded.Ids.ShouldNotContain(Vocabulary.Unknown);
    }
}
