namespace Heed;

/// <summary>Normalises each channel over the pictures of a batch and their positions, then scales and shifts it; in evaluation with the statistics seen while training.</summary>
/// <remarks>
/// <para>Formula: <c>y = (x − mean)/√(var + ε)∘γ + β</c>; while training mean and biased variance are those of the batch, and <c>running ← (1 − m)·running + m·batch</c>, with the unbiased variance, as PyTorch's.</para>
/// <para>Frozen (<see cref="ModuleFreezing"/>: neither γ nor β is trained), it uses and keeps the running statistics while training too.</para>
/// <para>Shapes: x and y <c>(…, channels)</c>; γ (<c>weight</c>), β (<c>bias</c>), <c>running_mean</c>, <c>running_var</c> <c>(channels)</c>. Cost: three sweeps while training, one in evaluation.</para>
/// <para>Source: Ioffe and Szegedy, "Batch normalization", 2015.</para>
/// </remarks>
public sealed class BatchNorm : Module
{
    private readonly Parameter weight, bias;
    private readonly StateBuffer mean, variance;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Values of a pixel.</param>
    /// <param name="epsilon">ε, default 1e-5.</param>
    /// <param name="momentum">m, the share of a batch in the running statistics; default 0.1.</param>
    /// <param name="startsAtZero">Whether γ starts at 0 instead of 1, so that a residual block starts as its shortcut; default false.</param>
    /// <param name="shift">Where β starts; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value does not suit.</exception>
    public BatchNorm(int channels, double epsilon = 1e-5, double momentum = 0.1, bool startsAtZero = false, float shift = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(epsilon, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(momentum, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(momentum, 1);
        (Epsilon, Momentum) = (epsilon, momentum);
        Shape shape = new(channels);
        weight = Register("weight", new Parameter(shape, startsAtZero ? Initializer.Zeros : Initializer.Ones));
        bias = Register("bias", new Parameter(shape, Initializer.Filled(shift)));
        mean = Register("running_mean", new StateBuffer(shape));
        variance = Register("running_var", new StateBuffer(shape));
        variance.Values.Span.Fill(1);
    }

    /// <summary>ε.</summary>
    public double Epsilon { get; }

    /// <summary>m.</summary>
    public double Momentum { get; }

    internal override int OutputChannels => weight.Shape.Length;

    internal (Parameter Weight, Parameter Bias, StateBuffer Mean, StateBuffer Variance) Parts => (weight, bias, mean, variance);

    /// <summary>Normalises.</summary>
    /// <param name="x">Shape <c>(…, channels)</c>.</param>
    /// <param name="pass">The call.</param>
    /// <param name="addend">Added to the result, in the same sweep; as x, or null.</param>
    /// <param name="rectifies">Whether negative results become 0, in the same sweep.</param>
    /// <returns>Shape <c>(…, channels)</c>.</returns>
    /// <exception cref="ShapeException">The last axis of x is not the channels.</exception>
    public Tensor Forward(Tensor x, in Pass pass, Tensor? addend = null, bool rectifies = false)
    {
        // A hook sees what the layer alone makes.
        if (HasHooks && (addend is not null || rectifies))
        {
            Tensor y = Forward(x, pass);
            y = addend is null ? y : y + addend;
            return rectifies ? y.Relu() : y;
        }
        BatchNormTerms terms = Terms(pass);
        Tensor result = Tensor.BatchNorm(x, terms.Gamma, terms.Beta, (terms.Mean, terms.Variance), terms.IsFixed, addend, rectifies, terms.Epsilon);
        Follow(terms, x, pass);
        return Return(result, pass);
    }

    /// <summary>For an operation that normalises on its own; see <see cref="Follow"/>.</summary>
    internal BatchNormTerms Terms(in Pass pass)
    {
        bool isFixed = !pass.IsTraining || (!weight.IsTrained && !bias.IsTrained);
        int channels = weight.Shape.Length;
        float[] batch = isFixed ? [] : new float[2 * channels];
        return new BatchNormTerms(
            pass.Use(weight), pass.Use(bias), isFixed ? mean.Values : batch.AsMemory(0, channels), isFixed ? variance.Values : batch.AsMemory(channels), isFixed, (float)Epsilon);
    }

    /// <summary>Takes the statistics of x, which the operation wrote, into the running ones; once, not again where a step is recomputed.</summary>
    internal void Follow(BatchNormTerms terms, Tensor x, in Pass pass)
    {
        if (terms.IsFixed || pass.Repeats)
            return;
        int rows = x.Length / weight.Shape.Length;
        float part = (float)Momentum, unbiased = rows > 1 ? rows / (rows - 1f) : 1;
        Span<float> center = mean.Values.Span, spread = variance.Values.Span;
        for (int c = 0; c < center.Length; c++)
        {
            center[c] += part * (terms.Mean.Span[c] - center[c]);
            spread[c] += part * ((terms.Variance.Span[c] * unbiased) - spread[c]);
        }
    }
}
