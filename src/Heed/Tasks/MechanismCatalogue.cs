namespace Heed;

/// <summary>Every attention mechanism of the library, by the review's four criteria, functions and architectures.</summary>
/// <remarks>What configurations choose by name stands in the lists of its kind, beside the code; what has no such name is listed here. <c>heed mechanisms</c> and docs/mechanisms/catalogue are made of it.</remarks>
public static class MechanismCatalogue
{
    // One line for each mechanism that no configuration chooses by name.
    private static readonly Mechanism[] others =
    [
        ModifiedScore.Entry,
        SingleOutput.Entry,
        MultiHead.Entry,
        DirectionalAttention.Entry,
        Attention.Distinctive,
        Attention.Self,
        HierarchicalEncoder.Entry,
        ReinforceLoss.Entry,
        SpatialTransformer.Entry,
        RecurrentGlimpses.Entry,
        GatedLinearUnit.Entry,
        Highway.Entry,
        LstmGates.Entry,
        Transformer.Entry,
        PointerNetwork.Entry,
        MemoryNetwork.Entry,
    ];

    /// <summary>All entries, in the order of <see cref="MechanismKind"/>.</summary>
    public static IReadOnlyList<Mechanism> All { get; } =
        [.. others.Concat(CoAttention.Mechanisms).Concat(Score.Mechanisms).Concat(Distribution.Mechanisms).Concat(AttentionMask.Mechanisms).Concat(SequencePooling.Mechanisms).Concat(PictureAttention.Mechanisms).Concat(EncoderDecoder.Mechanisms).OrderBy(m => m.Kind)];

    /// <summary>The entries of a name: one, or several of different kinds, as the score and the pooling <c>additive</c>.</summary>
    /// <param name="name">The name; with or without the kind before it: <c>additive</c>, <c>score-additive</c>.</param>
    /// <exception cref="ArgumentException">There is none; the message gives the nearest.</exception>
    public static IReadOnlyList<Mechanism> Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Mechanism[] found = [.. All.Where(m => m.Name == name || PageName(m) == name)];
        return found.Length > 0 ? found : throw new ArgumentException($"there is no mechanism '{NearestName.Shown(name)}'.{NearestName.Hint(name, All.Select(m => m.Name))} 'heed mechanisms' lists all.");
    }

    /// <summary>The name of a mechanism's page: its kind and its name, as <c>score-additive</c>.</summary>
    /// <param name="mechanism">The mechanism.</param>
    public static string PageName(Mechanism mechanism)
    {
        ArgumentNullException.ThrowIfNull(mechanism);
        string kind = mechanism.Kind switch { MechanismKind.InputForm => "input-form", MechanismKind.InputRepresentation => "input", MechanismKind.OutputRepresentation => "output", var k => k.ToString().ToLowerInvariant() };
        return $"{kind}-{mechanism.Name}";
    }
}
