using System.Text;
using System.Text.Json;

namespace Heed;

/// <summary>A tokenizer whose tokens are the characters of a corpus, written as a <c>tokenizer.json</c>: byte-pair encoding without a merge.</summary>
internal static class CharacterAlphabet
{
    private const string Unknown = "<unk>";

    /// <summary>Writes the file.</summary>
    /// <param name="texts">The corpus: each code point in it becomes a token, in order of its number.</param>
    /// <param name="stream">Where to.</param>
    public static void Write(IEnumerable<string> texts, Stream stream)
    {
        SortedSet<int> characters = [];
        foreach (string text in texts)
        {
            foreach (Rune rune in text.EnumerateRunes())
                characters.Add(rune.Value);
        }
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteStartArray("added_tokens");
        json.WriteEndArray();
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", "[\\s\\S]");
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
        json.WriteStartObject("decoder");
        json.WriteString("type", "Fuse");
        json.WriteEndObject();
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteString("unk_token", Unknown);
        json.WriteStartObject("vocab");
        json.WriteNumber(Unknown, 0);
        int id = 1;
        foreach (int character in characters)
            json.WriteNumber(char.ConvertFromUtf32(character), id++);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
