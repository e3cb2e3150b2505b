using System.Numerics.Tensors;

namespace Heed;

/// <summary>What is known of each token beforehand, one number an output, on its way to the network: into the token's vector and, by the weights of the
/// pooling, into the logits.</summary>
/// <remarks>
/// <para>Formula: vectors <c>x_t + Aᵀ·n·e_t</c>; logits <c>+ g ∘ n·Σ_t α_t·e_t</c>, with n the number of tokens: uniform weights give the sum of the
/// evidence, as the linear model has it that the evidence comes from, and attention lets some tokens count more. Of several views α is the mean; where
/// each output has a view of its own, it reads that.</para>
/// <para>Shapes: e <c>(batch, time, outputs)</c>; A <c>(outputs, size)</c>, starts small; g <c>(outputs)</c>, starts at 1, so that before the first step the
/// network answers about as the linear model does.</para>
/// <para>Source: a wide path beside a deep one as in Cheng et al., "Wide and deep learning for recommender systems", 2016, here led through the
/// attention, so that the weights still say which tokens counted.</para>
/// </remarks>
public sealed class TokenEvidence : Module
{
    private readonly Parameter input, gain;
    private readonly bool perOutput;
    private readonly int outputCount;

    /// <summary>Creates the path.</summary>
    /// <param name="outputCount">outputs.</param>
    /// <param name="size">Length of a token's vector.</param>
    /// <param name="perOutput">Whether output k reads the pooling's view k.</param>
    public TokenEvidence(int outputCount, int size, bool perOutput)
    {
        (this.outputCount, this.perOutput) = (outputCount, perOutput);
        input = Register("input", new Parameter(new Shape(outputCount, size), Initializer.Uniform(0.1)));
        gain = Register("gain", new Parameter(new Shape(outputCount), Initializer.Ones));
    }

    /// <summary>n·e as a tensor.</summary>
    /// <param name="evidence">e: (batch · time · outputs), row-major; 0 in the padding.</param>
    /// <param name="ranges">The real tokens of each text.</param>
    /// <param name="time">Steps of the batch.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, time, outputs)</c>.</returns>
    /// <exception cref="ShapeException">The number of values is another.</exception>
    public Tensor Read(ReadOnlySpan<float> evidence, SequenceRanges ranges, int time, in Pass pass)
    {
        Shape shape = new(ranges.Count, time, outputCount);
        if (evidence.Length != shape.Length)
            throw new ShapeException(FormattableString.Invariant($"TokenEvidence: {evidence.Length} values came; (batch, time, outputs) = {shape} is required."));
        float[] scaled = new float[evidence.Length];
        for (int i = 0, each = time * outputCount; i < ranges.Count; i++)
            TensorPrimitives.Multiply(evidence.Slice(i * each, each), ranges.Lengths.Span[i], scaled.AsSpan(i * each, each));
        return pass.Input(scaled, shape);
    }

    /// <summary>x + Aᵀ·n·e.</summary>
    /// <param name="vectors">x: <c>(batch, time, size)</c>.</param>
    /// <param name="evidence">What <see cref="Read"/> returned.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, time, size)</c>.</returns>
    public Tensor IntoVectors(Tensor vectors, Tensor evidence, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(evidence);
        return vectors + Vectors(evidence, pass);
    }

    /// <summary>Aᵀ·n·e, (batch, time, size).</summary>
    internal Tensor Vectors(Tensor evidence, in Pass pass) =>
        evidence.Reshape(new Shape(evidence.Shape.Length / outputCount, outputCount)).MatMul(pass.Use(input)).Reshape(evidence.Shape.WithLast(input.Shape[1]));

    /// <summary>y + g ∘ Σ_t α_t·n·e_t.</summary>
    /// <param name="logits">y: <c>(batch, outputs)</c>.</param>
    /// <param name="evidence">What <see cref="Read"/> returned.</param>
    /// <param name="weights">α: <c>(batch, views, time)</c>; null for uniform ones.</param>
    /// <param name="ranges">The real tokens of each text.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, outputs)</c>.</returns>
    public Tensor IntoLogits(Tensor logits, Tensor evidence, Tensor? weights, SequenceRanges ranges, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(evidence);
        Tensor sum = weights is null ? evidence.MeanOverTime(ranges)
            : perOutput ? (evidence * weights.Transpose()).TotalOverTime(ranges, pass)
            : weights.SumOverTime(evidence, ranges).Transpose().MeanLast();
        return Return(logits + (sum * pass.Use(gain)), pass);
    }
}
