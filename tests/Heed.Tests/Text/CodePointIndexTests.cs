using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Text;

public class CodePointIndexTests
{
    [Fact]
    public void Counts_pairs_once()
    {
        const string text = "a👍b𝄞\uD800c";
        var index = new CodePointIndex(text);
        Enumerable.Range(0, text.Length + 1).Select(i => index[i]).ShouldBe([0, 1, 2, 2, 3, 4, 4, 5, 6]);
        index.Of(1..4).ShouldBe(1..3);
        index.Of(..).ShouldBe(0..6);
        Should.Throw<ArgumentOutOfRangeException>(() => index[text.Length + 1]);
        Should.Throw<ArgumentOutOfRangeException>(() => new CodePointIndex("")[-1]);
    }

    [Property(MaxTest = 300)]
    public Property Agrees_with_runes() => Prop.ForAll(WordTokenizerTests.AnyText(), text =>
    {
        var index = new CodePointIndex(text);
        int at = 0, count = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            index[at].ShouldBe(count++);
            at += rune.Utf16SequenceLength;
        }
        index[text.Length].ShouldBe(count);
    });
}
