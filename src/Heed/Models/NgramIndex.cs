namespace Heed;

/// <summary>Numbers the runs of one to N tokens (n-grams) of texts; begin and end of a text count as a token in runs of two and more.</summary>
/// <remarks>An n-gram is its first n − 1 tokens and one more: (number of the shorter one + 1, token) → number; exact, nothing is hashed away.
/// Reading is safe from many threads, growing is not.</remarks>
internal sealed class NgramIndex(TextEncoder encoder, int maximumOrder)
{
    private const int BoundaryAlone = -2;
    private readonly Dictionary<(int Shorter, int Token), int> numbers = [];

    public TextEncoder Encoder => encoder;

    public int MaximumOrder => maximumOrder;

    /// <summary>How many different n-grams there are.</summary>
    public int Count => numbers.Count;

    /// <summary>All n-grams in the order of their numbers.</summary>
    public IEnumerable<(int Shorter, int Token)> Ngrams => numbers.OrderBy(pair => pair.Value).Select(pair => pair.Key);

    /// <summary>Adds an n-gram whose shorter one is there already; for reading a saved index.</summary>
    /// <returns>False if it is there already, or its parts are not.</returns>
    public bool TryAdd(int shorter, int token) =>
        shorter >= BoundaryAlone + 1 && shorter <= numbers.Count && (uint)token < (uint)encoder.Vocabulary.Count && numbers.TryAdd((shorter, token), numbers.Count);

    /// <summary>The n-grams of a text by number, in its order, with repetitions.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="grow">Whether an n-gram that is not known gets a number; otherwise it is left out, and longer ones that begin with it.</param>
    public IEnumerable<int> Of(string text, bool grow = false) => RunsOf(encoder.EncodeIds(text), grow).Select(run => run.Number);

    /// <summary>The n-grams of tokens by number, with the tokens first … end − 1 that each is made of, begin and end of the text left out.</summary>
    /// <param name="ids">The tokens of a text, as <see cref="Encoder"/> numbers them.</param>
    /// <param name="grow">As in <see cref="Of"/>.</param>
    public IEnumerable<(int Number, int First, int End)> RunsOf(int[] ids, bool grow = false)
    {
        int[] tokens = new int[ids.Length + 2];
        // The padding token, which no text holds, marks begin and end.
        ids.CopyTo(tokens, 1);
        for (int start = 0; start < tokens.Length; start++)
        {
            bool atBegin = tokens[start] == Vocabulary.Padding;
            int number = atBegin ? BoundaryAlone : -1;
            for (int i = atBegin ? start + 1 : start; i < tokens.Length && i < start + maximumOrder && tokens[i] != Vocabulary.Unknown; i++)
            {
                (int, int) key = (number + 1, tokens[i]);
                if (!numbers.TryGetValue(key, out number))
                {
                    if (!grow)
                        break;
                    numbers[key] = number = numbers.Count;
                }
                yield return (number, Math.Max(start, 1) - 1, Math.Min(i, ids.Length));
            }
        }
    }

    /// <summary>The index of some of the n-grams, in their old order, over the tokens that these need; and for each old number the new one or −1.</summary>
    /// <param name="kept">For each n-gram whether it stays; one that stays must have its shorter one stay.</param>
    public (NgramIndex Index, int[] Renumbered) Keep(ReadOnlySpan<bool> kept)
    {
        int[] renumbered = new int[kept.Length], tokens = new int[encoder.Vocabulary.Count];
        int next = 0;
        foreach (((int _, int token), int number) in numbers)
            tokens[token] |= kept[number] ? 1 : 0;
        Vocabulary vocabulary = new(Enumerable.Range(Vocabulary.Unknown + 1, tokens.Length - Vocabulary.Unknown - 1).Where(t => tokens[t] != 0).Select(t => encoder.Vocabulary[t]));
        int id = Vocabulary.Unknown;
        for (int t = Vocabulary.Unknown + 1; t < tokens.Length; t++)
            tokens[t] = tokens[t] != 0 ? ++id : -1;
        tokens[Vocabulary.Padding] = Vocabulary.Padding;
        for (int i = 0; i < kept.Length; i++)
            renumbered[i] = kept[i] ? next++ : -1;
        NgramIndex index = new(new TextEncoder(encoder.Tokenizer, vocabulary, encoder.MaximumLength, encoder.Redaction) { MinimumCount = encoder.MinimumCount }, maximumOrder);
        foreach ((int shorter, int token) in Ngrams.Where((_, number) => renumbered[number] >= 0).ToArray())
            index.numbers.Add((shorter > 0 ? renumbered[shorter - 1] + 1 : shorter, tokens[token]), index.numbers.Count);
        return (index, renumbered);
    }
}
