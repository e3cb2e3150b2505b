namespace Heed;

/// <summary>The translator that a training goes on from.</summary>
internal sealed class TranslatorStart
{
    private readonly string path;

    private TranslatorStart(string path, Translator model) => (this.path, Tokens) = (path, (model.SourceEncoder, model.TargetEncoder));

    /// <summary>Its tokens, which the training keeps: ids mean nothing without them.</summary>
    public (TextEncoder Source, TextEncoder Target) Tokens { get; }

    /// <summary>Reads it, and refuses a network that could take nothing of it.</summary>
    /// <exception cref="ArgumentException">The networks are of two kinds, or one has tokens for both sides and the other has not.</exception>
    /// <exception cref="InputException">The folder holds no translator.</exception>
    public static TranslatorStart Load(string path, SequenceToSequenceConfig network)
    {
        Translator model = Translator.Load(path);
        SequenceToSequenceConfig own = model.Network.Config;
        if (own.GetType() != network.GetType())
            throw new ArgumentException($"TranslatorOptions: InitialModel is a {own.Description}, Network a {network.Description}; take a network of the same kind.", nameof(network));
        return own.SharesTokens == network.SharesTokens ? new TranslatorStart(path, model)
            : throw new ArgumentException($"TranslatorOptions: InitialModel has {(own.SharesTokens ? "one table of tokens for both sides" : "tokens of each side")}, Network has not; make them alike.", nameof(network));
    }

    /// <summary>Gives the weights that both have to a network; the others stay as they are.</summary>
    /// <returns>What was done.</returns>
    /// <exception cref="InputException">A weight has another shape.</exception>
    public string GiveTo(SequenceToSequence network)
    {
        WeightReport report = network.LoadWeights(TranslatorFiles.WeightsOf(path));
        (report with { Missing = [] }).ThrowIfIncomplete();
        IReadOnlyList<string> fresh = report.MissingParameters;
        return FormattableString.Invariant($"{report.Loaded.Count} weights from {path}")
            + (fresh.Count == 0 ? "" : FormattableString.Invariant($"; {fresh.Count} start from scratch: {NearestName.List(fresh, 6)}"))
            + (report.Unexpected.Count == 0 ? "" : FormattableString.Invariant($"; {report.Unexpected.Count} are not taken: {NearestName.List(report.Unexpected, 6)}"));
    }
}
