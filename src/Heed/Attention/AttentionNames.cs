namespace Heed;

/// <summary>Scores and distributions by name: what configurations and commands write.</summary>
/// <remarks>A name means the same everywhere. An unknown one is refused with the nearest.</remarks>
public static class AttentionNames
{
    private static readonly (string Name, Func<int, Score> Create, bool IsOneSize)[] scores =
    [
        ("additive", size => new AdditiveScore(size), false),
        ("concat", size => new AdditiveScore(size), false),
        ("dot", _ => new DotScore(), true),
        ("scaled-dot", _ => new ScaledDotScore(), true),
        ("general", _ => new GeneralScore(), false),
        ("biased-general", _ => new GeneralScore(HasBias: true), false),
        ("activated-general", _ => new ActivatedGeneralScore(), false),
        ("location", _ => new LocationScore(), false),
        ("location-aware", size => new LocationAwareScore(size), false),
        ("cosine", _ => new CosineSimilarityScore(), true),
        ("distance", _ => new DistanceScore(), true),
    ];

    private static readonly (string Name, Func<Distribution> Create)[] distributions =
    [
        ("softmax", () => new Softmax()),
        ("softmax-sink", () => new Softmax(Sink: true)),
        ("sigmoid", () => new Sigmoid()),
        ("sparsemax", () => new Sparsemax()),
        ("entmax-1.5", () => new Entmax()),
        ("entmax", () => new Entmax(IsLearned: true)),
        ("top-4", () => new TopK(4)),
        ("top-8", () => new TopK(8)),
        ("gumbel", () => new GumbelSoftmax()),
        ("gumbel-hard", () => new GumbelSoftmax(IsHard: true)),
        ("hard-straight-through", () => new HardAttention(HardGradient.StraightThrough)),
        ("local-m", () => new LocalAttention(Centre: LocalCentre.Step)),
        ("local-p", () => new LocalAttention()),
        ("monotonic", () => new MonotonicAttention()),
    ];

    /// <summary>The scores' names.</summary>
    public static IReadOnlyList<string> Scores { get; } = [.. scores.Select(s => s.Name)];

    /// <summary>The distributions' names.</summary>
    public static IReadOnlyList<string> Distributions { get; } = [.. distributions.Select(d => d.Name)];

    /// <summary>A score.</summary>
    /// <param name="name">One of <see cref="Scores"/>.</param>
    /// <param name="size">Length of the hidden layer, for scores that have one.</param>
    /// <exception cref="ArgumentException">There is no such name; the message lists the nearest.</exception>
    public static Score Score(string name, int size) => scores[Find("score", name, Scores)].Create(size);

    /// <summary>A distribution.</summary>
    /// <param name="name">One of <see cref="Distributions"/>.</param>
    /// <exception cref="ArgumentException">There is no such name; the message lists the nearest.</exception>
    public static Distribution Distribution(string name) => distributions[Find("distribution", name, Distributions)].Create();

    /// <summary>Whether a score wants queries and keys of one length.</summary>
    /// <param name="name">One of <see cref="Scores"/>.</param>
    internal static bool IsOneSize(string name) => scores[Find("score", name, Scores)].IsOneSize;

    private static int Find(string kind, string name, IReadOnlyList<string> names)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
                return i;
        }
        throw new ArgumentException($"there is no {kind} '{name}'.{NearestName.Hint(name ?? "", names)} There are {string.Join(", ", names)}.", nameof(name));
    }
}
