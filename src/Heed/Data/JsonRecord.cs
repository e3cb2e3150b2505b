using System.Text;
using System.Text.Json;

namespace Heed;

/// <summary>Takes the text and the label out of one JSON object.</summary>
internal sealed class JsonRecord(string name, string textName, string? labelName, bool labelRequired)
{
    private byte[] utf8 = new byte[1024];

    public TextRow Read(ReadOnlySpan<char> line, long number)
    {
        int most = Encoding.UTF8.GetMaxByteCount(line.Length);
        if (utf8.Length < most)
            utf8 = new byte[most];
        int count = Encoding.UTF8.GetBytes(line, utf8);
        try
        {
            return Read(new Utf8JsonReader(utf8.AsSpan(0, count)), number);
        }
        catch (JsonException e)
        {
            int column = Encoding.UTF8.GetCharCount(utf8, 0, (int)Math.Min(count, e.BytePositionInLine ?? 0)) + 1;
            throw new InputException(line.StartsWith("[") ? "a JSON array; JSON Lines has one object a line, without brackets around them."
                : "this is not a JSON object; JSON Lines has one object a line.", name, number, column, e);
        }
        catch (InvalidOperationException e)
        {
            throw new InputException("a string holds half of a surrogate pair (\\ud800 to \\udfff); write the character itself.",
                name, number, innerException: e);
        }
    }

    private TextRow Read(Utf8JsonReader reader, long number)
    {
        string? text = null, label = null;
        bool hasLabel = false;
        var names = new List<string>();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InputException("this is not a JSON object; JSON Lines has one object a line, without brackets around them.", name, number, 1);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string property = reader.GetString()!;
            names.Add(property);
            reader.Read();
            if (property == textName)
                text = reader.TokenType == JsonTokenType.String ? reader.GetString() : throw WrongType(property, "a string", number);
            else if (property == labelName)
                (label, hasLabel) = (Label(ref reader, number), true);
            else
                reader.Skip();
        }
        // Whatever follows the object is a syntax error, which the reader finds.
        while (reader.Read())
        {
        }
        if (text is null)
            throw Missing(textName, names, number);
        if (labelName is not null && !hasLabel && labelRequired)
            throw Missing(labelName, names, number);
        return new TextRow(text, label, number);
    }

    private string Label(ref Utf8JsonReader reader, long number) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString()!.Trim(),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "",
        _ => throw WrongType(labelName!, "a string, a number or a truth value", number),
    };

    private InputException WrongType(string property, string expected, long number) => new($"'{property}' is not {expected}.", name, number);

    private InputException Missing(string property, List<string> names, long number) =>
        new($"there is no '{property}'; the object has {(names.Count == 0 ? "nothing" : NearestName.List(names))}."
            + NearestName.Hint(property, names), name, number);
}
