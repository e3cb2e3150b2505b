namespace Heed.Tests.Attention;

/// <summary>A decoder's step over prepared keys gives what the call over the whole sequence of queries gives.</summary>
[Collection(MemoryCollection.Name)]
public sealed class StepwiseAttentionTests
{
    private const int Batch = 3, Queries = 4, Keys = 5, Size = 4;
    private static readonly SequenceRanges Left = new(new[] { 5, 2, 1 }, new[] { 0, 3, 4 }), Right = new(new[] { 5, 2, 0 });

    private static readonly Score[] Scores =
    [
        new DotScore(), new ScaledDotScore(), new GeneralScore(), new GeneralScore(HasBias: true), new ActivatedGeneralScore(), new AdditiveScore(Size: 6), new LocationScore(MaximumLength: 7),
        new CosineSimilarityScore(InitialTemperature: 1.2f), new DistanceScore(Gamma: 0.4f), new LookingBackScore(),
    ];

    private static readonly Distribution[] Distributions =
        [new Softmax(), new Softmax(Sink: true), new Sigmoid(), new Sparsemax(), new Entmax(), new Entmax(Alpha: 1.2f), new Entmax(Alpha: 1.6f, IsLearned: true), new TopK(2)];

    private static readonly AttentionMask[] Masks =
        [AttentionMask.None, AttentionMask.Causal, AttentionMask.Window(left: 1, right: 0) | AttentionMask.Prefix(1), AttentionMask.After & AttentionMask.Window(left: 0, right: 2)];

    [Fact]
    public void Steps_give_what_the_whole_sequence_gives()
    {
        foreach (Score score in Scores)
        {
            foreach (Distribution distribution in Distributions)
            {
                foreach (AttentionMask mask in Masks)
                {
                    foreach (SequenceRanges? ranges in new SequenceRanges?[] { null, Left, Right })
                    {
                        foreach (bool keepWeights in new[] { false, true })
                        {
                            Heads heads = keepWeights ? new SingleOutput() : new MultiHead(2);
                            var attention = Create(new AttentionConfig { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = score, Distribution = distribution, Mask = mask, Heads = heads });
                            string what = $"{score}, {distribution}, {mask}, {heads}";
                            (float[] context, float[] weights) whole = Step.Evaluate(
                                pass =>
                                {
                                    AttentionResult result = attention.Forward(Drawn("query", Queries), Drawn("keys", Keys), Drawn("values", Keys), ranges, pass);
                                    return (result.Context.ToArray(), result.Weights!.ToArray());
                                }, Capture.Weights);
                            int[] positions = [.. Enumerable.Range(0, Batch).Select(b => (ranges?.Lengths.Span[b] ?? Keys) - Queries)];
                            (float[] context, float[] weights) steps = Step.Evaluate(pass => Steps(attention, Drawn("query", Queries), Drawn("keys", Keys), Drawn("values", Keys), ranges, keepWeights, positions, pass), Capture.Weights);
                            steps.context.ShouldBe(whole.context, 2e-5, what);
                            steps.weights.ShouldBe(whole.weights, 1e-5, what);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Gradients_of_all_steps_flow_through_the_memory_and_the_state()
    {
        foreach (Score score in Scores)
        {
            foreach (Distribution distribution in new Distribution[] { new Softmax(), new Entmax(Alpha: 1.2f) })
            {
                var attention = Create(new AttentionConfig { QuerySize = Size, KeySize = Size, ValueSize = 3, Score = score, Distribution = distribution });
                (string, Parameter)[] parameters = [("query", Parameter("query", Queries, Size)), ("keys", Parameter("keys", Keys, Size)), ("values", Parameter("values", Keys, 3)), .. attention.NamedParameters()];
                GradientCheck.Run(parameters, pass =>
                {
                    AttentionMemory memory = attention.Prepare(pass.Use(parameters[1].Item2), pass.Use(parameters[2].Item2), Left, pass);
                    AttentionState? state = attention.Start(memory, keepWeights: true);
                    Tensor queries = pass.Use(parameters[0].Item2).Reshape(new Shape(Batch, Queries * Size));
                    var parts = new List<Tensor>();
                    for (int i = 0; i < Queries; i++)
                    {
                        AttentionResult step = attention.Forward(queries.Columns(i * Size, Size).Reshape(new Shape(Batch, 1, Size)), memory, state, pass);
                        state = step.State!;
                        parts.Add(step.Context.Reshape(new Shape(Batch, 3)));
                    }
                    parts.Add(state!.Cumulated!.Reshape(new Shape(Batch, Keys)));
                    parts.Add(state.Previous!.Reshape(new Shape(Batch, Keys)));
                    return Tensor.Concatenate([.. parts]);
                }).ShouldBeGreaterThan(0, $"{score} {distribution}");
            }
        }
    }

    [Fact]
    public void A_state_carries_what_was_attended_to()
    {
        var attention = Create(new AttentionConfig { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = new AdditiveScore(Size: 6) });
        Step.Evaluate(pass =>
        {
            AttentionMemory memory = attention.Prepare(Drawn("keys", Keys), Drawn("values", Keys), Left, pass);
            AttentionState state = attention.Start(memory, keepWeights: true);
            (state.Step, state.Previous, state.Cumulated, state.IsTracked).ShouldBe((0, null, null, true));
            Tensor first = attention.Forward(Drawn("query", 2), memory, state, pass).Weights!;
            AttentionResult one = attention.Forward(Drawn("query", 2), memory, state, pass), two = attention.Forward(Drawn("other", 2), memory, one.State, pass);
            two.State!.Step.ShouldBe(2);
            two.State.PositionOf(1).ShouldBe(2);
            two.State.Previous.ShouldBeSameAs(two.Weights);
            two.State.Cumulated!.ToArray().ShouldBe([.. first.ToArray().Zip(two.Weights!.ToArray(), (a, b) => a + b)], 1e-6);
            AttentionState untracked = attention.Forward(Drawn("query", 2), memory, attention.Start(memory), pass).State!;
            (untracked.Step, untracked.Previous).ShouldBe((1, null));
            return 0;
        });
    }

    [Fact]
    public void What_looks_back_wants_a_state()
    {
        var attention = Create(new AttentionConfig { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = new LookingBackScore() });
        Step.Evaluate(pass =>
        {
            AttentionMemory memory = attention.Prepare(Drawn("keys", Keys), Drawn("values", Keys), null, pass);
            Should.Throw<ArgumentException>(() => attention.Forward(Drawn("query", 1), memory, null, new Pass(pass.Step, null, Capture.None))).Message.ShouldContain("Attention.Start");
            Should.Throw<ShapeException>(() => attention.Start(memory, positions: new int[2])).Message.ShouldContain("2 positions came for a batch of 3");
            return 0;
        });
    }

    [Fact]
    public void A_step_over_spans_gives_the_same_bits()
    {
        foreach (Distribution distribution in new Distribution[] { new Softmax(), new Sparsemax(), new Entmax() })
        {
            foreach (SequenceRanges? ranges in new SequenceRanges?[] { null, Left, Right })
            {
                var attention = Create(new AttentionConfig { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = new AdditiveScore(6), Distribution = distribution });
                Tensor query = Drawn("query", 2);
                (AttentionMemory memory, Tensor context, Tensor weights) = Step.Evaluate(
                    pass =>
                    {
                        AttentionMemory made = attention.Prepare(Drawn("keys", Keys), Drawn("values", Keys), ranges, pass).Keep();
                        AttentionResult result = attention.Forward(query, made, null, pass);
                        return (made, result.Context.Keep(), result.Weights!.Keep());
                    },
                    Capture.Weights);
                float[] spanContext = new float[context.Length], spanWeights = new float[weights.Length];
                attention.Attend(query.Values, memory, spanContext, spanWeights);
                spanContext.ShouldBe(context.ToArray());
                spanWeights.ShouldBe(weights.ToArray());
            }
        }
    }

    [Theory]
    [InlineData(4, 8, 16)]
    [InlineData(16, 64, 128)]
    public void A_step_over_spans_allocates_nothing(int batch, int keys, int size)
    {
        var attention = Create(new AttentionConfig { QuerySize = size, KeySize = size, ValueSize = size, Score = new AdditiveScore(size) });
        Tensor states = Tensor.From(new float[batch * keys * size], new Shape(batch, keys, size));
        AttentionMemory memory = Step.Evaluate(pass => attention.Prepare(states, states, null, pass).Keep());
        float[] query = new float[batch * size], context = new float[batch * size], weights = new float[batch * keys];
        for (int i = 0; i < 100; i++)
            attention.Attend(query, memory, context, weights);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            attention.Attend(query, memory, context, weights);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void A_step_over_spans_says_what_it_cannot_do()
    {
        AttentionConfig config = new() { QuerySize = Size, KeySize = Size, ValueSize = Size, Score = new AdditiveScore(Size) };
        Refused(config with { Score = new ScaledDotScore() }, "the score ScaledDotScore");
        Refused(config with { Score = new AdditiveScore(Size, HasCoverage: true) }, "the score AdditiveScore");
        Refused(config with { Distribution = new Sigmoid() }, "the distribution Sigmoid");
        Refused(config with { Distribution = new Softmax(Sink: true) }, "the distribution Softmax");
        Refused(config with { Heads = new MultiHead(2) }, "several heads");
        Refused(config with { Mask = AttentionMask.Causal }, "the mask causal");
        var attention = Create(config);
        Step.Evaluate(pass =>
        {
            AttentionMemory memory = attention.Prepare(Drawn("keys", Keys), Drawn("values", Keys), null, pass);
            Should.Throw<ShapeException>(() => attention.Attend(new float[Batch * Size], memory, new float[Batch * Size], new float[Batch])).Message.ShouldContain("5 keys are required");
            return 0;
        });

        static void Refused(AttentionConfig config, string part)
        {
            var attention = Create(config);
            Step.Evaluate(pass =>
            {
                AttentionMemory memory = attention.Prepare(Drawn("keys", Keys), Drawn("values", Keys), null, pass);
                Should.Throw<NotSupportedException>(() => attention.Attend(new float[Batch * Size], memory, new float[Batch * Size], new float[Batch * Keys])).Message.ShouldContain(part);
                return 0;
            });
        }
    }

    // The kernel's part of a step allocates nothing (AdditiveScoreKernel); what is left are the tape's objects, whose number does not depend on any size.
    [Theory]
    [InlineData(4, 8, 16)]
    [InlineData(16, 64, 128)]
    public void A_step_over_cached_keys_allocates_objects_of_the_tape_alone(int batch, int keys, int size)
    {
        var attention = Create(new AttentionConfig { QuerySize = size, KeySize = size, ValueSize = size, Score = new AdditiveScore(size) });
        Tensor query = Tensor.From(new float[batch * size], new Shape(batch, 1, size)), states = Tensor.From(new float[batch * keys * size], new Shape(batch, keys, size));
        AttentionMemory memory = Step.Evaluate(pass => attention.Prepare(states, states, null, pass).Keep());
        void Run(int count)
        {
            for (int i = 0; i < count; i++)
                Step.Evaluate(pass => attention.Forward(query, memory, null, pass).Context.Length);
        }
        Run(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(20);
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 20;
        bytes.ShouldBeLessThan(6000);
    }

    private static (float[] Context, float[] Weights) Steps(Heed.Attention attention, Tensor queries, Tensor keys, Tensor values, SequenceRanges? ranges, bool keepWeights, int[] positions, Pass pass)
    {
        AttentionMemory memory = attention.Prepare(keys, values, ranges, pass);
        AttentionState? state = attention.Start(memory, keepWeights, positions);
        int size = attention.ContextSize;
        float[]? context = null, weights = null;
        for (int i = 0; i < Queries; i++)
        {
            Tensor query = queries.Reshape(new Shape(Batch, Queries * Size)).Columns(i * Size, Size).Reshape(new Shape(Batch, 1, Size));
            AttentionResult step = attention.Forward(query, memory, state, pass);
            state = step.State;
            int heads = step.Weights!.Shape[1];
            context ??= new float[Batch * Queries * size];
            weights ??= new float[Batch * heads * Queries * Keys];
            for (int b = 0; b < Batch; b++)
                step.Context.Values.Slice(b * size, size).CopyTo(context.AsSpan(((b * Queries) + i) * size));
            for (int h = 0; h < Batch * heads; h++)
                step.Weights.Values.Slice(h * Keys, Keys).CopyTo(weights.AsSpan(((h * Queries) + i) * Keys));
        }
        return (context!, weights!);
    }

    private static Heed.Attention Create(AttentionConfig config)
    {
        var attention = new Heed.Attention(config);
        attention.Initialize(5);
        return attention;
    }

    private static Tensor Drawn(string name, int rows) => Tensor.From(Parameter(name, rows, Size).Values, new Shape(Batch, rows, Size));

    private static Parameter Parameter(string name, int rows, int size)
    {
        Parameter parameter = new(new Shape(Batch, rows, size), Initializer.Normal(0.7));
        parameter.Initialize(new RandomStream(3, name));
        return parameter;
    }

    // A score of a user's that shuns what was seen before: e = q·k − 2·coverage.
    private sealed record LookingBackScore : Score
    {
        public override ScoreFunction Create(ScoreSizes sizes) => new Function();

        private sealed class Function : ScoreFunction
        {
            public override bool NeedsState => true;

            public override Tensor Energies(Tensor query, Tensor key, in Pass pass) => query.MatMulTransposed(key);

            public override Tensor Energies(Tensor query, Tensor prepared, in AttentionStep step, in Pass pass)
            {
                Tensor energies = Energies(query, prepared, pass);
                return step.State!.Cumulated is { } seen ? energies - seen.Scale(2) : energies;
            }
        }
    }
}
