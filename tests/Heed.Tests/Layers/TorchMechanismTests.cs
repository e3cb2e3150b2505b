using Heed.Testing;

namespace Heed.Tests.Layers;

/// <summary>Mechanisms against torch code that was written from their formulas: outputs and gradients; goldens/make_mechanisms.py.</summary>
public sealed class TorchMechanismTests
{
    [Theory]
    [InlineData("biased_general", "score.general.weight=weight;score.general.bias=general_bias")]
    [InlineData("activated_general", "score.general.weight=weight;score.bias=bias")]
    [InlineData("location", "score.location.weight=weight;score.location.bias=bias")]
    [InlineData("distance", "score.log_gamma=log_gamma")]
    public void Scores_agree(string name, string names)
    {
        Score score = name switch { "biased_general" => new GeneralScore(HasBias: true), "activated_general" => new ActivatedGeneralScore(), "location" => new LocationScore(MaximumLength: 9), _ => new DistanceScore() };
        Parity parity = new(Golden.Load("mechanism_score_" + name));
        // Gradients flow through weights where they are written out.
        Heed.Attention attention = new(new AttentionConfig { QuerySize = 4, KeySize = 4, ValueSize = 4, Score = score, WriteOut = true });
        parity.Adopt(attention, names.Split(';').Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal));
        parity.Run(pass =>
        {
            AttentionResult a = attention.Forward(parity.Use("query", pass), parity.Use("key", pass), parity.Use("value", pass), null, pass);
            return [("context", a.Context), ("weights", a.Weights!)];
        });
    }

    [Theory]
    [InlineData("alpha_entmax")]
    [InlineData("sigmoid")]
    [InlineData("top_k")]
    [InlineData("sink")]
    public void Distributions_agree(string name)
    {
        Parity parity = new(Golden.Load("mechanism_distribution_" + name));
        parity.Run(pass =>
        {
            Tensor x = parity.Use("x", pass);
            return [("output", name switch
            {
                "alpha_entmax" => x.Entmax(parity.Use("alpha", pass).Scale(0.3f, 1.5f)),
                "sigmoid" => x.Sigmoid(),
                "top_k" => x.TopKSoftmax(3),
                _ => x.SinkSoftmax(parity.Use("sinks", pass)),
            })];
        });
    }

    [Fact]
    public void Gates_agree()
    {
        Parity unit = new(Golden.Load("mechanism_glu"));
        GatedLinearUnit linear = new(5, 4);
        unit.Adopt(linear);
        unit.Run(pass => [("output", linear.Forward(unit.Use("x", pass), pass).Output)]);
        Parity way = new(Golden.Load("mechanism_highway"));
        Highway highway = new(5);
        way.Adopt(highway);
        way.Run(pass =>
        {
            GatedResult r = highway.Forward(way.Use("x", pass), new Pass(pass.Step, pass.Random, Capture.Gates));
            return [("output", r.Output), ("gates", r.Gates!)];
        });
    }

    [Fact]
    public void Multi_dimensional_pooling_agrees()
    {
        Parity parity = new(Golden.Load("mechanism_multi_dimensional"));
        MultiDimensionalPooling pooling = new(4);
        parity.Adopt(pooling);
        parity.Run(pass =>
        {
            PoolingResult r = pooling.Forward(parity.Use("h", pass), new[] { 5, 3, 1 }, pass);
            return [("context", r.Context), ("weights", r.Weights)];
        });
    }

    [Theory]
    [InlineData(AttentionDirection.All)]
    [InlineData(AttentionDirection.Before)]
    [InlineData(AttentionDirection.After)]
    public void Directional_attention_agrees(AttentionDirection direction)
    {
        Parity parity = new(Golden.Load("mechanism_directional_" + direction.ToString().ToLowerInvariant()));
        DirectionalAttention attention = new(inputSize: 3, features: 4, direction);
        parity.Adopt(attention);
        parity.Run(pass => [("output", attention.Forward(parity.Use("x", pass), new[] { 5, 3 }, pass).Output)]);
    }

    [Fact]
    public void Hierarchical_attention_agrees()
    {
        Parity parity = new(Golden.Load("mechanism_hierarchical"));
        HierarchicalEncoder encoder = new(new BlstmConfig { EmbeddingSize = 3, HiddenSize = 2, AttentionSize = 3, Cell = "gru", Pooling = "additive", Dropout = 0 });
        parity.Adopt(encoder);
        int[] sentences = [0, 0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 1, 9, 9];
        parity.Run(pass =>
        {
            HierarchicalResult r = encoder.Forward(parity.Use("vectors", pass), sentences, new[] { 7, 5 }, pass);
            return [("context", r.Context), ("weights", r.Weights), ("sentence_weights", r.SentenceWeights)];
        });
    }

    [Theory]
    [InlineData("adjacent", "position")]
    [InlineData("adjacent", "bag")]
    [InlineData("layer-wise", "position")]
    [InlineData("layer-wise", "bag")]
    public void Memory_networks_agree(string tying, string encoding)
    {
        Parity parity = new(Golden.Load(FormattableString.Invariant($"mechanism_memory_{tying}_{encoding}").Replace('-', '_')));
        MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = 9, EmbeddingSize = 3, Hops = 3, MaximumSentences = 4, Tying = tying, Encoding = encoding });
        parity.Adopt(network);
        StoryBatch stories = new(Words: [1, 2, 3, 4, 5, 0, 6, 2, 7, 3, 8, 0, 1, 4, 6, 0, 0, 0], Sentences: [3, 2], Questions: [2, 5, 7, 0]);
        parity.Run(pass =>
        {
            (Tensor logits, IReadOnlyList<Tensor> hops) = network.Forward(stories, pass);
            return [("logits", logits), .. hops.Select((hop, k) => (FormattableString.Invariant($"hop_{k}"), hop))];
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pointer_networks_agree(bool once)
    {
        Parity parity = new(Golden.Load(once ? "mechanism_pointer_once" : "mechanism_pointer"));
        PointerNetwork network = new(new PointerNetworkConfig { InputSize = 3, HiddenSize = 4, AttentionSize = 3, Once = once });
        parity.Adopt(network);
        int[] targets = [3, 0, 4, 1, 2, 0, 1, 0];
        parity.Run(pass => [("loss", network.Loss(parity.Use("inputs", pass), new[] { 5, 3 }, targets, new[] { 4, 3 }, pass).Reshape(new Shape(1)))]);
    }

    [Fact]
    public void Spatial_transformers_agree()
    {
        Parity parity = new(Golden.Load("mechanism_spatial_transformer"));
        SpatialTransformer transformer = new(new Given(parity), height: 4, width: 3);
        parity.Run(pass => [("output", transformer.Forward(parity.Use("picture", pass), pass).Picture)]);
    }

    /// <summary>Looks where the golden says.</summary>
    private sealed class Given(Parity parity) : Localization
    {
        public override Tensor Forward(Tensor picture, in Pass pass) => parity.Use("theta", pass);
    }
}
