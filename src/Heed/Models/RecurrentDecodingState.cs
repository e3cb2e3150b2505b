namespace Heed;

/// <summary>The state of an <see cref="EncoderDecoder"/> between tokens: hypotheses are queries side by side over their source's keys.</summary>
internal sealed class RecurrentDecodingState : DecodingState
{
    private readonly EncoderDecoder network;
    private readonly int width;
    private AttentionMemory memory;
    private DecoderState state;

    public RecurrentDecodingState(EncoderDecoder network, ReadOnlyMemory<int> ids, SequenceRanges ranges, int width)
    {
        (this.network, this.width) = (network, width);
        (memory, state) = Step.Evaluate(pass =>
        {
            (AttentionMemory made, DecoderState first) = network.Encode(ids, ranges, pass);
            // All hypotheses of a source begin in one state.
            int[] parents = [.. Enumerable.Range(0, ranges.Count * width).Select(r => r / width)];
            return (made.Keep(), new DecoderState(first.Hidden.Chosen(parents), first.Cell?.Chosen(parents), first.Fed?.Chosen(parents), null));
        });
        state = state with { Look = network.StartOf(memory) };
    }

    public override DecodingStep Next(ReadOnlyMemory<int> ids, in Pass pass)
    {
        (Tensor logits, Tensor? gate, Tensor weights, DecoderState next) = network.Next(ids, memory, state, pass);
        AttentionState look = next.Look!;
        look.Previous?.Keep();
        look.Cumulated?.Keep();
        state = new DecoderState(next.Hidden.Keep(), next.Cell?.Keep(), next.Fed?.Keep(), look);
        return new DecodingStep(logits, gate, weights);
    }

    public override void Move(int[] sources, int[] rows)
    {
        AttentionState look = state.Look!;
        if (sources.Length < memory.Batch)
            memory = memory.Select(sources);
        look = look.With(memory.Ranges, Looks(look.Previous, rows), Looks(look.Cumulated, rows));
        state = new DecoderState(state.Hidden.Chosen(rows), state.Cell?.Chosen(rows), state.Fed?.Chosen(rows), look);
    }

    // (batch, heads, hypotheses, keys): rows are hypotheses of all sources.
    private Tensor? Looks(Tensor? x, int[] rows)
    {
        if (x is null)
            return null;
        (int heads, int keys) = (x.Shape[1], x.Shape[3]);
        float[] values = new float[rows.Length * heads * keys];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int h = 0; h < heads; h++)
            {
                int from = ((((rows[i] / width) * heads) + h) * width) + (rows[i] % width), to = ((((i / width) * heads) + h) * width) + (i % width);
                x.Values.Slice(from * keys, keys).CopyTo(values.AsSpan(to * keys));
            }
        }
        return new Tensor(values, new Shape(rows.Length / width, heads, width, keys));
    }
}
