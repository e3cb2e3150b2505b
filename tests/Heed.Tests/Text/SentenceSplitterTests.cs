namespace Heed.Tests.Text;

public sealed class SentenceSplitterTests
{
    [Theory]
    [InlineData("One. Two! Three? Four", "One.|Two!|Three?|Four")]
    [InlineData("Dr. Smith met Mr. J. R. Jones. They spoke.", "Dr. Smith met Mr. J. R. Jones.|They spoke.")]
    [InlineData("It costs 3.50 now, e.g. here, i.e. in the U.S. and so on. Good.", "It costs 3.50 now, e.g. here, i.e. in the U.S. and so on.|Good.")]
    [InlineData("See e.g. Brown or Fig. 3 of it. Fine.", "See e.g. Brown or Fig. 3 of it.|Fine.")]
    [InlineData("\"Stop!\" he said. \"Why?\" She left.", "\"Stop!\" he said.|\"Why?\"|She left.")]
    [InlineData("He said (twice.) Then he went.", "He said (twice.)|Then he went.")]
    [InlineData("What?! No... Yes… maybe. Really?!", "What?!|No...|Yes… maybe.|Really?!")]
    [InlineData("今天很好。我们走吧！“去哪里？”他问。", "今天很好。|我们走吧！|“去哪里？”|他问。")]
    [InlineData("これは本です。「はい。」と言った。", "これは本です。|「はい。」|と言った。")]
    [InlineData("A line\nthat goes on. Next", "A line that goes on.|Next")]
    [InlineData("Heading without stop\n\nText below", "Heading without stop|Text below")]
    [InlineData("Heading\r\n\r\nText", "Heading|Text")]
    [InlineData("Items:\n- one\n- two\n2) three", "Items:|- one|- two|2) three")]
    [InlineData("Great film<br /><br />Watch it", "Great film|<br /><br />Watch it")]
    [InlineData("www.example.org is a site. Version 2.0 too.", "www.example.org is a site.|Version 2.0 too.")]
    [InlineData("So did I. Then we went.", "So did I.|Then we went.")]
    [InlineData("all is small. even here.", "all is small.|even here.")]
    [InlineData("  ", "")]
    [InlineData("", "")]
    [InlineData("...", "...")]
    [InlineData("First\u001ESecond. Third", "First|\u001ESecond.|Third")]
    public void Sentences_end_where_readers_say(string text, string expected)
    {
        string[] found = [.. SentenceSplitter.Split(text).Select(range => text[range].ReplaceLineEndings(" "))];
        string.Join('|', found).Replace("<br /><br />", "", StringComparison.Ordinal).Replace("\u001E", "", StringComparison.Ordinal)
            .ShouldBe(expected.Replace("<br /><br />", "", StringComparison.Ordinal).Replace("\u001E", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Ranges_are_in_order_and_leave_out_white_space_and_breaks_alone()
    {
        const string Alphabet = "ab A.!?。\n <>\"'”)1-\u001E…";
        RandomStream random = new(3, "texts");
        for (int i = 0; i < 3000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            int at = 0;
            foreach (Range range in SentenceSplitter.Split(text))
            {
                (int start, int end) = (range.Start.Value, range.End.Value);
                start.ShouldBeGreaterThanOrEqualTo(at);
                end.ShouldBeGreaterThan(start);
                text[at..start].Trim().Trim('\u001E').Trim().ShouldBeEmpty();
                (char.IsWhiteSpace(text[start]) || char.IsWhiteSpace(text[end - 1])).ShouldBeFalse();
                at = end;
            }
            text[at..].Trim().Trim('\u001E').Trim().ShouldBeEmpty();
        }
    }

    [Fact]
    public void Tokens_get_the_number_of_their_sentence_and_long_sentences_are_cut()
    {
        const string Text = "One two three four five. Six! Seven";
        List<Token> tokens = [];
        new WordTokenizer().Tokenize(Text, tokens);
        SentenceSplitter.NumbersOf(Text, tokens, 4).ShouldBe([0, 0, 0, 0, 1, 1, 2, 2, 3]);
        SentenceSplitter.NumbersOf("", [], 4).ShouldBeEmpty();
    }
}
