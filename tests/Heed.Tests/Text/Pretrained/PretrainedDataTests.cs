using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Heed.Testing;

namespace Heed.Tests.Text;

/// <summary>Round trips and places on real texts of every language that there is, and on generated ones.</summary>
public class PretrainedDataTests
{
    private static readonly string[] files =
    [
        "multi30k_en_de/val.tsv", "tatoeba_en_zh/all.tsv.gz", "tang_poems/poems.tsv.gz", "thucnews_titles/test.tsv", "waimai_10k/all.tsv", "chnsenticorp_hotel/all.tsv.gz", "online_shopping_zh/all.tsv.gz",
        "ag_news/test.tsv", "imdb/test.tsv.gz", "sms_spam/all.tsv", "sst2/dev.tsv", "sst5/dev.tsv", "tinyshakespeare/input.txt", "wikitext2_valid_test/valid.txt", "listops/test_d20s.tsv.gz",
    ];

    private static readonly string[] corpus =
    [
        "The weights of a sentence sum to one, and a query decides where to look.", "Die Gewichte eines Satzes ergeben zusammen eins, größer wird es nicht.", "注意力的权重加起来等于一。", "床前明月光，疑是地上霜。",
        "ห้องใหญ่มาก ห้องสะอาด", "الغرفة كبيرة والغرفة نظيفة", "कमरा बड़ा है कमरा साफ़ है", "방이 크다 방이 깨끗하다", "👩‍👩‍👧👍🏽 🇩🇪", "don't  stop\n\n\tnow 12 123 !!!",
    ];

    private static readonly BertNormalizer cleaner = new(cleansText: true, separatesIdeographs: false, stripsAccents: true, lowersCase: true);

    private static readonly Lazy<PretrainedTokenizer> bytePairs = new(() => TinyTokenizers.Learned(TrainedTokenizerKind.BytePair, Enumerable.Repeat(corpus, 5).SelectMany(texts => texts)));
    private static readonly Lazy<PretrainedTokenizer> unigrams = new(() => TinyTokenizers.Learned(TrainedTokenizerKind.Unigram, Enumerable.Repeat(corpus, 5).SelectMany(texts => texts)));

    private static readonly Lazy<PretrainedTokenizer> wordPieces = new(WordPieces);

    public static TheoryData<string> Files => [.. files];

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public void Real_texts_come_back(string file)
    {
        string? path = RealData.Find(file);
        Skip.If(path is null, RealData.Reason);
        const int Texts = 400, Characters = 60_000;
        int count = 0, characters = 0;
        foreach (string text in Lines(path!).Take(Texts).TakeWhile(_ => characters < Characters))
        {
            Check(text);
            count++;
            characters += text.Length;
        }
        count.ShouldBeGreaterThan(10);
    }

    [Property(MaxTest = 300)]
    public Property Generated_texts_come_back() => Prop.ForAll(WordTokenizerTests.AnyText(), Check);

    [Property(MaxTest = 300)]
    public Property Texts_of_many_scripts_come_back() => Prop.ForAll(Gen.Elements(
        "a", " ", "  ", "\n", "\u00E9", "e\u0301", "👩‍👩‍👧", "👍🏽", "🇩🇪", "ก", "้", "ห้อง", "غرفة", "ً", "कमरा", "़", "한", "\u1112\u1161\u11AB", "好", "𠮷", "\uD800", "\uDC00", "\u200D", "\uFE0F", "\0", "\u00A0", "'s", "1", "<|endoftext|>", "�")
        .ListOf().Select(string.Concat).ToArbitrary(), Check);

    [Fact]
    public void A_slice_becomes_its_token()
    {
        PretrainedTokenizer tokenizer = PretrainedGoldenTests.Load("berttrue");
        foreach (string text in new[] { "A quéry décides WHERE to look.", "它说明 α = g(e)", "ＡＢＣ naïve İstanbul" })
        {
            TokenizedText tokens = tokenizer.Encode(text);
            TokenizedTextChecks.Cover(text, tokens);
            for (int i = 0; i < tokens.Count; i++)
            {
                if (tokens.SpecialTokens[i] || tokens.Tokens[i] == "[UNK]")
                    continue;
                var bert = new BertNormalizer(cleansText: true, separatesIdeographs: false, stripsAccents: true, lowersCase: true);
                bert.Apply(text[tokens.Offsets[i]]).ShouldBe(tokens.Tokens[i].Replace("##", "", StringComparison.Ordinal));
            }
        }
    }

    private static void Check(string text)
    {
        string readable = TokenizedTextChecks.Readable(text);
        TokenizedText tokens = bytePairs.Value.Encode(text);
        bytePairs.Value.Decode(tokens.Ids, skipSpecialTokens: false).ShouldBe(readable);
        TokenizedTextChecks.Places(text, tokens, "byte pairs");
        TokenizedTextChecks.Cover(text, tokens);
        TokenizedTextChecks.Streams(bytePairs.Value, tokens.Ids);
        // A special token inside begins a new text, with a space of its own before it.
        string whole = text.Replace("<|endoftext|>", "", StringComparison.Ordinal).Replace("<unk>", "", StringComparison.Ordinal);
        tokens = unigrams.Value.Encode(whole);
        unigrams.Value.Decode(tokens.Ids).ShouldBe(TokenizedTextChecks.Readable(whole).Replace('\u2581', ' '));
        TokenizedTextChecks.Places(whole, tokens, "unigrams");
        TokenizedTextChecks.Cover(whole, tokens);
        TokenizedTextChecks.Streams(unigrams.Value, tokens.Ids);
        CheckWordPieces(text);
    }

    // Word pieces do not come back: spaces, control characters and unknown words are gone. Where they stand and what they say must be right.
    private static void CheckWordPieces(string text)
    {
        TokenizedText tokens = wordPieces.Value.Encode(text);
        TokenizedTextChecks.Places(text, tokens, "word pieces");
        int end = 0;
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens.SpecialTokens[i])
                continue;
            (int from, int to) = (tokens.Offsets[i].Start.Value, tokens.Offsets[i].End.Value);
            if (from > end)
                Vanishes(text[end..from]).ShouldBeTrue($"'{text}' before token {i}");
            end = Math.Max(end, to);
            if (tokens.Tokens[i] != "[UNK]")
                cleaner.Apply(text[from..to]).ShouldContain(tokens.Tokens[i].Replace("##", "", StringComparison.Ordinal), Case.Sensitive, $"'{text}' token {i}");
        }
        Vanishes(text[end..]).ShouldBeTrue($"'{text}' behind the last token");
        TokenizedTextChecks.Streams(wordPieces.Value, tokens.Ids);
    }

    // What BERT's normalizer takes out, or what nothing but accents is left of.
    private static bool Vanishes(string gap) => gap.EnumerateRunes().All(rune => string.IsNullOrWhiteSpace(cleaner.Apply(rune.ToString())));

    // All letters of the corpus and of ASCII, at a word's start and within, and some longer pieces; other letters are unknown.
    private static PretrainedTokenizer WordPieces()
    {
        string[] letters = [.. corpus.Append(string.Concat(Enumerable.Range(33, 94).Select(c => (char)c))).SelectMany(t => cleaner.Apply(t).EnumerateRunes()).Where(r => !Rune.IsWhiteSpace(r)).Select(r => r.ToString()).Distinct()];
        string[] pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. letters, .. letters.Select(l => "##" + l), "the", "##ing", "ein", "##er", "und", "##ed"];
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder["vocab.txt"], pieces);
        File.WriteAllText(folder["tokenizer_config.json"], """{"do_lower_case":true}""");
        return PretrainedTokenizer.Load(folder.Path);
    }

    private static IEnumerable<string> Lines(string path)
    {
        using Stream file = File.OpenRead(path);
        using Stream plain = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(plain, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
