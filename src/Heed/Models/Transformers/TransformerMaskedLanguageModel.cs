using Heed.Kernels;

namespace Heed;

/// <summary>An encoder that guesses hidden tokens from those on both sides: a <see cref="Transformer"/> and BERT's head over the vocabulary.</summary>
/// <remarks>
/// <para>Formula: P(id_t | the rest) = softmax(W·norm(gelu(D·y_t + d)) + b), y the states of the stack, W the table of token vectors.</para>
/// <para>Shapes: ids <c>(batch · time)</c>, places <c>(n)</c>, logits <c>(n, vocabulary)</c>: the head reads only the states that are asked for. Children: <c>transformer</c>, <c>transform</c>, <c>norm</c>; parameter
/// <c>bias</c>.</para>
/// <para>Source: Devlin et al., "BERT", 2019, section 3.1.</para>
/// </remarks>
public sealed class TransformerMaskedLanguageModel : Module
{
    private readonly Slot<Linear> transform;
    private readonly Norm norm;
    private readonly Parameter bias;

    /// <summary>Builds the model.</summary>
    /// <param name="config">The shape; <see cref="TransformerConfig.IsCausal"/> must not be set.</param>
    /// <param name="vocabularySize">Number of ids.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense; says which part and why.</exception>
    public TransformerMaskedLanguageModel(TransformerConfig config, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.IsCausal)
            throw new ArgumentException("TransformerMaskedLanguageModel: hidden tokens are guessed from both sides; IsCausal must not be set.", nameof(config));
        Transformer = Register("transformer", new Transformer(config, vocabularySize));
        transform = RegisterSlot("transform", new Linear(config.Size, config.Size, initializer: Initializer.Normal(0.02)));
        norm = Register("norm", Norm.Create(config.Norm, config.Size, config.Epsilon));
        bias = Register("bias", new Parameter(new Shape(vocabularySize), Initializer.Zeros));
    }

    /// <summary>The encoder.</summary>
    public Transformer Transformer { get; }

    /// <summary>Logits of some tokens.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="ranges">The real tokens of each sequence.</param>
    /// <param name="places">Which tokens, as indices into <paramref name="ids"/>; must not change while the step lives.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(n, vocabulary)</c>.</returns>
    public Tensor Forward(ReadOnlyMemory<int> ids, SequenceRanges ranges, ReadOnlyMemory<int> places, in Pass pass)
    {
        Tensor states = Transformer.Forward(ids, ranges, pass).States;
        Tensor hidden = Tensor.Embed(states.Reshape(new Shape(ids.Length, states.Shape[2])), places, new Shape(places.Length));
        hidden = norm.Forward(transform.Module.Forward(hidden, pass, Activation.GeluExact), pass);
        return Return(Tensor.Linear(hidden, pass.Use(Transformer.TokenVectors), pass.Use(bias)), pass);
    }
}
