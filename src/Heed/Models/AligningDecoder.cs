namespace Heed;

/// <summary>A recurrent decoder that attends to a source at each step, in the form of Bahdanau et al. 2015 or of Luong et al. 2015.</summary>
/// <remarks>
/// <para>Bahdanau: c_t = attention(s_{t−1}, H); s_t = cell([y_{t−1}; c_t], s_{t−1}); o_t = tanh(W_o[s_t; c_t; y_{t−1}] + b). (The paper's cell is a GRU, its o_t a maxout layer.)</para>
/// <para>Luong: s_t = cell([y_{t−1}; õ_{t−1}], s_{t−1}); c_t = attention(s_t, H); o_t = tanh(W_c[c_t; s_t]); õ_{t−1} = o_{t−1} with input feeding, otherwise it is not there.</para>
/// <para>The products with y_{t−1} of all steps are one product in front of the steps, those of o_t one behind them (but Luong's with feeding).</para>
/// </remarks>
internal sealed class AligningDecoder : Module
{
    private readonly Attention attention;
    private readonly Linear input, step, readout;
    private readonly Linear? feed;   // of a GRU, which needs its products with state and with what is fed apart
    private readonly bool isBefore, isFed, isGru;
    private readonly int hiddenSize, stateSize;

    public AligningDecoder(EncoderDecoderConfig config)
    {
        (isBefore, hiddenSize, stateSize) = (config.Decoder == "bahdanau", config.HiddenSize, 2 * config.HiddenSize);
        isFed = isBefore || config.InputFeeding;
        Score score = config.CreateScore();
        attention = Register("attention", new Attention(new AttentionConfig
        {
            QuerySize = hiddenSize,
            KeySize = stateSize,
            ValueSize = stateSize,
            Score = score,
            Distribution = Distribution.Parse(config.Distribution),
            Heads = score.WantsOneSize ? new MultiHead(1) : new SingleOutput(),
        }));
        Initializer start = Initializer.Uniform(1 / Math.Sqrt(hiddenSize));
        int fed = isBefore ? attention.ContextSize : isFed ? hiddenSize : 0;
        isGru = config.Cell == "gru";
        int gates = config.GateCount * hiddenSize;
        input = Register("input", new Linear(config.EmbeddingSize, gates, initializer: start));
        step = Register("step", new Linear((isGru ? 0 : fed) + hiddenSize, gates, hasBias: false, initializer: start));
        feed = isGru && fed > 0 ? Register("feed", new Linear(fed, gates, hasBias: false, initializer: start)) : null;
        int read = attention.ContextSize + hiddenSize;
        readout = Register("readout", isBefore ? new Linear(read + config.EmbeddingSize, hiddenSize) : new Linear(read, hiddenSize, hasBias: false));
    }

    public int ContextSize => attention.ContextSize;

    /// <summary>Where it attends to the source.</summary>
    public Attention Looks => attention;

    /// <summary>Whether a call can run all steps at once.</summary>
    public bool IsParallel => !isFed && !isGru;

    public AttentionMemory Prepare(Tensor states, SequenceRanges ranges, bool keepWeights, in Pass pass) => attention.Prepare(states, states, ranges, pass, keepWeights);

    public AttentionState Start(AttentionMemory memory, bool keepWeights) => attention.Start(memory, keepWeights);

    /// <summary>All steps of training, of which each reads the token before it.</summary>
    /// <param name="embedded">The tokens before: <c>(time, batch, embedding)</c>.</param>
    /// <param name="lengths">Steps of each sequence.</param>
    /// <param name="memory">The source.</param>
    /// <param name="first">The state before the first step; its rows are the batch.</param>
    /// <param name="keepWeights">Whether weights are wanted, with gradients.</param>
    /// <param name="pass">The call.</param>
    public DecoderTrace Run(Tensor embedded, SequenceRanges lengths, AttentionMemory memory, DecoderState first, bool keepWeights, in Pass pass)
    {
        Tensor[] sums = input.Forward(embedded, pass).Unstack();
        int time = sums.Length;
        Tensor[] hidden = new Tensor[time], contexts = new Tensor[time], outputs = new Tensor[time], weights = new Tensor[time], seen = new Tensor[time];
        StepProducts products = Products(pass);
        DecoderState state = first with { Look = Start(memory, keepWeights) };
        List<HardChoice> choices = [];
        List<Tensor> looks = [];
        bool isAsked = attention.IsAsked(pass);
        for (int t = 0; t < time; t++)
        {
            Tensor? before = state.Look!.Cumulated;
            (state, AttentionResult look) = Advance(sums[t], state, memory, 1, products, pass);
            (hidden[t], contexts[t]) = (state.Hidden, look.Context.Reshape(new Shape(memory.Batch, ContextSize)));
            if (!isBefore)
                outputs[t] = state.Fed!;
            if (look.Choice is { } choice)
                choices.Add(choice);
            if (isAsked)
                looks.Add(look.Weights!);
            if (!keepWeights)
                continue;
            weights[t] = look.Weights!.Reshape(new Shape(memory.Batch, memory.KeyCount));
            seen[t] = before?.Reshape(weights[t].Shape) ?? pass.Input(new float[weights[t].Length], weights[t].Shape);
        }
        attention.Answer(looks, lengths, memory.Steps, pass);
        Tensor states = Tensor.Stack(hidden), context = Tensor.Stack(contexts);
        Tensor output = isBefore ? readout.Forward(Tensor.Concatenate(states, context, embedded), pass).Tanh() : Tensor.Stack(outputs);
        return new DecoderTrace(output, states, context, keepWeights ? Tensor.Stack(weights) : null, keepWeights ? Tensor.Stack(seen) : null)
        {
            Choices = choices.Count == 0 ? null : new HardChoice(Joined(choices, c => c.LogProbabilities), Joined(choices, c => c.Entropies)),
        };

        Tensor Joined(List<HardChoice> all, Func<HardChoice, Tensor> part) => Tensor.Stack([.. all.Select(c => part(c).Reshape(new Shape(memory.Batch)))]);
    }

    /// <summary>All steps at once, where no step waits for what the one before attended to.</summary>
    /// <param name="embedded">The tokens before: <c>(batch, time, embedding)</c>.</param>
    /// <param name="lengths">Steps of each sequence.</param>
    /// <param name="states">The encoder's states <c>(batch, source time, size)</c>.</param>
    /// <param name="ranges">The real states.</param>
    /// <param name="first">The state before the first step.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Outputs <c>(batch, time, hidden)</c>.</returns>
    public Tensor RunAtOnce(Tensor embedded, SequenceRanges lengths, Tensor states, SequenceRanges ranges, DecoderState first, in Pass pass)
    {
        Shape state = new(1, embedded.Shape[0], hiddenSize);
        Tensor noBias = pass.Input(new float[4 * hiddenSize], new Shape(4 * hiddenSize));
        (Tensor hidden, _, _) = Tensor.Lstm(
            embedded, lengths, first.Hidden.Reshape(state), first.Cell!.Reshape(state), pass.Use(input.Weight), pass.Use(step.Weight), pass.Use(input.Bias!), noBias);
        Tensor context = attention.Forward(hidden, states, states, ranges, pass, lengths).Context;
        return readout.Forward(Tensor.Concatenate(context, hidden), pass).Tanh();
    }

    /// <summary>One step of decoding.</summary>
    /// <param name="embedded">The tokens before, <c>(rows, embedding)</c>; rows are the memory's sequences, with as many hypotheses each, side by side.</param>
    /// <param name="memory">The source.</param>
    /// <param name="state">The state before.</param>
    /// <param name="pass">The call; asks for weights.</param>
    /// <returns>The output <c>(rows, hidden)</c>, the context <c>(rows, size)</c>, weights <c>(batch, heads, hypotheses, keys)</c>, and the next state.</returns>
    public (Tensor Output, Tensor Context, Tensor Weights, DecoderState State) Step(Tensor embedded, AttentionMemory memory, DecoderState state, in Pass pass)
    {
        int rows = embedded.Shape[0];
        (DecoderState next, AttentionResult look) = Advance(input.Forward(embedded, pass), state, memory, rows / memory.Batch, Products(pass), pass);
        Tensor context = look.Context.Reshape(new Shape(rows, ContextSize));
        Tensor output = isBefore ? readout.Forward(Tensor.Concatenate(next.Hidden, context, embedded), pass).Tanh() : next.Output!;
        return (output, context, look.Weights!, next);
    }

    private (DecoderState State, AttentionResult Look) Advance(Tensor sums, DecoderState state, AttentionMemory memory, int hypotheses, StepProducts products, in Pass pass)
    {
        AttentionResult look = default;
        Tensor? fed = state.Fed;
        if (isBefore)
        {
            look = Look(state.Hidden, state, memory, hypotheses, pass);
            fed = look.Context.Reshape(new Shape(state.Hidden.Shape[0], ContextSize));
        }
        (Tensor hidden, Tensor? cell) = NextState(sums, isFed ? fed : null, state, products);
        if (isBefore)
            return (new DecoderState(hidden, cell, null, look.State), look);
        look = Look(hidden, state, memory, hypotheses, pass);
        Tensor output = products.Read!.Multiply(Tensor.Concatenate(look.Context.Reshape(new Shape(hidden.Shape[0], ContextSize)), hidden)).Tanh();
        return (new DecoderState(hidden, cell, output, look.State) { Output = output }, look);
    }

    private (Tensor Hidden, Tensor? Cell) NextState(Tensor sums, Tensor? fed, DecoderState state, StepProducts products)
    {
        if (isGru)
            return (Tensor.GruStep(fed is null ? sums : products.Feed!.Multiply(fed, sums), products.Step.Multiply(state.Hidden), state.Hidden), null);
        return Tensor.LstmStep(products.Step.Multiply(fed is null ? state.Hidden : Tensor.Concatenate(fed, state.Hidden), sums), state.Cell!);
    }

    private StepProducts Products(in Pass pass) =>
        new(new(step.Weight, pass), feed is null ? null : new(feed.Weight, pass), isBefore ? null : new(readout.Weight, pass));

    private AttentionResult Look(Tensor query, DecoderState state, AttentionMemory memory, int hypotheses, in Pass pass) =>
        attention.Forward(query.Reshape(new Shape(memory.Batch, hypotheses, hiddenSize)), memory, state.Look, pass);
}

/// <summary>The matrices that all steps of a pass share.</summary>
internal sealed record StepProducts(StepMatrix Step, StepMatrix? Feed, StepMatrix? Read);

/// <summary>What a decoder carries from step to step.</summary>
/// <param name="Hidden">s: <c>(rows, hidden)</c>.</param>
/// <param name="Cell">c of the LSTM: <c>(rows, hidden)</c>; null for a GRU.</param>
/// <param name="Fed">What goes into the next step beside token and state (Luong's o): <c>(rows, hidden)</c>, or null.</param>
/// <param name="Look">What was attended to; null where nothing looks back.</param>
internal sealed record DecoderState(Tensor Hidden, Tensor? Cell, Tensor? Fed, AttentionState? Look)
{
    /// <summary>The step's output, where it was computed on the way.</summary>
    public Tensor? Output { get; init; }
}

/// <summary>All steps of training, time first.</summary>
/// <param name="Output">o: <c>(time, batch, hidden)</c>.</param>
/// <param name="States">s: <c>(time, batch, hidden)</c>.</param>
/// <param name="Contexts">c: <c>(time, batch, size)</c>.</param>
/// <param name="Weights">α: <c>(time, batch, keys)</c>, if asked.</param>
/// <param name="Seen">The sum of the weights of the steps before each, <c>(time, batch, keys)</c>, if asked.</param>
internal sealed record DecoderTrace(Tensor Output, Tensor States, Tensor Contexts, Tensor? Weights, Tensor? Seen)
{
    /// <summary>What hard attention drew, <c>(time, batch)</c>; null for soft attention.</summary>
    public HardChoice? Choices { get; init; }
}
