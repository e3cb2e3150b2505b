namespace Heed;

/// <summary>How pairs are read.</summary>
public sealed record PairReadOptions
{
    /// <summary>The column of the source, by name or by number from 1.</summary>
    /// <value>Default <c>source</c>.</value>
    public string Source { get; init; } = "source";

    /// <summary>The column of the target, by name or by number from 1.</summary>
    /// <value>Default <c>target</c>.</value>
    public string Target { get; init; } = "target";

    /// <summary>The file's format.</summary>
    /// <value>Default <see cref="TextFormat.Guess"/>.</value>
    public TextFormat Format { get; init; } = TextFormat.Guess;

    /// <summary>The file's encoding; null: found out.</summary>
    /// <value>Default null.</value>
    public string? Encoding { get; init; }

    /// <summary>Whether the first line names the columns; null: unless both columns are numbers.</summary>
    /// <value>Default null.</value>
    public bool? Header { get; init; }

    /// <summary>Whether a pair with an empty side is dropped and counted; otherwise it is refused.</summary>
    /// <value>Default false.</value>
    public bool DropEmpty { get; init; }

    /// <summary>Whether a pair that was there before, letter by letter, is dropped and counted.</summary>
    /// <value>Default false.</value>
    public bool DropDuplicates { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">A column has no name, both are one, or the encoding is unknown.</exception>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Source);
        ArgumentException.ThrowIfNullOrEmpty(Target);
        if (Source == Target)
            throw new ArgumentException($"PairReadOptions: source and target are both the column '{Source}'; name two columns.");
        Table().Validate();
    }

    internal TextReadOptions Table() => new() { Text = Source, Pair = Target, Label = null, Format = Format, Encoding = Encoding, Header = Header };
}
