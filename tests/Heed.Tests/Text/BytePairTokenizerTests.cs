using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Heed.Testing;

namespace Heed.Tests.Text;

public class BytePairTokenizerTests
{
    private static readonly string[] corpus =
    [
        "low low low low low lower lower newest newest newest newest newest newest widest widest widest",
        "ห้องใหญ่มาก ห้องสะอาด ห้องเล็ก", "ຫ້ອງໃຫຍ່ ຫ້ອງສະອາດ", "បន្ទប់ធំ បន្ទប់ស្អាត", "الغرفة كبيرة والغرفة نظيفة", "החדר גדול והחדר נקי", "कमरा बड़ा है कमरा साफ़ है",
        "방이 크다 방이 깨끗하다", "房间很大房间干净", "👩‍👩‍👧👍🏽 👩‍👩‍👧👍🏽🇩🇪🇩🇪", "don’t don't can't", "12 12 123 !!! !!! ...",
    ];

    private static readonly BytePairTokenizer learned = BytePairTokenizer.Learn(corpus, 200);

    [Fact]
    public void Learns_the_merges_of_the_example_by_hand()
    {
        // By hand: es 9 (newest 6, widest 3) and st 9, of which e comes first; est 9; then lo 7 and its w, with the space before four of five.
        BytePairTokenizer.Learn([corpus[0]], 4).Merges.ShouldBe([("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w")]);
    }

    [Fact]
    public void Applies_earlier_merges_first()
    {
        var tokenizer = new BytePairTokenizer([("b", "c"), ("a", "b"), ("a", "bc"), (" ", "abc")]);
        Pieces(tokenizer, "abc abcx ab ABC").ShouldBe(["abc", " abc", "x", " ", "ab", " abc".ToUpperInvariant()]);
        Pieces(new BytePairTokenizer([("a", "a"), ("aa", "aa")]), "aaaaaaa").ShouldBe(["aaaa", "aa", "a"]);
        Pieces(new BytePairTokenizer([]), "a b👍").ShouldBe(["a", " ", "b", "👍"]);
    }

    [Theory]
    [InlineData("I don't know 12345 x_y!!", "I| don't| know| 12345| x_y|!!")]
    [InlineData("a  b\n\n c\t", "a| | b|\n\n| c|\t")]
    [InlineData("ห้องใหญ่ 방이 크다, 房间很大", "ห้องใหญ่| 방이| 크다|,| 房间很大")]
    [InlineData("'tis rock'n'roll dogs'", "'|tis| rock'n'roll| dogs|'")]
    [InlineData("👩‍👩‍👧👍🏽 🇩🇪a\u0301", "👩‍👩‍👧👍🏽| 🇩🇪|a\u0301")]
    [InlineData("q\u001Ea \u001E b", "q|\u001E|a| |\u001E| b")]
    [InlineData("می\u200Cخواهم ½", "می\u200Cخواهم| ½")]
    public void Cuts_chunks_as_stated(string text, string expected)
    {
        var chunks = new List<string>();
        for (int at = 0; at < text.Length; at += chunks[^1].Length)
            chunks.Add(text.Substring(at, TextChunk.Length(text, at)));
        string.Join('|', chunks).ShouldBe(expected);
    }

    [Property(MaxTest = 500)]
    public Property Nothing_is_lost_and_the_second_time_is_as_the_first() => Prop.ForAll(WordTokenizerTests.AnyText(), text =>
    {
        text += string.Concat(corpus.Skip(1)) + text;
        string[] first = Pieces(learned, text);
        string.Concat(first).ShouldBe(text);
        Pieces(learned, text).ShouldBe(first);
        new BytePairTokenizer(learned.Merges).ShouldSatisfyAllConditions(fresh => Pieces(fresh, text).ShouldBe(first));
    });

    [Fact]
    public void Scripts_without_spaces_get_pieces_and_no_piece_is_unknown()
    {
        TextEncoder encoder = TextEncoder.Build(corpus.Concat(corpus), new TextEncoderOptions { Kind = "byte-pair", MergeCount = 200 });
        encoder.Tokenizer.ShouldBeOfType<BytePairTokenizer>().Merges.Count.ShouldBeInRange(100, 200);
        foreach (string text in corpus)
        {
            EncodedText encoded = encoder.Encode(text);
            encoded.Ids.ShouldNotContain(Vocabulary.Unknown, text);
            encoded.Tokens.Sum(token => token.Length).ShouldBe(text.Length);
            encoded.Ids.Length.ShouldBeLessThan(text.Length);
        }
        Pieces(learned, "ห้องใหม่")[0].ShouldBe("ห้อง");
        Pieces(learned, "👩‍👩‍👧👍🏽").ShouldBe(["👩‍👩‍👧👍🏽"]);
    }

    [Fact]
    public void The_order_of_the_texts_does_not_matter() =>
        BytePairTokenizer.Learn(corpus.Reverse(), 200).Merges.ShouldBe(learned.Merges);

    [Fact]
    public void What_occurs_once_is_not_learned()
    {
        IReadOnlyList<(string Left, string Right)> merges = BytePairTokenizer.Learn(["abcabc xyzzy", "abc"], 100).Merges;
        merges.Select(merge => merge.Left + merge.Right).ShouldBe(["ab", "abc"]);
    }

    [Fact]
    public void Each_merge_is_the_most_frequent_pair_by_counting_anew()
    {
        Dictionary<string, long> chunks = ChunkCounts.Of(corpus, lowerCase: true);
        for (int merges = 0; merges < learned.Merges.Count; merges++)
        {
            var before = new BytePairTokenizer(learned.Merges.Take(merges));
            var counts = new Dictionary<(string, string), long>();
            foreach ((string chunk, long count) in chunks)
            {
                string[] pieces = Pieces(before, chunk);
                for (int i = 0; i + 1 < pieces.Length; i++)
                    counts[(pieces[i], pieces[i + 1])] = counts.GetValueOrDefault((pieces[i], pieces[i + 1])) + count;
            }
            counts[learned.Merges[merges]].ShouldBe(counts.Values.Max(), $"merge {merges}");
        }
    }

    [Fact]
    public void A_long_run_is_cut_and_costs_linear_time()
    {
        string text = new('x', 1_000_000);
        var tokenizer = new BytePairTokenizer([("x", "x"), ("xx", "xx"), ("xxxx", "xxxx")]);
        Pieces(tokenizer, text).Length.ShouldBe(125_000);
        Pieces(tokenizer, string.Concat(Enumerable.Repeat("𝄞", 100))).ShouldAllBe(piece => piece == "𝄞");
    }

    [Theory]
    [InlineData("ab", "c")]
    [InlineData("", "c")]
    [InlineData("c", "\uD800")]
    [InlineData(null, "c")]
    public void A_merge_of_unknown_pieces_is_refused(string? left, string right) =>
        Should.Throw<ArgumentException>(() => new BytePairTokenizer([(left!, right)])).Message.ShouldContain("merge 0");

    [Fact]
    public void A_result_may_not_be_longer_than_a_chunk()
    {
        IEnumerable<(string, string)> doubling = Enumerable.Range(0, 7).Select(i => (new string('a', 1 << i), new string('a', 1 << i)));
        new BytePairTokenizer(doubling.Take(6)).Merges.Count.ShouldBe(6);
        Should.Throw<ArgumentException>(() => new BytePairTokenizer(doubling)).Message.ShouldContain("merge 6");
    }

    [Fact]
    public async Task Many_threads_get_the_same_pieces()
    {
        string[] texts = [.. Enumerable.Range(0, 2000).Select(i => $"newest {i * 7919 % 613} lower {corpus[i % corpus.Length]}{i}")];
        var tokenizer = new BytePairTokenizer(learned.Merges);
        string[] expected = [.. texts.Select(text => string.Join('|', Pieces(learned, text)))];
        string[][] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => texts.Select(text => string.Join('|', Pieces(tokenizer, text))).ToArray())));
        answers.ShouldAllBe(answer => answer.SequenceEqual(expected));
    }

    // The same number in the process without ICU, see InvariantGlobalizationTests.
    [Fact]
    public void The_pieces_of_all_characters_stay_what_they_are()
    {
        ulong hash = 14695981039346656037;
        for (int i = 0; i < 0x30000; i++)
        {
            string text = i is >= 0xD800 and < 0xE000 ? $"x{(char)i}1" : $"x{char.ConvertFromUtf32(i)}1";
            for (int at = 0; at < text.Length;)
            {
                int length = TextChunk.Length(text, at);
                hash = (hash ^ (uint)length) * 1099511628211;
                at += length;
            }
        }
        hash.ShouldBe(17636112217376938335ul);
    }

    [SkippableFact]
    public void The_host_culture_changes_nothing()
    {
        Skip.IfNot(CultureLines.IsAvailable, "This process has no culture data.");
        string[] texts = ["TITLE Iıİi DİYARBAKIR title", "TITLE Iıİi DİYARBAKIR title", .. corpus];
        IReadOnlyList<(string, string)> expected = BytePairTokenizer.Learn(texts, 100).Merges;
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("tr-TR");
            BytePairTokenizer.Learn(texts, 100).Merges.ShouldBe(expected);
            Pieces(learned, texts[0]).ShouldBe(Pieces(new BytePairTokenizer(learned.Merges), texts[0]));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [SkippableFact]
    public void Real_text_in_two_languages_becomes_shorter()
    {
        (string File, double PerCharacter)[] sets = [("sst2/train.tsv", 0.26), ("waimai_10k/all.tsv", 0.75)];
        Skip.If(sets.Any(set => RealData.Find(set.File) is null), RealData.Reason);
        foreach ((string file, double most) in sets)
        {
            string[] texts = [.. TextData.Read(RealData.Find(file)!).Texts];
            BytePairTokenizer tokenizer = BytePairTokenizer.Learn(texts, 4000);
            (texts.Sum(text => Pieces(tokenizer, text).Length) / (double)texts.Sum(text => text.Length)).ShouldBeLessThan(most, file);
        }
    }

    [Property(MaxTest = 200)]
    public Property Ids_by_symbol_are_those_by_letters() => Prop.ForAll(WordTokenizerTests.AnyText(), text =>
    {
        text = text.Replace(TextPair.Separator, ' ');
        text += "Newest ห้อง lower 👩‍👩‍👧 ɸ" + text + " widest";
        foreach (int maximumLength in new[] { 5, 400 })
        {
            TextEncoder encoder = TextEncoder.Build([.. corpus, .. corpus], new TextEncoderOptions { Tokenizer = learned, MaximumLength = maximumLength });
            var tokens = new List<Token>();
            learned.Tokenize(text, tokens);
            encoder.EncodeIds(text).ShouldBe(tokens.Take(maximumLength).Select(token => encoder.Vocabulary.Id(Form(text[token.Range]))));
        }
    });

    private static string Form(string piece)
    {
        var form = new char[piece.Length];
        learned.Normalize(piece, form);
        return new string(form);
    }

    private static string[] Pieces(BytePairTokenizer tokenizer, string text)
    {
        var tokens = new List<Token>();
        tokenizer.Tokenize(text, tokens);
        return [.. tokens.Select(token => text[token.Range])];
    }
}
