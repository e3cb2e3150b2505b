namespace Heed;

/// <summary>A decoder that foretells the next token: a causal <see cref="Transformer"/> and a linear layer over the vocabulary.</summary>
/// <remarks>
/// <para>Formula: P(id_{t+1} | id_0 … id_t) = softmax(W·y_t), y the states of the stack; W may be the table of token vectors (weight tying, Press and Wolf 2017).</para>
/// <para>Shapes: ids <c>(batch · time)</c>, logits <c>(batch, time, vocabulary)</c>. Children: <c>transformer</c>, <c>head</c> unless tied.</para>
/// <para>Source: Radford et al. 2018, 2019 (GPT); Touvron et al. 2023 (Llama) with <c>rms</c>, <c>rope</c>, <c>swiglu</c> and grouped key/value heads.</para>
/// </remarks>
public sealed class TransformerLanguageModel : Module
{
    private readonly Slot<Linear>? head;

    /// <summary>Builds the model.</summary>
    /// <param name="config">The shape; <see cref="TransformerConfig.IsCausal"/> must be set.</param>
    /// <param name="vocabularySize">Number of ids.</param>
    /// <param name="isTied">Whether the last layer is the table of token vectors.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense; says which part and why.</exception>
    public TransformerLanguageModel(TransformerConfig config, int vocabularySize, bool isTied = true)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!config.IsCausal)
            throw new ArgumentException("TransformerLanguageModel: a model that foretells tokens must not see them; set IsCausal.", nameof(config));
        Transformer = Register("transformer", new Transformer(config, vocabularySize));
        if (!isTied)
            head = RegisterSlot("head", new Linear(config.Size, vocabularySize, hasBias: false, Initializer.Normal(0.02)));
    }

    /// <summary>The stack.</summary>
    public Transformer Transformer { get; }

    /// <summary>Whether the last layer is the table of token vectors.</summary>
    public bool IsTied => head is null;

    /// <summary>Logits of whole sequences.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="ranges">The real tokens of each sequence.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, time, vocabulary)</c>.</returns>
    public Tensor Forward(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass) => Logits(Transformer.Forward(ids, ranges, pass).States, pass);

    /// <summary>Logits behind the last of some new tokens, with those before in a cache.</summary>
    /// <param name="ids">The new tokens <c>(batch · tokens)</c>, row-major; padding stands on the left.</param>
    /// <param name="cache">From <see cref="Heed.Transformer.NewCache"/>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, vocabulary)</c>.</returns>
    public Tensor Next(ReadOnlyMemory<int> ids, TransformerCache cache, in Pass pass)
    {
        Tensor states = Transformer.Forward(ids, cache, pass);
        (int batch, int tokens, int size) = (states.Shape[0], states.Shape[1], states.Shape[2]);
        return Logits(tokens == 1 ? states.Reshape(new Shape(batch, size)) : states.Reshape(new Shape(batch, tokens * size)).Columns((tokens - 1) * size, size), pass);
    }

    /// <summary>The mean loss of each token but the first, foretold from those before it.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="ranges">The real tokens of each sequence.</param>
    /// <param name="pass">The call.</param>
    /// <param name="labelSmoothing">Share of each target that goes to all tokens alike.</param>
    /// <returns>A scalar.</returns>
    public Tensor Loss(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass, float labelSmoothing = 0) =>
        Loss(ids, Targets(ids.Span, ranges), ranges, pass, labelSmoothing);

    /// <summary>The mean loss of given targets.</summary>
    /// <param name="ids">Token ids <c>(batch · time)</c>, row-major.</param>
    /// <param name="targets">The token behind each; −1 where none counts.</param>
    /// <param name="ranges">The real tokens of each sequence.</param>
    /// <param name="pass">The call.</param>
    /// <param name="labelSmoothing">Share of each target that goes to all tokens alike.</param>
    /// <returns>A scalar.</returns>
    public Tensor Loss(ReadOnlyMemory<int> ids, ReadOnlyMemory<int> targets, SequenceRanges ranges, in Pass pass, float labelSmoothing = 0)
    {
        Tensor logits = Forward(ids, ranges, pass);
        return Tensor.CrossEntropy(logits.Reshape(new Shape(ids.Length, logits.Shape[2])), targets, null, labelSmoothing);
    }

    private static int[] Targets(ReadOnlySpan<int> ids, SequenceRanges ranges)
    {
        int time = ids.Length / Math.Max(1, ranges.Count);
        int[] targets = new int[ids.Length];
        targets.AsSpan().Fill(-1);
        for (int b = 0; b < ranges.Count; b++)
        {
            int first = (b * time) + ranges.Starts.Span[b], count = ranges.Lengths.Span[b] - 1;
            if (count > 0)
                ids.Slice(first + 1, count).CopyTo(targets.AsSpan(first));
        }
        return targets;
    }

    /// <summary>Logits of what comes behind each of some sequences of one length: (batch, vocabulary).</summary>
    internal Tensor Following(ReadOnlyMemory<int> ids, int batch, in Pass pass)
    {
        int time = ids.Length / batch;
        Tensor states = Transformer.Forward(ids, SequenceRanges.Full(batch, time), pass).States;
        return Logits(states.Reshape(new Shape(batch, time * states.Shape[2])).Columns((time - 1) * states.Shape[2], states.Shape[2]), pass);
    }

    private Tensor Logits(Tensor states, in Pass pass) => Return(head?.Module.Forward(states, pass) ?? Tensor.Linear(states, pass.Use(Transformer.TokenVectors)), pass);
}
