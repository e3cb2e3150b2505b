namespace Heed;

/// <summary>All ways to cut a word into tokens of a unigram model, for learning one.</summary>
/// <remarks>A code point that is no token is passed over with a penalty, so that every word has a way through.</remarks>
internal sealed class UnigramLattice
{
    private const double UnknownScore = -100;

    private readonly TokenTrie trie = new();
    private readonly double[] scores;
    private readonly List<(int Start, int End, int Id)> edges = [];
    private double[] forward = [], backward = [];
    private int[] from = [], ids = [];

    public UnigramLattice(List<(string Token, double LogProbability)> tokens)
    {
        scores = [.. tokens.Select(token => token.LogProbability)];
        for (int id = 0; id < tokens.Count; id++)
            trie.Add(tokens[id].Token, id);
    }

    /// <summary>Adds how often each token is expected in a word: the probability of all cuts through it over that of all cuts.</summary>
    public void AddExpected(string word, double count, double[] expected)
    {
        Fill(word, without: TokenTrie.None);
        forward.AsSpan(0, word.Length + 1).Fill(double.NegativeInfinity);
        backward.AsSpan(0, word.Length + 1).Fill(double.NegativeInfinity);
        (forward[0], backward[word.Length]) = (0, 0);
        foreach ((int start, int end, int id) in edges)
            forward[end] = LogAdd(forward[end], forward[start] + Score(id));
        for (int i = edges.Count - 1; i >= 0; i--)
            backward[edges[i].Start] = LogAdd(backward[edges[i].Start], backward[edges[i].End] + Score(edges[i].Id));
        double all = forward[word.Length];
        foreach ((int start, int end, int id) in edges)
        {
            if (id >= 0)
                expected[id] += count * Math.Exp(forward[start] + Score(id) + backward[end] - all);
        }
    }

    /// <summary>The tokens of the best cut, empty if it needs an unknown code point.</summary>
    /// <param name="word">The word.</param>
    /// <param name="without">A token that may not be used, or <see cref="TokenTrie.None"/>.</param>
    /// <param name="output">Emptied, then filled, from the last token to the first.</param>
    public void Best(string word, int without, List<int> output)
    {
        Fill(word, without);
        output.Clear();
        forward.AsSpan(0, word.Length + 1).Fill(double.NegativeInfinity);
        forward[0] = 0;
        foreach ((int start, int end, int id) in edges)
        {
            double score = forward[start] + Score(id);
            if (score > forward[end])
                (forward[end], from[end], ids[end]) = (score, start, id);
        }
        bool isKnown = true;
        for (int end = word.Length; end > 0; end = from[end])
        {
            isKnown &= ids[end] >= 0;
            if (ids[end] >= 0)
                output.Add(ids[end]);
        }
        if (without != TokenTrie.None && !isKnown)
            output.Clear();
    }

    private double Score(int id) => id >= 0 ? scores[id] : UnknownScore;

    // Edges by their start, so that one pass over them sees every place after all that leads to it.
    private void Fill(string word, int without)
    {
        if (forward.Length <= word.Length)
            (forward, backward, from, ids) = (new double[word.Length + 1], new double[word.Length + 1], new int[word.Length + 1], new int[word.Length + 1]);
        edges.Clear();
        for (int i = 0; i < word.Length;)
        {
            CodePoint.At(word, i, out int single);
            bool hasSingle = false;
            int node = TokenTrie.Root;
            for (int j = i; j < word.Length && (node = trie.Next(node, word[j])) != TokenTrie.None; j++)
            {
                int id = trie.ValueOf(node);
                if (id == TokenTrie.None || id == without)
                    continue;
                hasSingle |= j + 1 - i == single;
                edges.Add((i, j + 1, id));
            }
            if (!hasSingle)
                edges.Add((i, i + single, TokenTrie.None));
            i += single;
        }
    }

    private static double LogAdd(double a, double b)
    {
        (double low, double high) = a < b ? (a, b) : (b, a);
        return double.IsNegativeInfinity(low) ? high : high + Math.Log(1 + Math.Exp(low - high));
    }
}
