namespace Heed.Tests.Models;

/// <summary>Dropout is where it belongs: with all weights 0 but those that carry ones through one place, the result shows what that place dropped.</summary>
public sealed class TransformerDropoutTests
{
    private const int Size = 64, Batch = 8, Time = 16;
    private const float P = 0.25f;
    private static readonly TransformerConfig none = new() { Size = Size, HeadCount = 4, InnerSize = Size, Activation = "relu", Position = "none", Dropout = 0 };

    // The inner layer's features are dropped once inside, and once as the sublayer's result.
    [Theory]
    [InlineData("attention.out_proj.bias", 1)]
    [InlineData("cross_attention.out_proj.bias", 1)]
    [InlineData("feed_forward.down_proj.bias", 1)]
    [InlineData("feed_forward.up_proj.bias", 2)]
    public void Results_of_sublayers_and_inner_features_are_dropped(string ones, int times)
    {
        TransformerLayer layer = new(none with { Dropout = P }, memorySize: Size);
        Set(layer, ones, "feed_forward.down_proj.weight");
        Tensor Run(Pass pass) => layer.Forward(Zeros(pass), null, pass, Zeros(pass)).States;
        Evaluated(Run).ShouldAllBe(y => y == 1);
        Dropped(Trained(Run), times);
    }

    [Theory]
    [InlineData(0, P, 1)]
    [InlineData(P, 0, 1)]
    [InlineData(0, 0, 0)]
    public void Inner_features_have_a_probability_of_their_own_where_it_is_given(float inner, float others, int times)
    {
        TransformerLayer layer = new(none with { Dropout = others, InnerDropout = inner }, memorySize: Size);
        Set(layer, "feed_forward.up_proj.bias", "feed_forward.down_proj.weight");
        Dropped(Trained(pass => layer.Forward(Zeros(pass), null, pass, Zeros(pass)).States), times);
    }

    [Theory]
    [InlineData(0, P, 0)]
    [InlineData(P, 0, 1)]
    public void And_so_have_the_vectors_at_the_start(float start, float others, int times)
    {
        TransformerEmbedding embedding = new(none with { Dropout = others, EmbeddingDropout = start }, 5);
        Set(embedding, "tokens.weight", "");
        Dropped(Trained(pass => embedding.Forward(new int[Batch * Time], Batch, new int[Batch * Time], default, pass)), times);
    }

    [Theory]
    [InlineData("none", false)]
    [InlineData("learned", false)]
    [InlineData("none", true)]
    public void Vectors_at_the_start_are_dropped(string position, bool normalizes)
    {
        TransformerEmbedding embedding = new(none with { Dropout = P, Position = position, NormalizesEmbedding = normalizes }, 5);
        Set(embedding, normalizes ? "norm.bias" : "tokens.weight", "");
        Tensor Run(Pass pass) => embedding.Forward(new int[Batch * Time], Batch, new int[Batch * Time], default, pass);
        Evaluated(Run).ShouldAllBe(y => y == 1);
        Dropped(Trained(Run), 1);
    }

    // Keys are alike and values 1: a context is the share of the keys that were kept over 1 − p, the same for all features of a head.
    [Theory]
    [InlineData("attention")]
    [InlineData("cross_attention")]
    public void Weights_of_attention_are_dropped(string place)
    {
        TransformerLayer layer = new(none with { AttentionDropout = P }, memorySize: Size);
        Set(layer, place + ".v_proj.bias", place + ".out_proj.weight");
        Tensor Run(Pass pass) => layer.Forward(Zeros(pass), null, pass, Zeros(pass)).States;
        Evaluated(Run).ShouldAllBe(y => Math.Abs(y - 1) < 1e-6f);
        float[] contexts = Trained(Run);
        const int Head = Size / 4;
        double[] heads = [.. contexts.Where((_, i) => i % Head == 0)];
        for (int i = 0; i < contexts.Length; i++)
            ((double)contexts[i]).ShouldBe(heads[i / Head], 1e-5);
        heads.ShouldAllBe(y => Math.Abs((y * Time * (1 - P)) - Math.Round(y * Time * (1 - P))) < 1e-4);
        heads.Average().ShouldBe(1, 0.03);
        heads.Select(y => (y - 1) * (y - 1)).Average().ShouldBe(P / (1 - P) / Time, 0.2 * P / (1 - P) / Time);
    }

    [Fact]
    public void Without_dropout_training_computes_what_evaluation_does()
    {
        TransformerLayer layer = new(none, memorySize: Size);
        layer.Initialize(3);
        float[] x = [.. Enumerable.Range(0, Batch * Time * Size).Select(i => (float)Math.Sin(i))];
        Tensor Run(Pass pass) => layer.Forward(pass.Input(x, new Shape(Batch, Time, Size)), null, pass, pass.Input(x, new Shape(Batch, Time, Size))).States;
        Trained(Run).ShouldBe(Evaluated(Run));
    }

    private static Tensor Zeros(in Pass pass) => pass.Input(new float[Batch * Time * Size], new Shape(Batch, Time, Size));

    // Ones in one parameter, an identity in another, zeros elsewhere.
    private static void Set(Module module, string ones, string identity)
    {
        foreach ((string name, Parameter parameter) in module.NamedParameters())
        {
            float[] values = new float[parameter.Shape.Length];
            if (name == ones)
                Array.Fill(values, 1);
            for (int i = 0; name == identity && i < Size; i++)
                values[(i * Size) + i] = 1;
            parameter.Assign(values);
        }
        module.NamedParameters().ShouldContain(p => p.Name == ones);
    }

    private static void Dropped(float[] y, int times)
    {
        float kept = MathF.Pow(1 / (1 - P), times);
        y.ShouldAllBe(v => v == 0 || Math.Abs(v - kept) < 1e-5f);
        ((double)y.Count(v => v == 0) / y.Length).ShouldBe(1 - Math.Pow(1 - P, times), 0.02);
    }

    private static float[] Evaluated(Func<Pass, Tensor> run) => Step.Evaluate(run).Values.ToArray();

    private static float[] Trained(Func<Pass, Tensor> run)
    {
        float[] values = [];
        Step.Train(new RandomStream(5, "dropout"), 0, pass =>
        {
            Tensor y = run(pass);
            values = y.Values.ToArray();
            return y.Sum();
        });
        return values;
    }
}
