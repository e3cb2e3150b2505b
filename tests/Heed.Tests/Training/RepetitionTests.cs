namespace Heed.Tests.Training;

public sealed class RepetitionTests
{
    [Fact]
    public void A_case_by_hand()
    {
        // "the cat and the cat sat": 6 tokens, 4 different ones; 5 pairs, "the cat" twice; 4 runs of three and 3 of four, all different.
        RepetitionScore score = RepetitionScore.Of(["The cat and the cat sat"]);
        score.Shares.ShouldBe([2 / 6.0, 1 / 5.0, 0, 0], 1e-12);
        (score.StammeringCount, score.Count).ShouldBe((0, 1));
        score.ToString().ShouldBe("33.33/20.00/0.00/0.00 %, twice in a row in 0 of 1");
    }

    [Fact]
    public void Shares_are_those_of_the_corpus_and_each_sentence_counts_alone()
    {
        // 2 of 3 + 0 of 1 tokens; the second sentence repeats the first one, and no word of its own.
        RepetitionScore score = RepetitionScore.Of(["a a a", "a", ""]);
        score.Shares.ShouldBe([2 / 4.0, 1 / 2.0, 0, 0], 1e-12);
        (score.StammeringCount, score.Count).ShouldBe((1, 3));
        RepetitionScore.Of([]).Shares.ShouldBe([0, 0, 0, 0]);
    }

    [Theory]
    [InlineData("a dog runs in the in the snow", 1)]
    [InlineData("ein ein Hund", 1)]
    [InlineData("one two three four one two three four", 1)]
    [InlineData("a dog and a dog", 0)]
    [InlineData("one two three four five one two three four five", 0)]
    public void Runs_of_up_to_four_tokens_twice_in_a_row_are_stammering(string sentence, int count) => RepetitionScore.Of([sentence]).StammeringCount.ShouldBe(count);
}
