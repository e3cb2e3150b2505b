namespace Heed;

/// <summary>Which items an item of directional attention sees.</summary>
public enum AttentionDirection
{
    /// <summary>All.</summary>
    All,

    /// <summary>Those before it: DiSAN's forward mask.</summary>
    Before,

    /// <summary>Those after it: DiSAN's backward mask.</summary>
    After,
}

/// <summary>Multi-dimensional self-attention in one direction with a fusion gate: for each pair of items a score for each feature. Shen et al. 2018, "DiSAN", sections 3.1 (token2token) and 3.2.</summary>
/// <remarks>
/// <para>Formula: <c>h = tanh(W_h·x + b_h)</c>; <c>e_ij = c·tanh((W₁·h_j + W₂·h_i + b)/c)</c>, a vector; <c>P_ij = softmax over the j that i sees, within each feature</c>; <c>s_i = Σ_j P_ij∘h_j</c>;
/// gate <c>F = σ(W_s·s + W_f·h + b_f)</c>; <c>u = F∘h + (1 − F)∘s</c>.</para>
/// <para>Shapes: x <c>(batch, time, input)</c>; h, s, u <c>(batch, time, features)</c>; weights P <c>(batch, time, features, time)</c>: query, feature, key. An item that sees none has s = 0.</para>
/// <para>The variant built: c = 5, as in the paper; tanh where the paper has ELU. A mask is a range of keys, so padding on either side is never read. Written out: time²·features numbers of memory and as many tanh and exp a sequence.</para>
/// <para>In the unified model: input representation self, output representation multi-dimensional, additive score with a vector for each pair, softmax over items within each feature.</para>
/// </remarks>
public sealed class DirectionalAttention : Module
{
    private const float Bound = 5;
    private readonly Linear input, keys, queries, gateOfContext, gateOfItem;
    private readonly AttentionDirection direction;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputSize">Size of an item.</param>
    /// <param name="features">Size of h and of the result.</param>
    /// <param name="direction">Which items an item sees.</param>
    public DirectionalAttention(int inputSize, int features, AttentionDirection direction = AttentionDirection.All)
    {
        if (!Enum.IsDefined(direction))
            throw new ArgumentOutOfRangeException(nameof(direction), direction, "DirectionalAttention: there is no such direction.");
        (InputSize, Features, this.direction) = (inputSize, features, direction);
        input = Register("input", new Linear(inputSize, features));
        keys = Register("keys", new Linear(features, features, hasBias: false));
        queries = Register("queries", new Linear(features, features));
        gateOfContext = Register("gate_context", new Linear(features, features, hasBias: false));
        gateOfItem = Register("gate_item", new Linear(features, features));
    }

    internal static Mechanism Entry => new("directional", MechanismKind.OutputRepresentation)
    {
        InputRepresentation = "self",
        OutputRepresentation = "multi-dimensional",
        Formula = "e_ij = c·tanh((W₁·h_j + W₂·h_i + b)/c), P_ij = softmax over j before (after) i within each feature, s_i = Σ_j P_ij∘h_j, u = F∘h + (1 − F)∘s with F = σ(W_s·s + W_f·h + b_f)",
        Shapes = "x (batch, time, input); result (batch, time, features); weights (batch, time, features, time)",
        Cost = "time²·features tanh and exp, and as many numbers of memory",
        Source = "Shen et al., \"DiSAN: directional self-attention network for RNN/CNN-free language understanding\", 2018, sections 3.1 and 3.2",
        Variant = "c = 5; tanh where the paper has ELU; an item that sees none has s = 0. DirectionalEncoder joins both directions, MultiDimensionalPooling is the paper's source2token.",
        Use = "An encoder without recurrence that knows order by its two directions; where a word matters in some respects only.",
        Avoid = "Long sequences: memory grows with the square, times features.",
        Example = new(() =>
        {
            DirectionalEncoder encoder = new(inputSize: 2, features: 2);
            encoder.Initialize(seed: 1);
            Tensor words = Tensor.From([1, 0, 0, 1, 1, 1], new Shape(1, 3, 2));
            return Step.Evaluate(pass => encoder.Forward(words, SequenceRanges.Full(batch: 1, time: 3), pass));
        }),
        Types = [typeof(DirectionalAttention), typeof(DirectionalEncoder)],
        Pages = ["directional"],
    };

    /// <summary>Size of an item.</summary>
    public int InputSize { get; }

    /// <summary>Size of the result's items.</summary>
    public int Features { get; }

    /// <summary>Attends.</summary>
    /// <param name="x">Items <c>(batch, time, input)</c>.</param>
    /// <param name="ranges">The real items of each sequence.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Items <c>(batch, time, features)</c>, 0 in padding; weights <c>(batch, time, features, time)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public (Tensor Output, Tensor Weights) Forward(Tensor x, SequenceRanges ranges, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Shape.Rank != 3 || x.Shape[2] != InputSize)
            throw ShapeException.For("DirectionalAttention", nameof(x), FormattableString.Invariant($"(batch, time, input) with input = {InputSize}"), x.Shape);
        (int batch, int time) = (x.Shape[0], x.Shape[1]);
        ranges.Check("DirectionalAttention", batch, time);
        Tensor h = input.Forward(x.WithoutPadding(ranges), pass).Tanh();
        // One row for each query, the keys as its steps: (batch · time, time, features). What a query sees is a range of them.
        SequenceRanges seen = Seen(ranges, time);
        Tensor energies = Pairs(queries.Forward(h, pass), ofQuery: true) + Pairs(keys.Forward(h, pass), ofQuery: false);
        Tensor weights = energies.Scale(1 / Bound).Tanh().Scale(Bound).SoftmaxOverTime(seen);
        Tensor s = (Pairs(h, ofQuery: false) * weights.Transpose()).TotalOverTime(seen, pass).Reshape(h.Shape);
        Tensor gate = (gateOfContext.Forward(s, pass) + gateOfItem.Forward(h, pass)).Sigmoid();
        Tensor u = s + (gate * (h - s));
        return (Return(u.WithoutPadding(ranges), pass), weights.Reshape(new Shape(batch, time, Features, time)));
    }

    // (batch, time, features) → (batch · time, time, features): each query's own row at all keys, or each key's row for all queries.
    private static Tensor Pairs(Tensor items, bool ofQuery)
    {
        (int batch, int time, int features) = (items.Shape[0], items.Shape[1], items.Shape[2]);
        int[] rows = new int[checked(batch * time * time)];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = ofQuery ? i / time : (i / (time * time) * time) + (i % time);
        return Tensor.Embed(items.Reshape(new Shape(batch * time, features)), rows, new Shape(batch * time, time));
    }

    private SequenceRanges Seen(SequenceRanges ranges, int time)
    {
        int[] starts = new int[ranges.Count * time], lengths = new int[starts.Length];
        for (int b = 0; b < ranges.Count; b++)
        {
            (int first, int count) = (ranges.Starts.Span[b], ranges.Lengths.Span[b]);
            for (int i = first; i < first + count; i++)
            {
                (starts[(b * time) + i], lengths[(b * time) + i]) = direction switch
                {
                    AttentionDirection.Before => (first, i - first),
                    AttentionDirection.After => (i + 1, first + count - i - 1),
                    _ => (first, count),
                };
                // An empty range still has to lie inside.
                starts[(b * time) + i] = Math.Min(starts[(b * time) + i], time - 1);
            }
        }
        return new SequenceRanges(lengths, starts);
    }
}

/// <summary>DiSAN's encoder: directional attention forward and backward, side by side. Shen et al. 2018, section 3.3.</summary>
/// <remarks>Shapes: x <c>(batch, time, input)</c>; result <c>(batch, time, 2·features)</c>, the items that saw what is before them first. With <see cref="MultiDimensionalPooling"/> behind it, it is the whole of DiSAN.</remarks>
public sealed class DirectionalEncoder : Module
{
    private readonly DirectionalAttention before, after;

    /// <summary>Creates the encoder.</summary>
    /// <param name="inputSize">Size of an item.</param>
    /// <param name="features">Size of the result's items in each direction.</param>
    public DirectionalEncoder(int inputSize, int features)
    {
        before = Register("before", new DirectionalAttention(inputSize, features, AttentionDirection.Before));
        after = Register("after", new DirectionalAttention(inputSize, features, AttentionDirection.After));
    }

    /// <summary>Encodes.</summary>
    /// <param name="x">Items <c>(batch, time, input)</c>.</param>
    /// <param name="ranges">The real items of each sequence.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(batch, time, 2·features)</c>; 0 in padding.</returns>
    /// <exception cref="ShapeException">The sizes do not fit.</exception>
    public Tensor Forward(Tensor x, SequenceRanges ranges, in Pass pass) =>
        Return(Tensor.Concatenate(before.Forward(x, ranges, pass).Output, after.Forward(x, ranges, pass).Output), pass);
}
