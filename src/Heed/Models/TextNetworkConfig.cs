namespace Heed;

/// <summary>The shape of a <see cref="TextNetwork"/>: <see cref="BlstmConfig"/> or <see cref="TransformerClassifierConfig"/>.</summary>
public abstract record TextNetworkConfig
{
    private protected TextNetworkConfig()
    {
    }

    /// <summary>Probability of dropping an element of the context, and of what the encoder's configuration says.</summary>
    /// <value>In [0, 1).</value>
    public abstract double Dropout { get; init; }

    /// <summary>Whether each output has an attention row of its own and reads its own context alone, so that every label shows its own evidence.</summary>
    /// <value>Default false.</value>
    public abstract bool PerLabel { get; init; }

    /// <summary>Whether the network is given evidence for each token, one number an output, that reaches the logits by the pooling's weights.</summary>
    /// <value>Default false.</value>
    public abstract bool Evidence { get; init; }

    /// <summary>The shape that sets of labels get where nothing was chosen: an attention row for each label.</summary>
    internal abstract TextNetworkConfig ForLabelSets();

    /// <summary>The same shape with what another says about training alone: dropout.</summary>
    internal abstract TextNetworkConfig WithTrainingOf(TextNetworkConfig other);

    /// <summary>The same shape, long enough for texts as they are encoded.</summary>
    internal virtual TextNetworkConfig For(TokenEncoder tokens) => this;

    /// <summary>The same shape with another dropout everywhere.</summary>
    internal virtual TextNetworkConfig WithDropout(double dropout) => this with { Dropout = dropout };

    /// <summary>Probabilities of dropping that a search tries.</summary>
    internal abstract IReadOnlyList<double> UsualDropouts { get; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or two do not go together; says which, what is allowed, and what came.</exception>
    public abstract void Validate();

    /// <summary>Weights that such a network has at least.</summary>
    internal abstract double LeastWeights(int vocabularySize);

    /// <summary>The network.</summary>
    /// <param name="vocabularySize">Number of token ids.</param>
    /// <param name="classCount">Number of outputs.</param>
    /// <param name="featureCount">Further features of a row.</param>
    /// <param name="separatorId">The token between the two texts of a pair.</param>
    internal abstract TextNetwork Create(int vocabularySize, int classCount, int featureCount, int separatorId);
}
