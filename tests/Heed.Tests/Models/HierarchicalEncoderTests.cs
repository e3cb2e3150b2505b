using Heed.Testing;

namespace Heed.Tests.Models;

public sealed class HierarchicalEncoderTests
{
    private const int Batch = 3, Time = 6, Size = 3;
    private static readonly SequenceRanges Ranges = new(new[] { 6, 3, 0 }, new[] { 0, 2, 1 });
    private static readonly int[] Sentences = [0, 0, 0, 1, 2, 2, 7, 7, 4, 4, 5, 9, 0, 0, 0, 0, 0, 0];

    [Theory]
    [InlineData("additive", "lstm")]
    [InlineData("structured", "gru")]
    [InlineData("multi-dimensional", "lstm")]
    public void Gradients_agree_with_differences_through_both_levels(string pooling, string cell)
    {
        HierarchicalEncoder encoder = Create(pooling, cell);
        (string, Parameter Parameter)[] all = [.. encoder.NamedParameters(), ("vectors", Drawn())];
        GradientCheck.Run(all, pass =>
        {
            HierarchicalResult r = encoder.Forward(pass.Use(all[^1].Parameter), Sentences, Ranges, pass);
            Tensor both = Tensor.Concatenate(r.Context.Reshape(new Shape(r.Context.Length)), r.Weights.Reshape(new Shape(r.Weights.Length)));
            return r.Penalty is { } penalty ? Tensor.Concatenate(both, penalty.Reshape(new Shape(1))) : both;
        }).ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("additive")]
    [InlineData("structured")]
    [InlineData("max")]
    public void Weights_multiply_over_the_levels_and_padding_counts_for_nothing(string pooling)
    {
        HierarchicalEncoder encoder = Create(pooling);
        float[] vectors = Drawn().Values.ToArray();
        (float[] context, float[] weights, float[] words, float[] sentences) = Run(encoder, vectors, Batch, Time, Sentences, Ranges);
        (sentences.Length, weights.Length).ShouldBe((Batch * 3, Batch * Time));
        sentences.Take(3).Sum().ShouldBe(1, 1e-5);
        (sentences[3] + sentences[4]).ShouldBe(1, 1e-5);
        sentences[5].ShouldBe(0, "two sentences, then padding");
        (words[0] + words[1] + words[2]).ShouldBe(1, 1e-5);
        words[3].ShouldBe(1, 1e-6, "a sentence of one word");
        (words[8] + words[9]).ShouldBe(1, 1e-5);
        for (int t = 0; t < 3; t++)
            weights[t].ShouldBe(words[t] * sentences[0], 1e-6);
        weights[10].ShouldBe(words[10] * sentences[4], 1e-6);
        weights.Skip(2 * Time).Concat(weights.Skip(Time).Take(2)).ShouldAllBe(w => w == 0);
        context.Skip(2 * encoder.ContextSize).ShouldAllBe(c => c == 0, "a document without tokens has a zero context");

        for (int i = 0; i < Batch * Time; i++)
        {
            if (weights[i] == 0 && i is not (< Time or (>= 8 and <= 10)))
                vectors.AsSpan(i * Size, Size).Fill(float.NaN);
        }
        Run(encoder, vectors, Batch, Time, Sentences, Ranges).Context.ShouldBe(context);
    }

    [Fact]
    public void A_document_alone_is_as_in_the_batch_on_either_side_of_the_padding()
    {
        HierarchicalEncoder encoder = Create("additive");
        float[] vectors = Drawn().Values.ToArray();
        (float[] context, _, _, _) = Run(encoder, vectors, Batch, Time, Sentences, Ranges);
        for (int b = 0; b < 2; b++)
        {
            (int start, int length) = (Ranges.Starts.Span[b], Ranges.Lengths.Span[b]);
            (float[] alone, _, _, _) = Run(encoder, vectors.AsSpan(((b * Time) + start) * Size, length * Size).ToArray(), 1, length, Sentences.AsSpan((b * Time) + start, length).ToArray(), new[] { length });
            alone.ShouldBe(context.AsSpan(b * encoder.ContextSize, encoder.ContextSize).ToArray());
        }
    }

    [Fact]
    public void One_word_a_sentence_and_one_sentence_a_text_reduce_to_one_level()
    {
        HierarchicalEncoder encoder = Create("mean");
        float[] vectors = Drawn().Values.ToArray().AsSpan(0, 4 * Size).ToArray();
        (_, float[] weights, float[] words, float[] sentences) = Run(encoder, vectors, 1, 4, [0, 1, 2, 3], new[] { 4 });
        (words, sentences, weights).ShouldBe(([1f, 1, 1, 1], [0.25f, 0.25f, 0.25f, 0.25f], [0.25f, 0.25f, 0.25f, 0.25f]), new Sequences());
        (_, weights, words, sentences) = Run(encoder, vectors, 1, 4, [5, 5, 5, 5], new[] { 4 });
        (words, sentences, weights).ShouldBe(([0.25f, 0.25f, 0.25f, 0.25f], [1f], [0.25f, 0.25f, 0.25f, 0.25f]), new Sequences());
    }

    [Fact]
    public void A_classifier_finds_the_sentence_that_tells_and_comes_back_from_its_folder()
    {
        TextClassifierOptions options = new()
        {
            Network = new BlstmConfig { EmbeddingSize = 12, HiddenSize = 6, AttentionSize = 8, Structure = "hierarchical", Dropout = 0.1 },
            Training = new TrainingOptions { EpochCount = 12, BatchSize = 16, LearningRate = 0.01, Patience = 12 },
            Baseline = false,
        };
        TextClassifier model = TextClassifier.Train(Data(500, 1), Data(100, 2), options);
        TextData test = Data(200, 3);
        model.Evaluate(test).Accuracy.Value.ShouldBeGreaterThan(0.9);
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        double excess = 0;
        int words = 0;
        foreach (string text in test.Texts.Take(50))
        {
            TextPrediction p = loaded.Predict(text);
            p.Probabilities.ShouldBe(model.Predict(text).Probabilities);
            p.Weights.Sum(w => (double)w.Weight).ShouldBe(1, 1e-4);
            p.Sentences.Sum(s => (double)s.Weight).ShouldBe(1, 1e-4);
            p.Sentences.Select(s => text[s.Range]).ShouldBe(SentenceSplitter.Split(text).Select(r => text[r]));
            p.Sentences.ShouldAllBe(s => Math.Abs(s.Words.Sum(w => (double)w.Weight) - 1) < 1e-4);
            p.Sentences.SelectMany(s => s.Words).Select(w => w.Range).ShouldBe(p.Weights.Select(w => w.Range));
            SentenceWeight telling = p.Sentences.Single(s => text[s.Range].Contains("good", StringComparison.Ordinal) || text[s.Range].Contains("bad", StringComparison.Ordinal));
            excess += (telling.Weight - (1.0 / p.Sentences.Count)) / 50;
            words += text[telling.Words.MaxBy(w => w.Weight).Range] is "good" or "bad" ? 1 : 0;
        }
        // Not more: the recurrent layers carry what they have read to their neighbours.
        excess.ShouldBeGreaterThan(0.05, "the sentence that tells has more than its share");
        words.ShouldBeGreaterThan(18, "in it the word that tells has most; by chance a fifth of 50");
        loaded.Predict("").Sentences.ShouldBeEmpty();
    }

    [Fact]
    public void Wrong_input_is_refused()
    {
        HierarchicalEncoder encoder = Create("additive");
        Should.Throw<ShapeException>(() => Run(encoder, new float[6], 1, 2, [0], new[] { 2 })).Message.ShouldContain("1 sentence numbers came; (batch · time) = (1 · 2)");
        Should.Throw<ArgumentException>(new BlstmConfig { Structure = "hierarchic" }.Validate).Message.ShouldContain("flat, hierarchical or directional, got 'hierarchic'. Did you mean 'hierarchical'?");
        Should.Throw<ArgumentException>(new BlstmConfig { Structure = "hierarchical", PairForm = "towers" }.Validate).Message.ShouldContain("does not go with PairForm towers");
        Should.Throw<ArgumentException>(new BlstmConfig { Structure = "hierarchical", PerLabel = true, Pooling = "projection" }.Validate).Message.ShouldContain("does not go with PerLabel");
    }

    private sealed class Sequences : IEqualityComparer<(float[], float[], float[])>
    {
        public bool Equals((float[], float[], float[]) x, (float[], float[], float[]) y) => x.Item1.SequenceEqual(y.Item1) && x.Item2.SequenceEqual(y.Item2) && x.Item3.SequenceEqual(y.Item3);

        public int GetHashCode((float[], float[], float[]) obj) => 0;
    }

    private static HierarchicalEncoder Create(string pooling, string cell = "lstm")
    {
        HierarchicalEncoder encoder = new(new BlstmConfig { EmbeddingSize = Size, HiddenSize = 2, AttentionSize = 3, Pooling = pooling, Cell = cell, Views = 2, AverageViews = true, Penalty = pooling == "structured" ? 0.2 : 0, Dropout = 0 });
        encoder.Initialize(5);
        return encoder;
    }

    private static Parameter Drawn()
    {
        Parameter parameter = new(new Shape(Batch, Time, Size), Initializer.Normal(0.7));
        parameter.Initialize(new RandomStream(4, "vectors"));
        return parameter;
    }

    private static (float[] Context, float[] Weights, float[] Words, float[] Sentences) Run(HierarchicalEncoder encoder, float[] vectors, int batch, int time, int[] sentences, SequenceRanges ranges) => Step.Evaluate(pass =>
    {
        HierarchicalResult r = encoder.Forward(pass.Input(vectors, new Shape(batch, time, Size)), sentences, ranges, pass);
        return (r.Context.ToArray(), r.Weights.ToArray(), r.WordWeights.ToArray(), r.SentenceWeights.ToArray());
    });

    private static TextData Data(int count, ulong seed)
    {
        string[] filler = ["the", "film", "was", "shown", "here", "and", "there"];
        RandomStream random = new(seed, "documents");
        string Sentence(string? word) => string.Join(' ', Enumerable.Range(0, 2 + random.Next(3)).Select(_ => filler[random.Next(filler.Length)]).Append(word).OfType<string>()) + ".";
        return TextData.FromRows([.. Enumerable.Range(0, count).Select(i =>
        {
            int sentences = 2 + random.Next(4), place = random.Next(sentences);
            return (string.Join(' ', Enumerable.Range(0, sentences).Select(s => Sentence(s == place ? (i % 2 == 0 ? "good" : "bad") : null))), i % 2 == 0 ? "yes" : "no");
        })]);
    }
}
