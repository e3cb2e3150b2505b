namespace Heed;

/// <summary>A beginning of a text that a <see cref="LanguageModel"/> goes on with; explained is the token behind it. Units are the tokens of the text; what the model always reads first stays.</summary>
internal sealed class LanguageModelInput : TokenSequenceInput
{
    private readonly LanguageModel model;
    private readonly TokenizedText whole;
    private readonly int[] ids;
    private readonly ExplainedScalar scalar;
    private readonly Lazy<InputAttention> attention;

    private LanguageModelInput(LanguageModel model, string text, TokenizedText read, ExplainedScalar scalar)
        : base(text, read.Ids, read.Offsets, [.. Enumerable.Range(0, read.Count).Where(t => !read.SpecialTokens[t])])
    {
        (this.model, whole, ids, this.scalar) = (model, read, read.Ids, scalar);
        attention = new(Attend);
    }

    public override string Model => "language model";

    public override string Target => scalar.Name;

    public override string? Label => scalar.Label;

    public override InputAttention? Attention => attention.Value;

    private protected override int? UnknownId => model.Tokenizer.UnknownId;

    private protected override int? MaskId => model.Tokenizer.MaskId;

    private protected override int? LoneId => model.Tokenizer.BosId ?? model.Tokenizer.EosId ?? model.Tokenizer.UnknownId ?? 0;

    private protected override Module Network => model.Network;

    private protected override object Place => model.Network.Transformer.InputVectors;

    /// <summary>Reads a beginning.</summary>
    /// <exception cref="InputException">It is longer than the model reads.</exception>
    /// <exception cref="ArgumentException">The target is no single token.</exception>
    public static LanguageModelInput Of(LanguageModel model, string text, string? target)
    {
        TokenizedText read = model.Encode(text);
        int most = model.Network.Transformer.Config.MaximumLength;
        if (read.Count > most)
            throw new InputException(FormattableString.Invariant($"the text has {read.Count} tokens; the model reads {most}. Give a shorter one."));
        if (read.SpecialTokens.All(isSpecial => isSpecial))
            throw new InputException("there is nothing to explain: the input has no token.");
        int[] wanted = target is null ? [] : LanguageModel.Ids(model.Tokenizer, target);
        if (target is not null && wanted.Length != 1)
            throw new ArgumentException(FormattableString.Invariant($"the target '{NearestName.Shown(target)}' is {wanted.Length} tokens of the model; give one, as it stands in a text (a space before a word belongs to it)."), nameof(target));
        int id = target is null ? Largest.IndexOf(Step.Evaluate(pass => model.Network.Following(read.Ids, 1, pass)).Values) : wanted[0];
        return new LanguageModelInput(model, text, read, ExplainedScalar.OfClass(model.TextOf(id), id, 1));
    }

    public override ExplainedInput Again() => new LanguageModelInput(model, Source, whole, scalar);

    private protected override (Module Network, Func<Pass, Tensor> Forward, IReadOnlyList<(string Text, Range Place)> Tokens)? Traced => (model.Network, Pass, TracedTokens(t => whole.Tokens[t]));

    private protected override Tensor Run(IReadOnlyList<(int[] Ids, int[] Places)> rows, in Pass pass) => model.Network.Following(rows.SelectMany(row => row.Ids).ToArray(), rows.Count, pass);

    private protected override double Scalar(ReadOnlySpan<float> outputs, Span<float> gradient) => scalar.Of(outputs, gradient);

    private protected override string AnswerOf(ReadOnlySpan<float> outputs) => model.TextOf(Largest.IndexOf(outputs));

    private InputAttention Attend()
    {
        float[] readers = new float[ids.Length];
        readers[^1] = 1;
        int[] units = [.. UnitOfPlace];
        if (ids.Length > InputAttention.MostPositions)
            return InputAttention.Long(model.Network, pass => model.Network.Following(ids, 1, pass), [], readers, units, UnitCount);
        AttentionCapture capture = new(model.Network) { HasValueNorms = true };
        Step.Evaluate(pass => model.Network.Following(ids, 1, pass), request: capture);
        return new InputAttention([], capture.Results, readers, units, UnitCount);
    }
}
