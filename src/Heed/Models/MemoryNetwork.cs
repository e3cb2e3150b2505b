namespace Heed;

/// <summary>Stories with a question each, as rectangles of word ids.</summary>
/// <param name="Words">The stories' words <c>(batch · sentences · words)</c>, row-major; 0 behind a sentence's end. The last real sentence is the most recent.</param>
/// <param name="Sentences">Real sentences of each story <c>(batch)</c>; they stand first.</param>
/// <param name="Questions">The questions' words <c>(batch · words of a question)</c>; 0 behind the end.</param>
public sealed record StoryBatch(int[] Words, int[] Sentences, int[] Questions);

/// <summary>An end-to-end memory network: a question asks a memory of sentences several times, each time with what it has found. Sukhbaatar, Szlam, Weston and Fergus 2015.</summary>
/// <remarks>
/// <para>Formula: <c>m_i = Σ_j l_j∘A·x_ij + T_A(i)</c>, <c>c_i</c> likewise with C and T_C; <c>u¹ = Σ_j l_j∘B·q_j</c>; at hop k <c>p = g(f(u, M))</c>, by default <c>softmax over i of uᵀm_i</c>, score f and distribution g by name and the same for all hops, <c>o = Σ_i p_i·c_i</c>, <c>u' = u + o</c> (layer-wise: H·u + o); answer logits <c>W·u</c>.
/// Position encoding: <c>l_jk = (1 − j/J) − (k/d)·(1 − 2j/J)</c> for word j of J, feature k of d. T counts sentences back from the last.</para>
/// <para>Adjacent tying: A^{k+1} = C^k, B = A¹, Wᵀ = C^K. Layer-wise: one A, one C, a B, a W and an H.</para>
/// <para>Shapes: <see cref="StoryBatch"/> in; logits <c>(batch, vocabulary)</c> and for each hop weights <c>(batch, 1, sentences)</c> out. Embeddings start normal with deviation 0.1, as in the paper; padding is 0.</para>
/// <para>Cost: 2·(hops + 1)·sentences·words·d flops for the memories, and 4·hops·sentences·d. Source: "End-to-end memory networks", 2015, sections 2 and 4.1.</para>
/// <para>The hops are a place of attention: <see cref="AttentionCapture"/> and <see cref="AttentionOverride"/> find them as <c>hops</c>, views of a pooling over the sentences.</para>
/// </remarks>
public sealed class MemoryNetwork : Module
{
    private readonly MemoryNetworkConfig config;
    private readonly MemoryHops hops;
    private readonly Embedding[] tables, times;
    private readonly Embedding? questions;
    private readonly Linear? state, answer;

    /// <summary>Creates the network.</summary>
    /// <param name="config">The shape.</param>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public MemoryNetwork(MemoryNetworkConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        this.config = config;
        bool isAdjacent = config.Tying == "adjacent";
        int count = isAdjacent ? config.Hops + 1 : 2;
        (tables, times) = (new Embedding[count], new Embedding[count]);
        for (int i = 0; i < count; i++)
        {
            tables[i] = Register(FormattableString.Invariant($"words_{i}"), new Embedding(config.VocabularySize, config.EmbeddingSize, paddingId: 0, Initializer.Normal(0.1)));
            times[i] = Register(FormattableString.Invariant($"times_{i}"), new Embedding(config.MaximumSentences, config.EmbeddingSize, initializer: Initializer.Normal(0.1)));
        }
        hops = Register("hops", new MemoryHops(config));
        if (isAdjacent)
            return;
        questions = Register("questions", new Embedding(config.VocabularySize, config.EmbeddingSize, paddingId: 0, Initializer.Normal(0.1)));
        state = Register("state", new Linear(config.EmbeddingSize, config.EmbeddingSize, hasBias: false));
        answer = Register("answer", new Linear(config.EmbeddingSize, config.VocabularySize, hasBias: false, Initializer.Normal(0.1)));
    }

    /// <summary>The shape.</summary>
    public MemoryNetworkConfig Config => config;

    /// <summary>The modules that make the sentences' vectors, one a memory, as an <see cref="InputProbe"/> watches them: <c>(batch, sentences, size)</c>, without the encoding of their places.</summary>
    internal IReadOnlyList<object> SentenceVectors => tables;

    internal static Mechanism Entry => new("memory-network", MechanismKind.Architecture)
    {
        InputRepresentation = "distinctive",
        OutputRepresentation = "single",
        Formula = "p = g(f(u, M)), by default softmax_i(uᵀm_i), o = Σ_i p_i·c_i, u' = u + o at each of k hops; answer softmax(W·u)",
        Shapes = "stories (batch, sentences, words), questions (batch, words); logits (batch, vocabulary); for each hop weights (batch, 1, sentences)",
        Cost = "2·(hops + 1)·sentences·words·d + 4·hops·sentences·d flops",
        Source = "Sukhbaatar, Szlam, Weston and Fergus, \"End-to-end memory networks\", 2015",
        Variant = "Score and distribution by name, the same for all hops. Adjacent or layer-wise tying, position encoding or bag of words, temporal encoding; g may be left out for a linear start.",
        Use = "Answers that need several facts, one after the other; where the hops should show which.",
        Avoid = "Facts whose order inside of the sentence is subtle: a recurrent encoder reads it better.",
        Example = new(() =>
        {
            MemoryNetwork network = new(new MemoryNetworkConfig { VocabularySize = 6, EmbeddingSize = 4, Hops = 2, MaximumSentences = 3 });
            network.Initialize(seed: 1);
            StoryBatch story = new(Words: [1, 2, 3, 4, 1, 5], Sentences: [3], Questions: [1, 2]);
            return Step.Evaluate(pass => network.Forward(story, pass).HopWeights[1]);
        }),
        Types = [typeof(MemoryNetwork)],
        Pages = ["memory-network"],
    };

    /// <summary>Answers.</summary>
    /// <param name="stories">Stories <c>(batch · sentences · words)</c> and questions.</param>
    /// <param name="pass">The call.</param>
    /// <param name="linear">Whether hops leave their distribution out: the linear start of training (section 5). Default false.</param>
    /// <returns>Logits <c>(batch, vocabulary)</c>; for each hop the weights <c>(batch, 1, sentences)</c>.</returns>
    /// <exception cref="ShapeException">The sizes do not fit, or a story has more sentences than the temporal encoding knows.</exception>
    public (Tensor Logits, IReadOnlyList<Tensor> HopWeights) Forward(StoryBatch stories, in Pass pass, bool linear = false)
    {
        ArgumentNullException.ThrowIfNull(stories);
        int batch = stories.Sentences.Length, size = config.EmbeddingSize, most = Math.Max(1, stories.Sentences.DefaultIfEmpty().Max());
        if (batch == 0 || stories.Questions.Length % batch != 0 || stories.Words.Length % (batch * most) != 0)
            throw new ShapeException(FormattableString.Invariant($"MemoryNetwork: {stories.Words.Length} words and {stories.Questions.Length} of questions are no rectangles for {batch} stories of at most {most} sentences; give (batch · sentences · words) and (batch · words)."));
        if (most > config.MaximumSentences)
            throw new ShapeException(FormattableString.Invariant($"MemoryNetwork: a story has {most} sentences, but the temporal encoding knows {config.MaximumSentences}; raise MaximumSentences or keep the last ones."));
        SequenceRanges ranges = stories.Sentences;
        int[] back = Back(stories.Sentences, most);
        // What a hop reads is what the one before gave out: each table is read once.
        Tensor[] memories = new Tensor[tables.Length];
        for (int i = 0; i < memories.Length; i++)
            memories[i] = Memory(i, stories.Words, batch, most, back, pass);
        Embedding first = questions ?? tables[0];
        Tensor u = Encode(first, stories.Questions, batch, pass).Reshape(new Shape(batch, 1, size));
        List<Tensor> looks = [];
        for (int k = 0; k < config.Hops; k++)
        {
            (int input, int output) = questions is null ? (k, k + 1) : (0, 1);
            Tensor p = hops.Weigh(u, memories[input], ranges, linear, pass);
            looks.Add(p);
            u = (state is null ? u : state.Forward(u, pass)) + p.SumOverTime(memories[output], ranges);
        }
        hops.Answer(looks, ranges, pass);
        u = u.Reshape(new Shape(batch, size));
        return (Return(answer is null ? u.MatMulTransposed(pass.Use(tables[^1].Weight)) : answer.Forward(u, pass), pass), looks);
    }

    private Tensor Memory(int table, int[] words, int batch, int most, int[] back, in Pass pass) =>
        pass.Probed(tables[table], Encode(tables[table], words, batch * most, pass).Reshape(new Shape(batch, most, config.EmbeddingSize))) + times[table].Forward(back, batch, pass);

    // Σ_j l_j∘E·x_j of each sentence: (count, d).
    private Tensor Encode(Embedding table, int[] words, int count, in Pass pass)
    {
        int length = words.Length / count, d = config.EmbeddingSize;
        Tensor vectors = table.Forward(words, count, pass);
        if (config.Encoding == "position")
            vectors *= pass.Input(Positions(words, count, d), vectors.Shape);
        float[] ones = Array.ConvertAll(words, word => word == 0 ? 0f : 1f);
        return pass.Input(ones, new Shape(count, 1, length)).SumOverTime(vectors, SequenceRanges.Full(count, length)).Reshape(new Shape(count, d));
    }

    private static float[] Positions(int[] words, int count, int d)
    {
        int length = words.Length / count;
        float[] all = new float[words.Length * d];
        for (int i = 0; i < words.Length; i++)
        {
            double real = words.AsSpan(i / length * length, length).LastIndexOfAnyExcept(0) + 1, j = (i % length) + 1;
            if (j > real)
                continue;
            for (int k = 0; k < d; k++)
                all[(i * d) + k] = (float)(1 - (j / real) - ((k + 1.0) / d * (1 - (2 * j / real))));
        }
        return all;
    }

    // How many sentences each is before the last one; 0 in padding.
    private static int[] Back(int[] sentences, int most)
    {
        int[] back = new int[sentences.Length * most];
        for (int i = 0; i < back.Length; i++)
            back[i] = Math.Max(0, sentences[i / most] - 1 - (i % most));
        return back;
    }
}
