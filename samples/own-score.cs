#:project ../src/Heed/Heed.csproj

// Your own score (a struct inside fused attention, whose numbers are learned) and your own distribution, in a module of your own.
using System.Runtime.CompilerServices;
using Heed;
using Heed.Kernels;

const int Batch = 16, Time = 12, Kinds = 4;

// What was the item before this one? Content does not tell: the score must learn that near keys count.
Tagger tagger = new(Kinds, new ModifiedScore<Recency>(new Recency(cap: 30), [0.1f, 0.1f]), new Softmax());
tagger.Initialize(seed: 1);
Console.WriteLine($"fused: {tagger.IsFused}");
// expect: fused: True
AdamW optimizer = new(tagger.NamedParameters().Select(p => p.Parameter));
RandomStream random = new(1, "sample");
for (int step = 1; step <= 200; step++)
{
    (float[] items, int[] before) = Draw(random);
    Step.Train(random, step, pass => Tensor.CrossEntropy(tagger.Forward(pass.Input(items, new Shape(Batch, Time, Kinds)), pass), before));
    optimizer.Step(learningRate: 0.03, clipNorm: 1);
}
(float[] test, int[] expected) = Draw(new RandomStream(2, "test"));
float[] logits = Step.Evaluate(pass => tagger.Forward(pass.Input(test, new Shape(Batch, Time, Kinds)), pass)).ToArray();
int[] places = [.. Enumerable.Range(0, expected.Length).Where(i => expected[i] >= 0)];
double right = places.Average(i => Array.IndexOf(logits, logits.AsSpan(i * Kinds, Kinds).ToArray().Max(), i * Kinds, Kinds) - (i * Kinds) == expected[i] ? 1.0 : 0);
float[] slopes = tagger.NamedParameters().Single(p => p.Name == "look.score.modifier").Parameter.Values.ToArray();
Console.WriteLine($"right: {right > 0.95}; a head looks near: {slopes.Max() > 1}");
// expect: right: True; a head looks near: True

// The same module with a distribution of your own: it goes with the struct, written out; the checker replays it in double.
Tagger shares = new(Kinds, new ModifiedScore<Recency>(new Recency(cap: 30), [0.1f, 0.1f]), new ReluShares());
shares.Initialize(seed: 1);
Console.WriteLine($"fused: {shares.IsFused}; gradients agree with differences: {GradientCheck.Run(shares.NamedParameters(), pass => shares.Forward(pass.Input(test, new Shape(Batch, Time, Kinds)), pass).Tanh()) > 0}");
// expect: fused: False; gradients agree with differences: True

static (float[] Items, int[] Before) Draw(RandomStream random)
{
    (float[] items, int[] before) = (new float[Batch * Time * Kinds], new int[Batch * Time]);
    for (int i = 0, last = 0; i < before.Length; i++)
    {
        before[i] = i % Time == 0 ? -1 : last;      // −1: no label
        items[(i * Kinds) + (last = random.Next(Kinds))] = 1;
    }
    return (items, before);
}

/// <summary>Tags each item by what it sees in the items before it.</summary>
sealed class Tagger : Module
{
    private readonly Attention look;
    private readonly Linear tag;

    public Tagger(int kinds, Score score, Distribution distribution)
    {
        look = Register("look", new Attention(new AttentionConfig
        {
            QuerySize = kinds, KeySize = kinds, ValueSize = kinds, Score = score, Distribution = distribution, Mask = "before", Heads = new MultiHead(HeadCount: 2, HeadSize: 8),
        }));
        tag = Register("tag", new Linear(kinds, kinds));
    }

    public bool IsFused => look.IsFused;

    public Tensor Forward(Tensor items, in Pass pass)
    {
        Tensor seen = look.Forward(query: items, keys: items, values: items, ranges: null, pass).Context;
        return tag.Forward(seen, pass).Reshape(new Shape(items.Shape[0] * items.Shape[1], items.Shape[2]));
    }
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
        slopes.Add(at.Head, -gradient * at.Distance);
        V t = V.Tanh(score * V.Create(1 / cap));
        return gradient * (V.Create(1) - (t * t));
    }
}

/// <summary>α_i = max(e_i, 0)/(1 + Σ_j max(e_j, 0)): what does not speak for itself gets nothing. A masked energy is −∞ and weighs 0.</summary>
sealed record ReluShares : Distribution
{
    public override DistributionFunction Create(int headCount) => new Function();

    private sealed class Function : DistributionFunction
    {
        public override Tensor Weights(Tensor energies, in Pass pass)
        {
            Tensor strong = energies.Relu(), sum = strong.MeanLast().Scale(strong.Shape[^1], 1);
            return strong.ScaleRows(sum.Log().Scale(-1).Exp());
        }
    }
}
