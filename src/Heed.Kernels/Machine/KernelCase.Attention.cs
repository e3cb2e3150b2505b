namespace Heed.Kernels;

/// <content>Attention over whole sequences, and one query over a long cache.</content>
internal sealed partial record KernelCase
{
    private const int HeadCount = 8, HeadDim = 64, WindowLength = 256;

    // Eight query heads; a window of 256 keys, a causal mask or none.
    private static KernelCase Attention(int keyHeads, int tokens, string mask)
    {
        AttentionShape shape = new(1, HeadCount, keyHeads, tokens, tokens, HeadDim);
        int length = HeadCount * tokens * HeadDim, keyLength = keyHeads * tokens * HeadDim;
        double all = (double)tokens * tokens, pairs = mask switch { "full" => all, "causal" => all / 2, _ => ((double)tokens * WindowLength) - (WindowLength * (WindowLength - 1) / 2) };
        double operations = 4.0 * HeadCount * HeadDim * pairs, bytes = 4.0 * 2 * (length + keyLength);
        string heads = keyHeads == HeadCount ? $"{HeadCount}" : FormattableString.Invariant($"{HeadCount}/{keyHeads}");
        return new(FormattableString.Invariant($"Attention {heads}×{tokens}×{HeadDim} {mask}"), operations, bytes, bytes, () =>
        {
            float[] q = Filled(length), k = Filled(keyLength), v = Filled(keyLength), y = Filled(length);
            return mask switch
            {
                "full" => () => FusedAttention.Forward(q, k, v, y, shape),
                "causal" => () => FusedAttention.Forward(q, k, v, y, shape, default(PlainScore), default(Causal)),
                _ => () => FusedAttention.Forward(q, k, v, y, shape, default(PlainScore), new Window(WindowLength - 1, 0)),
            };
        });
    }

    private static KernelCase AttentionBackward(int tokens)
    {
        AttentionShape shape = new(1, HeadCount, HeadCount, tokens, tokens, HeadDim);
        int length = HeadCount * tokens * HeadDim;
        double bytes = 4.0 * 8 * length;
        return new(FormattableString.Invariant($"Attention {HeadCount}×{tokens}×{HeadDim} bwd"), 10.0 * HeadCount * tokens * tokens * HeadDim, bytes, bytes, () =>
        {
            float[] q = Filled(length), k = Filled(length), v = Filled(length), y = Filled(length), dy = Filled(length), dq = Filled(length), dk = Filled(length), dv = Filled(length), log = new float[HeadCount * tokens];
            FusedAttention.Forward(q, k, v, y, shape, new AttentionStatistics { LogSumExp = log });
            return () => FusedAttention.Backward(dy, q, k, v, y, log, new AttentionGradients(dq, dk, dv), shape);
        });
    }

    // One token of a model with 32 query heads that share eight of keys, beyond the caches of most machines.
    private static KernelCase Decoding(KeyValueFormat format)
    {
        const int Heads = 32, KeyHeads = 8, Tokens = 8192, Dim = 128;
        double bytes = 2.0 * KeyHeads * Tokens * Dim * (format == KeyValueFormat.BFloat16 ? sizeof(ushort) : sizeof(float));
        return new(FormattableString.Invariant($"Decode {Heads}/{KeyHeads}×{Tokens}×{Dim} {(format == KeyValueFormat.BFloat16 ? "bfloat16" : "float32")}"), 4.0 * Heads * Tokens * Dim, bytes, bytes, () =>
        {
            KeyValueCache cache = new(1, KeyHeads, Dim, Dim, Tokens, format);
            float[] part = Filled(KeyHeads * 64 * Dim), q = Filled(Heads * Dim), y = new float[Heads * Dim];
            for (int i = 0; i < Tokens; i += 64)
                cache.Append(part, part, 64);
            return () => cache.Attend(q, y, Heads, 1, default(PlainScore), default(Causal));
        });
    }
}
