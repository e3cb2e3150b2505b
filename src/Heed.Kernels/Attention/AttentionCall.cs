using System.Runtime.CompilerServices;

namespace Heed.Kernels;

/// <summary>One sequence of a call: its rows in the operands and where it stands.</summary>
internal readonly record struct AttentionSequence(int FirstQuery, int Queries, int FirstKey, int Keys, int QueryPosition);

/// <summary>A checked attention as raw pointers: what the forward pass, the backward pass and the weights share.</summary>
/// <remarks>Rows of a task: the queries of one sequence times the query heads that share a key/value head, row = query·group + head in the group, so that
/// neighbouring rows read the same keys and stand at neighbouring positions.</remarks>
internal unsafe struct AttentionCall
{
    /// <summary>Sequences of at most so many rows go backward without copies of keys and values.</summary>
    public const int MostFewRows = 4;

    public float* Q, K, V;
    public AttentionStrides StridesQ, StridesK, StridesV, StridesO;
    public int Batch, Heads, KeyValueHeads, Group, Queries, Keys, Dim, ValueDim;
    public float Scale, Dropout;
    public ulong DropoutKey;
    public float* Sinks;
    public float* ValueTable;   // (ValueRows, ValueDim), or null
    public int ValueRows;
    public float* Normalizers;  // of all rows, where a distribution is not softmax
    public bool TakesSlopes;    // values are weighed by the distribution's slope instead of its weights
    public int* QueryLengths, QueryStarts, KeyLengths, KeyStarts, QueryOffsets, KeyOffsets;
    public int KeyPosition;
    public int? QueryPosition;
    public bool IsShort;      // keys and values are bfloat16
    public ScoreRow Source;   // what is the same for all rows; the key terms of all sequences

    /// <summary>Where the parts of the key axis end: at absolute multiples of this. It depends on nothing but the sizes of a head, since it decides bits.</summary>
    public readonly int Block => Math.Max(Dim, ValueDim) <= 64 ? 512 : Math.Max(Dim, ValueDim) <= 160 ? 256 : 128;

    /// <summary>Rows of a task of the forward pass, at most. It decides no bit.</summary>
    /// <remarks>Every task packs the keys that it sees, so tasks are as large as the second-level cache allows, or smaller where there would be too few of them for the threads.</remarks>
    /// <param name="sequences">Sequences times key/value heads.</param>
    /// <param name="rows">Rows of the longest of them.</param>
    /// <param name="height">Rows of a register tile.</param>
    public readonly int TaskRows(long sequences, long rows, int height)
    {
        int most = (Math.Max(Dim, ValueDim) <= 64 ? 64 : Math.Max(Dim, ValueDim) <= 160 ? 32 : 16) * height;
        while (most > 16 * height && sequences * ((rows + most - 1) / most) < 4 * Workers.Degree)
            most /= 2;
        return (int)Math.Min(most, Math.Max(height, rows));
    }

    public readonly bool IsPacked => QueryOffsets != null;

    public readonly AttentionSequence Sequence(int b)
    {
        int firstQuery = IsPacked ? QueryOffsets[b] : QueryStarts != null ? QueryStarts[b] : 0;
        int queries = IsPacked ? QueryOffsets[b + 1] - firstQuery : QueryLengths != null ? QueryLengths[b] : Queries - firstQuery;
        int firstKey = IsPacked ? KeyOffsets[b] : KeyStarts != null ? KeyStarts[b] : 0;
        int keys = IsPacked ? KeyOffsets[b + 1] - firstKey : KeyLengths != null ? KeyLengths[b] : Keys - firstKey;
        return new(firstQuery, queries, firstKey, keys, QueryPosition ?? KeyPosition + keys - queries);
    }

    public readonly float* QueryRow(int b, int head, int row) => Q + Offset(StridesQ, b, head, row);

    public readonly float* KeyRow(int b, int head, int row) => K + Offset(StridesK, b, head, row);

    public readonly float* ValueRow(int b, int head, int row) => V + Offset(StridesV, b, head, row);

    public readonly long Offset(in AttentionStrides s, int b, int head, int row) => (IsPacked ? 0 : b * s.Batch) + (head * s.Head) + (row * s.Row);

    /// <summary>Row of the statistics.</summary>
    public readonly long Row(int b, int head, int row) => ((((IsPacked ? 0L : b) * Heads) + head) * Queries) + row;

    /// <summary>Row of numbers for each key.</summary>
    public readonly long KeyTermRow(int b, int head, int row) => ((((IsPacked ? 0L : b) * KeyValueHeads) + head) * Keys) + row;

    /// <summary>The context of row <paramref name="row"/> of a task.</summary>
    public readonly ScoreRow Context(int b, int keyValueHead, in AttentionSequence sequence, int row)
    {
        ScoreRow context = Source;
        context.Batch = b;
        context.KeyValueHead = keyValueHead;
        context.Head = (keyValueHead * Group) + (row % Group);
        context.Query = row / Group;
        context.Queries = sequence.Queries;
        context.Keys = sequence.Keys;
        context.QueryPosition = sequence.QueryPosition;
        context.KeyPosition = KeyPosition;
        context.Row = Row(b, context.Head, sequence.FirstQuery + context.Query);
        if (context.KeyTerms != null)
            context.KeyTerms = (float*)context.KeyTerms + KeyTermRow(b, keyValueHead, sequence.FirstKey);
        return context;
    }

    /// <summary>Turns a context of this sequence and key/value head into that of another row: most of it is the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Move(ScoreRow* context, in AttentionSequence sequence, int row)
    {
        context->Query = Group == 1 ? row : row / Group;
        context->Head = (context->KeyValueHead * Group) + (Group == 1 ? 0 : row % Group);
        context->Row = Row(context->Batch, context->Head, sequence.FirstQuery + context->Query);
    }

    public readonly MaskTile Tile(int b, int keyValueHead, in AttentionSequence sequence, int row, int rows, int key, int keys)
    {
        int first = row / Group, last = (row + rows - 1) / Group;
        int head = keyValueHead * Group;
        return new()
        {
            Batch = b,
            FirstHead = first == last ? head + (row % Group) : head,
            LastHead = first == last ? head + ((row + rows - 1) % Group) : head + Group - 1,
            FirstQuery = first,
            LastQuery = last,
            FirstKey = Math.Max(key, 0),
            LastKey = Math.Min(key + keys, sequence.Keys) - 1,
            QueryPosition = sequence.QueryPosition,
            KeyPosition = KeyPosition,
            Queries = sequence.Queries,
            Keys = sequence.Keys,
            NumberSource = Source.Numbers,
            NumberCount = Source.NumberCount,
            FlagSource = Source.Flags,
            FlagCount = Source.FlagCount,
        };
    }

    /// <summary>The stream of a row's dropout: of its batch, head and position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong RowKey(ScoreRow* row) =>
        CounterRandom.Mix(CounterRandom.Mix(DropoutKey + (((ulong)row->Batch << 32) | (uint)row->Head)) ^ (uint)(row->QueryPosition + row->Query));
}
