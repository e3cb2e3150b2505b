using System.Text;
using System.Text.Json;

namespace Heed;

/// <summary>Takes the wanted properties out of one JSON object.</summary>
internal sealed class JsonRecord(string name, RowPlan plan, char labelSeparator)
{
    private readonly string?[] fields = new string?[plan.Wanted.Count];
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
        Array.Clear(fields);
        var names = new List<string>();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InputException("this is not a JSON object; JSON Lines has one object a line, without brackets around them.", name, number, 1);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string property = reader.GetString()!;
            names.Add(property);
            reader.Read();
            for (int i = 0; i < fields.Length; i++)
            {
                if (plan.Wanted[i].Name != property)
                    continue;
                // The reader is a struct: each column that wants this property reads it from the same place.
                Utf8JsonReader value = reader;
                fields[i] = Field(ref value, i, number);
            }
            reader.Skip();
        }
        // Whatever follows the object is a syntax error, which the reader finds.
        while (reader.Read())
        {
        }
        for (int i = 0; i < fields.Length; i++)
        {
            // A category or number that is not written is a missing value; everything else must be there.
            if (fields[i] is null && plan.Wanted[i].IsRequired)
                fields[i] = plan.Wanted[i].Role is "category" or "number" ? "" : throw Missing(plan.Wanted[i].Name, names, number);
        }
        return plan.Row(fields, number);
    }

    private string Field(ref Utf8JsonReader reader, int column, long number) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString()!,
        _ when plan.IsText(column) => throw WrongType(column, "a string", number),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "",
        JsonTokenType.StartArray when plan.IsLabel(column) => Set(ref reader, column, number),
        _ => throw WrongType(column, plan.IsLabel(column) ? "a string, a number, a truth value or a list of strings" : "a string, a number or a truth value", number),
    };

    // ["a", "b"] is the set that a table writes a|b.
    private string Set(ref Utf8JsonReader reader, int column, long number)
    {
        var labels = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            labels.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : reader.TokenType == JsonTokenType.Number
                ? Encoding.UTF8.GetString(reader.ValueSpan) : throw WrongType(column, "a list of strings or numbers", number));
        }
        return string.Join(labelSeparator, labels);
    }

    private InputException WrongType(int column, string expected, long number) => new($"'{plan.Wanted[column].Name}' is not {expected}.", name, number);

    private InputException Missing(string property, List<string> names, long number) =>
        new($"there is no '{property}'; the object has {(names.Count == 0 ? "nothing" : NearestName.List(names))}."
            + NearestName.Hint(property, names), name, number);
}
