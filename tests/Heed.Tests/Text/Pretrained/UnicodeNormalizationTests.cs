using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Heed.Tests.Text;

public class UnicodeNormalizationTests
{
    // Assigned after the Unicode of an older ICU, or of the table.
    private const string Reason = "This process has no ICU, so the platform does not normalize.";

    private static bool HasPlatform => "e\u0301".Normalize(NormalizationForm.FormC).Length == 1;

    [Theory]
    [InlineData("e\u0301", "\u00E9", "e\u0301", "\u00E9", "e\u0301")]
    [InlineData("\uFB01\u2460", "\uFB01\u2460", "\uFB01\u2460", "fi1", "fi1")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\u1E0B\u0323", "\u1E0D\u0307", "d\u0323\u0307", "\u1E0D\u0307", "d\u0323\u0307")]
    [InlineData("\uD55C", "\uD55C", "\u1112\u1161\u11AB", "\uD55C", "\u1112\u1161\u11AB")]
    [InlineData("\u212B\u0958", "\u00C5\u0915\u093C", "A\u030A\u0915\u093C", "\u00C5\u0915\u093C", "A\u030A\u0915\u093C")]
    [InlineData("\U0001D7D8\u3000", "\U0001D7D8\u3000", "\U0001D7D8\u3000", "0 ", "0 ")]
    public void Forms_by_hand(string text, string c, string d, string kc, string kd)
    {
        Apply(text, false, true).ShouldBe(c);
        Apply(text, false, false).ShouldBe(d);
        Apply(text, true, true).ShouldBe(kc);
        Apply(text, true, false).ShouldBe(kd);
    }

    [SkippableFact]
    public void Every_code_point_is_as_the_platform_has_it()
    {
        Skip.IfNot(HasPlatform, Reason);
        int compared = 0;
        for (int c = 0; c < 0x30000; c++)
        {
            if (c is >= 0xD800 and < 0xE000 || CodePoint.Category(c) == System.Globalization.UnicodeCategory.OtherNotAssigned)
                continue;
            // What Unicode 15.1 and 16 brought is not in the table yet.
            if (c is 0x10D63 or (>= 0x105C0 and < 0x10600) or (>= 0x11380 and < 0x11400) or (>= 0x16100 and < 0x16130) or (>= 0x16D40 and < 0x16D80) or (>= 0x1CCD6 and < 0x1CCFA) or (>= 0xA7F1 and < 0xA7F2))
                continue;
            string text = char.ConvertFromUtf32(c) + "\u0301\u0323";
            Same(text);
            compared++;
        }
        compared.ShouldBeGreaterThan(100_000);
    }

    [SkippableFact]
    public void Generated_texts_are_as_the_platform_has_them()
    {
        Skip.IfNot(HasPlatform, Reason);
        Prop.ForAll(Gen.Elements("a", "\u00E9", "\u0301", "\u0323", "\u0307", "\u0345", "\u1112", "\u1161", "\u11AB", "\uD55C", "\uFB01", "\u3099", "か", "\u093C", "\u0915", "q", " ", "\u1E0B", "\u212B", "\u0F71", "\u0F72")
            .ListOf().Select(string.Concat).ToArbitrary(), Same).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Property(MaxTest = 300)]
    public Property Places_stay_in_order() => Prop.ForAll(WordTokenizerTests.AnyText(), text =>
    {
        foreach (bool isComposed in new[] { false, true })
        {
            AlignedText result = UnicodeNormalization.Apply(AlignedText.Of(text, 0, text.Length), isCompatible: true, isComposed);
            for (int i = 0; i < result.Length; i++)
            {
                result.StartOf(i).ShouldBeInRange(i == 0 ? 0 : result.StartOf(i - 1), text.Length);
                result.EndOf(i).ShouldBeInRange(Math.Max(result.StartOf(i), i == 0 ? 0 : result.EndOf(i - 1)), text.Length);
            }
        }
    });

    private static void Same(string text)
    {
        Apply(text, false, true).ShouldBe(text.Normalize(NormalizationForm.FormC));
        Apply(text, false, false).ShouldBe(text.Normalize(NormalizationForm.FormD));
        Apply(text, true, true).ShouldBe(text.Normalize(NormalizationForm.FormKC));
        Apply(text, true, false).ShouldBe(text.Normalize(NormalizationForm.FormKD));
    }

    private static string Apply(string text, bool isCompatible, bool isComposed) =>
        UnicodeNormalization.Apply(AlignedText.Of(text, 0, text.Length), isCompatible, isComposed).Span.ToString();
}
