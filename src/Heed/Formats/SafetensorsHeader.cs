using System.Text;
using System.Text.Json;

namespace Heed;

/// <summary>Reads the JSON header of a safetensors file and refuses whatever the format forbids, before any data is touched.</summary>
/// <remarks>What is held in memory is proportional to the header, which is at most <see cref="MaximumLength"/> bytes and never longer than the file.</remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The longest header that the format allows, in bytes.</summary>
    public const int MaximumLength = 100_000_000;

    /// <summary>The length field before the header, in bytes.</summary>
    public const int PrefixLength = 8;

    private const int MaximumRank = 32;

    private readonly string? path;
    private readonly long dataStart;
    private readonly long dataLength;
    private readonly Dictionary<string, SafetensorsEntry> entries = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string? path, int headerLength, long fileLength)
    {
        this.path = path;
        dataStart = PrefixLength + (long)headerLength;
        dataLength = fileLength - dataStart;
    }

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => entries;

    public IReadOnlyDictionary<string, string> Metadata => metadata;

    public static int ElementSize(SafetensorsType type) => type switch
    {
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        SafetensorsType.F32 or SafetensorsType.I32 or SafetensorsType.U32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 or SafetensorsType.U16 => 2,
        _ => 1,
    };

    /// <summary>Checks the length field: the header must fit the format's bound and the file.</summary>
    public static int CheckLength(ulong length, long fileLength, string? path)
    {
        if (length > MaximumLength || length > (ulong)(fileLength - PrefixLength))
        {
            throw new InputException(FormattableString.Invariant(
                $"not a whole safetensors file: byte 0 promises a header of {length} bytes, the file has {fileLength} and the limit is {MaximumLength}."), path);
        }
        return (int)length;
    }

    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength, string? path)
    {
        var header = new SafetensorsHeader(path, json.Length, fileLength);
        // The format wants the brace first, so that a file of another kind is not searched for white space.
        if (json.IsEmpty || json[0] != (byte)'{')
            throw header.Fault("the header does not begin with '{'", PrefixLength);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            header.ReadRoot(ref reader);
        }
        // GetString throws InvalidOperationException for text that is not valid Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw header.Fault("the header is no valid JSON: " + e.Message, PrefixLength + reader.BytesConsumed, e);
        }
        header.CheckCoverage();
        return header;
    }

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        reader.Read();
        bool metadataSeen = false;
        while (NextProperty(ref reader, out string name))
        {
            if (name == "__metadata__")
            {
                if (metadataSeen)
                    throw Fault("'__metadata__' appears twice", ref reader);
                metadataSeen = true;
                ReadMetadata(ref reader);
            }
            else if (!entries.TryAdd(name, ReadEntry(ref reader, name)))
                throw Fault($"the name '{name}' appears twice", ref reader);
        }
        // Trailing white space is the padding; anything else throws here.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "'__metadata__' must be an object");
        while (NextProperty(ref reader, out string key))
        {
            Expect(ref reader, JsonTokenType.String, $"the value of '{key}' in '__metadata__' must be a string");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw Fault($"the key '{key}' appears twice in '__metadata__'", ref reader);
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.StartObject, $"the entry '{name}' must be an object");
        SafetensorsType? type = null;
        List<long>? shape = null, offsets = null;
        while (NextProperty(ref reader, out string property))
        {
            if (property == "dtype" && type is null)
                type = ReadType(ref reader, name);
            else if (property == "shape" && shape is null)
                shape = ReadNumbers(ref reader, name, property, MaximumRank);
            else if (property == "data_offsets" && offsets is null)
                offsets = ReadNumbers(ref reader, name, property, 2);
            else
                throw Fault($"the entry '{name}' has an unknown or repeated property '{property}'", ref reader);
        }
        if (type is null || shape is null || offsets?.Count != 2)
            throw Fault($"the entry '{name}' needs 'dtype', 'shape' and two 'data_offsets'", ref reader);
        long begin = offsets[0], end = offsets[1];
        if (begin > end || end > dataLength)
            throw Fault(FormattableString.Invariant($"the entry '{name}' lies at {begin} … {end}, outside the {dataLength} bytes of data"), ref reader);
        if (ByteCount(type.Value, shape) != end - begin)
            throw Fault(FormattableString.Invariant($"the entry '{name}' of {type} ({string.Join(", ", shape)}) does not fill {end - begin} bytes"), ref reader);
        return new SafetensorsEntry(name, type.Value, shape.AsReadOnly(), dataStart + begin, end - begin);
    }

    private SafetensorsType ReadType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, $"'dtype' of the entry '{name}' must be a string");
        string text = reader.GetString()!;
        return TypeOf(text) ?? throw Fault($"the entry '{name}' has the unknown type '{text}'", ref reader);
    }

    /// <summary>A type as the format calls it.</summary>
    public static string NameOf(SafetensorsType type) => type switch
    {
        SafetensorsType.F8E4M3 => "F8_E4M3",
        SafetensorsType.F8E5M2 => "F8_E5M2",
        SafetensorsType.Bool => "BOOL",
        _ => type.ToString(),
    };

    private static SafetensorsType? TypeOf(string text) => text switch
    {
        "F64" => SafetensorsType.F64,
        "F32" => SafetensorsType.F32,
        "F16" => SafetensorsType.F16,
        "BF16" => SafetensorsType.BF16,
        "F8_E4M3" => SafetensorsType.F8E4M3,
        "F8_E5M2" => SafetensorsType.F8E5M2,
        "I64" => SafetensorsType.I64,
        "I32" => SafetensorsType.I32,
        "I16" => SafetensorsType.I16,
        "I8" => SafetensorsType.I8,
        "U64" => SafetensorsType.U64,
        "U32" => SafetensorsType.U32,
        "U16" => SafetensorsType.U16,
        "U8" => SafetensorsType.U8,
        "BOOL" => SafetensorsType.Bool,
        _ => null,
    };

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string property, int maximumCount)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"'{property}' of the entry '{name}' must be an array");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw Fault($"'{property}' of the entry '{name}' must hold whole numbers from 0", ref reader);
            if (numbers.Count == maximumCount)
                throw Fault(FormattableString.Invariant($"'{property}' of the entry '{name}' has more than {maximumCount} numbers"), ref reader);
            numbers.Add(number);
        }
        return numbers;
    }

    /// <summary>The bytes that a shape takes, or −1 where the product does not fit 63 bits.</summary>
    private static long ByteCount(SafetensorsType type, List<long> shape)
    {
        // A zero anywhere makes the product zero, however large the other dimensions are.
        if (shape.Contains(0))
            return 0;
        Int128 product = ElementSize(type);
        foreach (long dimension in shape)
        {
            product *= dimension;
            if (product > long.MaxValue)
                return -1;
        }
        return (long)product;
    }

    /// <summary>The entries must cover the data exactly: from its first byte to its last, no overlap, no hole.</summary>
    private void CheckCoverage()
    {
        long reached = dataStart;
        foreach (SafetensorsEntry entry in entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.ByteCount))
        {
            if (entry.Offset != reached)
            {
                string what = entry.Offset < reached ? "overlaps the entry before it" : "leaves a hole before it";
                throw Fault($"the entry '{entry.Name}' {what}", entry.Offset);
            }
            reached = entry.Offset + entry.ByteCount;
        }
        if (reached != dataStart + dataLength)
            throw Fault(FormattableString.Invariant($"{dataStart + dataLength - reached} bytes of data belong to no entry"), reached);
    }

    private static bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        reader.Read();
        name = reader.TokenType == JsonTokenType.PropertyName ? reader.GetString()! : "";
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType token, string message)
    {
        if (!reader.Read() || reader.TokenType != token)
            throw Fault(message, ref reader);
    }

    private InputException Fault(string message, ref Utf8JsonReader reader) => Fault(message, PrefixLength + reader.TokenStartIndex);

    private InputException Fault(string message, long position, Exception? cause = null)
    {
        var text = new StringBuilder("not a valid safetensors file: ").Append(message);
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $" (byte {position}). Was it written completely, and is it safetensors?");
        return new InputException(text.ToString(), path, innerException: cause);
    }
}
