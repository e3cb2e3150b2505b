namespace Heed;

/// <summary>A text with a hidden token that a <see cref="MaskedLanguageModel"/> guesses. Units are the tokens of the text that are not hidden.</summary>
internal sealed class MaskedLanguageModelInput : TokenSequenceInput
{
    private readonly MaskedLanguageModel model;
    private readonly TokenizedText whole;
    private readonly int asked;
    private readonly ExplainedScalar scalar;
    private readonly Lazy<InputAttention> attention;

    private MaskedLanguageModelInput(MaskedLanguageModel model, string text, TokenizedText read, int place, ExplainedScalar scalar)
        : base(text, read.Ids, read.Offsets, [.. Enumerable.Range(0, read.Count).Where(t => IsText(read, t) && t != place && read.Ids[t] != model.Tokenizer.MaskId)])
    {
        (this.model, whole, asked, this.scalar) = (model, read, place, scalar);
        attention = new(Attend);
    }

    public override string Model => "masked language model";

    public override string Target => scalar.Name;

    public override string? Label => scalar.Label;

    // The model was trained on hidden tokens, so that is the mildest way to take one away.
    public override IReadOnlyList<string> Removals => [Mask, .. base.Removals.Where(rule => rule != Mask)];

    public override IReadOnlyList<string> Baselines => [Mask, .. base.Baselines.Where(name => name != Mask)];

    public override InputAttention? Attention => attention.Value;

    private protected override int? UnknownId => model.Tokenizer.UnknownId;

    private protected override int? MaskId => model.Tokenizer.MaskId;

    private protected override Module Network => model.Network;

    private protected override object Place => model.Network.Transformer.InputVectors;

    /// <summary>Reads a text with a hidden token.</summary>
    /// <exception cref="InputException">No token is hidden, there is no such place, or the text is longer than the model reads.</exception>
    /// <exception cref="ArgumentException">The target is no single token.</exception>
    public static MaskedLanguageModelInput Of(MaskedLanguageModel model, string text, string? target, int? number)
    {
        PretrainedTokenizer tokenizer = model.Tokenizer;
        TokenizedText read = tokenizer.WithMaximumLength(null).Encode(text);
        int most = model.Network.Transformer.Config.MaximumLength, mask = tokenizer.MaskId!.Value;
        if (read.Count > most)
            throw new InputException(FormattableString.Invariant($"the text has {read.Count} tokens; the model reads {most}. Give a shorter one."));
        int[] words = [.. Enumerable.Range(0, read.Count).Where(t => IsText(read, t))], hidden = [.. words.Where(t => read.Ids[t] == mask)];
        if (hidden.Length == 0 && number is null)
            throw new InputException($"no token is hidden: write {tokenizer.TokenOf(mask)} where one is to be guessed, or say which one to hide (--place, Place).");
        int[] places = hidden.Length > 0 ? hidden : words;
        if (number > places.Length)
            throw new InputException(FormattableString.Invariant($"there is no place {number}: the text has {places.Length} {(hidden.Length > 0 ? "hidden tokens" : "tokens")}."));
        int place = places[(number ?? 1) - 1];
        int? id = target is not null ? Named(tokenizer, target) : hidden.Length == 0 ? read.Ids[place] : null;
        TokenizedText given = hidden.Length > 0 ? read : read with { Ids = [.. read.Ids.Select((own, t) => t == place ? mask : own)] };
        id ??= Largest.IndexOf(Step.Evaluate(pass => model.Network.Forward(given.Ids, SequenceRanges.Full(1, given.Count), new[] { place }, pass)).Values);
        return new MaskedLanguageModelInput(model, text, given, place, ExplainedScalar.OfClass(tokenizer.Decode([id.Value], skipSpecialTokens: false), id.Value, 1));
    }

    public override ExplainedInput Again() => new MaskedLanguageModelInput(model, Source, whole, asked, scalar);

    private protected override Tensor Run(IReadOnlyList<(int[] Ids, int[] Places)> rows, in Pass pass)
    {
        int length = rows[0].Ids.Length;
        return model.Network.Forward(rows.SelectMany(row => row.Ids).ToArray(), SequenceRanges.Full(rows.Count, length), rows.Select((row, r) => (r * length) + Array.IndexOf(row.Places, asked)).ToArray(), pass);
    }

    private protected override double Scalar(ReadOnlySpan<float> outputs, Span<float> gradient) => scalar.Of(outputs, gradient);

    private protected override string AnswerOf(ReadOnlySpan<float> outputs) => model.Tokenizer.Decode([Largest.IndexOf(outputs)], skipSpecialTokens: false);

    private protected override (Module Network, Func<Pass, Tensor> Forward, IReadOnlyList<(string Text, Range Place)> Tokens)? Traced => (model.Network, Pass, TracedTokens(t => whole.Tokens[t]));

    private static bool IsText(TokenizedText read, int t) => !read.SpecialTokens[t] && read.Offsets[t].End.Value > read.Offsets[t].Start.Value;

    // As the vocabulary has it, or as it stands in a text.
    private static int Named(PretrainedTokenizer tokenizer, string target)
    {
        int[] ids = tokenizer.IdOf(target) is { } known ? [known] : LanguageModel.Ids(tokenizer, target);
        return ids.Length == 1 ? ids[0] : throw new ArgumentException(FormattableString.Invariant(
            $"the target '{NearestName.Shown(target)}' is {ids.Length} tokens of the model; give one, as it stands in a text (a space before a word belongs to it)."), nameof(target));
    }

    private InputAttention Attend()
    {
        float[] readers = new float[whole.Count];
        readers[asked] = 1;
        int[] units = [.. UnitOfPlace];
        if (whole.Count > InputAttention.MostPositions)
            return InputAttention.Long(model.Network, pass => Pass(pass), [], readers, units, UnitCount);
        AttentionCapture capture = new(model.Network) { HasValueNorms = true };
        Step.Evaluate(Pass, request: capture);
        return new InputAttention([], capture.Results, readers, units, UnitCount);
    }
}
