namespace Heed.Tests.Attention;

/// <summary>Location-wise attention: the spatial transformer and recurrent glimpses.</summary>
public sealed class SpatialAttentionTests
{
    private static readonly LocalizationConfig Small = new() { Height = 13, Width = 11, Channels = 2, Filters = 3, Kernel = 2, HiddenSize = 5 };

    [Fact]
    public void It_starts_with_an_upright_look_at_the_whole_picture()
    {
        SpatialTransformer transformer = new(new ConvolutionalLocalization(Small), 13, 11);
        transformer.Initialize(1);
        Tensor picture = Pictures(2, 13, 11, 2);
        (float[] same, float[] theta) = Step.Evaluate(pass =>
        {
            (Tensor y, Tensor t) = transformer.Forward(picture, pass);
            return (y.ToArray(), t.ToArray());
        });
        theta.ShouldBe([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0]);
        // The look has the picture's own pixels: nothing is lost, to the last bit but the rounding of coordinates.
        same.ShouldBe(picture.ToArray(), 1e-5);
    }

    [Theory]
    // Mirrored left to right; turned by 90°; the upper left quarter.
    [InlineData(new float[] { -1, 0, 0, 0, 1, 0 }, new float[] { 2, 1, 4, 3 })]
    [InlineData(new float[] { 0, 1, 0, -1, 0, 0 }, new float[] { 3, 1, 4, 2 })]
    [InlineData(new float[] { 0, 0, -0.5f, 0, 0, -0.5f }, new float[] { 1, 1, 1, 1 })]
    public void Transforms_by_hand(float[] theta, float[] expected)
    {
        SpatialTransformer transformer = new(new Fixed(theta), 2, 2);
        Step.Evaluate(pass => transformer.Forward(Tensor.From([1, 2, 3, 4], new Shape(1, 2, 2, 1)), pass).Picture).ToArray().ShouldBe(expected, 1e-6);
    }

    [Fact]
    public void Gradients_flow_to_the_picture_and_to_the_localization()
    {
        SpatialTransformer transformer = new(new ConvolutionalLocalization(Small with { InitialScale = 0.8f }), 4, 3);
        transformer.Initialize(1);
        Parameter picture = new(new Shape(2, 13, 11, 2), Initializer.Normal(0.7));
        picture.Initialize(new RandomStream(3, "picture"));
        // Away from the start, where the last layer's zeros hide the rest.
        Parameter last = transformer.NamedParameters().Single(p => p.Name == "localization.weight").Parameter;
        last.Change(static (values, random) =>
        {
            foreach (ref float value in values)
                value = 0.2f * (float)random.NextNormal();
        }, new RandomStream(5, "weight"));
        GradientCheck.Run([("picture", picture), .. transformer.NamedParameters()], pass => transformer.Forward(pass.Use(picture), pass).Picture.Tanh()).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void It_learns_to_move_to_what_is_bright()
    {
        // A bright spot somewhere on a dark picture; the loss wants brightness, so the look has to go there.
        SpatialTransformer transformer = new(new ConvolutionalLocalization(new LocalizationConfig { Height = 16, Width = 16, Filters = 4, Kernel = 3, HiddenSize = 16, InitialScale = 0.8f }), 4, 4);
        transformer.Initialize(2);
        AdamW optimizer = new(transformer.NamedParameters().Select(p => p.Parameter), weightDecay: 0);
        RandomStream random = new(1, "spots");
        float first = 0, last = 0;
        for (int step = 0; step < 150; step++)
        {
            float[] pictures = new float[32 * 256];
            for (int b = 0; b < 32; b++)
            {
                (int x, int y) = (3 + random.Next(10), 3 + random.Next(10));
                for (int i = 0; i < 256; i++)
                    pictures[(b * 256) + i] = MathF.Exp(-0.1f * ((((i % 16) - x) * ((i % 16) - x)) + (((i / 16) - y) * ((i / 16) - y))));
            }
            last = Step.Train(random.Fork((ulong)step), step, pass => -transformer.Forward(pass.Input(pictures, new Shape(32, 16, 16, 1)), pass).Picture.Mean());
            first = step == 0 ? last : first;
            optimizer.Step(0.005);
        }
        last.ShouldBeLessThan(2 * first);
    }

    [Fact]
    public void Glimpses_have_gradients_where_there_are_any_and_reinforcement_where_not()
    {
        GlimpseClassifier classifier = new(new GlimpseConfig { Looks = 3, PatchSize = 3, Scales = 2, GlimpseSize = 5, HiddenSize = 7, Channels = 2 }, 4);
        classifier.Initialize(6);
        Tensor pictures = Pictures(5, 9, 8, 2);
        foreach ((string name, Parameter parameter) in classifier.NamedParameters().Where(p => p.Name.EndsWith("bias", StringComparison.Ordinal)))
            parameter.Initialize(new RandomStream(4, name));
        GradientCheck.Run(classifier.NamedParameters(), pass => Detached(classifier, pictures, pass), tolerance: 1e-3).ShouldBeGreaterThan(0);
        classifier.NamedParameters().Where(p => !p.Parameter.HasGradient).ShouldBeEmpty();
    }

    [Fact]
    public void Where_to_look_is_learned_by_reinforcement_alone()
    {
        RecurrentGlimpses glimpses = new(new GlimpseConfig { Looks = 3, PatchSize = 3, Scales = 2, GlimpseSize = 5, HiddenSize = 7 });
        glimpses.Initialize(6);
        Step.Train(new RandomStream(1, "x"), 0, pass =>
        {
            GlimpseResult seen = glimpses.Forward(Pictures(5, 9, 8, 1), pass);
            seen.Positions.Shape.ShouldBe(new Shape(5, 3, 2));
            seen.Positions.ToArray()[..2].ShouldBe([0, 0]);
            seen.Positions.ToArray().ShouldAllBe(v => v >= -1 && v <= 1);
            return seen.LogProbabilities.Sum();
        });
        // The core is a constant to reinforcement.
        glimpses.NamedParameters().Where(p => p.Parameter.HasGradient && p.Parameter.Gradient.ContainsAnyExcept(0f)).Select(p => p.Name).ShouldBe(["mean.weight", "mean.bias"]);
    }

    [Fact]
    public void In_evaluation_glimpses_repeat_and_a_picture_is_the_same_alone_and_in_a_batch()
    {
        GlimpseClassifier classifier = new(new GlimpseConfig { Looks = 4, PatchSize = 3, Scales = 2, GlimpseSize = 5, HiddenSize = 7 }, 4);
        classifier.Initialize(6);
        Tensor pictures = Pictures(5, 9, 8, 1), third = Tensor.From(pictures.Values.Slice(2 * 72, 72), new Shape(1, 9, 8, 1));
        float[] all = Step.Evaluate(pass => classifier.Forward(pictures, pass).Logits).ToArray(), alone = Step.Evaluate(pass => classifier.Forward(third, pass).Logits).ToArray();
        alone.ShouldBe(all[8..12]);
        Step.Evaluate(pass => classifier.Forward(pictures, pass).Glimpses.LogProbabilities).ToArray().ShouldAllBe(v => v == 0);
    }

    [Fact]
    public void Glimpses_learn_to_look_where_the_sign_is()
    {
        // A small sign, one of two, in one of the four corners; a dim blur beside it, visible at the coarse scale alone, says which corner. The first look, in the middle, cannot tell the signs apart.
        GlimpseConfig config = new() { Looks = 2, PatchSize = 4, Scales = 3, GlimpseSize = 32, HiddenSize = 32, Deviation = 0.2f };
        GlimpseClassifier classifier = new(config, 2);
        classifier.Initialize(3);
        AdamW optimizer = new(classifier.NamedParameters().Select(p => p.Parameter), weightDecay: 0);
        RandomStream random = new(2, "signs");
        for (int step = 0; step < 400; step++)
        {
            (float[] pictures, int[] labels) = Signs(64, random);
            Step.Train(random.Fork((ulong)step), step, pass => classifier.Loss(pass.Input(pictures, new Shape(64, 16, 16, 1)), labels, pass));
            optimizer.Step(3e-3, clipNorm: 5);
        }
        (float[] test, int[] answers) = Signs(400, new RandomStream(9, "test"));
        float[] logits = Step.Evaluate(pass => classifier.Forward(pass.Input(test, new Shape(400, 16, 16, 1)), pass).Logits).ToArray();
        answers.Where((label, i) => (logits[(2 * i) + 1] > logits[2 * i] ? 1 : 0) == label).Count().ShouldBeGreaterThan(360);

        // The signs have the same sum in every 2 × 2 block, so coarse patches see no difference.
        static (float[], int[]) Signs(int count, RandomStream random)
        {
            float[] pictures = new float[count * 256];
            int[] labels = new int[count];
            for (int b = 0; b < count; b++)
            {
                labels[b] = random.Next(2);
                (int x, int y) = (2 + (8 * random.Next(2)), 2 + (8 * random.Next(2)));
                for (int i = 0; i < 16; i++)
                {
                    bool isOn = labels[b] == 0 ? (i % 4) % 2 == 0 : (i / 4) % 2 == 0;
                    pictures[(b * 256) + ((y + (i / 4)) * 16) + x + (i % 4)] = isOn ? 1 : 0;
                }
            }
            return (pictures, labels);
        }
    }

    [Theory]
    [InlineData(GlimpseReward.AtTheEnd)]
    [InlineData(GlimpseReward.AfterEveryLook)]
    public void The_loss_by_its_formula(GlimpseReward reward)
    {
        const int Looks = 3, Batch = 4, Classes = 3;
        GlimpseClassifier classifier = new(new GlimpseConfig { Looks = Looks, PatchSize = 3, Scales = 2, GlimpseSize = 5, HiddenSize = 7 }, Classes, reward);
        classifier.Initialize(6);
        Linear output = (Linear)classifier.NamedModules().Single(m => m.Name == "output").Module;
        RecurrentGlimpses glimpses = (RecurrentGlimpses)classifier.NamedModules().Single(m => m.Name == "glimpses").Module;
        int[] labels = [0, 2, 1, 2];
        Tensor pictures = Pictures(Batch, 9, 8, 1);
        double expected = 0;
        // The same seed draws the same places.
        Step.Train(new RandomStream(1, "x"), 0, pass =>
        {
            GlimpseResult seen = glimpses.Forward(pictures, pass);
            double[,] p = new double[Looks, Batch], hits = new double[Looks, Batch];
            for (int t = 0; t < Looks; t++)
            {
                float[] logits = output.Forward(seen.States[t], pass).ToArray();
                for (int i = 0; i < Batch; i++)
                {
                    double[] e = [.. logits[(i * Classes)..((i + 1) * Classes)].Select(x => Math.Exp(x))];
                    (p[t, i], hits[t, i]) = (e[labels[i]] / e.Sum(), e[labels[i]] == e.Max() ? 1 : 0);
                    if (reward == GlimpseReward.AfterEveryLook || t == Looks - 1)
                        expected -= Math.Log(p[t, i]) / Batch / (reward == GlimpseReward.AfterEveryLook ? Looks : 1);
                }
            }
            for (int i = 0; i < Batch; i++)
            {
                for (int k = 0; k < Looks - 1; k++)
                {
                    double gain = reward == GlimpseReward.AtTheEnd ? hits[Looks - 1, i] : Enumerable.Range(k + 1, Looks - 1 - k).Average(t => p[t, i]);
                    double b = seen.Baselines.Values[(i * (Looks - 1)) + k], log = seen.LogProbabilities.Values[(i * (Looks - 1)) + k];
                    expected += ((-(gain - b) * log) + ((gain - b) * (gain - b))) / Batch;
                }
            }
            return seen.LogProbabilities.Sum();
        });
        ((double)Step.Train(new RandomStream(1, "x"), 0, pass => classifier.Loss(pictures, labels, pass))).ShouldBe(expected, 1e-4);
    }

    [Fact]
    public void The_map_of_maxima_says_where_they_stand()
    {
        Tensor y = Tensor.From([1, 5, 2, 8, 3, 4, 7, 6, 9], new Shape(1, 3, 3, 1)).MaxPool(2, out int[] positions, stride: 1);
        y.ToArray().ShouldBe([8, 5, 8, 9]);
        positions.ShouldBe([3, 1, 3, 8]);
    }

    [Fact]
    public void Maxima_of_windows_that_are_wanted_by_hand_and_gradients_of_equals_go_to_the_first()
    {
        Parameter x = new(new Shape(1, 3, 4, 1), Initializer.Zeros);
        x.Assign([1, 5, 5, 2, 8, 3, 5, 4, 8, 6, 9, float.NaN]);
        Step.Train(new RandomStream(1, "pool"), 0, pass =>
        {
            // Rows 0 … 1 and 1 … 2, columns 0 … 1 and 2 … 3: the middle row is seen twice.
            Tensor y = pass.Use(x).AdaptiveMaxPool((2, 2));
            y.ToArray().ShouldBe([8, 5, 8, float.NaN]);
            return y.WeightedSum([1f, 2, 4, 8]);
        });
        x.Gradient.ToArray().ShouldBe([0, 0, 2, 0, 5, 0, 0, 0, 0, 0, 0, 8]);
        Step.Evaluate(pass => pass.Use(x).MaxPool((1, 2), (2, 1), (0, 1))).ToArray().ShouldBe([1, 5, 5, 5, 2, 8, 8, 9, float.NaN, float.NaN]);
        Should.Throw<ArgumentException>(() => Tensor.From([1], new Shape(1, 1, 1, 1)).AdaptiveMaxPool((0, 1))).Message.ShouldContain("at least 1");
        Should.Throw<ShapeException>(() => Tensor.From([1], new Shape(1)).AdaptiveMaxPool((1, 1)));
    }

    [Fact]
    public void A_convolution_has_strides_of_its_own_down_and_across()
    {
        Convolution both = new(3, 5, (3, 3), stride: (2, 1), padding: (1, 1)), dense = new(3, 5, (3, 3), padding: (1, 1));
        (both.Stride, both.Strides).ShouldBe((2, (2, 1)));
        dense.Initialize(1);
        both.Initialize(1);
        Tensor picture = Pictures(2, 7, 6, 3);
        float[] all = Step.Evaluate(pass => dense.Forward(picture, pass)).ToArray(), some = Step.Evaluate(pass => both.Forward(picture, pass)).ToArray();
        some.ShouldBe([.. Enumerable.Range(0, some.Length).Select(at => all[(((at / 120 * 7) + (at / 30 % 4 * 2)) * 30) + (at % 30)])], 1e-5);
        // While training the sums are those of evaluation, whose weights are packed.
        Step.Train(new RandomStream(1, "strides"), 0, pass =>
        {
            Tensor y = both.Forward(picture, pass);
            y.Shape.ShouldBe(new Shape(2, 4, 6, 5));
            y.ToArray().ShouldBe(some, 1e-5);
            return y.Tanh().Sum();
        });
        Parameter x = new(new Shape(2, 5, 7, 3), Initializer.Normal(1));
        x.Initialize(new RandomStream(2, "x"));
        GradientCheck.Run([("x", x), .. both.NamedParameters()], pass => both.Forward(pass.Use(x), pass).Tanh()).ShouldBeGreaterThan(0);
        Should.Throw<ArgumentOutOfRangeException>(() => new Convolution(1, 1, (3, 3), stride: (1, 0))).Message.ShouldContain("stride");
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Should.Throw<ArgumentException>(() => new ConvolutionalLocalization(new LocalizationConfig { Height = 12, Width = 60 })).Message.ShouldContain("pictures of 12 × 60 are too small");
        SpatialTransformer transformer = new(new ConvolutionalLocalization(Small), 4, 4), broken = new(new Fixed([1, 0, 0]), 4, 4);
        Refused(() => Step.Evaluate(pass => transformer.Forward(Pictures(1, 13, 12, 2), pass).Picture), "(batch, 13, 11, 2)");
        Refused(() => Step.Evaluate(pass => broken.Forward(Pictures(1, 13, 11, 2), pass).Picture), "theta has shape (1, 3) but (batch, 6)");
        Should.Throw<ArgumentException>(() => new RecurrentGlimpses(new GlimpseConfig { Scales = 13 })).Message.ShouldContain("Scales from 1 to 12");
        Should.Throw<ArgumentException>(() => new RecurrentGlimpses(new GlimpseConfig { Deviation = 0 })).Message.ShouldContain("Deviation must be positive");
        RecurrentGlimpses glimpses = new(new GlimpseConfig());
        Refused(() => Step.Evaluate(pass => glimpses.Forward(Pictures(1, 9, 9, 2), pass).Positions), "channels = 1");
        Tensor picture = Pictures(1, 5, 5, 1);
        Refused(() => picture.GridSample(Tensor.From(new float[4], new Shape(1, 2, 2))), "(batch, height, width, 2)");
        Refused(() => Tensor.Convolution(picture, Tensor.From(new float[8], new Shape(1, 2, 2, 2))), "channels = 1");
        Should.Throw<ArgumentException>(() => Tensor.Convolution(picture, Tensor.From(new float[36], new Shape(1, 1, 6, 6)))).Message.ShouldContain("larger than the padded picture");
        Should.Throw<ArgumentOutOfRangeException>(() => picture.MaxPool(6)).Message.ShouldContain("from 1 to the picture's size");
        Should.Throw<ArgumentOutOfRangeException>(() => new Convolution(1, 1, (3, 3), padding: (3, 0))).Message.ShouldContain("below the kernel's size");

        static void Refused(Func<object> action, string message) => Should.Throw<ShapeException>(() => action()).Message.ShouldContain(message);
    }

    // Rewards and advantages are constants of reinforcement; so that differences see the same, they are replaced by numbers.
    private static Tensor Detached(GlimpseClassifier classifier, Tensor pictures, Pass pass)
    {
        (Tensor logits, GlimpseResult seen) = classifier.Forward(pictures, pass);
        Tensor all = Tensor.Concatenate(logits, seen.LogProbabilities.Scale(0.01f), seen.Baselines);
        return all.Tanh();
    }

    private static Tensor Pictures(int batch, int height, int width, int channels)
    {
        RandomStream random = new(8, "pictures");
        return Tensor.From([.. Enumerable.Range(0, batch * height * width * channels).Select(_ => (float)random.NextNormal())], new Shape(batch, height, width, channels));
    }

    private sealed class Fixed(float[] theta) : Localization
    {
        public override Tensor Forward(Tensor picture, in Pass pass) => pass.Input([.. Enumerable.Repeat(theta, picture.Shape[0]).SelectMany(t => t)], new Shape(picture.Shape[0], theta.Length));
    }
}
