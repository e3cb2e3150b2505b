using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Heed.Testing;

namespace Heed.Tests.Text;

/// <summary>Ids and texts that Hugging Face's tokenizers gave for the same files: goldens/tokenizers, made by goldens/make_tokenizers.cs.</summary>
public class PretrainedGoldenTests
{
    private static readonly JsonNode input = Read("cases"), output = Read("outputs");
    private static readonly string[] texts = [.. input["texts"]!.AsArray().Select(text => (string)text!)];

    public static TheoryData<string> Names => [.. input["cases"]!.AsArray().Select(one => (string)one!["name"]!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_and_texts_are_those_of_the_other_system(string name)
    {
        PretrainedTokenizer tokenizer = Load(name);
        JsonNode expected = output[name]!;
        for (int i = 0; i < texts.Length; i++)
        {
            TokenizedText tokens = tokenizer.Encode(texts[i]);
            string.Join(' ', tokens.Ids.Select(id => id.ToString(CultureInfo.InvariantCulture))).ShouldBe((string)expected["ids"]![i]!, $"{name}: '{texts[i]}' {string.Join('|', tokens.Tokens)}");
            tokenizer.Decode(tokens.Ids).ShouldBe((string)expected["decoded"]![i]!, $"{name}: '{texts[i]}'");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Places_are_in_order_and_inside_of_the_text(string name)
    {
        PretrainedTokenizer tokenizer = Load(name);
        foreach (string text in texts)
            TokenizedTextChecks.Places(text, tokenizer.Encode(text), name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_stream_gives_the_same_text(string name)
    {
        PretrainedTokenizer tokenizer = Load(name);
        foreach (string text in texts.Append(string.Concat(texts)))
            TokenizedTextChecks.Streams(tokenizer, tokenizer.Encode(text).Ids);
    }

    [SkippableTheory]
    [InlineData("tr-TR")]
    [InlineData("az-Latn-AZ")]
    [InlineData("ar-SA")]
    public void The_culture_changes_nothing(string culture)
    {
        Skip.IfNot(CultureLines.IsAvailable, "This process has no culture data.");
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo(culture);
            foreach (string name in new[] { "Lowercase", "BertNormalizer", "berttrue", "cl100k", "clip" })
                Ids_and_texts_are_those_of_the_other_system(name);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    internal static PretrainedTokenizer Load(string name)
    {
        JsonNode one = input["cases"]!.AsArray().Single(one => (string)one!["name"]! == name)!;
        JsonObject whole = Read("tokenizers/" + (string)one["base"]!, inFolder: false).AsObject();
        foreach (string part in new[] { "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder" })
            whole[part] = one[part]?.DeepClone();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], whole.ToJsonString());
        return PretrainedTokenizer.Load(folder.Path);
    }

    private static JsonNode Read(string name, bool inFolder = true) =>
        JsonNode.Parse(File.ReadAllText(Golden.PathOf((inFolder ? "tokenizers/" : "") + name + ".json")), documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!;
}
