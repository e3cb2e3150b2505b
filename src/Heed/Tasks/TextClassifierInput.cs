namespace Heed;

/// <summary>A text that a <see cref="TextClassifier"/> read. Units are its tokens; the vectors are those of the tokens, and beside them the evidence of the simple model where the network reads it.</summary>
internal sealed class TextClassifierInput : ExplainedInput
{
    private const string Delete = "delete", UnknownToken = "unknown", Mask = "mask", Zero = "zero", AnswerRow = "answer", Sentences = "sentences";

    // Tokens of a batch of points that a backward pass remembers at once.
    private const int TokensAtOnce = 1 << 13;

    private readonly TextClassifier model;
    private readonly TextRow row;
    private readonly EncodedText encoded;
    private readonly ExplainedScalar scalar;
    private readonly int[] unitOfToken, tokenOfUnit, sentences;
    private readonly float[] features, evidence;
    private readonly (float[] Vectors, int ClassTokens) own;
    private readonly Lazy<InputAttention?> attention;

    public TextClassifierInput(TextClassifier model, TextRow row, string? label)
    {
        (this.model, this.row) = (model, row);
        encoded = model.Tokens.Encode(row.Text);
        // Neither special tokens nor the separator of a pair can be taken away.
        tokenOfUnit = [.. Enumerable.Range(0, encoded.Ids.Length).Where(t => encoded.Tokens[t].Length > 0 && row.Text[encoded.Tokens[t].Start] != TextPair.Separator)];
        unitOfToken = new int[encoded.Ids.Length];
        unitOfToken.AsSpan().Fill(-1);
        for (int unit = 0; unit < tokenOfUnit.Length; unit++)
            unitOfToken[tokenOfUnit[unit]] = unit;
        Ranges = [.. tokenOfUnit.Select(t => encoded.Tokens[t].Range)];
        features = TextInference.Vectors(FeatureRows(1), model.Features.VectorSize, [0]);
        evidence = !model.Network.Config.Evidence ? [] : EvidenceRows.Of(model.Baseline!, TextBatch.Create([encoded.Ids], [0]), _ => (row.Text, encoded.Tokens));
        sentences = model.IsHierarchical ? TextInference.Sentences(row.Text, encoded.Tokens) : [];
        (float[] logits, own) = encoded.Ids.Length == 0 ? (TextInference.Logits(model, [row.Text], [encoded], FeatureRows(1)), ([], 0)) : Read(encoded.Ids);
        scalar = model.Head.Explained(label, logits, model.Rule);
        Value = scalar.Of(logits, new float[logits.Length]);
        attention = new(Attend);
    }

    public override string Model => "text classifier";

    public override string Source => row.Text;

    public override string Target => scalar.Name;

    public override string? Label => scalar.Label;

    public override bool IsLogOdds => scalar.IsLogOdds;

    public override double Value { get; }

    public override IReadOnlyList<Range> Ranges { get; }

    public override IReadOnlyList<string> Removals => MaskId is null ? [Delete, UnknownToken] : [Delete, UnknownToken, Mask];

    // A Transformer normalises what it reads, and has never seen a vector of zeros.
    public override IReadOnlyList<string> Baselines => (model.Network is TransformerClassifier, MaskId is null) switch
    {
        (true, true) => [UnknownToken, Zero],
        (true, false) => [Mask, UnknownToken, Zero],
        _ => [Zero, UnknownToken],
    };

    public override IReadOnlyList<string> Notes =>
    [
        .. evidence.Length > 0 ? ["the network reads what the bag of words says of each token beside its vector; both count in a token's score"] : Array.Empty<string>(),
        .. model.Features.FieldCount > 0 ? ["further columns of the row stay as they are, and get no score"] : Array.Empty<string>(),
        .. encoded.CutOff > 0 ? [FormattableString.Invariant($"{encoded.CutOff} tokens beyond the model's {model.Tokens.MaximumLength} were not read")] : Array.Empty<string>(),
    ];

    public override InputAttention? Attention => attention.Value;

    public override ExplainedInput Again() => new TextClassifierInput(model, row, Label);

    private protected override (Module Network, Func<Pass, Tensor> Forward, IReadOnlyList<(string Text, Range Place)> Tokens)? Traced => (model.Network, pass => Forward(encoded.Ids, 1, pass).Logits,
        [.. Enumerable.Repeat(("cls", 0..0), own.ClassTokens), .. encoded.Tokens.Select((token, t) => token.Length > 0 ? (row.Text[token.Range], token.Range) : (NameOf(encoded.Ids[t]), 0..0))]);

    private protected override IReadOnlyDictionary<string, IReadOnlyList<string>> TracedSequences => sentences.Length == 0 ? new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [AnswerRow] = [AnswerRow] }
        : new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [AnswerRow] = [AnswerRow], [Sentences] = [.. Enumerable.Range(0, sentences.Length).Where(t => t == 0 || sentences[t] != sentences[t - 1]).Select(SentenceFrom)] };

    // A pooling has one row, the answer's; of a text read sentence by sentence that of words has one a sentence, which are the keys of the other.
    private protected override (string? Rows, string? Keys) TracedSequencesOf(string layer)
    {
        if (layer.EndsWith("sentence_pooling", StringComparison.Ordinal))
            return (AnswerRow, Sentences);
        if (layer.EndsWith("word_pooling", StringComparison.Ordinal))
            return (Sentences, null);
        return (layer.EndsWith("pooling", StringComparison.Ordinal) ? AnswerRow : null, null);
    }

    private string SentenceFrom(int token)
    {
        int last = token;
        while (last + 1 < sentences.Length && sentences[last + 1] == sentences[token])
            last++;
        return row.Text[encoded.Tokens[token].Start..encoded.Tokens[last].End];
    }

    internal override float[] Vectors => own.Vectors;

    private string NameOf(int id) => (model.Tokens as PretrainedEncoder)?.Tokenizer.TokenOf(id) ?? "";

    private int? MaskId => (model.Tokens as PretrainedEncoder)?.Tokenizer.MaskId;

    private int Size => model.Network.TokenVectors.Shape[1];

    internal override float[] BaselineVectors(string baseline)
    {
        float[] from = (float[])Vectors.Clone();
        float[]? other = baseline == Zero ? null : Read([.. encoded.Ids.Select((id, t) => unitOfToken[t] < 0 ? id : Replacement(baseline)!.Value)]).Own.Vectors;
        int shift = own.ClassTokens;
        foreach (int t in tokenOfUnit)
        {
            Range vector = ((t + shift) * Size)..((t + shift + 1) * Size);
            if (other is null)
                from.AsSpan(vector).Clear();
            else
                other.AsSpan(vector).CopyTo(from.AsSpan(vector));
            from.AsSpan(VectorLength + (t * EvidenceSize), EvidenceSize).Clear();
        }
        return from;
    }

    internal override (double Value, float[] Gradient)[] Gradients(IReadOnlyList<float[]> points)
    {
        (double, float[])[] results = new (double, float[])[points.Count];
        int[][] groups = [.. Enumerable.Range(0, points.Count).Chunk(Math.Max(1, TokensAtOnce / Math.Max(1, encoded.Ids.Length)))];
        foreach (int[] group in groups)
        {
            InputProbe probe = new();
            probe.Watch(model.Network.VectorPlace, [.. group.SelectMany(p => points[p][..VectorLength])]);
            if (EvidenceSize > 0)
                probe.Watch(model.Network.Evidence!, [.. group.SelectMany(p => points[p][VectorLength..])]);
            Step.Differentiate(
                pass =>
                {
                    Tensor logits = Forward(encoded.Ids, group.Length, pass).Logits;
                    int outputs = logits.Shape[1];
                    float[] gradient = new float[logits.Length];
                    for (int i = 0; i < group.Length; i++)
                        results[group[i]].Item1 = scalar.Of(logits.Values.Slice(i * outputs, outputs), gradient.AsSpan(i * outputs, outputs));
                    pass.Step.Backward(logits, gradient);
                    float[] vectorGradient = probe.GradientOf(model.Network.VectorPlace), evidenceGradient = EvidenceSize > 0 ? probe.GradientOf(model.Network.Evidence!) : [];
                    int each = encoded.Ids.Length * EvidenceSize;
                    for (int i = 0; i < group.Length; i++)
                        results[group[i]].Item2 = [.. vectorGradient.AsSpan(i * VectorLength, VectorLength), .. evidenceGradient.AsSpan(i * each, each)];
                    return 0;
                },
                probe,
                recomputes: IsLong);
        }
        return results;
    }

    internal override double[] SumByUnit(ReadOnlySpan<double> elements)
    {
        double[] sums = new double[UnitCount];
        for (int unit = 0; unit < sums.Length; unit++)
        {
            int t = tokenOfUnit[unit];
            foreach (double element in elements.Slice((t + own.ClassTokens) * Size, Size))
                sums[unit] += element;
            foreach (double element in elements.Slice(VectorLength + (t * EvidenceSize), EvidenceSize))
                sums[unit] += element;
        }
        return sums;
    }

    internal override (double Value, string? Answer)? Under(Func<Module, AttentionOverride> change)
    {
        AttentionOverride request = change(model.Network);
        if (!request.HasPlaces)
            return null;
        float[] logits = Step.Evaluate(pass => Forward(encoded.Ids, 1, pass).Logits, request: request).ToArray();
        return (scalar.Of(logits, new float[logits.Length]), model.Head.Explained(null, logits, model.Rule).Label);
    }

    internal override (double Value, float[] Gradient)[]? AtWeights(IReadOnlyList<float[]> weights)
    {
        if (!model.HasPooledTokens || attention.Value is not { Views.Count: > 0 } there)
            return null;
        (int views, int tokens) = (there.Views.Count, encoded.Ids.Length);
        float[] whole = new float[weights.Count * views * tokens];
        for (int i = 0; i < whole.Length; i++)
            whole[i] = unitOfToken[i % tokens] is >= 0 and int unit ? weights[i / tokens / views][unit] : 0;
        PoolingWeights request = new(whole);
        (double, float[])[] results = new (double, float[])[weights.Count];
        Step.Differentiate(
            pass =>
            {
                Tensor logits = Forward(encoded.Ids, weights.Count, pass).Logits;
                int outputs = logits.Shape[1];
                float[] gradient = new float[logits.Length];
                for (int i = 0; i < weights.Count; i++)
                    results[i].Item1 = scalar.Of(logits.Values.Slice(i * outputs, outputs), gradient.AsSpan(i * outputs, outputs));
                pass.Step.Backward(logits, gradient);
                float[] found = request.Gradient();
                for (int i = 0; i < weights.Count; i++)
                    results[i].Item2 = Array.ConvertAll(tokenOfUnit, t => Enumerable.Range(0, views).Sum(v => found[(((i * views) + v) * tokens) + t]));
                return 0;
            },
            request);
        return results;
    }

    private protected override double[] ValuesWithout(IReadOnlyList<bool[]> removed, string removal)
    {
        int? replacement = Replacement(removal);
        ReducedText[] texts = [.. removed.Select(variant => ReducedText.Of(row.Text, encoded, t => unitOfToken[t] >= 0 && variant[unitOfToken[t]], replacement))];
        float[] logits = TextInference.Logits(model, [.. texts.Select(text => text.Text)], [.. texts.Select(text => text.Encoded)], FeatureRows(texts.Length));
        int outputs = logits.Length / texts.Length;
        float[] gradient = new float[outputs];
        return [.. Enumerable.Range(0, texts.Length).Select(i => scalar.Of(logits.AsSpan(i * outputs, outputs), gradient))];
    }

    private int? Replacement(string rule) => rule switch
    {
        UnknownToken => model.Tokens.DroppedId,
        Mask => MaskId,
        _ => null,
    };

    private int EvidenceSize => evidence.Length / Math.Max(1, encoded.Ids.Length);

    private int VectorLength => (encoded.Ids.Length + own.ClassTokens) * Size;

    private FeatureTable FeatureRows(int count)
    {
        return TextInference.Further(model, [.. Enumerable.Repeat(row, count)]);
    }

    // Of a text of which no whole matrix of attention is kept, layers keep nothing either that can be computed again.
    private bool IsLong => encoded.Ids.Length + own.ClassTokens > InputAttention.MostPositions;

    // The answer, what stands before the network mixes tokens, and how many class tokens it puts before them.
    private (float[] Logits, (float[] Vectors, int ClassTokens) Own) Read(int[] ids)
    {
        InputProbe probe = new();
        probe.Watch(model.Network.VectorPlace);
        if (evidence.Length > 0)
            probe.Watch(model.Network.Evidence!);
        return Evaluate(
            pass =>
            {
                float[] logits = Forward(ids, 1, pass).Logits.ToArray();
                Tensor made = probe[model.Network.VectorPlace];
                return (logits, ((float[])[.. made.Values, .. evidence.Length > 0 ? probe[model.Network.Evidence!].Values : []], made.Shape[1] - ids.Length));
            },
            probe);
    }

    private T Evaluate<T>(Func<Pass, T> work, IPassRequest request) => encoded.Ids.Length > InputAttention.MostPositions ? Step.EvaluateLayerwise(work, request) : Step.Evaluate(work, request: request);

    private (Tensor Logits, PoolingResult Pooling) Forward(int[] ids, int count, in Pass pass)
    {
        IEnumerable<T> Repeated<T>(T[] values) => Enumerable.Repeat(values, count).SelectMany(v => v);
        return model.Network.Forward(Repeated(ids).ToArray(), SequenceRanges.Full(count, ids.Length), pass, Repeated(features).ToArray(), Repeated(evidence).ToArray(), Repeated(sentences).ToArray(),
            Repeated(encoded.Segments).ToArray());
    }

    private InputAttention? Attend()
    {
        int tokens = encoded.Ids.Length, before = own.ClassTokens;
        bool isFirst = model.Network is TransformerClassifier { Config.ReadsFirst: true };
        int[] units = [.. Enumerable.Repeat(-1, before), .. unitOfToken];
        float[] readers = new float[tokens + before];
        if (isFirst && IsLong)
        {
            readers[0] = 1;
            return InputAttention.Long(model.Network, pass => Forward(encoded.Ids, 1, pass), [], readers, units, UnitCount);
        }
        AttentionCapture capture = new(model.Network) { HasValueNorms = true };
        PoolingCapture states = new();
        float[] weights = [];
        int Run(Pass pass)
        {
            weights = Forward(encoded.Ids, 1, pass).Pooling.Weights.ToArray();
            return 0;
        }
        if (IsLong)
            Step.EvaluateLayerwise(Run, states);
        else
            Step.Evaluate(Run, Capture.Weights, new PassRequests(capture, states));
        if (isFirst)
        {
            readers[0] = 1;
            return new InputAttention([], capture.Results, readers, units, UnitCount);
        }
        int count = weights.Length / tokens;
        float[][] views = [.. Enumerable.Range(0, count).Select(v => Array.ConvertAll(tokenOfUnit, t => weights[(v * tokens) + t]))];
        for (int t = 0; t < tokens; t++)
            readers[t + before] = Enumerable.Range(0, count).Average(v => weights[(v * tokens) + t]);
        float[]? poolingNorms = states.Norms is { } norms && norms.Length == tokens ? Array.ConvertAll(tokenOfUnit, t => norms[t]) : null;
        return IsLong ? InputAttention.Long(model.Network, pass => Forward(encoded.Ids, 1, pass), views, readers, units, UnitCount, poolingNorms) : new InputAttention(views, capture.Results, readers, units, UnitCount, poolingNorms);
    }
}
