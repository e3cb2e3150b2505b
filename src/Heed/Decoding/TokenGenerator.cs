using System.Numerics.Tensors;
using Heed.Kernels;

namespace Heed;

/// <summary>Writes tokens with a language model, each from those before it, with keys and values of earlier ones in a cache.</summary>
/// <remarks>
/// <para>What the cache holds of an earlier prompt is used again where a new one begins alike. Greedy writing gives the same tokens alone, in a batch, and without a cache: the logits have the same bits.</para>
/// <para>Memory grows with the tokens, doubling, up to those of prompt and answer; a request whose keys and values exceed what the process may have is refused before.</para>
/// <para>One conversation belongs to one instance and one thread at a time; a model serves any number of instances.</para>
/// </remarks>
public sealed class TokenGenerator
{
    // Tokens for which a cache has room at first.
    private const int FirstRoom = 256;

    private readonly TransformerLanguageModel model;
    private readonly KeyValueFormat format;
    private readonly List<int> known = [];
    private TransformerCache? cache;
    private int most;

    /// <summary>Makes a generator.</summary>
    /// <param name="model">The model.</param>
    /// <param name="format">How the cache stores numbers: <see cref="KeyValueFormat.BFloat16"/> takes half the memory and changes results a little.</param>
    public TokenGenerator(TransformerLanguageModel model, KeyValueFormat format = KeyValueFormat.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.format) = (model, format);
    }

    /// <summary>Most tokens of prompt and answer together.</summary>
    public int ContextLength => model.Transformer.Config.MaximumLength;

    /// <summary>How many tokens of the last prompt were in the cache already.</summary>
    public int ReusedTokens { get; private set; }

    /// <summary>Writes behind a prompt, token by token. Where the context is full, the writing goes on from its second half, which is read anew.</summary>
    /// <param name="prompt">At least one token.</param>
    /// <param name="options">How; <see cref="GenerationOptions.Stop"/> has no say here. A beam search gives its tokens out at its end, and ends where the context is full.</param>
    /// <param name="ends">Tokens that end the writing; they are not given out.</param>
    /// <returns>The tokens as they come.</returns>
    /// <exception cref="ArgumentException">The prompt is empty, longer than the model reads, or has an id that is not in the vocabulary; an option is out of its range; or there is no memory for so many tokens.</exception>
    public IEnumerable<int> Generate(IReadOnlyList<int> prompt, GenerationOptions options, IReadOnlySet<int>? ends = null)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Check(prompt, model);
        most = (int)Math.Min(ContextLength, prompt.Count + (long)options.MaximumTokens);
        CheckMemory(model, options.BeamSize, most, format);
        return options.BeamSize > 1 ? Search(prompt, options, ends ?? new HashSet<int>()) : Run(prompt, options, ends ?? new HashSet<int>());
    }

    /// <summary>Writes behind several prompts at once; each answer is the same as alone, but ends where the context is full.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompts">At least one token each.</param>
    /// <param name="options">How.</param>
    /// <param name="ends">Tokens that end the writing; they are not given out.</param>
    /// <param name="format">How the cache stores numbers.</param>
    /// <returns>The tokens of each answer.</returns>
    /// <exception cref="ArgumentException">A prompt is empty, longer than the model reads, or has an id that is not in the vocabulary; an option is out of its range; or there is no memory for so many tokens.</exception>
    public static int[][] GenerateMany(
        TransformerLanguageModel model, IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options, IReadOnlySet<int>? ends = null, KeyValueFormat format = KeyValueFormat.Float32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int context = model.Transformer.Config.MaximumLength;
        foreach (IReadOnlyList<int> prompt in prompts)
            Check(prompt, model);
        if (prompts.Count == 0)
            return [];
        if (options.BeamSize > 1)
            return [.. prompts.Select(prompt => new TokenGenerator(model, format).Generate(prompt, options, ends).ToArray())];
        int longest = prompts.Max(p => p.Count);
        int[] starts = [.. prompts.Select(p => longest - p.Count)], ids = [.. prompts.SelectMany(p => Enumerable.Repeat(0, longest - p.Count).Concat(p))];
        int[] rooms = [.. prompts.Select(p => Math.Min(options.MaximumTokens, context - p.Count))];
        CheckMemory(model, prompts.Count, longest + rooms.Max(), format);
        TransformerCache shared = Step.Evaluate(pass => model.Transformer.NewCache(prompts.Count, longest + rooms.Max(), pass, starts, format));
        List<int>[] answers = [.. prompts.Select(_ => new List<int>())], histories = [.. prompts.Select(p => p.ToList())];
        RandomStream[] random = [.. prompts.Select(_ => new RandomStream(options.Seed, "generate"))];
        bool[] isDone = [.. rooms.Select(room => room == 0)];
        while (isDone.Contains(false))
        {
            Tensor logits = Step.Evaluate(pass => model.Next(ids, shared, pass));
            int[] next = new int[prompts.Count];
            for (int b = 0; b < next.Length; b++)
            {
                if (isDone[b])
                    continue;
                next[b] = Choose(logits.Values.Slice(b * logits.Shape[1], logits.Shape[1]), options, histories[b], random[b]);
                isDone[b] = ends?.Contains(next[b]) == true;
                if (isDone[b])
                    continue;
                answers[b].Add(next[b]);
                histories[b].Add(next[b]);
                isDone[b] = answers[b].Count == rooms[b];
            }
            ids = next;
        }
        return [.. answers.Select(a => a.ToArray())];
    }

    private IEnumerable<int> Run(IReadOnlyList<int> prompt, GenerationOptions options, IReadOnlySet<int> ends)
    {
        List<int> history = [.. prompt];
        RandomStream random = new(options.Seed, "generate");
        int[] ids = Remember(prompt);
        for (int left = options.MaximumTokens; left > 0; left--)
        {
            // The context is full: go on from its second half.
            if (known.Count + ids.Length > ContextLength)
                ids = Remember(history[^((ContextLength + 1) / 2)..]);
            Grow(known.Count + ids.Length);
            float[] logits = Step.Evaluate(pass => model.Next(ids, cache!, pass)).Values.ToArray();
            known.AddRange(ids);
            int id = Choose(logits, options, history, random);
            if (ends.Contains(id))
                yield break;
            history.Add(id);
            ids = [id];
            yield return id;
        }
    }

    private int[] Search(IReadOnlyList<int> prompt, GenerationOptions options, IReadOnlySet<int> ends)
    {
        int room = Math.Min(options.MaximumTokens, ContextLength - prompt.Count);
        if (room == 0)
            return [];
        int[] ids = Remember(prompt);
        float[] logs = Step.Evaluate(pass => Logs(model.Next(ids, cache!, pass), options, [prompt])).ToArray();
        known.AddRange(ids);
        TokenBeam beam = new(options, ends, room);
        beam.Take(logs, logs.Length);
        TransformerCache hypotheses = cache!.Select(new int[options.BeamSize], prompt.Count + room);
        while (!beam.IsDone)
        {
            hypotheses.Reorder(beam.Parents);
            int[] last = beam.LastIds;
            IReadOnlyList<int>[] histories = options.RepetitionPenalty > 1 ? [.. Enumerable.Range(0, last.Length).Select(k => (IReadOnlyList<int>)[.. prompt, .. beam.Ids(k)])] : [];
            float[] next = Step.Evaluate(pass => Logs(model.Next(last, hypotheses, pass), options, histories)).ToArray();
            beam.Take(next, next.Length / options.BeamSize);
        }
        return beam.Best();
    }

    // log P of each token, behind each hypothesis.
    private static Tensor Logs(Tensor logits, GenerationOptions options, IReadOnlyList<int>[] histories)
    {
        if (options.RepetitionPenalty > 1)
        {
            for (int k = 0; k < histories.Length; k++)
                Punish(logits.Writable.Slice(k * logits.Shape[1], logits.Shape[1]), options, histories[k]);
        }
        return logits.LogSoftmax();
    }

    // Gives what the cache lacks of a prompt: at least its last token, whose logits are wanted.
    private int[] Remember(IReadOnlyList<int> prompt)
    {
        int same = 0;
        while (same < Math.Min(known.Count, prompt.Count - 1) && known[same] == prompt[same])
            same++;
        cache?.Truncate(same);
        Grow(prompt.Count);
        known.RemoveRange(same, known.Count - same);
        ReusedTokens = same;
        return [.. prompt.Skip(same)];
    }

    // Twice as much each time, so that each token is copied once or twice in the whole.
    private void Grow(int tokens)
    {
        if (tokens <= cache?.Capacity)
            return;
        int capacity = Math.Clamp(Math.Max(tokens, cache is null ? FirstRoom : 2 * Math.Min(cache.Capacity, 1 << 29)), 0, Math.Max(tokens, most));
        cache = cache?.Select([0], capacity) ?? Step.Evaluate(pass => model.Transformer.NewCache(1, capacity, pass, format: format));
    }

    // A configuration may promise a context that no machine holds.
    private static void CheckMemory(TransformerLanguageModel model, int batch, int tokens, KeyValueFormat format)
    {
        TransformerConfig config = model.Transformer.Config;
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, layer = (long)batch * config.SelfAttention.KeyHeads * tokens * Math.Max(config.SelfAttention.KeyDim, config.SelfAttention.ValueDim);
        double bytes = batch * (double)config.CacheBytes(tokens, format);
        if (layer > Array.MaxLength || bytes > memory)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"TokenGenerator: keys and values of {tokens:N0} tokens of prompt and answer{(batch > 1 ? FormattableString.Invariant($", {batch} times,") : "")} take {bytes / (1L << 30):F1} GiB, this process may have {memory / (double)(1L << 30):F1}{(layer > Array.MaxLength ? ", and one layer's are more than an array holds" : "")}; write fewer tokens{(format == KeyValueFormat.Float32 ? ", or keep them as bfloat16" : "")}."),
                nameof(tokens));
        }
    }

    private static void Check(IReadOnlyList<int> prompt, TransformerLanguageModel model)
    {
        (int context, int vocabulary) = (model.Transformer.Config.MaximumLength, model.Transformer.VocabularySize);
        if (prompt.Count == 0)
            throw new ArgumentException("TokenGenerator: a prompt has no token; there is nothing to go on from.", nameof(prompt));
        if (prompt.Count > context)
            throw new ArgumentException(FormattableString.Invariant($"TokenGenerator: a prompt has {prompt.Count} tokens, the model reads {context}; shorten it."), nameof(prompt));
        foreach (int id in prompt)
        {
            if (id < 0 || id >= vocabulary)
                throw new ArgumentException(FormattableString.Invariant($"TokenGenerator: a prompt has the id {id}, which is not in the vocabulary of {vocabulary} (0 … {vocabulary - 1}). Does the tokenizer belong to the model?"), nameof(prompt));
        }
    }

    private static int Choose(ReadOnlySpan<float> logits, GenerationOptions options, List<int> history, RandomStream random)
    {
        if (options.RepetitionPenalty > 1)
        {
            float[] punished = logits.ToArray();
            Punish(punished, options, history);
            logits = punished;
        }
        return options.Temperature == 0 ? TensorPrimitives.IndexOfMax(logits) : TokenDraw.From(logits, options.Temperature, options.TopK, options.TopP, options.MinP, random);
    }

    private static void Punish(Span<float> logits, GenerationOptions options, IEnumerable<int> history)
    {
        foreach (int id in history.Distinct())
            logits[id] = (float)(logits[id] > 0 ? logits[id] / options.RepetitionPenalty : logits[id] * options.RepetitionPenalty);
    }
}
