using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>What the attention heads of a Transformer do on a text, for people and as JSON.</summary>
internal static class HeadListing
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static int Write(Terminal terminal, string path, string text, bool isJson, string? trace, TraceType type)
    {
        HeadReading reading = HeadReading.Of(path, text);
        if (trace is not null)
            UsageException.Guard(() => reading.Trace(trace, text, type));
        IReadOnlyList<HeadProfile> heads = reading.Profiles();
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, json => Write(json, heads), isIndented: true);
            return ExitCode.Done;
        }
        Write(terminal, heads);
        if (trace is not null)
            terminal.Say($"trace {trace}; 'heed report {trace}' shows it");
        return ExitCode.Done;
    }

    /// <summary>What the heads of any model do on one input.</summary>
    public static void Write(Terminal terminal, ExplainedInput input, bool isJson)
    {
        IReadOnlyList<HeadProfile> heads = input.Heads();
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, json =>
            {
                json.WriteString(input.Picture is null ? "text" : "picture", input.Source);
                Write(json, heads);
            });
        }
        else if (heads.Count == 0)
        {
            terminal.Say($"this {input.Model} has no heads");
        }
        else
        {
            Write(terminal, heads);
        }
    }

    /// <summary>How a trace stores weights, by its name.</summary>
    public static TraceType TypeOf(string name) => name switch
    {
        "f32" => TraceType.F32,
        "f16" => TraceType.F16,
        "u8" => TraceType.U8,
        _ => throw new UsageException($"--trace-type must be f32, f16 or u8, got '{name}'."),
    };

    private static void Write(Terminal terminal, IReadOnlyList<HeadProfile> heads)
    {
        // Encoders see the future: they have no induction.
        bool hasInduction = heads.Any(h => !double.IsNaN(h.InductionScore));
        Styled.WriteTable(terminal, ["layer", ">head", ">entropy", ">distance", ">first", ">previous", .. hasInduction ? [">induction"] : Array.Empty<string>()], heads.Select(h => (string[])
        [
            h.Layer, h.Head.ToString(culture), Figure(h.Entropy), Figure(h.MeanDistance), Figure(h.FirstTokenMass), Figure(h.PreviousTokenScore), .. hasInduction ? [Figure(h.InductionScore)] : Array.Empty<string>(),
        ]));
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<HeadProfile> heads)
    {
        json.WriteStartArray("heads");
        foreach (HeadProfile head in heads)
        {
            json.WriteStartObject();
            json.WriteString("layer", head.Layer);
            json.WriteNumber("head", head.Head);
            json.WriteFinite("entropy", head.Entropy);
            json.WriteFinite("meanDistance", head.MeanDistance);
            json.WriteFinite("firstTokenMass", head.FirstTokenMass);
            json.WriteFinite("previousTokenScore", head.PreviousTokenScore);
            json.WriteFinite("inductionScore", head.InductionScore);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Figure(double value) => double.IsNaN(value) ? "" : value.ToString("F3", culture);
}
