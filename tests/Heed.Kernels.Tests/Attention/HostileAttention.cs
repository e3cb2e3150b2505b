namespace Heed.Kernels.Tests;

/// <summary>One attention of random sizes and layouts with all that it can be given and asked for, and one thing wrong if wanted.</summary>
internal sealed class HostileAttention : IDisposable
{
    private const int Clip = 3, Entries = (2 * Clip) + 1, Top = 2;
    // What no count, position or side of a window may be, whatever else is given.
    private static readonly int[] nonsense = [-1, int.MinValue, int.MaxValue];

    private readonly System.Random random;
    private readonly List<HostileBuffer> buffers = [];
    private readonly HostileBuffer q, k, v, parameters, sinks, queryTerms, keyTerms, queryTable, valueTable, dOutput, knownOutput, knownLogs, knownMass, fromLog, fromEntropy, knownEntropy;
    private readonly HostileBuffer output, log, most, entropy, distance, argMax, topKeys, topWeights, keyMass, valueMass, weights;
    private readonly HostileBuffer dq, dk, dv, dParameters, dSinks, dQueryTerms, dKeyTerms, dQueryTable, dValueTable;
    private readonly int[] queryLengths, keyLengths, numbers;
    private AttentionShape shape;
    private WeightTile tile;
    private int left = 9, offset, keyPosition;
    private int? queryPosition;
    private float? scale;
    private float dropout;

    public HostileAttention(System.Random random)
    {
        this.random = random;
        (int batch, int shared, int dim, int valueDim) = (random.Next(1, 3), random.Next(1, 3), random.Next(1, 20), random.Next(1, 20));
        (int queries, int keys) = (random.Next(1, 20), random.Next(1, random.Next(6) > 0 ? 40 : 600));
        int heads = shared * random.Next(1, 4), rows = batch * heads * queries, keyRows = batch * shared * keys;
        shape = new AttentionShape(batch, heads, shared, queries, keys, dim)
        {
            ValueDim = valueDim, QueryStrides = HostileBuffer.Layout(random, heads, queries, dim), KeyStrides = HostileBuffer.Layout(random, shared, keys, dim),
            ValueStrides = HostileBuffer.Layout(random, shared, keys, valueDim), OutputStrides = HostileBuffer.Layout(random, heads, queries, valueDim),
        };
        int outputLength = HostileBuffer.Extent(shape.OutputStrides, batch, heads, queries, valueDim);
        q = Operand(HostileBuffer.Extent(shape.QueryStrides, batch, heads, queries, dim));
        k = Operand(HostileBuffer.Extent(shape.KeyStrides, batch, shared, keys, dim));
        v = Operand(HostileBuffer.Extent(shape.ValueStrides, batch, shared, keys, valueDim));
        (parameters, sinks, queryTerms, keyTerms, queryTable, valueTable) = (Operand(heads), Operand(heads), Operand(rows), Operand(keyRows), Operand(rows * Entries), Operand(Entries * valueDim));
        (dOutput, knownOutput, knownLogs, knownMass) = (Operand(outputLength), Operand(outputLength), Operand(rows), Operand(rows * Entries));
        (fromLog, fromEntropy, knownEntropy) = (Operand(rows), Operand(rows), Operand(rows));
        output = Result(HostileBuffer.Result(random, shape.OutputStrides, batch, heads, queries, valueDim));
        (log, most, entropy, distance, argMax) = (Result(rows), Asked(rows), Asked(rows), Asked(rows), Asked(rows));
        (topKeys, topWeights, keyMass, valueMass) = (Result(rows * Top), Result(rows * Top), Asked(batch * heads * keys), Asked(rows * Entries));
        dq = Result(HostileBuffer.Result(random, shape.QueryStrides, batch, heads, queries, dim));
        dk = Result(HostileBuffer.Result(random, shape.KeyStrides, batch, shared, keys, dim));
        dv = Result(HostileBuffer.Result(random, shape.ValueStrides, batch, shared, keys, valueDim));
        (dParameters, dSinks, dQueryTerms, dKeyTerms, dQueryTable, dValueTable) = (Asked(heads), Asked(heads), Asked(rows), Asked(keyRows), Asked(rows * Entries), Asked(Entries * valueDim));
        int firstQuery = random.Next(queries), firstKey = random.Next(keys);
        tile = new(random.Next(batch), random.Next(heads), firstQuery, 1 + random.Next(queries - firstQuery), firstKey, 1 + random.Next(keys - firstKey));
        weights = Result(tile.Queries * tile.Keys);
        bool isPadded = random.Next(3) == 0;
        (queryLengths, keyLengths) = isPadded ? (Lengths(queries), Lengths(keys)) : ([], []);
        if (isPadded)
            (queryLengths[tile.Batch], keyLengths[tile.Batch]) = (queries, keys);
        numbers = Lengths(keys);
        keyPosition = random.Next(2) * random.Next(1000);
        dropout = random.Next(3) == 0 ? 0.25f : 0;

        int[] Lengths(int total) => [.. Enumerable.Range(0, batch).Select(_ => random.Next(total + 1))];
    }

    private HostileBuffer[] Read => [q, k, parameters, sinks, queryTerms, keyTerms, queryTable, valueTable];

    private HostileBuffer[] Known => [dOutput, knownOutput, knownLogs, knownMass, fromLog, fromEntropy, knownEntropy];

    private HostileBuffer[] Told => [output, log, most, entropy, distance, argMax, topKeys, topWeights, keyMass, valueMass];

    private HostileBuffer[] Gradients => [dq, dk, dv, dParameters, dSinks, dQueryTerms, dKeyTerms, dQueryTable, dValueTable];

    private static Then<CosineScore, ShawScore> Score => new(default, new(Clip, 0.5f));

    private And<Window, LengthMask> Mask => new(new(left, 500), new(offset));

    private AttentionOptions Options => new()
    {
        Scale = scale, Dropout = dropout, DropoutKey = 7, Sinks = sinks.Span, QueryTerms = queryTerms.Span, KeyTerms = keyTerms.Span, QueryTable = queryTable.Span, ValueTable = valueTable.Span,
        QueryLengths = queryLengths, KeyLengths = keyLengths, KeyPosition = keyPosition, QueryPosition = queryPosition, MaskNumbers = numbers,
    };

    public void Dispose() => buffers.ForEach(b => b.Dispose());

    /// <summary>Calls with everything right, or with one thing wrong that must be refused.</summary>
    public void Forward(bool isWrong) => Call([.. Read, v], Told, isWrong, operands: 4, hasTile: false, () =>
        FusedAttention.Forward(q.Span, k.Span, v.Span, output.Span, shape, Score, Mask, parameters.Span, new AttentionStatistics
        {
            LogSumExp = log.Span, Maximum = most.Span, Entropy = entropy.Span, ExpectedDistance = distance.Span, ArgMax = argMax.Integers,
            TopKeys = topKeys.Integers, TopWeights = topWeights.Span, KeyMass = keyMass.Span, ValueMass = valueMass.Span,
        }, Options));

    public void Backward(bool isWrong) => Call([.. Read, v, .. Known], Gradients, isWrong, operands: 3, hasTile: false, () =>
        FusedAttention.Backward(dOutput.Span, q.Span, k.Span, v.Span, knownOutput.Span, knownLogs.Span, new AttentionGradients(dq.Span, dk.Span, dv.Span, dParameters.Span)
        {
            Sinks = dSinks.Span, QueryTerms = dQueryTerms.Span, KeyTerms = dKeyTerms.Span, QueryTable = dQueryTable.Span, ValueTable = dValueTable.Span,
            ValueMass = knownMass.Span, FromLogSumExp = fromLog.Span, FromEntropy = fromEntropy.Span, Entropy = knownEntropy.Span,
        }, shape, Score, Mask, parameters.Span, Options));

    public void Weights(bool isWrong) => Call([.. Read, knownLogs], [weights], isWrong, operands: 2, hasTile: true, () =>
        FusedAttention.Weights(q.Span, k.Span, knownLogs.Span, weights.Span, shape, tile, Score, Mask, parameters.Span, Options));

    private void Call(HostileBuffer[] read, HostileBuffer[] written, bool isWrong, int operands, bool hasTile, Action call)
    {
        AttentionShape right = shape;
        string what = isWrong ? Break(read, written, operands, hasTile) : "right";
        ArgumentException? refusal = null;
        try
        {
            call();
        }
        catch (ArgumentException e)
        {
            refusal = e;
        }
        what = $"{what}: {right}, {refusal?.Message ?? "not refused"}";
        (refusal is not null).ShouldBe(isWrong, what);
        foreach (HostileBuffer buffer in buffers)
            buffer.Check(refusal is not null || !written.Contains(buffer), what);
    }

    // Makes one thing wrong, and says which.
    private string Break(HostileBuffer[] read, HostileBuffer[] written, int operands, bool hasTile)
    {
        switch (random.Next(hasTile ? 8 : 7))
        {
            case 0:
            case 1:
                // Of one number nothing would be left, which says that it is not wanted.
                HostileBuffer[] all = [.. read.Concat(written).Where(b => b.Length > 1)];
                HostileBuffer cut = all[random.Next(all.Length)];
                cut.Cut(random);
                return $"cut to {cut.Length}";
            case 2:
                HostileBuffer[] results = [.. written.Where(b => b.Length > 0)];
                HostileBuffer result = results[random.Next(results.Length)];
                // Gradients of q, k and v may share a buffer where their elements lie apart.
                HostileBuffer[] possible = [.. read.Concat(written).Where(b => b != result && b.Length > 0 && !(IsOperandGradient(b) && IsOperandGradient(result)))];
                result.LieOn(possible[random.Next(possible.Length)]);
                return "overlap";
            case 3:
                int by = random.Next(4) == 0 ? 1 : nonsense[random.Next(3)];
                return BreakShape(random.Next(hasTile ? 6 : 7), by);
            case 4:
                return BreakStrides(random.Next(operands));
            case 5:
                return BreakOptions(random.Next(7));
            case 6:
                (left, offset) = random.Next(2) == 0 ? (nonsense[random.Next(3)], 0) : (left, nonsense[random.Next(3)]);
                return FormattableString.Invariant($"window {left}, offset {offset}");
            default:
                return BreakTile(random.Next(6), nonsense[random.Next(3)]);
        }
    }

    private bool IsOperandGradient(HostileBuffer b) => b == dq || b == dk || b == dv;

    private string BreakShape(int field, int by)
    {
        shape = field switch
        {
            0 => shape with { Batch = by == 1 ? shape.Batch + 1 : by },
            1 => shape with { HeadCount = by == 1 ? shape.HeadCount + shape.KeyValueHeadCount : by },
            2 => shape with { KeyValueHeadCount = by == 1 ? shape.HeadCount + 1 : by },
            3 => shape with { Queries = by == 1 ? shape.Queries + 1 : by },
            4 => shape with { Keys = by == 1 ? shape.Keys + 1 : by },
            5 => shape with { HeadDim = by == 1 ? shape.HeadDim + 1 : by },
            _ => shape with { ValueDim = by == 1 ? shape.ValueDim + 1 : by },
        };
        return $"size {field}: {shape}";
    }

    private string BreakStrides(int operand)
    {
        AttentionStrides s = operand == 0 ? shape.QueryStrides : operand == 1 ? shape.KeyStrides : operand == 2 ? shape.ValueStrides : shape.OutputStrides;
        int heads = operand is 0 or 3 ? shape.HeadCount : shape.KeyValueHeadCount, rows = operand is 0 or 3 ? shape.Queries : shape.Keys;
        // An axis of one has no neighbours: only a negative distance to them is wrong.
        long Wrong(int count, long now) => count == 1 || random.Next(2) == 0 ? (random.Next(2) == 0 ? -1 : long.MinValue) : random.Next(2) == 0 ? now + 1 : long.MaxValue;
        s = random.Next(3) switch
        {
            0 => s with { Batch = Wrong(shape.Batch, s.Batch) },
            1 => s with { Head = Wrong(heads, s.Head) },
            _ => s with { Row = Wrong(rows, s.Row) },
        };
        shape = operand switch
        {
            0 => shape with { QueryStrides = s },
            1 => shape with { KeyStrides = s },
            2 => shape with { ValueStrides = s },
            _ => shape with { OutputStrides = s },
        };
        return $"strides {operand}: {s}";
    }

    private string BreakOptions(int option)
    {
        switch (option)
        {
            case 0:
                keyPosition = nonsense[random.Next(3)];
                break;
            case 1:
                queryPosition = random.Next(2) == 0 ? int.MinValue : int.MaxValue;
                break;
            case 2:
                scale = random.Next(2) == 0 ? float.NaN : float.NegativeInfinity;
                break;
            case 3:
                dropout = random.Next(2) == 0 ? float.NaN : -0.1f;
                break;
            case 4 when keyLengths.Length > 0:
                keyLengths[^1] = nonsense[random.Next(3)];
                break;
            case 5 when queryLengths.Length > 0:
                queryLengths[^1] = nonsense[random.Next(3)];
                break;
            default:
                numbers[^1] = nonsense[random.Next(3)];
                break;
        }
        return $"option {option}";
    }

    private string BreakTile(int field, int by)
    {
        tile = field switch
        {
            0 => tile with { Batch = by },
            1 => tile with { Head = by },
            2 => tile with { FirstQuery = by },
            3 => tile with { Queries = by },
            4 => tile with { FirstKey = by },
            _ => tile with { Keys = by },
        };
        return $"{tile}";
    }

    private HostileBuffer Operand(int length) => Add(HostileBuffer.Operand(random, length));

    private HostileBuffer Result(int length) => Add(HostileBuffer.Result(random, length));

    private HostileBuffer Result(HostileBuffer result) => Add(result);

    private HostileBuffer Asked(int length) => Result(random.Next(2) * length);

    private HostileBuffer Add(HostileBuffer buffer)
    {
        buffers.Add(buffer);
        return buffer;
    }
}
