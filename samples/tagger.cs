#:project ../src/Heed/Heed.csproj

// Any attention from the unified model c = φ(g(f(q, K)), V), in a module of your own: a tagger that looks around.
using Heed;

const int Batch = 8, Words = 24, Features = 16;
var tagger = new Tagger(Features, classes: 2);
tagger.Initialize(seed: 1);
Console.WriteLine($"{tagger.ParameterCount} parameters");
// expect: 1986 parameters

// A word's class: is the marked word of its sentence, the one with the largest first feature, before it? Only looking tells.
var optimizer = new AdamW(tagger.NamedParameters().Select(p => p.Parameter));
RandomStream random = new(7, "sentences");
float first = 0, last = 0;
for (int step = 1; step <= 300; step++)
{
    (float[] words, int[] lengths, int[] classes) = Sentences(random);
    last = Step.Train(random.Fork($"step {step}"), step, pass =>
    {
        (Tensor logits, _) = tagger.Forward(pass.Input(words, new(Batch, Words, Features)), lengths, pass);
        return Tensor.CrossEntropy(logits.Reshape(new(Batch * Words, 2)), classes);
    });
    optimizer.Step(learningRate: 5e-3, clipNorm: 1);
    if (step == 1)
        first = last;
}
Console.WriteLine($"it learned to look: {last < 0.35f * first}");
// expect: it learned to look: True

(float[] one, int[] oneLength, _) = Sentences(random);
(float[] weights, int marked) = Step.Evaluate(pass =>
{
    (_, Tensor? w) = tagger.Forward(pass.Input(one, new(Batch, Words, Features)), oneLength, pass);
    return (w!.Values[..(4 * Words * Words)].ToArray(), Marked(one, 0, oneLength[0]));
}, Capture.Weights);
int[] zeros = [.. Enumerable.Range(0, 4).Select(head => weights.AsSpan(head * Words * Words, oneLength[0] * Words).ToArray().Count(w => w == 0))];
Console.WriteLine($"weights that are exactly 0: {zeros.Sum() > oneLength[0] * 4}; the marked word is at {marked < oneLength[0]}");
// expect: weights that are exactly 0: True; the marked word is at True

static int Marked(float[] words, int sentence, int length) =>
    Enumerable.Range(0, length).MaxBy(t => words[((sentence * Words) + t) * Features]);

static (float[] Words, int[] Lengths, int[] Classes) Sentences(RandomStream random)
{
    float[] words = new float[Batch * Words * Features];
    int[] lengths = new int[Batch], classes = new int[Batch * Words];
    Array.Fill(classes, -1);
    for (int i = 0; i < words.Length; i++)
        words[i] = i % Features == 1 ? i / Features % Words / (float)Words : (float)random.NextNormal() * 0.5f;
    for (int b = 0; b < Batch; b++)
    {
        lengths[b] = Words - random.Next(8);
        words[((b * Words) + random.Next(lengths[b])) * Features] = 4;
        int marked = Marked(words, b, lengths[b]);
        for (int t = 0; t < lengths[b]; t++)
            classes[(b * Words) + t] = t > marked ? 1 : 0;
    }
    return (words, lengths, classes);
}

sealed class Tagger : Module                    // self-attention: one sequence in three places
{
    private readonly Attention look;
    private readonly Linear tag;

    public Tagger(int features, int classes)
    {
        look = Register("look", new Attention(new AttentionConfig
        {
            QuerySize = features, KeySize = features, ValueSize = features,
            Score = new AdditiveScore(Size: 64),                       // f: vᵀ tanh(W₁k + W₂q + b)
            Distribution = new Entmax(Alpha: 1.5f),                    // g: exact zeros
            Mask = AttentionMask.Window(left: 32, right: 32),          // padding follows from the lengths
            Heads = new MultiHead(HeadCount: 4),
        }));
        tag = Register("tag", new Linear(2 * features, classes));
    }

    public (Tensor Logits, Tensor? Weights) Forward(Tensor words, SequenceRanges lengths, in Pass pass)
    {
        AttentionResult a = look.Forward(query: words, keys: words, values: words, lengths, pass);
        return (tag.Forward(Tensor.Concatenate(words, a.Context), pass), a.Weights);   // weights: (batch, heads, queries, keys)
    }
}
