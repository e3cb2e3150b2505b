namespace Heed.Tests.Training;

/// <summary>BLEU and chrF2 against cases worked by hand from sacreBLEU's definitions.</summary>
public sealed class BleuTests
{
    [Theory]
    [InlineData("Hello, world!", "Hello , world !")]
    [InlineData("It's 3.5 km/h, isn't it?", "It's 3.5 km / h , isn't it ?")]
    [InlineData("a 1,000-page book (red)", "a 1,000 - page book ( red )")]
    [InlineData("well-known, e.g. this...", "well-known , e . g . this . . .")]
    [InlineData("&quot;Tom &amp; Ann&quot; &lt;3", "\" Tom & Ann \" < 3")]
    [InlineData("„Größe“ 5.", "„Größe“ 5 .")]
    [InlineData("  two\tspaces  ", "two spaces")]
    [InlineData("$5 + 7% = [x]", "$ 5 + 7 % = [ x ]")]
    [InlineData("it`s a_b ~ c|d", "it ` s a _ b ~ c | d")]
    public void Tokens_are_those_of_13a(string text, string tokens) => string.Join(' ', MtevalTokenizer.Tokenize(text)).ShouldBe(tokens);

    [Theory]
    [InlineData("我們找不到湯姆。", "我 們 找 不 到 湯 姆 。")]
    [InlineData("Tom在2010年，买了3.5kg.", "Tom 在 2010 年 ， 买 了 3.5kg .")]
    [InlineData(" 他说：“好” (ok) ", "他 说 ： “ 好 ” ( ok )")]
    [InlineData("𠀀a", "𠀀 a")]
    public void Tokens_of_Chinese_are_those_of_zh(string text, string tokens) => string.Join(' ', ChineseTokenizer.Tokenize(text)).ShouldBe(tokens);

    [Fact]
    public void Chinese_is_counted_by_characters()
    {
        // 我们去北京。 for 我们去上海。: 1-grams 4/6, 2-grams 2/5, 3-grams 1/4, 4-grams 0/3.
        BleuScore bleu = BleuScore.Of(["我们去北京。"], ["我们去上海。"]);
        bleu.Precisions.ShouldBe([100 * 4 / 6.0, 100 * 2 / 5.0, 100 * 1 / 4.0, 100 / 6.0], 1e-9);
        bleu.Signature.ShouldBe("nrefs:1|case:mixed|eff:no|tok:zh|smooth:exp|impl:heed");
        RepetitionScore.Of(["你好你好。"]).StammeringCount.ShouldBe(1);
        BleuScore.Of(["Tom 去"], ["Tom goes to 上海"]).Tokenization.ShouldBe("13a");
    }

    [Fact]
    public void A_case_by_hand()
    {
        // "the cat sat on the mat" for "the cat is on the mat": 1-grams 5/6, 2-grams 3/5 (the cat, on the, the mat), 3-grams 1/4 (on the mat), 4-grams 0/3, smoothed 1/(2·3).
        BleuScore bleu = BleuScore.Of(["the cat sat on the mat"], ["the cat is on the mat"]);
        bleu.Precisions.ShouldBe([100 * 5 / 6.0, 100 * 3 / 5.0, 100 * 1 / 4.0, 100 / 6.0], 1e-9);
        bleu.Score.ShouldBe(100 * Math.Pow(5 / 6.0 * 3 / 5 * 1 / 4 * 1 / 6, 0.25), 1e-9);
        (bleu.BrevityPenalty, bleu.Length, bleu.ReferenceLength).ShouldBe((1, 6, 6));
        bleu.Signature.ShouldBe("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|impl:heed");
    }

    [Fact]
    public void Short_answers_pay_and_repeated_words_count_once()
    {
        // c = 4, r = 6: e^(1 − 6/4). "the" four times, twice in the reference: 2/4; no pair: 1/(2·3); 1/(4·2); 1/(8·1).
        BleuScore bleu = BleuScore.Of(["the the the the"], ["the cat is on the mat"]);
        bleu.BrevityPenalty.ShouldBe(Math.Exp(-0.5), 1e-12);
        bleu.Score.ShouldBe(100 * Math.Exp(-0.5) * Math.Pow(2 / 4.0 / 6 / 8 / 8, 0.25), 1e-9);
    }

    [Fact]
    public void Counts_are_those_of_the_corpus_not_means_of_sentences()
    {
        // 1-grams 4/4 + 2/4; 2-grams 3/3 + 0/3; 3-grams 2/2 + 0/2; 4-grams 1/1 + 0/1.
        BleuScore bleu = BleuScore.Of(["a b c d", "e x f y"], ["a b c d", "e g f h"]);
        bleu.Precisions.ShouldBe([75, 50, 50, 50], 1e-9);
        bleu.Score.ShouldBe(100 * Math.Pow(0.75 * 0.5 * 0.5 * 0.5, 0.25), 1e-9);
    }

    [Fact]
    public void Edges()
    {
        BleuScore.Of(["ein Hund"], ["Ein Hund"], lowerCase: true).Precisions[0].ShouldBe(100);
        BleuScore.Of(["ein Hund"], ["Ein Hund"]).Precisions[0].ShouldBe(50);
        BleuScore.Of(["a b c d e"], ["a b c d e"]).Score.ShouldBe(100, 1e-9);
        // There is no run of four: nothing to take the logarithm of.
        BleuScore.Of(["a b c"], ["a b c"]).Score.ShouldBe(0);
        BleuScore.Of(["x"], ["a b c d"]).Score.ShouldBe(0);
        BleuScore.Of([""], ["a"]).Score.ShouldBe(0);
        BleuScore.Of([], []).Score.ShouldBe(0);
        Should.Throw<ArgumentException>(() => BleuScore.Of(["a"], [])).Message.ShouldContain("1 answers but 0 references");
    }

    [Fact]
    public void Chrf_by_hand()
    {
        ChrfScore.Of(["abc def"], ["abc def"]).ShouldBe(100, 1e-9);
        // abcd for abce: orders 1 … 4 have 3/4, 2/3, 1/2, 0/1 on both sides: P = R = 23/48.
        ChrfScore.Of(["ab cd"], ["abc e"]).ShouldBe(100 * ((0.75 + (2 / 3.0) + 0.5) / 4), 1e-9);
        // ab for abab: answers' orders 1, 2: P = 1; R = (2/4 + 1/3)/2; F = 5PR/(4P + R). Orders that the answer is too short for do not count.
        double recall = (0.5 + (1 / 3.0)) / 2;
        ChrfScore.Of(["ab"], ["abab"]).ShouldBe(100 * 5 * recall / (4 + recall), 1e-9);
        // An order beyond the reference's length does not count either.
        ChrfScore.Of(["abc"], ["ab"]).ShouldBe(100 * 5 * ((2 / 3.0 + 0.5) / 2) / ((4 * (2 / 3.0 + 0.5) / 2) + 1), 1e-9);
        ChrfScore.Of(["😀a"], ["😀b"]).ShouldBe(25, 1e-9, "a character is a code point: 1/2, 0/1");
        ChrfScore.Of([""], ["ab"]).ShouldBe(0);
    }
}
