using System.Buffers.Binary;

namespace Heed;

/// <summary>How much each of some tokens (rows) looks at each of some others (columns).</summary>
/// <param name="Name">What it is, as a layer and head or a translated sentence.</param>
/// <param name="Rows">The tokens that look.</param>
/// <param name="Columns">The tokens that are looked at.</param>
/// <param name="Weights">(rows, columns), row-major, from 0.</param>
public sealed record WeightMatrix(string Name, IReadOnlyList<string> Rows, IReadOnlyList<string> Columns, ReadOnlyMemory<float> Weights)
{
    /// <summary>Figures and labels under the name, by name.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>The upper left part that fits a report.</summary>
    internal WeightMatrix Cut(int side)
    {
        if (Weights.Length != Rows.Count * Columns.Count)
            throw new ArgumentException(FormattableString.Invariant($"WeightMatrix: '{Name}' has {Weights.Length} weights but {Rows.Count} rows and {Columns.Count} columns."));
        if (Rows.Count <= side && Columns.Count <= side)
            return this;
        (int rows, int columns) = (Math.Min(Rows.Count, side), Math.Min(Columns.Count, side));
        float[] part = new float[rows * columns];
        for (int r = 0; r < rows; r++)
            Weights.Span.Slice(r * Columns.Count, columns).CopyTo(part.AsSpan(r * columns));
        return this with { Rows = [.. Rows.Take(rows)], Columns = [.. Columns.Take(columns)], Weights = part };
    }

    /// <summary>The largest weight, and all as 16-bit shares of it (little-endian) in base 64: values to 1/65,535 of the largest.</summary>
    internal (string Largest, string Packed) Pack()
    {
        ReadOnlySpan<float> weights = Weights.Span;
        float largest = 0;
        foreach (float weight in weights)
            largest = Math.Max(largest, float.IsFinite(weight) ? weight : 0);
        byte[] bytes = new byte[weights.Length * sizeof(ushort)];
        for (int i = 0; i < weights.Length && largest > 0; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)), (ushort)Math.Round(ushort.MaxValue * Math.Clamp(float.IsFinite(weights[i]) ? weights[i] / largest : 0, 0, 1)));
        return (largest.ToString("R", System.Globalization.CultureInfo.InvariantCulture), Convert.ToBase64String(bytes));
    }

    internal static void WriteTokens(HtmlWriter html, string kind, IReadOnlyList<string> tokens)
    {
        html.Start("ol", ("hidden", ""), ("class", kind));
        foreach (string token in tokens)
            html.Element("li", token.Trim().Length == 0 ? "␣" : token);
        html.End();
    }
}
