using System.Globalization;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Heed.Testing;

namespace Heed.Tests.Text;

public class WordTokenizerTests
{
    private static readonly WordTokenizer tokenizer = new();

    public static TheoryData<string, string> Cases => new()
    {
        { "", "" },
        { " \t\r\n\u00A0\u3000", "" },
        { "I don't know.", "i|don't|know|." },
        { "don’t", "don't" },
        { "rock'n'roll 'tis' dogs'", "rock'n|'|roll|'|tis|'|dogs|'" },
        { "3.5 km, 20x x_y _", "3|.|5|km|,|20x|x_y|_" },
        { "Straße ÉCOLE Ωmega Ж", "straße|école|ωmega|ж" },
        { "e\u0301cole", "e\u0301cole" },
        { "很好吃，20分钟K歌", "很|好|吃|，|20|分|钟|k|歌" },
        { "すごいテレビが", "す|ご|い|テ|レ|ビ|が" },
        { "か\u3099く", "か\u3099|く" },
        { "\U00020000\U0002A6DFa", "\U00020000|\U0002A6DF|a" },
        { "葛\U000E0100城", "葛\U000E0100|城" },
        { "한국어 텍스트", "한국어|텍스트" },
        { "wow👩‍👩‍👧👍🏽🇩🇪🇫🇷!!", "wow|👩‍👩‍👧|👍🏽|🇩🇪|🇫🇷|!|!" },
        { "#\uFE0F\u20E3 ❤\uFE0Fx", "#\uFE0F\u20E3|❤\uFE0F|x" },
        { "می\u200Cخواهم", "می\u200Cخواهم" },
        { "a\uD800b\uDC00", "a|\uD800|b|\uDC00" },
        { "ab\u0000c", "ab|\u0000|c" },
        { "½ ² Ⅷ ①", "½|²|ⅷ|①" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Cuts_as_stated(string text, string expected) => string.Join('|', Forms(text)).ShouldBe(expected);

    [Fact]
    public void Ranges_point_into_the_original()
    {
        const string text = "  Ça va, 北京!";
        Cut(text).Select(token => text[token.Range]).ShouldBe(["Ça", "va", ",", "北", "京", "!"]);
    }

    [Fact]
    public void Case_can_be_kept()
    {
        var form = new char[5];
        new WordTokenizer(lowerCase: false).Normalize("IT’s!", form);
        new string(form).ShouldBe("IT's!");
    }

    [Property(MaxTest = 500)]
    public Property Tokens_are_in_order_and_miss_nothing_but_white_space() => Prop.ForAll(AnyText(), text =>
    {
        int at = 0;
        foreach (Token token in Cut(text))
        {
            token.Start.ShouldBeGreaterThanOrEqualTo(at);
            token.Length.ShouldBePositive();
            text[at..token.Start].ShouldAllBe(c => char.IsWhiteSpace(c));
            at = token.End;
        }
        text[at..].ShouldAllBe(c => char.IsWhiteSpace(c));
    });

    [Fact]
    public void Lower_case_is_that_of_the_runtime_for_letters_that_its_ICU_knows()
    {
        int different = 0;
        Span<char> form = stackalloc char[2];
        for (int i = 0; i < 0x110000; i++)
        {
            if (!System.Text.Rune.IsValid(i))
                continue;
            string letter = char.ConvertFromUtf32(i);
            tokenizer.Normalize(letter, form);
            string lower = letter.ToLowerInvariant();
            if (i == '’' || form[..letter.Length].SequenceEqual(lower))
                continue;
            // ICU older than Unicode 16 does not know some letters and leaves them alone.
            lower.ShouldBe(letter);
            different++;
        }
        different.ShouldBeLessThanOrEqualTo(27);
    }

    // The same number in the process without ICU, see InvariantGlobalizationTests.
    [Fact]
    public void The_tokens_of_all_characters_stay_what_they_are()
    {
        ulong hash = 14695981039346656037;
        for (int i = 0; i < 0x30000; i++)
        {
            string text = i is >= 0xD800 and < 0xE000 ? $"x{(char)i}y" : $"x{char.ConvertFromUtf32(i)}y";
            foreach (char c in string.Join('|', Forms(text)))
                hash = (hash ^ c) * 1099511628211;
        }
        hash.ShouldBe(4788509973612936715ul);
    }

    [SkippableFact]
    public void The_host_culture_changes_nothing()
    {
        Skip.IfNot(CultureLines.IsAvailable, "This process has no culture data.");
        const string text = "TITLE Iıİi DİYARBAKIR";
        CultureInfo before = CultureInfo.CurrentCulture;
        string[] expected = Forms(text);
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("tr-TR");
            Forms(text).ShouldBe(expected);
            expected[0].ShouldBe("title");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    // The expression of the reference, and the same with ideographs cut from the letters and digits before them, as here.
    [SkippableTheory]
    [InlineData("sst2/train.tsv", @"[\u3400-\u9fff]|[\w-[\p{M}]]+(?:'[\w-[\p{M}]]+)?|[^\w\s]", 1.0)]
    [InlineData("sst2/test.tsv", @"[\u3400-\u9fff]|[\w-[\p{M}]]+(?:'[\w-[\p{M}]]+)?|[^\w\s]", 1.0)]
    [InlineData("sms_spam/all.tsv", @"[\u3400-\u9fff]|[\w-[\p{M}]]+(?:'[\w-[\p{M}]]+)?|[^\w\s]", 0.999)]
    [InlineData("ag_news/test.tsv", @"[\u3400-\u9fff]|[\w-[\p{M}]]+(?:'[\w-[\p{M}]]+)?|[^\w\s]", 0.999)]
    [InlineData("waimai_10k/all.tsv", @"[\u3400-\u9fff]|[\w-[\p{M}\u3400-\u9fff]]+(?:'[\w-[\p{M}\u3400-\u9fff]]+)?|[^\w\s]", 0.99)]
    [InlineData("waimai_10k/all.tsv", @"[\u3400-\u9fff]|[\w-[\p{M}]]+(?:'[\w-[\p{M}]]+)?|[^\w\s]", 0.88)]
    public void Agrees_with_the_expression_of_the_reference(string file, string expression, double share)
    {
        string? path = RealData.Find(file);
        Skip.If(path is null, RealData.Reason);
        var regex = new Regex(expression, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
        string[] texts = [.. TextData.Read(path!).Texts];
        int same = texts.Count(text => Forms(text).SequenceEqual(regex.Matches(text.ToLowerInvariant()).Select(match => match.Value)));
        (same / (double)texts.Length).ShouldBeGreaterThanOrEqualTo(share);
    }

    public static Arbitrary<string> AnyText() => ArbMap.Default.GeneratorFor<char>()
        .SelectMany(any => Gen.Elements(
            any, 'a', 'B', ' ', '\'', '7', '.', '好', 'か', '\u3099', '\u0301', '\u200D', '\uFE0F', '\uD83D', '\uDE00', '\uD800'))
        .ListOf().Select(units => new string([.. units])).ToArbitrary();

    private static Token[] Cut(string text)
    {
        var tokens = new List<Token>();
        tokenizer.Tokenize(text, tokens);
        return [.. tokens];
    }

    private static string[] Forms(string text) => Array.ConvertAll(Cut(text), token =>
    {
        var form = new char[token.Length];
        tokenizer.Normalize(token.In(text), form);
        return new string(form);
    });
}
