using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Heed;

/// <summary>The file <c>tokenizer.json</c>: <c>{"format":"heed-tokenizer","version":1,"tokenizer":"word","lowerCase":true,
/// "maximumLength":400,"tokens":[…]}</c> with the tokens from id 2 on; a byte-pair tokenizer also has <c>"merges":["t","h","th","e",…]</c>,
/// two pieces for each merge. Version 2 also has
/// <c>"redact":["email","number"]</c>, which older programs must not overlook.</summary>
internal static class TokenizerFile
{
    private const string FormatName = "heed-tokenizer";
    private const int Version = 2, Unredacted = 1;
    private const long LargestFile = 256L << 20;

    private static readonly TextRedaction[] redactions = [TextRedaction.Email, TextRedaction.Number];

    public static void Save(TextEncoder encoder, Stream stream)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("format", FormatName);
        writer.WriteNumber("version", encoder.Redaction == TextRedaction.None ? Unredacted : Version);
        writer.WriteString("tokenizer", encoder.Tokenizer.Name);
        writer.WriteBoolean("lowerCase", encoder.Tokenizer.LowerCase);
        writer.WriteNumber("maximumLength", encoder.MaximumLength);
        if (encoder.MinimumCount > 0)
            writer.WriteNumber("minimumCount", encoder.MinimumCount);
        if (encoder.Redaction != TextRedaction.None)
        {
            writer.WriteStartArray("redact");
            foreach (TextRedaction kind in redactions.Where(kind => encoder.Redaction.HasFlag(kind)))
                writer.WriteStringValue(kind.ToString().ToLowerInvariant());
            writer.WriteEndArray();
        }
        if (encoder.Tokenizer is BytePairTokenizer bytePairs)
        {
            writer.WriteStartArray("merges");
            foreach ((string left, string right) in bytePairs.Merges)
            {
                writer.WriteStringValue(left);
                writer.WriteStringValue(right);
            }
            writer.WriteEndArray();
        }
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
        ITokenizer tokenizer = Tokenizer(root, custom);
        var vocabulary = new Vocabulary(root.GetProperty("tokens").EnumerateArray().Select(ReadToken));
        TextRedaction redaction = root.TryGetProperty("redact", out JsonElement redact)
            ? redact.EnumerateArray().Aggregate(TextRedaction.None, (all, name) => all | Redaction(name.GetString())) : TextRedaction.None;
        return new TextEncoder(tokenizer, vocabulary, root.GetProperty("maximumLength").GetInt32(), redaction)
        {
            MinimumCount = root.TryGetProperty("minimumCount", out JsonElement minimum) ? minimum.GetInt32() : 0,
        };
    }

    private static TextRedaction Redaction(string? name) => name switch
    {
        "email" => TextRedaction.Email,
        "number" => TextRedaction.Number,
        _ => throw new FormatException($"it redacts '{name}', which this program cannot"),
    };

    private static ITokenizer Tokenizer(JsonElement root, ITokenizer? custom)
    {
        string name = root.GetProperty("tokenizer").GetString() ?? "";
        bool lowerCase = root.GetProperty("lowerCase").GetBoolean();
        if (custom is not null)
        {
            return custom.Name == name && custom.LowerCase == lowerCase ? custom
                : throw new FormatException($"it was saved with the tokenizer '{name}', not '{custom.Name}'");
        }
        return name == TokenKinds.BytePair ? new BytePairTokenizer(Merges(root.GetProperty("merges")), lowerCase)
            : TokenKinds.Find(name, lowerCase) ?? throw new FormatException($"its tokenizer '{name}' is not built in; pass it to Load");
    }

    private static IEnumerable<(string, string)> Merges(JsonElement merges)
    {
        string[] pieces = [.. merges.EnumerateArray().Select(piece => piece.GetString() ?? "")];
        if (pieces.Length % 2 != 0)
            throw new FormatException("a merge has one piece");
        for (int i = 0; i < pieces.Length; i += 2)
            yield return (pieces[i], pieces[i + 1]);
    }
}
