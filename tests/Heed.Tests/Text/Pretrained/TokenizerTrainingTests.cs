using System.Text;
using Heed.Testing;

namespace Heed.Tests.Text;

public class TokenizerTrainingTests
{
    private const string Example = "low low low low low lower lower newest newest newest newest newest newest widest widest widest";

    [Fact]
    public void Byte_pairs_are_those_of_the_example_by_hand()
    {
        // By hand, with d e i l n o r s t w Ġ as 0 to 10: es 9, est 9, lo 7, low 7, then of those that occur six times e+w, n+ew, Ġ+low, Ġ+new.
        string json = Json(new TokenizerTraining { VocabularySize = 301 }, [Example]);
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], json);
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(folder.Path);
        TinyTokenizers.Shown(tokenizer, "newest lowest").ShouldBe("new=new|est=est|Ġlow=low|est=est");
        tokenizer.IdOf("<|endoftext|>").ShouldBe(0);
        tokenizer.EosId.ShouldBe(0);
    }

    [Fact]
    public void Unigrams_hold_frequent_words_and_all_frequent_characters()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Learned(TrainedTokenizerKind.Unigram, Enumerable.Repeat(Example, 20), size: 310);
        tokenizer.VocabularySize.ShouldBeLessThanOrEqualTo(310);
        tokenizer.IdOf("▁newest").ShouldNotBeNull();
        foreach (char c in "lowernstid▁")
            tokenizer.IdOf(c.ToString()).ShouldNotBeNull(c.ToString());
        TinyTokenizers.Shown(tokenizer, "newest low").ShouldBe("▁newest=newest|▁low= low");
        tokenizer.Encode("好").Tokens[^3..].ShouldBe(["<0xE5>", "<0xA5>", "<0xBD>"]);
    }

    [Theory]
    [InlineData(TrainedTokenizerKind.BytePair)]
    [InlineData(TrainedTokenizerKind.Unigram)]
    public void The_same_corpus_gives_the_same_file_in_the_size_asked_for(TrainedTokenizerKind kind)
    {
        string[] corpus = [.. File.ReadLines(Repository.PathOf("docs/when-not-to-use.md")), "床前明月光，疑是地上霜。", "👩‍👩‍👧 ห้อง \uD800"];
        var training = new TokenizerTraining { Kind = kind, VocabularySize = 500, SpecialTokens = ["<a>", "<b>"] };
        string json = Json(training, corpus);
        Json(training, corpus).ShouldBe(json);
        PretrainedTokenizer tokenizer = TinyTokenizers.Load(json);
        tokenizer.VocabularySize.ShouldBeInRange(450, 500);
        tokenizer.Encode("x<b>").Ids[^1].ShouldBe(tokenizer.IdOf("<b>")!.Value);
        // A larger vocabulary needs fewer tokens.
        PretrainedTokenizer larger = TinyTokenizers.Load(Json(training with { VocabularySize = 800 }, corpus));
        int Count(PretrainedTokenizer one) => corpus.Sum(text => one.Encode(text).Count);
        Count(larger).ShouldBeLessThan(Count(tokenizer));
    }

    [Fact]
    public void Wrong_options_and_empty_corpora_are_refused()
    {
        Should.Throw<ArgumentException>(() => Json(new TokenizerTraining { VocabularySize = 300 }, ["a"])).Message.ShouldContain("at least 301");
        Should.Throw<ArgumentException>(() => Json(new TokenizerTraining { SpecialTokens = ["a", "a"] }, ["a"])).Message.ShouldContain("twice");
        Should.Throw<InputException>(() => Json(new TokenizerTraining(), ["", ""])).Message.ShouldContain("no text");
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Should.Throw<OperationCanceledException>(() => new TokenizerTraining().Train(["a b"], Stream.Null, cancellation: cancelled.Token));
    }

    private static string Json(TokenizerTraining training, IEnumerable<string> texts)
    {
        using var stream = new MemoryStream();
        training.Train(texts, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
