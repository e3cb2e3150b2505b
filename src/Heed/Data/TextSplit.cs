namespace Heed;

/// <summary>Training, development and test data with the same labels.</summary>
public sealed record TextSplit
{
    /// <summary>Puts parts together.</summary>
    /// <param name="train">What a model learns from.</param>
    /// <param name="dev">What decides when to stop and which checkpoint is best.</param>
    /// <param name="test">What is looked at once, at the end.</param>
    /// <exception cref="ArgumentException">The parts have different label names.</exception>
    public TextSplit(TextData train, TextData dev, TextData test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        ArgumentNullException.ThrowIfNull(test);
        foreach (TextData part in new[] { dev, test })
        {
            if (!part.LabelNames.SequenceEqual(train.LabelNames, StringComparer.Ordinal))
                throw new ArgumentException("TextSplit: the parts have different label names; read dev and test with LabelNames = train.LabelNames.");
        }
        (Train, Dev, Test) = (train, dev, test);
    }

    /// <summary>What a model learns from.</summary>
    public TextData Train { get; }

    /// <summary>What decides when to stop and which checkpoint is best.</summary>
    public TextData Dev { get; }

    /// <summary>What is looked at once, at the end.</summary>
    public TextData Test { get; }

    /// <summary>For <c>var (train, dev, test) = split;</c></summary>
    /// <param name="train">The training part.</param>
    /// <param name="dev">The development part.</param>
    /// <param name="test">The test part.</param>
    public void Deconstruct(out TextData train, out TextData dev, out TextData test) => (train, dev, test) = (Train, Dev, Test);
}
