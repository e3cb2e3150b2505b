using System.Numerics.Tensors;

namespace Heed;

/// <summary>A story with a question, of which the sentences are the units; explained is the log odds of an answer.</summary>
internal sealed class MemoryNetworkInput : ExplainedInput
{
    private const string Delete = "delete", Empty = "empty", Zero = "zero", AnswerRow = "answer";
    private const int SentencesAtOnce = 1 << 12;

    private readonly MemoryNetwork network;
    private readonly IReadOnlyList<string> words, sentences;
    private readonly string questionText;
    private readonly int[][] story;
    private readonly int[] question;
    private readonly Lazy<int> answer;
    private readonly Lazy<ExplainedScalar> scalar;
    private readonly Lazy<double> value;
    private readonly Lazy<float[]> vectors;
    private readonly Lazy<InputAttention> attention;

    public MemoryNetworkInput(MemoryNetwork network, IReadOnlyList<string> words, IReadOnlyList<string> sentences, int[][] story, string questionText, int[] question, int? target)
    {
        (this.network, this.words, this.sentences, this.story, this.questionText, this.question) = (network, words, sentences, story, questionText, question);
        Range[] ranges = new Range[sentences.Count];
        for (int i = 0, at = 0; i < ranges.Length; at += sentences[i++].Length + 1)
            ranges[i] = at..(at + sentences[i].Length);
        (Source, Ranges) = (string.Join('\n', [.. sentences, questionText]), ranges);
        answer = new(() => target ?? TensorPrimitives.IndexOfMax<float>(Step.Evaluate(Whole).ToArray()));
        scalar = new(() => ExplainedScalar.OfClass(words[answer.Value], answer.Value, temperature: 1));
        value = new(() => Values([story])[0]);
        vectors = new(Read);
        attention = new(Attend);
    }

    public override string Model => "memory network";

    public override string Source { get; }

    public override string Target => scalar.Value.Name;

    public override string? Label => scalar.Value.Label;

    public override bool IsLogOdds => true;

    public override double Value => value.Value;

    public override IReadOnlyList<Range> Ranges { get; }

    public override IReadOnlyList<string> Removals => [Delete, Empty];

    public override IReadOnlyList<string> Baselines => [Zero];

    public override IReadOnlyList<string> Notes => ["a unit is a sentence: its words in all memories, not their encoding of its place; views of its attention are hops, the first view0"];

    public override InputAttention? Attention => attention.Value;

    internal override float[] Vectors => vectors.Value;

    public override ExplainedInput Again() => new MemoryNetworkInput(network, words, sentences, story, questionText, question, answer.Value);

    private protected override (Module Network, Func<Pass, Tensor> Forward, IReadOnlyList<(string Text, Range Place)> Tokens)? Traced => (network, Whole, [.. sentences.Zip(Ranges)]);

    private protected override IReadOnlyDictionary<string, IReadOnlyList<string>> TracedSequences => new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [AnswerRow] = [AnswerRow] };

    private protected override (string? Rows, string? Keys) TracedSequencesOf(string layer) => (AnswerRow, null);

    internal override float[] BaselineVectors(string baseline) => new float[Vectors.Length];

    internal override (double Value, float[] Gradient)[] Gradients(IReadOnlyList<float[]> points)
    {
        (double, float[])[] results = new (double, float[])[points.Count];
        IReadOnlyList<object> places = network.SentenceVectors;
        int each = Vectors.Length / places.Count;
        foreach (int[] group in Enumerable.Range(0, points.Count).Chunk(AtOnce))
        {
            InputProbe probe = new();
            for (int place = 0; place < places.Count; place++)
                probe.Watch(places[place], [.. group.SelectMany(p => points[p].AsSpan(place * each, each).ToArray())]);
            Step.Differentiate(
                pass =>
                {
                    Tensor logits = network.Forward(Batch([.. group.Select(_ => story)]), pass).Logits;
                    int width = logits.Shape[1];
                    float[] gradient = new float[logits.Length];
                    for (int i = 0; i < group.Length; i++)
                        results[group[i]].Item1 = scalar.Value.Of(logits.Values.Slice(i * width, width), gradient.AsSpan(i * width, width));
                    pass.Step.Backward(logits, gradient);
                    float[][] found = [.. places.Select(probe.GradientOf)];
                    for (int i = 0; i < group.Length; i++)
                        results[group[i]].Item2 = [.. found.SelectMany(place => place[(i * each)..((i + 1) * each)])];
                    return 0;
                },
                probe);
        }
        return results;
    }

    internal override double[] SumByUnit(ReadOnlySpan<double> elements)
    {
        double[] sums = new double[UnitCount];
        for (int i = 0; i < elements.Length; i++)
            sums[i / network.Config.EmbeddingSize % UnitCount] += elements[i];
        return sums;
    }

    internal override (double Value, string? Answer)? Under(Func<Module, AttentionOverride> change)
    {
        float[] logits = Step.Evaluate(Whole, request: change(network)).ToArray();
        return (scalar.Value.Of(logits, new float[logits.Length]), words[Largest.IndexOf(logits)]);
    }

    private protected override double[] ValuesWithout(IReadOnlyList<bool[]> removed, string removal) =>
        Values([.. removed.Select(gone => removal == Delete ? story.Where((_, unit) => !gone[unit]).ToArray() : [.. story.Select((sentence, unit) => gone[unit] ? [] : sentence)])]);

    private int AtOnce => Math.Max(1, SentencesAtOnce / Math.Max(1, story.Length));

    private Tensor Whole(Pass pass) => network.Forward(Batch([story]), pass).Logits;

    private double[] Values(int[][][] stories)
    {
        List<double> values = [];
        foreach (int[][][] group in stories.Chunk(AtOnce))
        {
            float[] logits = Step.Evaluate(pass => network.Forward(Batch(group), pass).Logits).ToArray();
            int width = logits.Length / group.Length;
            float[] gradient = new float[width];
            values.AddRange(group.Select((_, i) => scalar.Value.Of(logits.AsSpan(i * width, width), gradient)));
        }
        return [.. values];
    }

    // Each story with the question; a rectangle as wide as the longest sentence.
    private StoryBatch Batch(int[][][] stories)
    {
        int most = Math.Max(1, stories.Max(s => s.Length)), width = Math.Max(1, story.Select(sentence => sentence.Length).DefaultIfEmpty().Max());
        int[] ids = new int[stories.Length * most * width];
        for (int i = 0; i < stories.Length; i++)
        {
            for (int s = 0; s < stories[i].Length; s++)
                stories[i][s].CopyTo(ids, ((i * most) + s) * width);
        }
        int[] asked = question.Length == 0 ? [0] : question;
        return new StoryBatch(ids, [.. stories.Select(s => s.Length)], [.. stories.SelectMany(_ => asked)]);
    }

    private float[] Read()
    {
        InputProbe probe = new();
        foreach (object place in network.SentenceVectors)
            probe.Watch(place);
        return Step.Evaluate(
            pass =>
            {
                Whole(pass);
                return network.SentenceVectors.SelectMany(place => probe[place].ToArray()).ToArray();
            },
            request: probe);
    }

    private InputAttention Attend()
    {
        float[][] hops = Step.Evaluate(pass => network.Forward(Batch([story]), pass).HopWeights.Select(hop => hop.ToArray()[..story.Length]).ToArray());
        int[] units = [.. Enumerable.Range(0, story.Length)];
        return new InputAttention(hops, [], [.. units.Select(unit => hops.Average(hop => hop[unit]))], units, story.Length);
    }
}
