namespace Heed;

/// <summary>A pointer network: an encoder–decoder whose outputs are places of its input, so that there are as many answers as items. Vinyals, Fortunato and Jaitly 2015.</summary>
/// <remarks>
/// <para>Formula: <c>u_ij = f(d_i, e_j)</c>, <c>p(C_i = j) = g(u_i)_j</c>; e_j the encoder's states, d_i the decoder's, which reads the item that was pointed at last. f and g are chosen by name; the paper's, and the default: <c>vᵀ tanh(W₁·e_j + W₂·d_i)</c>, softmax.</para>
/// <para>Shapes: items <c>(batch, items, input)</c>; logits <c>(batch, steps, items)</c>, −∞ at padding and, with <see cref="PointerNetworkConfig.Once"/>, at items of earlier steps.</para>
/// <para>The variant built: LSTMs; the encoder's final state enters through the decoder's first input, where the paper copies hidden and cell state. The paper keeps tours valid by its beam search; here <c>Once</c> does, in training too.</para>
/// <para>Cost: two LSTM sequences and the score of steps·items pairs; greedy pointing reads the decoder's prefix again at each step. Source: "Pointer networks", 2015, section 2.3.</para>
/// </remarks>
public sealed class PointerNetwork : Module
{
    private readonly PointerNetworkConfig config;
    private readonly Lstm encoder, decoder;
    private readonly Linear items, start;
    private readonly ScoreFunction score;
    private readonly DistributionFunction distribution;
    private readonly double alpha;   // of entmax, 2 for sparsemax, 1 for softmax

    /// <summary>Creates the network.</summary>
    /// <param name="config">The shape.</param>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    public PointerNetwork(PointerNetworkConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        this.config = config;
        int hidden = config.HiddenSize;
        items = Register("items", new Linear(config.InputSize, hidden));
        start = Register("start", new Linear(hidden, hidden));
        encoder = Register("encoder", new Lstm(hidden, hidden));
        decoder = Register("decoder", new Lstm(hidden, hidden));
        ScoreSizes sizes = new(1, hidden, hidden);
        score = Register("score", config.CreateScore().Create(sizes));
        Distribution weighing = Distribution.Parse(config.Distribution);
        distribution = Register("distribution", weighing.Create(sizes));
        alpha = weighing switch { Softmax => 1, Entmax entmax => entmax.Alpha, _ => 2 };
    }

    internal static Mechanism Entry => new("pointer-network", MechanismKind.Architecture)
    {
        InputRepresentation = "distinctive",
        OutputRepresentation = "single",
        Formula = "u_ij = f(d_i, e_j), p(C_i = j) = g(u_i)_j; by default f = vᵀ tanh(W₁·e_j + W₂·d_i), g = softmax",
        Shapes = "items (batch, items, input); logits (batch, steps, items)",
        Cost = "Two LSTM sequences and the score of steps·items pairs, by default steps·items·attention tanh; greedy pointing reads the decoder's prefix again at each step",
        Source = "Vinyals, Fortunato and Jaitly, \"Pointer networks\", 2015, section 2.3",
        Variant = "Score and distribution by name: softmax with cross-entropy, sparsemax and entmax with the losses whose gradient is p − y (Blondel, Martins and Niculae 2020). The encoder's final state enters through the decoder's first input; Once forbids to point twice at an item, in training too, where the paper keeps tours valid in its beam search.",
        Use = "Answers that are places of the input: sorting, tours, spans, copying.",
        Avoid = "Answers from a fixed vocabulary: an encoder–decoder, with a copy mechanism if some are places.",
        Example = new(() =>
        {
            PointerNetwork network = new(new PointerNetworkConfig { InputSize = 1, HiddenSize = 8, AttentionSize = 8, Once = true });
            network.Initialize(seed: 1);
            Tensor numbers = Tensor.From([0.3f, 0.1f, 0.2f], new Shape(1, 3, 1));
            int[] ascending = [1, 2, 0];
            SequenceRanges all = SequenceRanges.Full(batch: 1, time: 3);
            return Step.Evaluate(pass => network.Probabilities(network.Forward(numbers, all, ascending, all, pass), pass));
        }),
        Types = [typeof(PointerNetwork)],
        Pages = ["pointer-network"],
    };

    /// <summary>The logits of each step, given the right answers before it (teacher forcing).</summary>
    /// <param name="inputs">Items <c>(batch, items, input)</c>.</param>
    /// <param name="ranges">The real items of each row.</param>
    /// <param name="targets">For each step the item's place, from the first real item of its row: <c>(batch · steps)</c>, row-major; not read in padding.</param>
    /// <param name="steps">The real steps of each row; they begin at step 0.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Logits <c>(batch, steps, items)</c>; an item's place counts from the row's first, real or not.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    /// <exception cref="ArgumentException">A target is no item of its row, or with <c>Once</c> a target stands twice; says where.</exception>
    public Tensor Forward(Tensor inputs, SequenceRanges ranges, ReadOnlyMemory<int> targets, SequenceRanges steps, in Pass pass)
    {
        return Run(inputs, ranges, targets, steps, pass).Logits;
    }

    /// <summary>g: the probabilities of the items.</summary>
    /// <param name="logits">From <see cref="Forward"/>.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, steps, items)</c>; each real step's sum to 1.</returns>
    public Tensor Probabilities(Tensor logits, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.Shape.Rank != 3)
            throw ShapeException.For("PointerNetwork", nameof(logits), "(batch, steps, items)", logits.Shape);
        return distribution.Weights(logits.Reshape(new Shape(logits.Shape[0], 1, logits.Shape[1], logits.Shape[2])), pass).Reshape(logits.Shape);
    }

    private (Tensor Energies, Tensor Logits) Run(Tensor inputs, SequenceRanges ranges, ReadOnlyMemory<int> targets, SequenceRanges steps, in Pass pass)
    {
        (int batch, int count) = Check(inputs, ranges);
        if (targets.Length % batch != 0 || steps.Count != batch)
            throw new ShapeException(FormattableString.Invariant($"PointerNetwork: {targets.Length} targets and {steps.Count} numbers of steps came for a batch of {batch}; (batch · steps) targets are required."));
        int length = targets.Length / batch;
        steps.Check("PointerNetwork", batch, length);
        (Tensor states, Tensor table) = Encode(inputs, ranges, pass);
        (Tensor energies, Tensor logits) = Decode(states, table, count, ranges, targets.Span, steps, length, pass);
        return (energies, Return(logits, pass));
    }

    /// <summary>The loss of the right answers: cross-entropy for softmax; for sparsemax and entmax the Fenchel–Young loss of each, which is 0 where the right item has all of the probability.</summary>
    /// <remarks>L = Σ_j p_j·u_j − u_y + H_α(p), H_α(p) = Σ_j (p_j − p_j^α)/(α(α − 1)), whose gradient is p − y also where p_y = 0. Blondel, Martins and Niculae, "Learning with Fenchel–Young losses", 2020.</remarks>
    /// <param name="inputs">Items <c>(batch, items, input)</c>.</param>
    /// <param name="ranges">The real items of each row.</param>
    /// <param name="targets">As for <see cref="Forward"/>.</param>
    /// <param name="steps">The real steps of each row.</param>
    /// <param name="pass">The call.</param>
    /// <returns>One element: the mean over all steps.</returns>
    public Tensor Loss(Tensor inputs, SequenceRanges ranges, ReadOnlyMemory<int> targets, SequenceRanges steps, in Pass pass)
    {
        (Tensor energies, Tensor logits) = Run(inputs, ranges, targets, steps, pass);
        (int batch, int length, int count) = (logits.Shape[0], logits.Shape[1], logits.Shape[2]);
        int[] places = new int[batch * length];
        for (int i = 0; i < places.Length; i++)
            places[i] = i % length < steps.Lengths.Span[i / length] ? ranges.Starts.Span[i / length] + targets.Span[i] : -1;
        return alpha == 1 ? Tensor.CrossEntropy(logits.Reshape(new Shape(batch * length, count)), places) : SparseLoss(energies, Probabilities(logits, pass).Values, places, pass);
    }

    // p and H count as constants: what L changes with p is 0 at the p that belongs to u.
    private Tensor SparseLoss(Tensor energies, ReadOnlySpan<float> p, int[] places, in Pass pass)
    {
        int count = energies.Shape[^1], real = Math.Max(1, places.Count(place => place >= 0));
        float[] gradient = new float[p.Length];
        double entropies = 0;
        for (int row = 0; row < places.Length; row++)
        {
            if (places[row] < 0)
                continue;
            for (int at = row * count; at < (row + 1) * count; at++)
            {
                gradient[at] = p[at] / real;
                entropies += (p[at] - Math.Pow(p[at], alpha)) / (alpha * (alpha - 1));
            }
            gradient[(row * count) + places[row]] -= 1f / real;
        }
        return (energies * pass.Input(gradient, energies.Shape)).Sum().Scale(1, (float)(entropies / real));
    }

    /// <summary>Points greedily, as many steps as each row has items.</summary>
    /// <param name="inputs">Items <c>(batch, items, input)</c>.</param>
    /// <param name="ranges">The real items of each row.</param>
    /// <returns>For each row the places pointed at, from its first real item; the earliest of equal ones.</returns>
    public int[][] Point(Tensor inputs, SequenceRanges ranges) => Step.Evaluate(pass =>
    {
        (int batch, int count) = Check(inputs, ranges);
        (Tensor states, Tensor table) = Encode(inputs, ranges, pass);
        int[][] found = [.. Enumerable.Range(0, batch).Select(b => new int[ranges.Lengths.Span[b]])];
        int longest = found.Max(f => f.Length);
        for (int step = 0; step < longest; step++)
        {
            int length = step + 1;
            int[] prefix = new int[batch * length], lengths = new int[batch];
            for (int b = 0; b < batch; b++)
            {
                lengths[b] = Math.Min(length, found[b].Length);
                found[b].AsSpan(0, lengths[b]).CopyTo(prefix.AsSpan(b * length));
            }
            Tensor logits = Decode(states, table, count, ranges, prefix, lengths, length, pass, isPointing: true).Logits;
            for (int b = 0; b < batch; b++)
            {
                if (step < found[b].Length)
                    found[b][step] = Largest.IndexOf(logits.Values.Slice(((b * length) + step) * count, count)) - ranges.Starts.Span[b];
            }
        }
        return found;
    });

    private (Tensor States, Tensor Table) Encode(Tensor inputs, SequenceRanges ranges, in Pass pass)
    {
        Tensor vectors = items.Forward(inputs.WithoutPadding(ranges), pass);
        RecurrentResult read = encoder.Forward(vectors, ranges, pass);
        Tensor first = start.Forward(read.FinalHidden.Reshape(new Shape(inputs.Shape[0], config.HiddenSize)), pass);
        // The decoder's inputs are rows of one table: the starts of all rows, then all items.
        Tensor table = Tensor.Concatenate(first.Reshape(new Shape(first.Length)), vectors.Reshape(new Shape(vectors.Length)));
        return (read.Output, table.Reshape(new Shape(table.Length / config.HiddenSize, config.HiddenSize)));
    }

    // The energies of all items, and with −∞ for those that cannot be pointed at.
    private (Tensor Energies, Tensor Logits) Decode(Tensor states, Tensor table, int count, SequenceRanges ranges, ReadOnlySpan<int> targets, SequenceRanges steps, int length, in Pass pass, bool isPointing = false)
    {
        int batch = states.Shape[0], hidden = config.HiddenSize;
        int[] rows = new int[batch * length];
        bool[] allowed = new bool[batch * length * count];
        for (int b = 0; b < batch; b++)
        {
            (int first, int real) = (ranges.Starts.Span[b], ranges.Lengths.Span[b]);
            HashSet<int> taken = [];
            for (int i = 0; i < steps.Lengths.Span[b]; i++)
            {
                int place = (b * length) + i;
                rows[place] = i == 0 ? b : batch + (b * count) + first + targets[place - 1];
                for (int j = 0; j < real; j++)
                    allowed[(place * count) + first + j] = !config.Once || !taken.Contains(j);
                // The last step of a prefix is not known yet.
                if (isPointing && i == length - 1)
                    continue;
                if (targets[place] < 0 || targets[place] >= real)
                    throw new ArgumentException(FormattableString.Invariant($"PointerNetwork: row {b}, step {i} points at item {targets[place]}, but the row has {real}."), nameof(targets));
                if (!taken.Add(targets[place]) && config.Once)
                    throw new ArgumentException(FormattableString.Invariant($"PointerNetwork: row {b}, step {i} points at item {targets[place]} again; leave Once out, or give each item once."), nameof(targets));
            }
        }
        Tensor decoded = decoder.Forward(Tensor.Embed(table, rows, new Shape(batch, length)), steps, pass).Output;
        Tensor u = score.Energies(decoded.Reshape(new Shape(batch, 1, length, hidden)), states.Reshape(new Shape(batch, 1, count, hidden)), pass);
        Shape shape = new(batch, length, count);
        return (u.Reshape(shape), u.MaskScores(allowed).Reshape(shape));
    }

    private (int Batch, int Count) Check(Tensor inputs, SequenceRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Shape.Rank != 3 || inputs.Shape[2] != config.InputSize)
            throw ShapeException.For("PointerNetwork", nameof(inputs), FormattableString.Invariant($"(batch, items, input) with input = {config.InputSize}"), inputs.Shape);
        ranges.Check("PointerNetwork", inputs.Shape[0], inputs.Shape[1]);
        return (inputs.Shape[0], inputs.Shape[1]);
    }
}
