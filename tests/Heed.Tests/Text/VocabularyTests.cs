namespace Heed.Tests.Text;

public class VocabularyTests
{
    private static readonly string[] corpus = ["b a c", "c B a", "d d z"];

    [Fact]
    public void Orders_by_count_then_by_first_occurrence()
    {
        Vocabulary vocabulary = Vocabulary.Build(corpus, new WordTokenizer());
        Enumerable.Range(0, vocabulary.Count).Select(id => vocabulary[id]).ShouldBe(["<pad>", "<unk>", "b", "a", "c", "d"]);
        vocabulary.Id("d").ShouldBe(5);
        vocabulary.Id("z").ShouldBe(Vocabulary.Unknown);
        vocabulary.Id("B").ShouldBe(Vocabulary.Unknown);
    }

    [Fact]
    public void Ordinal_ties_minimum_count_and_cap_count()
    {
        var options = new VocabularyOptions { MinimumCount = 1, MaximumSize = 3, Ties = VocabularyTies.Ordinal };
        Vocabulary.Build(corpus, new WordTokenizer(), options).Learned.ToArray().ShouldBe(["a", "b", "c"]);
        Vocabulary.Build(corpus, new WordTokenizer(), options with { MinimumCount = 3 }).Count.ShouldBe(2);
    }

    [Fact]
    public void Overlong_tokens_are_unknown()
    {
        string longWord = new('x', Vocabulary.MaximumTokenLength + 1);
        Vocabulary vocabulary = Vocabulary.Build([$"{longWord} {longWord} {longWord[1..]} {longWord[1..]}"], new WordTokenizer());
        vocabulary.Learned.ToArray().ShouldBe([longWord[1..]]);
        vocabulary.Id(longWord).ShouldBe(Vocabulary.Unknown);
    }

    [Fact]
    public void A_token_given_twice_is_refused() =>
        Should.Throw<ArgumentException>(() => new Vocabulary(["a", "b", "a"])).Message.ShouldContain("'a'");

    [Fact]
    public void Looking_up_allocates_nothing()
    {
        Vocabulary vocabulary = Vocabulary.Build(corpus, new WordTokenizer());
        int found = Lookups(vocabulary, 100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        found += Lookups(vocabulary, 1000);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        found.ShouldBe(1100 * 3);
    }

    private static int Lookups(Vocabulary vocabulary, int times)
    {
        int sum = 0;
        for (int i = 0; i < times; i++)
            sum += vocabulary.Id("xax".AsSpan(1, 1));
        return sum;
    }
}
