using System.Collections;
using System.Runtime.InteropServices;

namespace Heed.Kernels;

/// <summary>The check that no result lies on what is read or on another result; interleaved gradients may share a buffer where their elements lie apart.</summary>
internal static class AttentionOverlap
{
    private const int Results = 10, Operands = 18;
    private static readonly string[] resultNames =
        ["output", "LogSumExp", "Maximum", "Entropy", "ExpectedDistance", "KeyMass", "TopWeights", "ValueMass", "ArgMax", "TopKeys"];

    private static readonly string[] gradientNames =
        ["gradients.Query", "gradients.Key", "gradients.Value", "gradients.Parameters", "gradients.Sinks", "gradients.QueryTerms", "gradients.KeyTerms", "gradients.QueryTable", "gradients.ValueTable"];

    private static readonly string[] operandNames =
    [
        "q", "k", "v", "parameters", "Sinks", "QueryTerms", "KeyTerms", "QueryTable", "ValueTable", "MaskNumbers", "MaskFlags",
        "dOutput", "output", "logSumExp", "FromLogSumExp", "FromEntropy", "Entropy", "ValueMass",
    ];

    /// <summary>The results of a forward pass.</summary>
    public static void Check(string operation, in AttentionInput input, Span<float> output, in AttentionStatistics s)
    {
        for (int i = 0; i < Results; i++)
        {
            ReadOnlySpan<byte> result = Result(output, s, i);
            for (int j = 0; j < Operands && !result.IsEmpty; j++)
            {
                if (result.Overlaps(Operand(input, j)))
                    throw Overlap(operation, resultNames[i], operandNames[j]);
            }
            for (int j = 0; j < i && !result.IsEmpty; j++)
            {
                if (result.Overlaps(Result(output, s, j)))
                    throw Overlap(operation, resultNames[i], resultNames[j]);
            }
        }
    }

    /// <summary>Weights alone.</summary>
    public static void Check(string operation, in AttentionInput input, Span<float> weights)
    {
        for (int j = 0; j < Operands && !weights.IsEmpty; j++)
        {
            if (MemoryMarshal.AsBytes(weights).Overlaps(Operand(input, j)))
                throw Overlap(operation, nameof(weights), operandNames[j]);
        }
    }

    /// <summary>The results of a backward pass.</summary>
    public static void Check(string operation, in AttentionInput input, in AttentionGradients g, in AttentionShape shape)
    {
        for (int i = 0; i < gradientNames.Length; i++)
        {
            Span<float> result = Gradient(g, i);
            for (int j = 0; j < Operands && !result.IsEmpty; j++)
            {
                if (MemoryMarshal.AsBytes(result).Overlaps(Operand(input, j)))
                    throw Overlap(operation, gradientNames[i], operandNames[j]);
            }
            for (int j = 0; j < i && !result.IsEmpty; j++)
            {
                Span<float> other = Gradient(g, j);
                if (other.Overlaps(result, out int offset) && (i > 2 || Meet(shape, !input.Options.QueryOffsets.IsEmpty, j, i, offset)))
                    throw Overlap(operation, gradientNames[i], gradientNames[j]);
            }
        }
    }

    private static ArgumentException Overlap(string operation, string result, string other) =>
        new($"{operation}: {result} and {other} overlap. Results need memory of their own.", result);

    // Whether two of the gradients of queries (0), keys (1) and values (2) share an element; the second starts offset floats behind the first.
    private static bool Meet(in AttentionShape s, bool isPacked, int first, int second, int offset)
    {
        if (AreColumns(s, isPacked, first, second, offset))
            return false;
        long least = Math.Min(0, offset), end = Math.Max(End(s, isPacked, first), offset + End(s, isPacked, second));
        BitArray taken = new(checked((int)(end - least)));
        return Mark(s, isPacked, first, -least, taken) || Mark(s, isPacked, second, offset - least, taken);
    }

    // The usual case, found without a look at elements: both are columns of rows of one length.
    private static bool AreColumns(in AttentionShape s, bool isPacked, int first, int second, long offset)
    {
        (AttentionStrides a, _, int headsA, _, int sizeA) = Layout(s, isPacked, first);
        (AttentionStrides b, _, int headsB, _, int sizeB) = Layout(s, isPacked, second);
        long row = a.Row, start = row == 0 ? 0 : ((offset % row) + row) % row;
        return row > 0 && b.Row == row && a.Batch % row == 0 && b.Batch % row == 0
            && (a.Head * (headsA - 1)) + sizeA <= start && start + (b.Head * (headsB - 1)) + sizeB <= row;
    }

    private static bool Mark(in AttentionShape s, bool isPacked, int which, long start, BitArray taken)
    {
        (AttentionStrides strides, int batch, int heads, int rows, int size) = Layout(s, isPacked, which);
        for (long row = 0; row < (long)batch * heads * rows; row++)
        {
            long at = start + (row / rows / heads * strides.Batch) + (row / rows % heads * strides.Head) + (row % rows * strides.Row);
            for (int i = 0; i < size; i++, at++)
            {
                if (taken[(int)at])
                    return true;
                taken[(int)at] = true;
            }
        }
        return false;
    }

    private static long End(in AttentionShape s, bool isPacked, int which)
    {
        (AttentionStrides strides, int batch, int heads, int rows, int size) = Layout(s, isPacked, which);
        return batch == 0 || heads == 0 || rows == 0 ? 0 : (strides.Batch * (batch - 1)) + (strides.Head * (heads - 1)) + (strides.Row * (rows - 1)) + size;
    }

    private static (AttentionStrides Strides, int Batch, int Heads, int Rows, int Size) Layout(in AttentionShape s, bool isPacked, int which)
    {
        int batch = isPacked ? Math.Min(1, s.Batch) : s.Batch;
        return which == 0 ? (s.QueryStrides, batch, s.HeadCount, s.Queries, s.HeadDim)
            : which == 1 ? (s.KeyStrides, batch, s.KeyValueHeadCount, s.Keys, s.HeadDim) : (s.ValueStrides, batch, s.KeyValueHeadCount, s.Keys, s.ValueDim);
    }

    private static ReadOnlySpan<byte> Result(Span<float> output, in AttentionStatistics s, int i) => i switch
    {
        0 => MemoryMarshal.AsBytes(output),
        1 => MemoryMarshal.AsBytes(s.LogSumExp),
        2 => MemoryMarshal.AsBytes(s.Maximum),
        3 => MemoryMarshal.AsBytes(s.Entropy),
        4 => MemoryMarshal.AsBytes(s.ExpectedDistance),
        5 => MemoryMarshal.AsBytes(s.KeyMass),
        6 => MemoryMarshal.AsBytes(s.TopWeights),
        7 => MemoryMarshal.AsBytes(s.ValueMass),
        8 => MemoryMarshal.AsBytes(s.ArgMax),
        _ => MemoryMarshal.AsBytes(s.TopKeys),
    };

    private static Span<float> Gradient(in AttentionGradients g, int i) => i switch
    {
        0 => g.Query,
        1 => g.Key,
        2 => g.Value,
        3 => g.Parameters,
        4 => g.Sinks,
        5 => g.QueryTerms,
        6 => g.KeyTerms,
        7 => g.QueryTable,
        _ => g.ValueTable,
    };

    private static ReadOnlySpan<byte> Operand(in AttentionInput x, int i) => i switch
    {
        0 => MemoryMarshal.AsBytes(x.Q),
        1 => MemoryMarshal.AsBytes(x.K),
        2 => MemoryMarshal.AsBytes(x.V),
        3 => MemoryMarshal.AsBytes(x.Parameters),
        4 => MemoryMarshal.AsBytes(x.Options.Sinks),
        5 => MemoryMarshal.AsBytes(x.Options.QueryTerms),
        6 => MemoryMarshal.AsBytes(x.Options.KeyTerms),
        7 => MemoryMarshal.AsBytes(x.Options.QueryTable),
        8 => MemoryMarshal.AsBytes(x.Options.ValueTable),
        9 => MemoryMarshal.AsBytes(x.Options.MaskNumbers),
        10 => MemoryMarshal.AsBytes(x.Options.MaskFlags),
        11 => MemoryMarshal.AsBytes(x.DOutput),
        12 => MemoryMarshal.AsBytes(x.Output),
        13 => MemoryMarshal.AsBytes(x.LogSumExp),
        14 => MemoryMarshal.AsBytes(x.Gradients.FromLogSumExp),
        15 => MemoryMarshal.AsBytes(x.Gradients.FromEntropy),
        16 => MemoryMarshal.AsBytes(x.Gradients.Entropy),
        _ => MemoryMarshal.AsBytes(x.Gradients.ValueMass),
    };
}

/// <summary>Everything that a pass reads.</summary>
internal readonly ref struct AttentionInput
{
    public ReadOnlySpan<float> Q { get; init; }

    public ReadOnlySpan<float> K { get; init; }

    public ReadOnlySpan<float> V { get; init; }

    public ReadOnlySpan<float> Parameters { get; init; }

    public AttentionOptions Options { get; init; }

    public ReadOnlySpan<float> DOutput { get; init; }

    public ReadOnlySpan<float> Output { get; init; }

    public ReadOnlySpan<float> LogSumExp { get; init; }

    public AttentionGradients Gradients { get; init; }
}
