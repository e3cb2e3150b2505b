namespace Heed;

/// <summary>What a trace holds, and how.</summary>
public sealed record AttentionTraceOptions
{
    /// <summary>How weights are stored.</summary>
    /// <value>Default <see cref="TraceType.F16"/>.</value>
    public TraceType Type { get; init; } = TraceType.F16;

    /// <summary>The text that was read.</summary>
    /// <value>Default null: it is not stored.</value>
    public string? Text { get; init; }

    /// <summary>The tokens, in the order of the model's ids; may be fewer than keys where the rest has no text.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>Where each token stands in <see cref="Text"/>; empty ranges for special tokens.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<Range> Ranges { get; init; } = [];

    /// <summary>What layers attend with and to beside <see cref="Tokens"/>, by name: the tokens of a translation, sentences.</summary>
    /// <value>Default none.</value>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Sequences { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>What the rows and the keys of a layer are, by the layer's name: a name of <see cref="Sequences"/>, or null for <see cref="Tokens"/>.</summary>
    /// <value>Default null: tokens everywhere.</value>
    public Func<string, (string? Rows, string? Keys)>? SequencesOf { get; init; }

    /// <summary>Which layers, as <see cref="AttentionCapture.Layers"/>.</summary>
    /// <value>Default null: all.</value>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Which heads, as <see cref="AttentionCapture.Heads"/>.</summary>
    /// <value>Default null: all.</value>
    public IReadOnlyList<int>? Heads { get; init; }

    /// <summary>Which queries, as <see cref="AttentionCapture.Rows"/>, ascending.</summary>
    /// <value>Default null: all.</value>
    public IReadOnlyList<int>? Rows { get; init; }

    /// <summary>Weights in memory at once while it is written, as <see cref="AttentionCapture.PartSize"/>.</summary>
    /// <value>Default 4,194,304 (16 MiB).</value>
    public int PartSize { get; init; } = 1 << 22;

    /// <summary>Checks every property.</summary>
    /// <exception cref="ArgumentException">A property is out of range.</exception>
    public void Validate()
    {
        if (PartSize < 1)
            throw new ArgumentException(FormattableString.Invariant($"AttentionTraceOptions: PartSize must be at least 1, got {PartSize}."));
        if (Ranges.Count > 0 && (Text is null || Ranges.Count != Tokens.Count))
            throw new ArgumentException(FormattableString.Invariant($"AttentionTraceOptions: {Ranges.Count} ranges need a Text and as many Tokens, of which there are {Tokens.Count}."));
    }
}
