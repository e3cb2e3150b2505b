namespace Heed.Experiments;

/// <summary>Sequences in which attention must read many places: items say a symbol and a label, which is the symbol's own in this sequence half of the time and else any; a query asks for the label of a symbol.</summary>
/// <remarks>The more items of the symbol are read, the surer is the answer. Items of a symbol come in bursts, and three of four queries ask for a symbol that stands where they stand: most can be answered from near, the rest
/// only from afar.</remarks>
internal sealed record Votes(int Batch, int Length, int[] Asked, int[] Symbols, int[] Labels, int[] Answers)
{
    public const int SymbolCount = 64, LabelCount = 8;

    private const int Burst = 8;

    private const double Near = 0.75, Spread = 24;

    /// <summary>How often an item's label is the symbol's own by more than chance, where votes must be counted.</summary>
    public const double Unsure = 0.5;

    public static Votes Draw(RandomStream random, int batch, int length, double right = Unsure)
    {
        int[] asked = new int[batch * length], symbols = new int[asked.Length], labels = new int[asked.Length], answers = new int[asked.Length];
        for (int b = 0; b < batch; b++)
        {
            int[] own = [.. Enumerable.Range(0, SymbolCount).Select(_ => random.Next(LabelCount))];
            int bursts = (length + Burst - 1) / Burst;
            (double Centre, int Symbol)[] centres = [.. Enumerable.Range(0, bursts).Select(i => (random.NextDouble() * length, i % SymbolCount))];
            int[] places = [.. centres.SelectMany(c => Enumerable.Range(0, Burst).Select(_ => (At: c.Centre + Scattered(random), c.Symbol))).OrderBy(i => i.At).Take(length).Select(i => i.Symbol)];
            for (int i = 0, at = b * length; i < length; i++, at++)
            {
                symbols[at] = places[i];
                labels[at] = random.NextDouble() < right ? own[places[i]] : random.Next(LabelCount);
                asked[at] = random.NextDouble() < Near ? places[i] : places[random.Next(length)];
                answers[at] = own[asked[at]];
            }
        }
        return new Votes(batch, length, asked, symbols, labels, answers);
    }

    // Two-sided exponential.
    private static double Scattered(RandomStream random)
    {
        double u = random.NextDouble() - 0.5;
        return -Spread * Math.Sign(u) * Math.Log(1 - (2 * Math.Abs(u)));
    }
}

/// <summary>One layer of attention that counts votes: the query knows the symbol, keys the items' symbols, values their labels.</summary>
internal sealed class VoteCounter : Module
{
    public const int Size = 64;
    private readonly Embedding asked, symbols, labels;
    private readonly Attention attention;
    private readonly Linear output;

    public VoteCounter(Distribution distribution, AttentionMask mask)
    {
        asked = Register("asked", new Embedding(Votes.SymbolCount, Size, initializer: Initializer.Normal(0.5)));
        symbols = Register("symbols", new Embedding(Votes.SymbolCount, Size, initializer: Initializer.Normal(0.5)));
        labels = Register("labels", new Embedding(Votes.LabelCount, Size, initializer: Initializer.Normal(0.5)));
        attention = Register("attention", new Attention(new AttentionConfig { QuerySize = Size, KeySize = Size, ValueSize = Size, Distribution = distribution, Mask = mask }));
        output = Register("output", new Linear(Size, Votes.LabelCount));
    }

    public Tensor Loss(Votes votes, in Pass pass) => Tensor.CrossEntropy(output.Forward(Attend(votes, pass).Context, pass).Reshape(new Shape(votes.Answers.Length, Votes.LabelCount)), votes.Answers);

    /// <summary>The share of right answers, and of weights that are exactly 0.</summary>
    public (double Accuracy, double Zeros) Test(Votes votes, bool takesWeights) => Step.Evaluate(pass =>
    {
        AttentionResult look = Attend(votes, pass);
        ReadOnlySpan<float> logits = output.Forward(look.Context, pass).Values;
        int right = 0;
        for (int i = 0; i < votes.Answers.Length; i++)
            right += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits.Slice(i * Votes.LabelCount, Votes.LabelCount)) == votes.Answers[i] ? 1 : 0;
        double zeros = look.Weights is { } weights && takesWeights ? (double)weights.Values.Count(0f) / weights.Length : 0;
        return ((double)right / votes.Answers.Length, zeros);
    }, takesWeights ? Capture.Weights : Capture.None);

    /// <summary>Milliseconds of the attention alone on one sequence: the best of some calls.</summary>
    public double Milliseconds(Votes votes, int calls)
    {
        (Tensor q, Tensor k, Tensor v) = Step.Evaluate(pass => (asked.Forward(votes.Asked, votes.Batch, pass), symbols.Forward(votes.Symbols, votes.Batch, pass), labels.Forward(votes.Labels, votes.Batch, pass)));
        double best = double.PositiveInfinity;
        for (int i = 0; i < calls; i++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            Step.Evaluate(pass => attention.Forward(q, k, v, null, pass).Context.Length);
            best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return best / votes.Batch;
    }

    /// <summary>Takes over the weights of a counter of the same shape.</summary>
    public VoteCounter With(VoteCounter trained)
    {
        foreach (((_, Parameter to), (_, Parameter from)) in NamedParameters().Zip(trained.NamedParameters()))
            to.Assign(from.Values);
        return this;
    }

    public static VoteCounter Train(Distribution distribution, int length, int steps, double rate, ulong seed, double right = Votes.Unsure)
    {
        const int Batch = 8;
        VoteCounter counter = new(distribution, AttentionMask.None);
        counter.Initialize(seed);
        AdamW optimizer = new(counter.NamedParameters().Select(p => p.Parameter), weightDecay: 1e-4);
        RandomStream random = new(seed, "votes");
        double loss = 0;
        for (int step = 1; step <= steps; step++)
        {
            var votes = Votes.Draw(random.Fork((ulong)step), Batch, length, right);
            loss += Step.Train(random.Fork((ulong)step), step, pass => counter.Loss(votes, pass)) / 50;
            optimizer.Step(rate * Math.Min(1, 2.0 * (steps - step + 1) / steps), clipNorm: 1);
            if (step % 50 != 0)
                continue;
            Console.Error.WriteLine(FormattableString.Invariant($"{distribution}: step {step} of {steps}, loss {loss:F4}"));
            loss = 0;
        }
        return counter;
    }

    private AttentionResult Attend(Votes votes, in Pass pass) =>
        attention.Forward(asked.Forward(votes.Asked, votes.Batch, pass), symbols.Forward(votes.Symbols, votes.Batch, pass), labels.Forward(votes.Labels, votes.Batch, pass), null, pass);
}
