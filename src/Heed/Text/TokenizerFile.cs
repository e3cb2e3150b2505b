using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Heed;

/// <summary>The file <c>tokenizer.json</c>: <c>{"format":"heed-tokenizer","version":1,"tokenizer":"word","lowerCase":true,
/// "maximumLength":400,"tokens":[…]}</c> with the tokens from id 2 on.</summary>
internal static class TokenizerFile
{
    private const string FormatName = "heed-tokenizer";
    private const int Version = 1;
    private const long LargestFile = 256L << 20;

    public static void Save(TextEncoder encoder, Stream stream)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("format", FormatName);
        writer.WriteNumber("version", Version);
        writer.WriteString("tokenizer", encoder.Tokenizer.Name);
        writer.WriteBoolean("lowerCase", encoder.Tokenizer.LowerCase);
        writer.WriteNumber("maximumLength", encoder.MaximumLength);
        writer.WriteStartArray("tokens");
        foreach (string token in encoder.Vocabulary.Learned)
            WriteToken(writer, token);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static TextEncoder Load(string path, ITokenizer? custom) =>
        JsonFile.Read(path, "tokenizer file", LargestFile, maximumDepth: 4, root => Read(root, path, custom));

    // A lone surrogate has no UTF-8 form, so such a token is written as an array of its UTF-16 units.
    private static void WriteToken(Utf8JsonWriter writer, string token)
    {
        if (IsWellFormed(token))
        {
            writer.WriteStringValue(token);
            return;
        }
        writer.WriteStartArray();
        foreach (char unit in token)
            writer.WriteNumberValue(unit);
        writer.WriteEndArray();
    }

    private static bool IsWellFormed(ReadOnlySpan<char> token)
    {
        while (!token.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(token, out _, out int used) != OperationStatus.Done)
                return false;
            token = token[used..];
        }
        return true;
    }

    private static string ReadToken(JsonElement token)
    {
        if (token.ValueKind == JsonValueKind.Array)
        {
            if (token.GetArrayLength() > Vocabulary.MaximumTokenLength)
                throw new FormatException("a token is too long");
            return string.Concat(token.EnumerateArray().Select(unit => (char)unit.GetUInt16()));
        }
        return token.GetString() ?? throw new FormatException("a token is null");
    }

    private static TextEncoder Read(JsonElement root, string path, ITokenizer? custom)
    {
        JsonFile.CheckFormat(root, path, FormatName, Version);
        ITokenizer tokenizer = Tokenizer(root.GetProperty("tokenizer").GetString() ?? "", root.GetProperty("lowerCase").GetBoolean(), custom);
        var vocabulary = new Vocabulary(root.GetProperty("tokens").EnumerateArray().Select(ReadToken));
        return new TextEncoder(tokenizer, vocabulary, root.GetProperty("maximumLength").GetInt32());
    }

    private static ITokenizer Tokenizer(string name, bool lowerCase, ITokenizer? custom) => name switch
    {
        _ when custom is not null => custom.Name == name && custom.LowerCase == lowerCase ? custom
            : throw new FormatException($"it was saved with the tokenizer '{name}', not '{custom.Name}'"),
        "word" => new WordTokenizer(lowerCase),
        "character" => new CharacterTokenizer(lowerCase),
        _ => throw new FormatException($"its tokenizer '{name}' is not built in; pass it to Load"),
    };
}
