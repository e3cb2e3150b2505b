using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>Random shapes, layouts, lengths, offsets and positions, a third of them wrong: the entry points give the right result or an ArgumentException before anything is written,
/// and touch nothing outside of their spans, which end and start at guarded pages.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionFuzzTests
{
    private const float Untouched = 12345;

    // What the narrower instruction sets read differently shows early.
    private static readonly int calls = ChildTestRun.IsChild ? 80 : 250;

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Right_or_refused(int seed)
    {
        Skip.IfNot(GuardedMemory.IsSupported, "guarded pages are taken from Linux");
        var random = new System.Random(seed);
        int refused = 0;
        for (int i = 0; i < calls; i++)
        {
            using var call = new FuzzedCall(random);
            refused += (i % 4) switch
            {
                0 => call.Run(default(PlainScore), default(NoMask)),
                1 => call.Run(new Then<SoftCap, Alibi>(new(2), default), new Or<Window, Prefix>(new(3, 1), new(2))),
                2 => call.Run(new AdditiveBias(0, 0, 0), default(Causal)),
                _ => call.Run(default(PlainScore), new And<CausalTopLeft, LengthMask>(default, new(0))),
            };
        }
        refused.ShouldBeInRange(calls / 8, calls / 2);
    }

    private sealed class FuzzedCall : IDisposable
    {
        private readonly System.Random random;
        private readonly List<GuardedMemory> memory = [];
        private readonly int batch, heads, shared, queries, keys, dim, valueDim;
        private readonly bool isPacked, atEnd;
        private readonly int[] queryStarts = [], queryLengths = [], keyStarts = [], keyLengths = [], queryOffsets = [], keyOffsets = [];
        private AttentionShape shape;

        public FuzzedCall(System.Random random)
        {
            this.random = random;
            (batch, shared, queries, keys, dim, valueDim) = (random.Next(4), random.Next(1, 4), random.Next(21), random.Next(41), random.Next(21), random.Next(21));
            heads = shared * random.Next(1, 4);
            atEnd = random.Next(2) == 0;
            int kind = random.Next(3);
            isPacked = kind == 0 && batch > 0;
            if (isPacked)
                (queryOffsets, keyOffsets) = (Offsets(queries), Offsets(keys));
            else if (kind == 1)
                (queryStarts, queryLengths, keyStarts, keyLengths) = Parts();
            shape = new AttentionShape(batch, heads, shared, queries, keys, dim)
            {
                ValueDim = valueDim, QueryStrides = HostileBuffer.Layout(random, heads, queries, dim), KeyStrides = HostileBuffer.Layout(random, shared, keys, dim),
                ValueStrides = HostileBuffer.Layout(random, shared, keys, valueDim), OutputStrides = HostileBuffer.Layout(random, heads, queries, valueDim),
            };
        }

        private int Outer => isPacked ? 1 : batch;

        public void Dispose() => memory.ForEach(m => m.Dispose());

        /// <summary>1 if the call was wrong, and refused.</summary>
        public int Run<TModifier, TMask>(TModifier modifier, TMask mask)
            where TModifier : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask
        {
            Span<float> q = Operand(Length(shape.QueryStrides, heads, queries, dim)), k = Operand(Length(shape.KeyStrides, shared, keys, dim)), v = Operand(Length(shape.ValueStrides, shared, keys, valueDim));
            Span<float> output = Operand(Length(shape.OutputStrides, heads, queries, valueDim)), dOutput = Operand(output.Length), logs = Operand(Outer * heads * queries), parameters = Operand(Math.Max(keys, heads)), sinks = Operand(heads);
            Span<float> dq = Operand(q.Length), dk = Operand(k.Length), dv = Operand(v.Length), dParameters = Operand(parameters.Length);
            output.Fill(Untouched);
            logs.Fill(Untouched);
            dq.Fill(Untouched);
            dk.Fill(Untouched);
            dv.Fill(Untouched);
            int[] numbers = [.. Enumerable.Range(0, batch).Select(_ => random.Next(keys + 1))];
            // Distances stay small: a bias of hundreds rounds scores to 1e-5 whoever adds it.
            int position = random.Next(2) * random.Next(1000);
            AttentionOptions options = new()
            {
                QueryStarts = queryStarts, QueryLengths = queryLengths, KeyStarts = keyStarts, KeyLengths = keyLengths, QueryOffsets = queryOffsets, KeyOffsets = keyOffsets,
                Sinks = random.Next(2) == 0 ? sinks : default, Dropout = random.Next(3) == 0 ? 0.25f : 0, DropoutKey = 3, KeyPosition = position, QueryPosition = random.Next(3) == 0 ? position + random.Next(40) : null,
                MaskNumbers = numbers, Scale = random.Next(2) == 0 ? 0.3f : null,
            };
            if (random.Next(3) == 0 && Break(ref q, ref k, ref v, ref output, ref parameters, ref options, numbers, typeof(TModifier) != typeof(PlainScore), typeof(TMask) == typeof(And<CausalTopLeft, LengthMask>)))
            {
                Refuses(q, k, v, output, logs, parameters, options, modifier, mask);
                return 1;
            }
            FusedAttention.Forward(q, k, v, output, shape, modifier, mask, parameters, new AttentionStatistics { LogSumExp = logs }, options);
            FusedAttention.Backward(dOutput, q, k, v, output, logs, new AttentionGradients(dq, dk, dv, dParameters), shape, modifier, mask, parameters, options);
            double[] wideOutput = new double[output.Length], wideLogs = new double[logs.Length], wq = new double[q.Length], wk = new double[k.Length], wv = new double[v.Length], wp = new double[parameters.Length];
            ReferenceAttention.Forward(Wide(q), Wide(k), Wide(v), wideOutput, shape, modifier, mask, Wide(parameters), options, default, wideLogs);
            ReferenceAttention.Backward(Wide(dOutput), Wide(q), Wide(k), Wide(v), new ReferenceAttentionGradients { Query = wq, Key = wk, Value = wv, Parameters = wp }, shape, modifier, mask, Wide(parameters), options);
            Compare(logs, wideLogs, AttentionStrides.HeadsFirst(heads, queries, 1), heads, queries, 1, "log-sum-exp");
            Compare(output, wideOutput, shape.OutputStrides, heads, queries, valueDim, "output");
            Compare(dq, wq, shape.QueryStrides, heads, queries, dim, "dq");
            Compare(dk, wk, shape.KeyStrides, shared, keys, dim, "dk");
            Compare(dv, wv, shape.ValueStrides, shared, keys, valueDim, "dv");
            Tolerance.AssertWithin(dParameters, wp, 1e-4, $"gradients of parameters of {shape}");
            return 0;
        }

        private void Refuses<TModifier, TMask>(Span<float> q, Span<float> k, Span<float> v, Span<float> output, Span<float> logs, Span<float> parameters, AttentionOptions options, TModifier modifier, TMask mask)
            where TModifier : unmanaged, IDifferentiableScoreModifier
            where TMask : unmanaged, IAttentionMask
        {
            ArgumentException? error = null;
            try
            {
                FusedAttention.Forward(q, k, v, output, shape, modifier, mask, parameters, new AttentionStatistics { LogSumExp = logs }, options);
            }
            catch (ArgumentException e)
            {
                error = e;
            }
            error.ShouldNotBeNull($"{shape} was broken and not refused");
            error.Message.Length.ShouldBeGreaterThan(30);
            logs.ContainsAnyExcept(Untouched).ShouldBeFalse("something was written before the refusal");
        }

        // Makes one thing wrong; false where this call has nothing of that kind.
        private bool Break(
            ref Span<float> q, ref Span<float> k, ref Span<float> v, ref Span<float> output, ref Span<float> parameters, ref AttentionOptions options, int[] numbers, bool readsParameters, bool readsNumbers)
        {
            bool isEmpty = Outer == 0 || queries == 0 || keys == 0 || dim == 0 || valueDim == 0;
            switch (random.Next(12))
            {
                case 0 when !isEmpty:
                    q = q[1..];
                    return true;
                case 1 when !isEmpty:
                    k = k[..^1];
                    return true;
                case 2 when !isEmpty:
                    v = v[1..];
                    return true;
                case 3 when !isEmpty:
                    output = output[..^1];
                    return true;
                case 4 when !isEmpty:
                    output = q.Length >= output.Length ? q : output[1..];
                    return true;
                case 5:
                    shape = shape with { Queries = -1 };
                    return true;
                case 6:
                    shape = shape with { HeadCount = heads + (shared == 1 ? -heads - 1 : 1) };
                    return true;
                case 7 when !isEmpty && queries > 1:
                    shape = shape with { OutputStrides = shape.OutputStrides with { Row = shape.OutputStrides.Row < shape.OutputStrides.Head ? valueDim - 1 : 0 } };
                    return true;
                case 8 when !isEmpty:
                    shape = shape with { KeyStrides = shape.KeyStrides with { Head = -1 } };
                    return true;
                case 9 when queryLengths.Length > 0:
                    if (random.Next(2) == 0)
                        keyLengths[^1] = keys - keyStarts[^1] + 1;
                    else
                        queryLengths[^1] = -1;
                    return true;
                case 9 when isPacked:
                    keyOffsets[^1] = keys + 1;
                    return true;
                case 10 when readsParameters && !isEmpty:
                    parameters = parameters[..(Math.Min(heads, keys) - 1)];
                    return true;
                case 11 when readsNumbers && batch > 0:
                    numbers[^1] = -1;
                    return true;
                default:
                    return false;
            }
        }

        private Span<float> Operand(int length)
        {
            var guarded = new GuardedMemory(length);
            memory.Add(guarded);
            Span<float> span = atEnd ? guarded.AtEnd : guarded.AtStart;
            foreach (ref float x in span)
                x = (random.NextSingle() * 2) - 1;
            return span;
        }

        private int Length(AttentionStrides s, int headCount, int rows, int size) =>
            Outer == 0 || rows == 0 || size == 0 ? 0 : (int)((isPacked ? 0 : s.Batch * (batch - 1)) + (s.Head * (headCount - 1)) + (s.Row * (rows - 1)) + size);

        private int[] Offsets(int total)
        {
            int[] offsets = [.. Enumerable.Range(0, batch + 1).Select(_ => random.Next(total + 1))];
            Array.Sort(offsets);
            return offsets;
        }

        private (int[] QueryStarts, int[] QueryLengths, int[] KeyStarts, int[] KeyLengths) Parts()
        {
            int[] qs = [.. Enumerable.Range(0, batch).Select(_ => random.Next(queries + 1))], ks = [.. Enumerable.Range(0, batch).Select(_ => random.Next(keys + 1))];
            return (qs, [.. qs.Select(s => random.Next(queries - s + 1))], ks, [.. ks.Select(s => random.Next(keys - s + 1))]);
        }

        // What lies between the rows stays as it was.
        private void Compare(Span<float> actual, double[] expected, AttentionStrides s, int headCount, int rows, int size, string name)
        {
            bool[] isOwn = new bool[actual.Length];
            for (int i = 0; i < Outer * headCount * rows && size > 0; i++)
            {
                int at = (int)((i / rows / headCount * s.Batch) + (i / rows % headCount * s.Head) + (i % rows * s.Row));
                isOwn.AsSpan(at, size).Fill(true);
            }
            double largest = 1;
            foreach (double x in expected)
                largest = double.IsFinite(x) ? Math.Max(largest, Math.Abs(x)) : largest;
            for (int i = 0; i < actual.Length; i++)
            {
                if (isOwn[i] && double.IsInfinity(expected[i]))
                    ((double)actual[i]).ShouldBe(expected[i]);
                else if (isOwn[i])
                    ((double)actual[i]).ShouldBe(expected[i], 2e-5 * largest, $"{name} {i} of {shape}");
                else
                    actual[i].ShouldBe(Untouched, $"{name} {i} of {shape}");
            }
        }

        private static double[] Wide(Span<float> x) => AttentionCase.Double(x);
    }
}
