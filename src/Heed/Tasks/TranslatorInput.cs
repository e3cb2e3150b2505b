namespace Heed;

/// <summary>A source that a <see cref="Translator"/> translated; explained is one token of the translation, given those before it.</summary>
internal sealed class TranslatorInput : TokenSequenceInput
{
    private const string Written = "translation", Known = "translation so far";

    private readonly Translator model;
    private readonly (int[] Ids, Token[] Tokens, int CutOff) whole;
    private readonly int[] ids, copies;
    private readonly Hypothesis answer;
    private readonly int position;
    private readonly string[] words;
    private readonly string word;
    private readonly Lazy<InputAttention> attention;
    private readonly float[]? aligned;   // as it was while translating; null: to be asked for

    private TranslatorInput(Translator model, string text, (int[] Ids, Token[] Tokens, int CutOff) read, int[] copies, Hypothesis answer, int position, string[] words, float[]? aligned = null)
        : base(text, read.Ids, [.. read.Tokens.Select(token => token.Range)])
    {
        (this.model, whole, ids, this.copies, this.answer, this.position, this.words, word) = (model, read, read.Ids, copies, answer, position, words, words[position]);
        this.aligned = aligned;
        attention = new(Attend);
    }

    public override string Model => "translator";

    public override string Target => FormattableString.Invariant($"log odds of '{word}', token {position + 1} of the translation");

    public override string? Label => word;

    public override InputAttention? Attention => attention.Value;

    private protected override int? UnknownId => Vocabulary.Unknown;

    private protected override Module Network => model.Network;

    private protected override object Place => model.Network.SourceVectors;

    /// <summary>Translates a source, and makes each token of the translation ready to be explained.</summary>
    /// <exception cref="InputException">The source has no token.</exception>
    public static TranslatorInput[] Of(Translator model, string text)
    {
        (int[] Ids, Token[] Tokens, int CutOff) read = model.Encoding.Read(text);
        if (read.Ids.Length == 0)
            throw new InputException("there is nothing to explain: the input has no token.");
        (int[] copies, string[] further) = model.Network.Config.Copies ? model.Encoding.AsTarget(text, read.Tokens) : ([], []);
        Hypothesis best = SequenceDecoder.Decode(model.Network, [read.Ids], model.Decoding, copies.Length > 0 ? [copies] : null)[0][0];
        int count = model.Network.TargetCount;
        string[] answered = [.. best.Ids.Select(id => id < count ? model.TargetEncoder.Vocabulary[id] : further[id - count])];
        return [.. answered.Select((_, t) => new TranslatorInput(model, text, read, copies, best, t, answered, best.Alignment[t]))];
    }

    public override ExplainedInput Again() => new TranslatorInput(model, Source, whole, copies, answer, position, words);

    // The whole translation is read, so that the decoder's own heads and those that look at the source are there, too; of a recurrent one a row for each token, and its end.
    private protected override (Module Network, Func<Pass, Tensor> Forward, IReadOnlyList<(string Text, Range Place)> Tokens)? Traced => (model.Network, Pass, TracedTokens(_ => ""));

    // What the decoder reads when it writes a token are those before it.
    private protected override IReadOnlyDictionary<string, IReadOnlyList<string>> TracedSequences
    {
        get
        {
            Dictionary<string, IReadOnlyList<string>> sequences = new(StringComparer.Ordinal) { [Written] = [.. words, "(end)"] };
            if (HasSelfAttention)
                sequences[Known] = ["(start)", .. words];
            return sequences;
        }
    }

    private protected override (string? Rows, string? Keys) TracedSequencesOf(string layer)
    {
        bool isDecoder = layer.StartsWith("decoder", StringComparison.Ordinal), isSelf = isDecoder && HasSelfAttention && !layer.Contains("cross", StringComparison.Ordinal);
        return (isDecoder ? Written : null, isSelf ? Known : null);
    }

    // A recurrent decoder attends to the source alone.
    private bool HasSelfAttention => model.Network is TransformerEncoderDecoder;

    private protected override Tensor Run(IReadOnlyList<(int[] Ids, int[] Places)> rows, in Pass pass)
    {
        int[][] sources = [.. rows.Select(row => row.Ids)], targets = [.. rows.Select(_ => answer.Ids.ToArray())];
        int[][]? same = copies.Length == 0 ? null : [.. rows.Select(row => Array.ConvertAll(row.Places, place => place < 0 ? -1 : copies[place]))];
        Tensor logs = model.Network.LogProbabilities(PairBatch.Create(sources, targets, [.. Enumerable.Range(0, rows.Count)], same), pass);
        return logs.Reshape(new Shape(rows.Count, logs.Length / rows.Count));
    }

    // ln(p/(1 − p)) from ln p.
    private protected override double Scalar(ReadOnlySpan<float> outputs, Span<float> gradient)
    {
        const double Least = 1e-7;
        double log = outputs[position], rest = Math.Max(Least, 1 - Math.Exp(log));
        gradient.Clear();
        gradient[position] = (float)(1 / rest);
        return log - Math.Log(rest);
    }

    private InputAttention Attend()
    {
        float[] looked = aligned ?? Align();
        int[] units = [.. Enumerable.Range(0, ids.Length)];
        if (model.Network is not TransformerEncoderDecoder { Encoder: { } encoder })
            return new InputAttention([looked], [], looked, units, ids.Length);
        AttentionCapture capture = new(encoder) { HasValueNorms = true };
        Step.Evaluate(pass => encoder.Forward(ids, SequenceRanges.Full(1, ids.Length), pass).States, request: capture);
        return new InputAttention([looked], capture.Results, looked, units, ids.Length);
    }

    // Where the model looks when it writes the token as it is now.
    private float[] Align()
    {
        AttentionCapture capture = new(model.Network.AlignmentPlace) { Rows = [position] };
        Step.Evaluate(Pass, request: capture);
        CapturedAttention found = capture.Results[0];
        float[] mean = new float[ids.Length];
        for (int head = 0; head < found.Heads.Count; head++)
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(found.Row(0, head, 0)[..mean.Length], 1f / found.Heads.Count, mean, mean);
        return mean;
    }
}
