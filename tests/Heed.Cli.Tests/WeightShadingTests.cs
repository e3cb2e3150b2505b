namespace Heed.Cli.Tests;

public sealed class WeightShadingTests
{
    [Fact]
    public void Marks_stand_around_the_heaviest_tokens_and_join_where_they_touch()
    {
        TokenWeight[] weights = [new(0..3, 0.05f), new(4..8, 0.4f), new(8..9, 0.25f), new(10..13, 0.3f)];
        WeightShading.Mark("the lamp! bad", weights).ShouldBe("the [lamp! 0.65] [bad 0.30]");
    }

    [Fact]
    public void A_text_without_weights_has_no_marks()
    {
        WeightShading.Mark("", []).ShouldBe("");
        WeightShading.Mark("...", [new(0..3, 0)]).ShouldBe("...");
    }

    [Fact]
    public void Shades_cover_the_whole_text_in_order()
    {
        const string text = "a cafe\u0301 灯";
        IReadOnlyList<(Range Range, int Level)> runs = WeightShading.Levelled(text, [new(2..6, 0.8f), new(8..9, 0.1f)]);
        string.Concat(runs.Select(run => text[run.Range])).ShouldBe(text);
        runs[0].Level.ShouldBe(0);
        // The accent belongs to the letter before it, though the token ends between them.
        runs[1].ShouldBe((2..7, 8));
        runs[^1].ShouldBe((8..9, 1));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\tb\r\nc\u001b[31m\u2028", "a b  c [31m ")]
    public void One_line_holds_no_control_characters(string text, string expected) => OneLine.Of(text).ShouldBe(expected);
}
