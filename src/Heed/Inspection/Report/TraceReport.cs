using System.Globalization;
using System.Numerics.Tensors;

namespace Heed;

/// <summary>What <see cref="TraceReport.Of"/> shows.</summary>
public sealed record TraceReportOptions
{
    /// <summary>The heading.</summary>
    /// <value>Default "Attention".</value>
    public string Title { get; init; } = "Attention";

    /// <summary>Places in <see cref="AttentionTrace.Layers"/>.</summary>
    /// <value>Default null: all.</value>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Heads, as the model counts them.</summary>
    /// <value>Default null: all.</value>
    public IReadOnlyList<int>? Heads { get; init; }

    /// <summary>What a cell is where a sequence is too long for a cell a token.</summary>
    /// <value>Default <see cref="TracePooling.Mean"/>.</value>
    public TracePooling Pooling { get; init; }
}

/// <summary>A trace as a report: all heads as a grid, and the text shaded by the attention that each token receives.</summary>
public static class TraceReport
{
    // Weights that are read for the shading of the text; for longer sequences it is left out.
    private const long MostWeights = 1 << 26;

    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    /// <summary>Makes the report; reads the level of the trace that fits it, whatever the length of the sequence.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="options">What is shown; all if null.</param>
    /// <exception cref="InputException">There is no such layer or head, or a file cannot be read.</exception>
    public static HtmlReport Of(AttentionTrace trace, TraceReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        options ??= new TraceReportOptions();
        int[] layers = options.Layers is { } chosen ? [.. chosen] : [.. Enumerable.Range(0, trace.Layers.Count)];
        if (layers.Length == 0)
            throw new InputException("no layer was asked for; leave the list away for all.", trace.Path);
        foreach (int layer in layers)
            trace.SizeOf(layer, level: 0);   // throws for a layer that is not there
        HtmlReport report = new(options.Title)
        {
            Introduction = string.Create(culture, $"{(layers.Length == 1 ? "1 layer" : $"{layers.Length} layers")}, weights as {trace.Type}; model {trace.ModelHash[..Math.Min(12, trace.ModelHash.Length)]}…."),
        };
        // Heads of one grid look with the same tokens at the same tokens. One row over the tokens of a text is that text, shaded.
        foreach (IGrouping<(string?, int, string?, int), int> group in layers.GroupBy(l => (trace.Layers[l].RowTokens, trace.Layers[l].Rows, trace.Layers[l].KeyTokens, trace.Layers[l].Keys)))
        {
            if (!IsShaded(trace, group.First()))
                report.Add(Grid(trace, options, [.. group]));
        }
        if (Received(trace, options, layers) is { } text)
            report.Add(new ReportTexts("What is looked at", [text]) { Note = "The weight that a token receives: of a pooling view by view, of layers the mean over queries and heads." });
        return report;
    }

    private static ReportHeads Grid(AttentionTrace trace, TraceReportOptions options, int[] layers)
    {
        TraceLayer first = trace.Layers[layers[0]];
        int level = layers.Max(layer => LevelOf(trace, layer));
        WeightMatrix[][] heads = [.. layers.Select(layer => HeadsOf(trace, options, layer).Select(head => Matrix(trace, layer, head, level, options.Pooling)).ToArray())];
        string cells = level == 0 ? "" : string.Create(culture, $" The sequence is long: a cell is the {(options.Pooling == TracePooling.Mean ? "mean" : "largest")} of the weights of {1 << level} × {1 << level} tokens.");
        string title = first.RowTokens is null && first.KeyTokens is null ? "Heads" : $"Heads: {first.RowTokens ?? "tokens"} looking at {first.KeyTokens ?? "tokens"}";
        return new ReportHeads(title, [.. layers.Select(layer => trace.Layers[layer].Name)], heads)
        {
            Note = string.Create(culture, $"How much each of {first.Rows:N0} rows looks at each of {first.Keys:N0} keys.{cells}"),
        };
    }

    private static bool IsShaded(AttentionTrace trace, int layer) => trace.Text is not null && trace.Ranges.Count > 0 && trace.Layers[layer] is { Rows: 1, KeyTokens: null } one && one.Keys == trace.Tokens.Count;

    // The finest level that fits a report.
    private static int LevelOf(AttentionTrace trace, int layer)
    {
        int level = 0;
        for (; trace.SizeOf(layer, level) is var (rows, keys) && Math.Max(rows, keys) > ReportLimits.MatrixSide; level++)
        {
        }
        return level;
    }

    private static IReadOnlyList<int> HeadsOf(AttentionTrace trace, TraceReportOptions options, int layer) => options.Heads ?? trace.Layers[layer].Heads;

    private static WeightMatrix Matrix(AttentionTrace trace, int layer, int head, int level, TracePooling pooling)
    {
        int fitting = Math.Min(level, trace.Layers[layer].LevelCount - 1);
        float[] weights = trace.Read(layer, head, fitting, pooling);
        (int rows, int keys) = trace.SizeOf(layer, fitting);
        return new WeightMatrix(string.Create(culture, $"{trace.Layers[layer].Name}, head {head}"), Names(trace, trace.Layers[layer].RowTokens, rows, fitting, trace.Rows), Names(trace, trace.Layers[layer].KeyTokens, keys, fitting, positions: null), weights)
        {
            Facts = [("largest", HtmlWriter.Number(weights.Length == 0 ? 0 : TensorPrimitives.Max(weights)))],
        };
    }

    // A token by its text, several by the first and the last.
    private static string[] Names(AttentionTrace trace, string? sequence, int count, int level, IReadOnlyList<int>? positions)
    {
        IReadOnlyList<string> tokens = sequence is null ? trace.Tokens : trace.Sequences[sequence];
        int all = positions?.Count ?? int.MaxValue;
        string Name(int place)
        {
            int token = positions is null ? place : positions[Math.Min(place, all - 1)];
            token = token < 0 ? tokens.Count + token : token;
            return token < tokens.Count && token >= 0 ? tokens[token] : token.ToString(culture);
        }
        return [.. Enumerable.Range(0, count).Select(cell => level == 0 ? Name(cell) : string.Create(culture, $"{cell << level} {Name(cell << level)}"))];
    }

    private static ShadedText? Received(AttentionTrace trace, TraceReportOptions options, int[] layers)
    {
        long weights = layers.Sum(layer => (long)trace.Layers[layer].Rows * trace.Layers[layer].Keys * HeadsOf(trace, options, layer).Count);
        if (trace.Text is not { } text || trace.Ranges.Count == 0 || weights > MostWeights)
            return null;
        List<WeightRow> rows = [];
        foreach (int layer in layers.Where(layer => trace.Layers[layer] is { KeyTokens: null } one && one.Keys == trace.Tokens.Count))
        {
            IReadOnlyList<int> heads = HeadsOf(trace, options, layer);
            float[] received = new float[trace.Tokens.Count];
            foreach (int head in heads)
            {
                float[] read = trace.Read(layer, head);
                if (IsShaded(trace, layer) && heads.Count > 1 && heads.Count <= ReportLimits.Rows)
                    rows.Add(new WeightRow(string.Create(culture, $"{trace.Layers[layer].Name}, view {head}"), read));
                for (int row = 0; row < trace.Layers[layer].Rows; row++)
                    TensorPrimitives.Add(received, read.AsSpan(row * received.Length, received.Length), received);
            }
            TensorPrimitives.Divide(received, Math.Max(1, trace.Layers[layer].Rows * heads.Count), received);
            rows.Add(new WeightRow(trace.Layers[layer].Name, received));
        }
        return rows.Count == 0 ? null : new ShadedText(text, trace.Ranges, rows) { Heading = "The text" };
    }
}
