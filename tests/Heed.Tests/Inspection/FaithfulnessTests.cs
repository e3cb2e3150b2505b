namespace Heed.Tests.Inspection;

public sealed class FaithfulnessTests
{
    [Fact]
    public void Rank_correlations_are_those_of_the_textbook()
    {
        RankCorrelation.Spearman([1, 2, 3, 4], [10, 20, 30, 40]).ShouldBe(1, 1e-12);
        RankCorrelation.Spearman([1, 2, 3, 4], [4, 3, 2, 1]).ShouldBe(-1, 1e-12);
        // Ranks 1 2.5 2.5 4 5 and 2 1 4.5 4.5 3.
        RankCorrelation.Spearman([1, 2, 2, 3, 5], [2, 1, 4, 4, 3]).ShouldBe(3.75 / 9.5, 1e-12);
        RankCorrelation.Spearman([1, 1], [1, 2]).ShouldBe(double.NaN);
    }
}
