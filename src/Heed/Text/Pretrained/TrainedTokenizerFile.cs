using System.Text.Encodings.Web;
using System.Text.Json;

namespace Heed;

/// <summary>Writes learned tokenizers as <c>tokenizer.json</c>.</summary>
internal static class TrainedTokenizerFile
{
    /// <summary>The sign for a space.</summary>
    public const char Space = '\u2581';

    private const string Unknown = "<unk>";

    /// <summary>Special tokens, then bytes in their order, then what merges make.</summary>
    public static void WriteBytePairs(Stream stream, IReadOnlyList<string> special, IReadOnlyList<(string Left, string Right)> merges)
    {
        using Utf8JsonWriter writer = Start(stream, special, Enumerable.Range(0, special.Count));
        writer.WriteNull("normalizer");
        WriteByteLevel(writer, "pre_tokenizer", trimsOffsets: true);
        WriteByteLevel(writer, "post_processor", trimsOffsets: true);
        WriteByteLevel(writer, "decoder", trimsOffsets: true);
        writer.WriteStartObject("model");
        writer.WriteString("type", "BPE");
        foreach (string absent in new[] { "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix" })
            writer.WriteNull(absent);
        foreach (string off in new[] { "fuse_unk", "byte_fallback", "ignore_merges" })
            writer.WriteBoolean(off, false);
        writer.WriteStartObject("vocab");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string token in special.Concat(Enumerable.Range(0, 256).Select(value => ByteAlphabet.Of((byte)value).ToString())).Concat(merges.Select(merge => merge.Left + merge.Right)))
        {
            // Two pairs may make the same token.
            if (seen.Add(token))
                writer.WriteNumber(token, seen.Count - 1);
        }
        writer.WriteEndObject();
        writer.WriteStartArray("merges");
        foreach ((string left, string right) in merges)
            writer.WriteStringValue(left + " " + right);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>The unknown token, special tokens, tokens of bytes, then what was learned, the most probable first.</summary>
    public static void WriteUnigrams(Stream stream, IReadOnlyList<string> special, IReadOnlyList<(string Token, double LogProbability)> tokens)
    {
        using Utf8JsonWriter writer = Start(stream, [Unknown, .. special.Where(token => token != Unknown)], Enumerable.Range(0, special.Count + 1));
        writer.WriteStartObject("normalizer");
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("normalizers");
        writer.WriteStartObject();
        writer.WriteString("type", "Prepend");
        writer.WriteString("prepend", Space.ToString());
        writer.WriteEndObject();
        WriteReplace(writer, " ", Space.ToString());
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteStartObject("pre_tokenizer");
        writer.WriteString("type", "Split");
        WritePattern(writer, Space.ToString());
        writer.WriteString("behavior", nameof(SplitBehavior.MergedWithNext));
        writer.WriteBoolean("invert", false);
        writer.WriteEndObject();
        writer.WriteNull("post_processor");
        WriteUnigramDecoder(writer);
        writer.WriteStartObject("model");
        writer.WriteString("type", "Unigram");
        writer.WriteNumber("unk_id", 0);
        writer.WriteStartArray("vocab");
        foreach (string token in special.Where(token => token != Unknown).Prepend(Unknown).Concat(Enumerable.Range(0, 256).Select(value => ByteTokens.NameOf((byte)value))))
            WriteUnigram(writer, token, 0);
        foreach ((string token, double score) in tokens)
            WriteUnigram(writer, token, score);
        writer.WriteEndArray();
        writer.WriteBoolean("byte_fallback", true);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static Utf8JsonWriter Start(Stream stream, IReadOnlyList<string> special, IEnumerable<int> ids)
    {
        var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true, NewLine = "\n" });
        writer.WriteStartObject();
        writer.WriteString("version", "1.0");
        writer.WriteNull("truncation");
        writer.WriteNull("padding");
        writer.WriteStartArray("added_tokens");
        foreach ((string token, int id) in special.Zip(ids))
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", id);
            writer.WriteString("content", token);
            foreach (string off in new[] { "single_word", "lstrip", "rstrip", "normalized" })
                writer.WriteBoolean(off, false);
            writer.WriteBoolean("special", true);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        return writer;
    }

    private static void WriteByteLevel(Utf8JsonWriter writer, string component, bool trimsOffsets)
    {
        writer.WriteStartObject(component);
        writer.WriteString("type", "ByteLevel");
        writer.WriteBoolean("add_prefix_space", false);
        writer.WriteBoolean("trim_offsets", trimsOffsets);
        writer.WriteBoolean("use_regex", true);
        writer.WriteEndObject();
    }

    private static void WriteUnigramDecoder(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("decoder");
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("decoders");
        WriteReplace(writer, Space.ToString(), " ");
        foreach (string type in new[] { "ByteFallback", "Fuse" })
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteEndObject();
        }
        writer.WriteStartObject();
        writer.WriteString("type", "Strip");
        writer.WriteString("content", " ");
        writer.WriteNumber("start", 1);
        writer.WriteNumber("stop", 0);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteReplace(Utf8JsonWriter writer, string pattern, string content)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "Replace");
        WritePattern(writer, pattern);
        writer.WriteString("content", content);
        writer.WriteEndObject();
    }

    private static void WritePattern(Utf8JsonWriter writer, string text)
    {
        writer.WriteStartObject("pattern");
        writer.WriteString("String", text);
        writer.WriteEndObject();
    }

    private static void WriteUnigram(Utf8JsonWriter writer, string token, double score)
    {
        writer.WriteStartArray();
        writer.WriteStringValue(token);
        writer.WriteNumberValue(score);
        writer.WriteEndArray();
    }
}
