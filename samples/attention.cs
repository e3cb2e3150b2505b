#:project ../src/Heed.Kernels/Heed.Kernels.csproj

// Your own score inside the fused kernel, forward and backward: a struct of a few lines.
using System.Runtime.CompilerServices;
using Heed.Kernels;

const int Tokens = 300, Heads = 4, Shared = 2, Dim = 32;
AttentionShape shape = new(Batch: 1, HeadCount: Heads, KeyValueHeadCount: Shared, Queries: Tokens, Keys: Tokens, HeadDim: Dim);
float[] q = Numbers(Heads * Tokens * Dim, 1), k = Numbers(Shared * Tokens * Dim, 2), v = Numbers(Shared * Tokens * Dim, 3), output = new float[q.Length];
float[] lse = new float[Heads * Tokens], entropy = new float[lse.Length], plain = new float[q.Length];
float[] slopes = [0.5f, 0.25f, 0.125f, 0.0625f];                   // learned, one a head

var mask = new And<Causal, Window>(default, new Window(left: 63, right: 0));
var recency = new Recency(cap: 30f);
FusedAttention.Forward(q, k, v, output, shape, recency, mask, slopes, new AttentionStatistics { LogSumExp = lse, Entropy = entropy });
FusedAttention.Forward(q, k, v, plain, shape, recency, mask, slopes);
Console.WriteLine($"asking for statistics changed a bit: {!output.AsSpan().SequenceEqual(plain)}");
// expect: asking for statistics changed a bit: False

float[] dOutput = Numbers(q.Length, 4), dq = new float[q.Length], dk = new float[k.Length], dv = new float[v.Length], dSlopes = new float[Heads];
FusedAttention.Backward(dOutput, q, k, v, output, lse, new AttentionGradients(dq, dk, dv, dSlopes), shape, recency, mask, slopes);

// The checkers: vectors against one double, the backward pass against differences, what a mask says of tiles against what it says of pairs.
AttentionShape small = new(Batch: 2, HeadCount: Heads, KeyValueHeadCount: Shared, Queries: 5, Keys: 23, HeadDim: 3);
Console.WriteLine($"the struct is right: {ScoreChecker.Check(recency, small, slopes) < 1e-5}");
// expect: the struct is right: True
Console.WriteLine($"tiles that the mask need not look at pair by pair: {MaskChecker.Check(mask, shape with { HeadCount = 2, KeyValueHeadCount = 1 }).Needless == 0}");
// expect: tiles that the mask need not look at pair by pair: True
Console.WriteLine($"head 0 looks at fewer keys than head 3: {entropy.Take(Tokens).Average() < entropy.TakeLast(Tokens).Average()}");
// expect: head 0 looks at fewer keys than head 3: True

static float[] Numbers(int length, ulong key)
{
    float[] values = new float[length];
    for (int i = 0; i < length; i++)
        values[i] = ((CounterRandom.Block(key, (ulong)i).Low >> 40) * (2f / (1 << 24))) - 1;
    return values;
}

/// <summary>score' = cap·tanh(score / cap) − slope[head]·(query − key); the slopes are learned.</summary>
readonly struct Recency(float cap) : IDifferentiableScoreModifier
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Forward<V>(V score, in ScoreContext<V> at)
        where V : unmanaged, ISimd<V> =>
        (V.Create(cap) * V.Tanh(score * V.Create(1 / cap))) - (at.Parameter(at.Head) * at.Distance);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Backward<V>(V gradient, V score, in ScoreContext<V> at, ParameterGradient<V> slopes)
        where V : unmanaged, ISimd<V>
    {
        slopes.Add(at.Head, -gradient * at.Distance);              // owned by the kernel, summed in a fixed order
        V t = V.Tanh(score * V.Create(1 / cap));
        return gradient * (V.Create(1) - (t * t));
    }
}
