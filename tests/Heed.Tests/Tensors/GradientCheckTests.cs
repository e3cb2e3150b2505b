using Heed.Kernels;

namespace Heed.Tests.Tensors;

/// <summary>Every operation of the library has a gradient check here; a new one without a check fails the registry test, and so does a check under the name of an
/// operation that it does not run, or in which a wrong backward pass of the operation is not found.</summary>
public sealed class GradientCheckTests
{
    private static readonly SequenceRanges Ranges = new(new[] { 5, 0, 3, 1 }, new[] { 0, 2, 2, 4 });

    /// <summary>Operation name → computations that use it.</summary>
    private static readonly Dictionary<string, Check[]> Checks = new(StringComparer.Ordinal)
    {
        ["Add"] = [new(T(5, 3), T(5, 3), (a, b) => a + b), new(T(2, 5, 3), T(5, 3), (a, b) => a + b), new(T(5, 3), T(), (a, b) => a + b)],
        ["Subtract"] = [new(T(5, 3), T(5, 3), (a, b) => a - b), new(T(7, 3), T(3), (a, b) => a - b)],
        ["Multiply"] = [new(T(5, 3), T(5, 3), (a, b) => a * b), new(T(7, 3), T(3), (a, b) => a * b), new(T(5, 3), (a) => a * a)],
        ["Divide"] = [new(T(5, 3), Positive(5, 3), (a, b) => a / b), new(T(7, 3), Positive(3), (a, b) => a / b)],
        ["Scale"] = [new(T(5, 3), a => a.Scale(-1.7f, 0.3f))],
        ["Exp"] = [new(T(5, 7), a => a.Exp())],
        ["Log"] = [new(Positive(5, 7), a => a.Log())],
        ["Sqrt"] = [new(Positive(5, 7), a => a.Sqrt())],
        ["Tanh"] = [new(T(5, 7), a => a.Tanh())],
        ["Sigmoid"] = [new(T(5, 7), a => a.Sigmoid())],
        ["Relu"] = [new(T(5, 7), a => a.Relu())],
        ["Gelu"] = [new(T(5, 7), a => a.Gelu())],
        ["GeluExact"] = [new(T(5, 7), a => a.Scale(2).GeluExact())],
        ["Silu"] = [new(T(5, 7), a => a.Scale(2).Silu())],
        ["HardSwish"] = [new(T(5, 7), a => a.Scale(3).HardSwish())],
        ["RmsNorm"] = [new(T(5, 7), T(7), (x, g) => Tensor.RmsNorm(x, g))],
        ["Rotate"] =
        [
            new(T(2, 3, 2, 7), x => x.Rotate(new[] { 0, 1, 2, 5, 6, 300 }, new RotaryAngles(6)).Tanh()),
            new(T(1, 3, 2, 6), x => x.Rotate(new[] { 1, 4, 2 }, new RotaryAngles(4, 100, 2), interleaved: true).Tanh()),
        ],
        ["Dropout"] = [new(T(5, 7), a => a.Dropout(0.4f, 17))],
        ["Sum"] = [new(T(5, 7), a => a.Sum()), new(T(5, 7), a => (a * a).Mean())],
        ["MeanLast"] = [new(T(2, 5, 7), a => a.MeanLast())],
        ["MaxLast"] = [new(T(2, 5, 7), a => a.MaxLast().Tanh())],
        ["FeatureMaps"] = [new(T(2, 5, 7), a => a.FeatureMaps().Tanh()), new(T(3, 33), a => a.FeatureMaps(maximumFirst: true).Tanh()), new(T(4, 1), a => a.FeatureMaps())],
        ["Linear"] = [new(T(2, 5, 7), T(3, 7), (x, w) => Tensor.Linear(x, w)), new(T(5, 7), T(11, 7), T(11), (x, w, b) => Tensor.Linear(x, w, b))],
        ["MatMul"] = [new(T(5, 7), T(7, 3), (a, b) => a.MatMul(b)), new(T(2, 5, 7), T(2, 7, 3), (a, b) => a.MatMul(b)), new(T(2, 5, 7), T(7, 3), (a, b) => a.MatMul(b))],
        ["MatMulTransposed"] = [new(T(5, 7), T(3, 7), (a, b) => a.MatMulTransposed(b)), new(T(2, 3, 5), a => a.MatMulTransposed(a)), new(T(2, 3, 5), T(7, 5), (a, b) => a.MatMulTransposed(b))],
        ["Reshape"] = [new(T(6, 5), a => a.Reshape(new Shape(3, 10)) * a.Reshape(new Shape(3, 10)))],
        ["Transpose"] = [new(T(2, 5, 7), a => a.Transpose().Tanh())],
        ["Columns"] = [new(T(5, 7), a => a.Columns(2, 3).Tanh())],
        ["Concatenate"] = [new(T(5, 3), T(5, 2), (a, b) => Tensor.Concatenate(a, b, a).Tanh())],
        ["Softmax"] = [new(T(5, 7), a => a.Softmax())],
        ["LogSoftmax"] = [new(T(5, 7), a => a.LogSoftmax())],
        ["CrossEntropy"] =
        [
            new(T(5, 3), a => Tensor.CrossEntropy(a, new[] { 0, 2, 1, 1, 0 })),
            new(T(5, 3), a => Tensor.CrossEntropy(a, new[] { 0, -1, 1, 1, 0 }, [0.5f, 2f, 1f], 0.1f)),
        ],
        ["SigmoidCrossEntropy"] = [new(T(5, 3), a => Tensor.SigmoidCrossEntropy(a, new float[] { 0, 1, 1, 0, 0, 0, 0.25f, 1, 0, 1, 1, 1, 0, 0.5f, 0 })), new(T(2, 2), a => Tensor.SigmoidCrossEntropy(a, new float[] { 0, 1, 1, 0 }, new float[] { 1, 3, 0.5f, 0 }))],
        ["LayerNorm"] = [new(T(5, 7), T(7), T(7), (x, g, b) => Tensor.LayerNorm(x, g, b))],
        ["Embed"] = [new(T(11, 3), table => Tensor.Embed(table, new[] { 1, 5, 1, 10, 2, 2 }, new Shape(2, 3)).Tanh())],
        ["SoftmaxOverTime"] = [new(T(4, 5, 2), a => a.SoftmaxOverTime(Ranges))],
        ["SumOverTime"] = [new(T(4, 2, 5), T(4, 5, 3), (w, h) => w.SumOverTime(h, Ranges))],
        ["MeanOverTime"] = [new(T(4, 5, 3), h => h.MeanOverTime(Ranges).Tanh())],
        ["MaxOverTime"] = [new(T(4, 5, 3), h => h.MaxOverTime(Ranges, out _).Tanh())],
        ["LastStates"] = [new(T(4, 5, 6), h => h.LastStates(Ranges).Tanh())],
        ["GatedMean"] = [new(T(4, 5, 3), T(4, 5, 3), (g, h) => h.GatedMeanOverTime(g, Ranges))],
        ["DropoutOverTime"] = [new(T(4, 5, 3), x => x.DropoutOverTime(0.4f, 17).Tanh())],
        ["WithoutPadding"] = [new(T(4, 5, 3), h => h.WithoutPadding(Ranges).Tanh())],
        ["Distribute"] = [new(T(5, 7), a => a.Sparsemax()), new(T(5, 7), a => a.Entmax()), new(T(5, 7), a => a.Entmax(1.2f))],
        ["Entmax"] =
        [
            new(T(5, 7), T(1), (a, b) => a.Entmax(b.Sigmoid().Scale(0.9f, 1.05f))),
            new(T(2, 3, 4, 5), T(3), (a, b) => a.Entmax(b.Sigmoid().Scale(0.9f, 1.05f))),
        ],
        ["TopKSoftmax"] = [new(T(5, 7), a => a.TopKSoftmax(3)), new(T(5, 3), a => a.TopKSoftmax(9))],
        ["SinkSoftmax"] = [new(T(2, 3, 4, 5), T(3), (a, b) => a.SinkSoftmax(b))],
        ["AdditiveScores"] = [new(T(2, 3, 4, 6), T(2, 3, 5, 6), T(3, 6), (q, k, v) => Tensor.AdditiveScores(q, k, v)), new(T(1, 1, 4, 3), T(1, 3), (q, v) => Tensor.AdditiveScores(q, q, v))],
        ["ModifyScores"] =
        [
            new(T(4, 2, 5, 7), T(2), (a, slopes) => a.ModifyScores(new Then<SoftCap, Alibi>(new(2), default), slopes, new(new[] { 5, 2, 3, 1 }), new(new[] { 7, 3, 5, 1 }, new[] { 0, 4, 1, 6 })).Tanh()),
            new(T(2, 1, 3, 5), T(1), (a, slopes) => a.ModifyScores(default(Alibi), slopes, positions: new[] { 4, 1 }).Softmax()),
        ],
        ["MaskScores"] = [new(T(2, 3, 2, 3), a => a.MaskScores(new[] { true, true, false, true, false, true }).Softmax()), new(T(2, 3, 1, 3), a => a.MaskScores(new[] { true, true, false, false, false, false }).Softmax()), new(T(1, 2, 1, 3), a => a.MaskScores(new[] { true, true, false, true, false, true }).Softmax())],
        ["SwapMiddle"] = [new(T(2, 3, 4, 5), a => a.SwapMiddle().Tanh())],
        ["ScaleRows"] = [new(T(2, 5, 3), T(2, 5), (x, f) => x.ScaleRows(f)), new(T(2, 5, 3), T(), (x, f) => x.ScaleRows(f))],
        ["InverseNorm"] = [new(T(2, 5, 3), x => x.InverseNorm().Tanh())],
        ["Convolution"] =
        [
            new(T(2, 5, 6, 3), T(4, 3, 3, 2), T(4), (x, w, b) => Tensor.Convolution(x, w, b)),
            new(T(3, 7, 5, 1), T(2, 1, 3, 5), (x, w) => Tensor.Convolution(x, w, stride: 2, padding: (1, 2)).Tanh()),
            new(T(2, 7, 12, 5), T(5, 1, 3, 3), T(5), (x, w, b) => Tensor.Convolution(x, w, b, stride: 1, padding: (1, 1), groups: 5).Tanh()),
            new(T(2, 6, 21, 3), T(3, 1, 5, 4), (x, w) => Tensor.Convolution(x, w, stride: 2, padding: (2, 1), groups: 3).Tanh()),
            new(T(2, 6, 5, 4), T(6, 2, 3, 2), (x, w) => Tensor.Convolution(x, w, stride: 2, padding: (2, 1), dilation: 2, groups: 2).Tanh()),
        ],
        ["TransposedConvolution"] =
        [
            new(T(2, 4, 3, 3), T(3, 4, 3, 2), T(4), (x, w, b) => Tensor.TransposedConvolution(x, w, b)),
            new(T(2, 3, 4, 2), T(2, 3, 2, 2), (x, w) => Tensor.TransposedConvolution(x, w, stride: 2).Tanh()),
            new(T(2, 3, 4, 4), T(4, 3, 3, 4), (x, w) => Tensor.TransposedConvolution(x, w, stride: 3, padding: (2, 1), outputPadding: (1, 2), groups: 2).Tanh()),
        ],
        ["Resize"] = [new(T(2, 3, 4, 3), x => x.Resize(7, 9).Tanh()), new(T(2, 7, 5, 3), x => x.Resize(3, 2).Tanh()), new(T(1, 1, 4, 2), x => x.Resize(2, 4).Tanh())],
        ["Crop"] = [new(T(2, 5, 6, 3), x => x.Crop(1, 2, 3, 3).Tanh()), new(T(2, 3, 4, 2), x => (x.Crop(-1, -2, 6, 9) + x.Crop(1, -1, 6, 9)).Tanh()), new(T(2, 3, 4, 2), x => x.Tanh().Crop(-9, 2, 3, 3) + x.Crop(0, 0, 3, 3))],
        ["FocalLoss"] = [new(T(5, 3), x => Tensor.FocalLoss(x.Scale(3), new float[] { 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0 })), new(T(5), x => Tensor.FocalLoss(x, new float[] { 0, 1, 1, 0, 0 }, 0.7f, 0.5f))],
        ["BoxLoss"] = [new(Positive(3, 4), x => Tensor.BoxLoss(x, new float[] { 1.2f, 1.7f, 0.4f, 1.5f, 3, 4, 2, 1, 0.5f, 0.5f, 0.2f, 0.9f }, new float[] { 1, 0.5f, 2 })), new(Positive(2, 4), x => Tensor.BoxLoss(x, new float[8], new float[] { 0, 0 }) + x.Sum())],
        ["AveragePool"] =
        [
            new(T(2, 5, 7, 3), x => x.AveragePool((2, 3)).Tanh()),
            new(T(2, 5, 7, 3), x => x.AveragePool((3, 3), (2, 1), (1, 1)).Tanh()),
            new(T(2, 5, 7, 3), x => x.AveragePool((3, 3), (1, 1), (1, 1), countsPadding: false).Tanh()),
            new(T(2, 5, 7, 3), x => x.AdaptiveAveragePool((3, 4)).Tanh()),
        ],
        ["GroupNorm"] =
        [
            new(T(2, 3, 4, 6), T(6), T(6), (x, g, b) => Tensor.GroupNorm(x, 2, g, b).Tanh()),
            new(T(2, 5, 6), T(6), T(2, 5, 6), (x, g, z) => Tensor.GroupNorm(x, 6, g, Tensor.From([0.1f, 0, -0.3f, 0.2f, 0.4f, -0.1f], new Shape(6)), z, rectifies: true)),
        ],
        ["BatchNorm"] =
        [
            new(T(2, 3, 4, 5), T(5), T(5), (x, g, b) => Tensor.BatchNorm(x, g, b, (new float[5], new float[5]), isFixed: false).Tanh()),
            new(T(7, 3), T(7, 3), (x, z) => Tensor.BatchNorm(x, Tensor.From([1, -2, 0.5f], new Shape(3)), Tensor.From([0.1f, 0, -0.3f], new Shape(3)), (new float[3], new float[3]), isFixed: false, z, rectifies: true)),
            new(T(7, 3), T(3), T(3), (x, g, b) => Tensor.BatchNorm(x, g, b, (new[] { 0.1f, 0.2f, -0.3f }, new[] { 1f, 0.5f, 2f }), isFixed: true, rectifies: true)),
            new(T(7, 3), x => Tensor.BatchNorm(x, Tensor.From([1, -2, 0.5f], new Shape(3)), Tensor.From([0.1f, 0, -0.3f], new Shape(3)), (new float[3], new float[3]), isFixed: false, x, rectifies: true)),
        ],
        ["SqueezeExcite"] =
        [
            new([.. Excited, T(5), T(5), T(2, 3, 4, 5)], t => Excite(t, ChannelGate.Sigmoid, isFixed: false, t[7], rectifies: true)),
            new([.. Excited, T(5), T(5)], t => Excite(t, ChannelGate.Tanh, isFixed: true, null, rectifies: false)),
            new([.. Excited], t => Excite(t, ChannelGate.HardSigmoid, isFixed: null, t[0], rectifies: true)),
            new([.. Excited], t => Excite(t, ChannelGate.Relu, isFixed: null, null, rectifies: false)),
            new([.. Excited, T(5), T(5), T(2, 3, 4, 5)], t => Excite(t, ChannelGate.Sigmoid, isFixed: false, t[7], rectifies: true, ChannelSqueeze.Max)),
            new([.. Excited, T(5), T(5)], t => Excite(t, ChannelGate.Tanh, isFixed: true, null, rectifies: false, ChannelSqueeze.Both)),
            new([.. Excited], t => Excite(t, ChannelGate.Sigmoid, isFixed: null, t[0], rectifies: false, ChannelSqueeze.Both)),
        ],
        ["ScaleChannels"] =
        [
            new(T(2, 3, 4, 5), T(2, 5), (x, g) => x.ScaleChannels(g, x, rectifies: true)),
            new(T(2, 3, 4, 5), T(2, 5), (x, g) => x.ScaleChannels(g)),
            new(T(2, 3, 4, 5), T(2, 5), T(2, 3, 4, 5), (x, g, z) => x.ScaleChannels(g, z, rectifies: true)),
        ],
        ["ScalePlaces"] =
        [
            new(T(2, 3, 4, 5), T(2, 3, 4, 1), (x, g) => x.ScalePlaces(g)),
            new(T(2, 3, 4, 5), T(2, 3, 4, 1), T(2, 3, 4, 5), (x, g, z) => x.ScalePlaces(g, z, rectifies: true)),
        ],
        ["MaxPool"] = [new(T(2, 5, 7, 3), x => x.MaxPool(2).Tanh()), new(T(2, 5, 7, 3), x => x.MaxPool(3, stride: 1).Tanh()), new(T(2, 5, 6, 3), x => x.MaxPool(3, 2, padding: 1).Tanh()), new(T(2, 5, 6, 3), x => x.MaxPool((1, 3), (2, 1), (0, 1)).Tanh()), new(T(2, 5, 7, 3), x => x.AdaptiveMaxPool((2, 3)).Tanh()), new(T(2, 2, 3, 3), x => x.AdaptiveMaxPool((3, 1)).Tanh())],
        ["GridSample"] = [new(T(2, 5, 7, 3), T(2, 3, 4, 2), (x, grid) => x.GridSample(grid)), new(T(2, 4, 4, 1), x => x.GridSample(x.Reshape(new Shape(2, 2, 4, 2))))],
        ["Glimpse"] = [new(T(3, 9, 7, 2), x => x.Glimpse(Tensor.From([0.1f, -0.3f, 0.9f, 1.2f, -1, 0], new Shape(3, 2)), 3, 2).Tanh())],
        ["GumbelSoftmax"] = [new(T(5, 7), x => x.GumbelSoftmax(0.7f, 5)), new(T(2, 3, 2, 3), x => x.MaskScores(new[] { true, true, false, false, false, false }).GumbelSoftmax(2, 9))],
        ["StraightThrough"] = [new(T(5, 7), T(5, 7), (x, y) => x.Softmax().StraightThrough(x.OneHot(x.LargestOfRows())) * y)],
        ["LogProbability"] =
        [
            new(T(4, 5), x => Joined(x.LogProbabilityOf(new[] { 4, 0, -1, 2 }))),
            new(T(1, 2, 2, 3), x => Joined(x.MaskScores(new[] { true, true, false, false, false, false }).LogProbabilityOf(new[] { 1, -1, 0, -1 }))),
            new(T(4, 5), x => x.LogProbabilityOf(new[] { 4, 0, 1, 2 }).Entropies),
        ],
        ["GaussianWindow"] = [new(T(2, 3, 7), T(2, 3), (w, p) => w.GaussianWindow(p.Scale(2, 3), 1.5f))],
        ["MonotonicAlignment"] =
        [
            new(T(2, 3, 7), x => x.Sigmoid().MonotonicAlignment(null)),
            new(T(2, 3, 7), T(2, 3, 7), (x, a) => x.Sigmoid().MonotonicAlignment(a.Softmax())),
            new(T(3, 5), x => x.Sigmoid().MonotonicAlignment(x.Softmax())),
        ],
        ["Attention"] = AttentionChecks.All,
        ["Lstm"] = [Recurrent(4, 1), Recurrent(4, 2), RecurrentFrom(1), RecurrentFrom(2)],
        ["LstmStep"] = [new(T(4, 12), T(4, 3), (a, c) => Both(Tensor.LstmStep(a, c))), new(T(4, 12), T(4, 3), (a, c) => Tensor.LstmStep(a, Tensor.LstmStep(a, c).Cell).Hidden)],
        ["Unstack"] = [new(T(3, 2, 5), x => Tensor.Concatenate(x.Unstack()[2].Tanh(), x.Unstack()[0]))],
        ["Stack"] = [new(T(2, 5), T(2, 5), (a, b) => Tensor.Stack(a, b, a).Tanh())],
        ["Pick"] = [new(T(4, 5), x => x.Softmax().Pick(new[] { 2, 0, -1, 4 }).Tanh())],
        ["StepMatrix"] = StepMatrices,
        ["Gather"] = StepMatrices,
        ["Gru"] = [Recurrent(3, 1), Recurrent(3, 2)],
        ["Recompute"] =
        [
            new(T(5, 7), T(3, 7), (x, w) => Tensor.Recompute(
                (inputs, inner) => (Tensor.Linear(inputs[0], inner.Use(w.Parameter!)).Tanh().Dropout(0.4f, inner.Random.NextUInt64()) * inputs[1]).Tanh(), [x, x.Columns(1, 3)], [w.Parameter!],
                new Pass(x.Step!, new RandomStream(1, "test"), Capture.None))),
        ],
    };

    public static TheoryData<string> Names => [.. Checks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_agrees_with_differences_of_the_reference(string name)
    {
        foreach (Check check in Checks[name])
        {
            (string, Parameter)[] parameters = check.Create();
            GradientCheck.Run(parameters, pass => check.Compute([.. parameters.Select(p => pass.Use(p.Item2))])).ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public void Every_operation_of_the_library_has_a_check()
    {
        IEnumerable<string> operations = typeof(Operation).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Operation)) && !t.IsAbstract)
            .SelectMany(t => t.Name == "ProductOperation" ? new[] { "MatMul", "MatMulTransposed" } : [NameOf(t)]);
        operations.Where(o => !Checks.ContainsKey(o)).ShouldBeEmpty("each needs an entry in GradientCheckTests.Checks");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_check_runs_its_operation_and_finds_a_wrong_backward_pass_of_each_input(string name)
    {
        const float Factor = 1.01f;
        // Enough to meet some of the few elements that a maximum gives a gradient to.
        const int Samples = 30;
        HashSet<int> learned = [], found = [];
        foreach (Check check in Checks[name])
        {
            (string, Parameter)[] parameters = check.Create();
            WrongOperation? wrong = null;
            int inputs = 0;
            for (int input = 0; input == 0 || input < inputs; input++)
            {
                bool isCaught = false;
                try
                {
                    GradientCheck.Run(parameters, pass =>
                    {
                        Tensor y = check.Compute([.. parameters.Select(p => pass.Use(p.Item2))]);
                        Operation operation = pass.Step.Operations.FirstOrDefault(o => NameOf(o) == name).ShouldNotBeNull($"a check of {name} does not run it");
                        inputs = operation.Inputs.Count;
                        wrong = operation.Inputs[input].RequiresGradient ? WrongOperation.Replace(pass.Step, operation, input, Factor) : null;
                        return y;
                    }, samples: Samples);
                }
                catch (GradientCheckException)
                {
                    isCaught = true;
                }
                if (wrong is null)
                    continue;
                learned.Add(input);
                if (!wrong.HasAdded)
                    continue;
                isCaught.ShouldBeTrue($"{name}: what it adds to the gradient of its input {input}, times {Factor}, is not found");
                found.Add(input);
            }
        }
        // A decoder's matrix gets its gradient by Gather, which has checks of its own.
        learned.Except(found).ShouldBe(name == "StepMatrix" ? [1] : [], $"inputs of {name} whose gradient no check sees");
    }

    [Theory]
    [InlineData(1.001f)]
    [InlineData(0.999f)]
    public void A_backward_pass_that_is_wrong_by_a_thousandth_is_found(float factor)
    {
        Parameter x = Drawn("x", new Shape(5, 7), Initializer.Normal(1));
        GradientCheck.Run([("x", x)], pass => Square.Of(pass.Use(x), 1));
        GradientCheckException error = Should.Throw<GradientCheckException>(() => GradientCheck.Run([("x", x)], pass => Square.Of(pass.Use(x), factor)));
        error.Message.ShouldContain("'x' (5, 7)");
    }

    [Fact]
    public void One_wrong_element_among_many_is_found()
    {
        Parameter x = Drawn("x", new Shape(40), Initializer.Normal(1));
        Should.Throw<GradientCheckException>(() => GradientCheck.Run([("x", x)], pass => Square.Of(pass.Use(x), 1.01f, onlyFirst: true)));
    }

    private static string NameOf(Type operation) => operation.Name.Split('`')[0].Replace("Operation", "", StringComparison.Ordinal);

    // Two products are one type.
    private static string NameOf(Operation operation) => NameOf(operation.GetType()) is var name && name == "Product" ? operation.Name : name;

    // Pictures and the two layers.
    private static Input[] Excited => [T(2, 3, 4, 5), T(3, 5), T(3), T(5, 3), T(5)];

    // A norm where it is told whether its statistics are fixed.
    private static Tensor Excite(Tensor[] t, ChannelGate gate, bool? isFixed, Tensor? addend, bool rectifies, ChannelSqueeze squeeze = ChannelSqueeze.Average)
    {
        BatchNormTerms? norm = isFixed is not { } given ? null
            : new(t[5], t[6], given ? new[] { 0.1f, 0.2f, -0.3f, 0, 0.4f } : new float[5], given ? new[] { 1f, 0.5f, 2, 0.7f, 1.3f } : new float[5], given, 1e-5f);
        return Tensor.SqueezeExcite(t[0], (t[1], t[2], t[3], t[4]), norm, squeeze, gate, addend, rectifies, out _).Tanh();
    }

    private static Tensor Joined((Tensor A, Tensor B) pair) => Tensor.Concatenate(pair.A, pair.B);

    // Seeded: a parameter that draws for itself depends on how many were made before it in the process.
    private static Parameter Drawn(string name, Shape shape, Initializer start)
    {
        Parameter parameter = new(shape, start);
        parameter.Initialize(new RandomStream(1, name));
        return parameter;
    }

    private static Input Positive(params int[] sizes) => new(new Shape(sizes), new AboveOne());

    // A parameter that several steps share, as a decoder has it.
    private static Check[] StepMatrices =>
    [
        new(T(4, 3), T(4, 5), T(5, 3), (x, z, w) =>
        {
            StepMatrix matrix = new(w.Parameter!, new Pass(x.Step!, null, Capture.None));
            Tensor y = matrix.Multiply(x, z).Tanh();
            return Tensor.Concatenate(matrix.Multiply(y.Columns(1, 3)).Tanh(), Tensor.Linear(x, w), y);
        }),
    ];

    private static Tensor Both((Tensor Hidden, Tensor Cell) state) => Tensor.Concatenate(state.Hidden, state.Cell);

    private static Check RecurrentFrom(int directions)
    {
        const int Hidden = 3, Size = 2;
        Input[] weights = [.. Enumerable.Range(0, directions).SelectMany(_ => new[] { T(4 * Hidden, Size), T(4 * Hidden, Hidden), T(4 * Hidden), T(4 * Hidden) })];
        return new Check([T(4, 5, Size), T(directions, 4, Hidden), T(directions, 4, Hidden), .. weights], inputs =>
        {
            (Tensor output, Tensor hidden, Tensor cell) = Tensor.Lstm(inputs[0], Ranges, inputs[1], inputs[2], inputs[3..]);
            return Tensor.Concatenate(output.Reshape(new Shape(output.Length)), hidden.Reshape(new Shape(hidden.Length)), cell.Reshape(new Shape(cell.Length)));
        });
    }

    private static Check Recurrent(int gates, int directions)
    {
        const int Hidden = 3, Size = 2;
        Input[] weights = [.. Enumerable.Range(0, directions).SelectMany(_ => new[] { T(gates * Hidden, Size), T(gates * Hidden, Hidden), T(gates * Hidden), T(gates * Hidden) })];
        return new Check([T(4, 5, Size), .. weights], inputs =>
        {
            if (gates == 3)
            {
                (Tensor y, Tensor h) = Tensor.Gru(inputs[0], Ranges, inputs[1..]);
                return Tensor.Concatenate(y.Reshape(new Shape(y.Length)), h.Reshape(new Shape(h.Length)));
            }
            (Tensor output, Tensor hidden, Tensor cell) = Tensor.Lstm(inputs[0], Ranges, inputs[1..]);
            return Tensor.Concatenate(output.Reshape(new Shape(output.Length)), hidden.Reshape(new Shape(hidden.Length)), cell.Reshape(new Shape(cell.Length)));
        });
    }

    internal static Input T(params int[] sizes) => new(new Shape(sizes), Initializer.Normal(0.7));

    internal sealed record Input(Shape Shape, Initializer Start);

    internal sealed record Check(Input[] Inputs, Func<Tensor[], Tensor> Compute)
    {
        public Check(Input a, Func<Tensor, Tensor> f)
            : this([a], t => f(t[0]))
        {
        }

        public Check(Input a, Input b, Func<Tensor, Tensor, Tensor> f)
            : this([a, b], t => f(t[0], t[1]))
        {
        }

        public Check(Input a, Input b, Input c, Func<Tensor, Tensor, Tensor, Tensor> f)
            : this([a, b, c], t => f(t[0], t[1], t[2]))
        {
        }

        public (string Name, Parameter Parameter)[] Create() => [.. Inputs.Select((input, i) => ($"input {i}", Drawn($"input {i}", input.Shape, input.Start)))];
    }

    private sealed class AboveOne : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            foreach (ref float value in values)
                value = 1 + random.NextSingle();
        }
    }

    /// <summary>y = x², with a backward pass that can be made wrong.</summary>
    private sealed class Square(Tensor x, float factor, bool onlyFirst) : Operation(x)
    {
        public static Tensor Of(Tensor x, float factor, bool onlyFirst = false)
        {
            Tensor y = x.Step!.New(x.Shape, x.RequiresGradient);
            for (int i = 0; i < x.Length; i++)
                y.Writable[i] = x.Values[i] * x.Values[i];
            x.Step.Record(new Square(x, factor, onlyFirst), y);
            return y;
        }

        protected internal override void Backward()
        {
            for (int i = 0; i < Inputs[0].Length; i++)
                Accumulate(0)[i] += 2 * (onlyFirst && i > 0 ? 1 : factor) * Inputs[0].Values[i] * GradientOf()[i];
        }

        protected internal override void Reference(ReferenceValues values)
        {
            for (int i = 0; i < Inputs[0].Length; i++)
                values.Output()[i] = values.Input(0)[i] * values.Input(0)[i];
        }
    }
}
