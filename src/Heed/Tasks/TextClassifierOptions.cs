namespace Heed;

/// <summary>What a <see cref="TextClassifier"/> is made of and how it is trained.</summary>
public sealed record TextClassifierOptions
{
    /// <summary>The network.</summary>
    /// <value>Default: <see cref="BlstmConfig"/> with its defaults.</value>
    public BlstmConfig Network { get; init; } = new();

    /// <summary>The training.</summary>
    /// <value>Default: <see cref="TrainingOptions"/> with its defaults.</value>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>How texts become token ids.</summary>
    /// <value>Default: words, seen at least twice, at most 30,000, at most 400 a text.</value>
    public TextEncoderOptions Tokens { get; init; } = new();

    /// <summary>Whether a <see cref="TfidfModel"/> is trained on the same rows (seconds), to be shown beside every result.</summary>
    /// <value>Default true.</value>
    public bool Baseline { get; init; } = true;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public void Validate()
    {
        Network.Validate();
        Training.Validate();
        Tokens.Validate();
    }
}
