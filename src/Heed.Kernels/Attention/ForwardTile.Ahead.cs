using System.Runtime.Intrinsics.X86;

namespace Heed.Kernels;

/// <content>Memory that is fetched before it is read: the next panel of keys or values, or all that the next task touches.</content>
internal unsafe ref partial struct ForwardTile<TModifier, TMask>
{
    /// <summary>Says which sequence and head comes next: its operands and its result are fetched while this task multiplies with its values.</summary>
    /// <remarks>Of many short sequences everything is touched once, so a task would wait for memory as long as it computes.</remarks>
    public void Foresee(int nextB, int nextHead, in AttentionSequence sequence)
    {
        ref readonly AttentionCall call = ref s->Call;
        int query = nextHead * call.Group;
        next = new()
        {
            Keys = Rows(call.KeyRow(nextB, nextHead, sequence.FirstKey), call.StridesK.Row, sequence.Keys, call.Dim),
            Values = Rows(call.ValueRow(nextB, nextHead, sequence.FirstKey), call.StridesV.Row, sequence.Keys, call.ValueDim),
            Queries = Rows(call.QueryRow(nextB, query, sequence.FirstQuery), call.StridesQ.Row, sequence.Queries, call.Dim),
            Results = Rows(s->Results.O + call.Offset(call.StridesO, nextB, query, sequence.FirstQuery), call.StridesO.Row, sequence.Queries, call.ValueDim),
        };
        int products = strips * (valueStride / panel);
        next.LinesAtOnce = (next.Keys.Lines(1) + next.Values.Lines(1) + next.Queries.Lines(1) + next.Results.Lines(1) + products - 1) / products;
    }

    private static Ahead Rows(float* first, long stride, int rows, int size) =>
        new() { Row = (byte*)first, Length = (nint)size * sizeof(float), Stride = (nint)stride * sizeof(float), Rows = rows };

    /// <summary>What the next task will touch.</summary>
    private struct NextTask
    {
        public Ahead Keys, Values, Queries, Results;
        public int LinesAtOnce;

        public void Fetch()
        {
            if (LinesAtOnce == 0)
                return;
            if (Keys.Rows > 0)
                Keys.Fetch(LinesAtOnce);
            else if (Queries.Rows > 0)
                Queries.Fetch(LinesAtOnce);
            else if (Values.Rows > 0)
                Values.Fetch(LinesAtOnce);
            else
                Results.Fetch(LinesAtOnce);
        }
    }

    private readonly Ahead KeysAhead(int first) => AheadOf(s->Call.K, s->Call.StridesK, first, s->Call.Dim);

    private readonly Ahead ValuesAhead(int first) => AheadOf(s->Call.V, s->Call.StridesV, first, s->Call.ValueDim);

    private readonly Ahead AheadOf(float* operand, in AttentionStrides strides, int first, int size)
    {
        int key = Math.Max(0, firstKey + first), bytes = s->Call.IsShort ? sizeof(ushort) : sizeof(float);
        return new()
        {
            Row = (byte*)operand + (s->Call.Offset(strides, b, head, sequence.FirstKey + key) * bytes),
            Length = (nint)size * bytes,
            Stride = (nint)strides.Row * bytes,
            Rows = Math.Max(0, Math.Min(firstKey + first + panel, sequence.Keys) - key),
        };
    }

    /// <summary>Rows of memory that will be needed soon.</summary>
    private struct Ahead
    {
        private const int Line = 64;

        public byte* Row;
        public nint Length, Stride;
        public int Rows;
        private nint at;

        public readonly int Lines(int parts) => (int)(((Rows * ((Length + Line - 1) / Line)) + parts - 1) / parts);

        public void Fetch(int lines)
        {
            if (!Sse.IsSupported)
                return;
            for (; lines > 0 && Rows > 0; lines--)
            {
                Sse.Prefetch1(Row + at);
                at += Line;
                if (at >= Length)
                {
                    at = 0;
                    Row += Stride;
                    Rows--;
                }
            }
        }
    }
}
