namespace Heed;

/// <summary>An encoder–decoder that aligns: a bidirectional LSTM or GRU reads the source, a recurrent decoder writes the target and attends to the source at each token.</summary>
/// <remarks>
/// <para>Encoder: h_j = [→h_j; ←h_j]. Decoder: see <see cref="EncoderDecoderConfig.Decoder"/>; its first state is tanh(W[→h_n; ←h_1] + b). P(y_t) = softmax(W_y·o_t + b).</para>
/// <para>Coverage (See et al. 2017): s_t = Σ_{t′&lt;t} α_{t′} goes into the score, and λ·Σ_j min(α_tj, s_tj) is added to the loss. Copying (pointer generator,
/// the same paper): p_gen = σ(w·[c_t; s_t; y_{t−1}] + b),
/// P(y) = p_gen·P_vocabulary(y) + (1 − p_gen)·Σ_{j: x_j = y} α_tj, over the vocabulary and the tokens of the source.</para>
/// <para>Hard attention (the distribution <c>hard</c>; Xu et al. 2015) draws one place a token in training and takes the likeliest after it; a <see cref="ReinforceLoss"/> with a moving average as baseline is added, the reward
/// of a draw the logarithm of its own token's probability (the paper's: of the whole target's).</para>
/// </remarks>
public sealed partial class EncoderDecoder : SequenceToSequence
{
    // Keeps the logarithm of what neither vocabulary nor source holds finite.
    private const float LeastProbability = 1e-9f;

    private readonly Embedding sourceVectors, targetVectors;
    private readonly RecurrentLayer encoder;
    private readonly Linear bridge;
    private readonly Linear? output, gate;
    private readonly Parameter? outputBias;
    private readonly AligningDecoder decoder;
    private readonly ReinforceLoss? reinforce;
    private readonly Dropout dropout;

    /// <summary>Builds the network.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="sourceCount">Ids of the source's vocabulary.</param>
    /// <param name="targetCount">Ids of the target's vocabulary.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense; says which part and why.</exception>
    public EncoderDecoder(EncoderDecoderConfig config, int sourceCount, int targetCount)
        : base(sourceCount, targetCount)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        Config = config;
        int hidden = config.HiddenSize;
        sourceVectors = Register("source", new Embedding(sourceCount, config.EmbeddingSize, paddingId: 0, Initializer.Uniform(0.1)));
        targetVectors = Register("target", new Embedding(targetCount, config.EmbeddingSize, initializer: Initializer.Uniform(0.1)));
        encoder = Register("encoder", config.CreateEncoder());
        bridge = Register("bridge", new Linear(2 * hidden, config.Cell == "gru" ? hidden : 2 * hidden));
        decoder = Register("decoder", new AligningDecoder(config));
        if (config.TieEmbeddings)
            outputBias = Register("output_bias", new Parameter(new Shape(targetCount), Initializer.Zeros));
        else
            output = Register("output", new Linear(hidden, targetCount));
        if (config.Copy)
            gate = Register("gate", new Linear(decoder.ContextSize + hidden + config.EmbeddingSize, 1));
        if (config.IsReinforced)
            reinforce = Register("reinforce", new ReinforceLoss(config.EntropyWeight));
        dropout = Register("dropout", new Dropout(config.Dropout));
    }

    /// <summary>The shape.</summary>
    public override EncoderDecoderConfig Config { get; }

    /// <inheritdoc/>
    public override Tensor Loss(PairBatch batch, in Pass pass, float labelSmoothing = 0)
    {
        ArgumentNullException.ThrowIfNull(batch);
        (Tensor logits, DecoderTrace? trace, Tensor? embedded, int[] rows, int[] targets) = Forward(batch, pass);
        Tensor loss = Config.Copy ? -CopyProbabilities(batch, logits, trace!, embedded!, rows, targets, pass).Log().Mean() : Tensor.CrossEntropy(logits, targets, null, labelSmoothing);
        if (trace?.Choices is { } choices && pass.IsTraining)
            loss += Reinforced(choices, Config.Copy ? CopyProbabilities(batch, logits, trace, embedded!, rows, targets, pass).Log() : logits.LogSoftmax().Pick(targets), rows, pass);
        return Config.Coverage && Config.CoverageWeight > 0 ? loss + CoverageLoss(trace!, rows).Scale((float)Config.CoverageWeight) : loss;
    }

    private protected override (Tensor Logits, Tensor LogProbabilities, int[] Targets) Foretell(PairBatch batch, in Pass pass)
    {
        (Tensor logits, DecoderTrace? trace, Tensor? embedded, int[] rows, int[] targets) = Forward(batch, pass);
        return (logits, Config.Copy ? CopyProbabilities(batch, logits, trace!, embedded!, rows, targets, pass).Log() : logits.LogSoftmax().Pick(targets), targets);
    }

    internal override object SourceVectors => sourceVectors;

    internal override Module AlignmentPlace => decoder.Looks;

    internal override DecodingState Begin(ReadOnlyMemory<int> ids, SequenceRanges ranges, int width) => new RecurrentDecodingState(this, ids, ranges, width);

    internal (AttentionMemory Memory, DecoderState State) Encode(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass)
    {
        (Tensor states, DecoderState first) = Read(ids, ranges, pass);
        return (decoder.Prepare(states, ranges, Config.Coverage, pass), first);
    }

    internal AttentionState StartOf(AttentionMemory memory) => decoder.Start(memory, Config.Coverage);

    /// <summary>One step of decoding: logits <c>(rows, targets)</c>, the gate if there is one, weights and the next state.</summary>
    internal (Tensor Logits, Tensor? Gate, Tensor Weights, DecoderState State) Next(ReadOnlyMemory<int> ids, AttentionMemory memory, DecoderState state, in Pass pass)
    {
        Tensor embedded = targetVectors.Forward(ids, 1, pass).Reshape(new Shape(ids.Length, Config.EmbeddingSize));
        (Tensor read, Tensor context, Tensor weights, DecoderState next) = decoder.Step(embedded, memory, state, pass);
        Tensor? gated = gate?.Forward(Tensor.Concatenate(context, next.Hidden, embedded), pass).Sigmoid();
        return (Logits(read, pass), gated, weights, next);
    }

    private (Tensor States, DecoderState First) Read(ReadOnlyMemory<int> ids, SequenceRanges ranges, in Pass pass)
    {
        int hidden = Config.HiddenSize;
        Tensor states = encoder.Forward(dropout.Forward(pass.Probed(sourceVectors, sourceVectors.Forward(ids, ranges.Count, pass)), pass), ranges, pass).Output;
        Tensor first = bridge.Forward(states.LastStates(ranges), pass).Tanh();
        Tensor? fed = Config is { Decoder: "luong", InputFeeding: true } ? pass.Input(new float[ranges.Count * hidden], new Shape(ranges.Count, hidden)) : null;
        return (states, Config.Cell == "gru" ? new DecoderState(first, null, fed, null) : new DecoderState(first.Columns(0, hidden), first.Columns(hidden, hidden), fed, null));
    }

    // Logits of the real tokens, (tokens, targets), with what they came from; rows are the tokens' places, time first.
    private (Tensor Logits, DecoderTrace? Trace, Tensor? Embedded, int[] Rows, int[] Targets) Forward(PairBatch batch, in Pass pass)
    {
        (int size, int time) = (batch.BatchSize, batch.TargetTime);
        SequenceRanges ranges = new(batch.SourceLengths);
        (Tensor states, DecoderState first) = Read(batch.SourceIds, ranges, pass);
        bool keepsWeights = Config.Copy || Config.Coverage, isAtOnce = decoder.IsParallel && !keepsWeights && reinforce is null;
        Tensor embedded = dropout.Forward(targetVectors.Forward(batch.TargetInputs(timeFirst: !isAtOnce, TargetCount), isAtOnce ? size : time, pass), pass);
        DecoderTrace? trace = isAtOnce ? null : decoder.Run(embedded, batch.TargetLengths, decoder.Prepare(states, ranges, keepsWeights, pass), first, keepsWeights, pass);
        Tensor read = trace?.Output ?? decoder.RunAtOnce(embedded, batch.TargetLengths, states, ranges, first, pass);
        (int[] rows, int[] targets) = batch.TargetTokens(timeFirst: !isAtOnce);
        return (Logits(dropout.Forward(Rows(read, rows), pass), pass), trace, embedded, rows, targets);
    }

    private Tensor Logits(Tensor read, in Pass pass) => output?.Forward(read, pass) ?? Tensor.Linear(read, pass.Use(targetVectors.Weight), pass.Use(outputBias!));

    // p_gen·P_vocabulary(y) + (1 − p_gen)·Σ_{j: x_j = y} α_j
    private Tensor CopyProbabilities(PairBatch batch, Tensor logits, DecoderTrace trace, Tensor embedded, int[] rows, int[] targets, in Pass pass)
    {
        int keys = batch.SourceTime;
        Tensor own = gate!.Forward(Rows(Tensor.Concatenate(trace.Contexts, trace.States, embedded), rows), pass).Sigmoid().Reshape(new Shape(rows.Length));
        int[] known = [.. targets.Select(t => t < TargetCount ? t : -1)];
        float[] same = new float[rows.Length * keys];
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<int> copies = batch.CopyIds.AsSpan(rows[i] % batch.BatchSize * keys, keys);
            for (int j = 0; j < keys; j++)
                same[(i * keys) + j] = copies[j] == targets[i] ? 1 : 0;
        }
        Tensor copied = (Rows(trace.Weights!, rows) * pass.Input(same, new Shape(rows.Length, keys))).MeanLast().Scale(keys);
        return ((own * logits.Softmax().Pick(known)) + (own.Scale(-1, 1) * copied)).Scale(1, LeastProbability);
    }

    // The reward of a choice is the logarithm of the probability that its own token got.
    private Tensor Reinforced(HardChoice choices, Tensor logs, int[] rows, in Pass pass)
    {
        int places = choices.LogProbabilities.Length;
        return reinforce!.Forward(
            Rows(choices.LogProbabilities.Reshape(new Shape(places, 1)), rows), logs.Values.ToArray(), pass, Rows(choices.Entropies.Reshape(new Shape(places, 1)), rows));
    }

    // Σ_j min(α_j, s_j) = Σ_j (α_j − max(α_j − s_j, 0)), mean over the tokens.
    private static Tensor CoverageLoss(DecoderTrace trace, int[] rows)
    {
        Tensor weights = Rows(trace.Weights!, rows), seen = Rows(trace.Seen!, rows);
        return (weights - (weights - seen).Relu()).Sum().Scale(1f / Math.Max(1, rows.Length));
    }
}
