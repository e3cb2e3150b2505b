using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Heed.Testing;

namespace Heed.Tests.Text;

public class RedactedTextTests
{
    private const TextRedaction Both = TextRedaction.Email | TextRedaction.Number;

    [Theory]
    [InlineData("write to jane.doe+x@mail.example.org, now", "write to ✉, now")]
    [InlineData("a@b.co c_d%e@f-g.h1.info.", "✉ ✉.")]
    [InlineData("@home me@ a@b @b.co x@y.z..", "@home me@ a@b @b.co x@y.z..")]
    [InlineData("a@b@c.de jürgen@münchen.de", "a@✉ ✉")]
    [InlineData("call +49 (170) 123-45.67, 3,5 or 10:30!", "call +0 (0) 0, 0 or 0!")]
    [InlineData("A4711B ٣٤٥ 20x 1/2-3'4.", "A0B 0 0x 0.")]
    [InlineData("7@8.com99 12.a@b.co3", "✉ ✉")]
    [InlineData("", "")]
    [InlineData("nothing here", "nothing here")]
    public void Replaces_as_stated(string text, string expected) => RedactedText.Of(text, Both).Text.ShouldBe(expected);

    [Fact]
    public void Each_kind_alone()
    {
        RedactedText.Of("a1@b.co 22", TextRedaction.Email).Text.ShouldBe("✉ 22");
        RedactedText.Of("a1@b.co 22", TextRedaction.Number).Text.ShouldBe("a0@b.co 0");
        RedactedText.Of("a1@b.co 22", TextRedaction.None).Text.ShouldBe("a1@b.co 22");
    }

    [Fact]
    public void Tokens_point_into_the_original()
    {
        const string text = "Dear jane@example.org, your code is 123-456 (7).";
        foreach (string kind in new[] { "word", "byte-pair" })
        {
            TextEncoder encoder = TextEncoder.Build([text, text], new TextEncoderOptions { Kind = kind, Redaction = Both });
            EncodedText encoded = encoder.Encode(text);
            string[] pieces = [.. encoded.Tokens.Select(token => text[token.Range].Trim())];
            // A byte-pair may join the mark with the comma behind it.
            pieces.ShouldContain(kind == "word" ? "jane@example.org" : "jane@example.org,");
            pieces.ShouldContain("123-456");
            pieces.ShouldContain("7");
            encoded.Ids.ShouldBe(encoder.EncodeIds(text));
            encoded.Ids.ShouldNotContain(Vocabulary.Unknown);
            encoder.EncodeIds("Dear x@y.zz, your code is 9 (12).").ShouldBe(encoded.Ids);
            encoder.Vocabulary.Learned.ToArray().ShouldAllBe(token => !token.Contains("jane") && !token.Contains('1'));
        }
    }

    [Fact]
    public void Is_saved_with_the_encoder_so_that_prediction_redacts_too()
    {
        using TemporaryFolder folder = new();
        TextEncoder encoder = TextEncoder.Build(["a 1 x@y.zz a 1 x@y.zz"], new TextEncoderOptions { Redaction = Both });
        encoder.Save(folder["tokenizer.json"]);
        TextEncoder loaded = TextEncoder.Load(folder["tokenizer.json"]);
        (loaded.Redaction, loaded.MinimumCount).ShouldBe((Both, 2));
        loaded.EncodeIds("7 q@r.st").ShouldBe(encoder.EncodeIds("1 x@y.zz"));
        // A program that does not know redaction must refuse the file.
        File.ReadAllText(folder["tokenizer.json"]).ShouldContain("\"version\":2");
        File.WriteAllText(folder["tokenizer.json"], File.ReadAllText(folder["tokenizer.json"]).Replace("\"email\"", "\"phone\""));
        Should.Throw<InputException>(() => TextEncoder.Load(folder["tokenizer.json"])).Message.ShouldContain("redacts 'phone'");
    }

    [Property(MaxTest = 500)]
    public Property Places_lead_back(NonNull<string> any) => Prop.ForAll(Texts(), text =>
    {
        text += any.Get;
        RedactedText redacted = RedactedText.Of(text, Both);
        redacted.Text.Any(c => char.IsDigit(c) && c != '0').ShouldBeFalse();
        // What is no mark stands in the original as it is.
        int last = 0;
        for (int i = 0; i < redacted.Text.Length; i++)
        {
            Token place = redacted.Original(new Token(i, 1));
            place.Start.ShouldBe(last);
            last = place.End;
            if (place.Length == 1)
                (text[place.Start] == redacted.Text[i] || (char.IsDigit(text[place.Start]) && redacted.Text[i] == '0')).ShouldBeTrue();
            else
                redacted.Text[i].ShouldBeOneOf('0', '✉');
        }
        last.ShouldBe(text.Length);
    });

    [Fact]
    public void Hostile_texts_take_linear_time()
    {
        foreach (string unit in new[] { "@", "a@", "a.", "1.", "a@b.", "@a.b1" })
            RedactedText.Of(string.Concat(Enumerable.Repeat(unit, 500_000)), Both).Text.ShouldNotBeEmpty();
    }

    private static Arbitrary<string> Texts() =>
        Gen.Elements("a", "@", ".", "1", " ", "-", "b.co", "x@y.org", "12,5", "é", "👍", "٣").ListOf().Select(string.Concat).ToArbitrary();
}
