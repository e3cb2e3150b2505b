using System.Runtime.InteropServices;

namespace Heed;

/// <summary>Learns the tokens of a unigram model: many candidates at first, then expectation maximisation and pruning in turns.</summary>
/// <remarks>
/// <para>1. Candidates: all code points that are frequent enough, and substrings of words of up to 16 code points that occur at least twice, the most
/// frequent (count times length) first. 2. EM: expected counts of all candidates over all cuts of each word (forward–backward), then
/// log-probabilities from them, through the digamma function, which makes rare ones rarer; candidates expected less than half a time go.
/// 3. Pruning: those whose loss (how much less probable the corpus becomes when a token is cut into its second-best tokens) is least go, a quarter
/// each time. Repeated until the size is reached.</para>
/// <para>Sums run in one order on one thread, so the result has the same bits everywhere but for the last ones of the host's logarithms, which are rounded
/// away. Source: Kudo, "Subword regularization", 2018, section 3.2, and SentencePiece's published defaults (shrinking to 3/4, two EM steps).</para>
/// </remarks>
internal sealed class UnigramLearner
{
    private const int LongestToken = 16, EmSteps = 2, MostCandidates = 500_000, CandidatesAToken = 20;
    private const double Shrinking = 0.75, LeastExpected = 0.5, Coverage = 0.9995;

    private readonly (string Word, long Count)[] words;
    private readonly int size;
    private readonly IProgress<string>? progress;
    private readonly CancellationToken cancellation;
    private readonly HashSet<string> required;

    /// <summary>Prepares to learn.</summary>
    /// <param name="counts">Words and how often they occur.</param>
    /// <param name="size">How many tokens at most.</param>
    /// <param name="progress">Told how many tokens are left.</param>
    /// <param name="cancellation">Ends the work.</param>
    public UnigramLearner(Dictionary<string, long> counts, int size, IProgress<string>? progress, CancellationToken cancellation)
    {
        (this.size, this.progress, this.cancellation) = (size, progress, cancellation);
        words = [.. counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value))];
        required = Frequent(words, size / 2);
    }

    /// <summary>The tokens with their log-probabilities, the most probable first.</summary>
    public List<(string Token, double LogProbability)> Learn()
    {
        List<(string Token, double LogProbability)> tokens = Candidates();
        progress?.Report(FormattableString.Invariant($"{tokens.Count:N0} candidates"));
        while (true)
        {
            for (int step = 0; step < EmSteps; step++)
                tokens = Maximise(tokens);
            if (tokens.Count <= size)
                break;
            tokens = Prune(tokens, Math.Max(size, (int)(tokens.Count * Shrinking)));
            progress?.Report(FormattableString.Invariant($"{tokens.Count:N0} tokens left"));
        }
        return [.. tokens.Select(token => (token.Token, LogProbability: Math.Round(token.LogProbability, 6)))
            .OrderByDescending(token => token.LogProbability).ThenBy(token => token.Token, StringComparer.Ordinal)];
    }

    // The most frequent code points, which make up nearly all of the corpus; the others are left to their bytes.
    private static HashSet<string> Frequent((string Word, long Count)[] words, int most)
    {
        var counts = new SortedDictionary<int, long>();
        foreach ((string word, long count) in words)
        {
            for (int i = 0; i < word.Length;)
            {
                int codePoint = CodePoint.At(word, i, out int length);
                counts[codePoint] = counts.GetValueOrDefault(codePoint) + count;
                i += length;
            }
        }
        double all = counts.Values.Sum(), covered = 0;
        var frequent = new HashSet<string>(StringComparer.Ordinal);
        foreach ((int codePoint, long count) in counts.OrderByDescending(pair => pair.Value))
        {
            if (covered >= Coverage * all || frequent.Count >= most)
                break;
            covered += count;
            if (codePoint != CodePoint.Replacement)
                frequent.Add(char.ConvertFromUtf32(codePoint));
        }
        return frequent;
    }

    // Level by level: a substring can only be frequent if both that are one code point shorter are.
    private List<(string Token, double LogProbability)> Candidates()
    {
        int[][] borders = [.. words.Select(word => Borders(word.Word))];
        var all = new Dictionary<string, long>(StringComparer.Ordinal);
        Dictionary<string, long> shorter = [];
        for (int level = 1; level <= LongestToken; level++)
        {
            cancellation.ThrowIfCancellationRequested();
            var counts = new Dictionary<string, long>(StringComparer.Ordinal);
            var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
            var known = shorter.GetAlternateLookup<ReadOnlySpan<char>>();
            for (int w = 0; w < words.Length; w++)
            {
                int[] border = borders[w];
                ReadOnlySpan<char> word = words[w].Word;
                for (int i = 0; i + level < border.Length; i++)
                {
                    if (level > 1 && !(known.ContainsKey(word[border[i]..border[i + level - 1]]) && known.ContainsKey(word[border[i + 1]..border[i + level]])))
                        continue;
                    CollectionsMarshal.GetValueRefOrAddDefault(lookup, word[border[i]..border[i + level]], out _) += words[w].Count;
                }
            }
            shorter = new Dictionary<string, long>(counts.Where(pair => level == 1 ? required.Contains(pair.Key) : pair.Value >= 2), StringComparer.Ordinal);
            foreach ((string token, long count) in shorter)
                all[token] = count;
            if (shorter.Count == 0)
                break;
        }
        int most = Math.Min(MostCandidates, Math.Max(10_000, CandidatesAToken * size));
        List<(string Token, double Weight)> best = [.. all.Where(pair => !required.Contains(pair.Key)).Select(pair => (pair.Key, (double)pair.Value * pair.Key.Length))
            .OrderByDescending(pair => pair.Item2).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(most)];
        best.AddRange(required.Select(token => (token, (double)all.GetValueOrDefault(token, 1))).OrderBy(pair => pair.token, StringComparer.Ordinal));
        double total = Math.Log(best.Sum(pair => pair.Weight));
        return [.. best.Select(pair => (pair.Token, Math.Log(pair.Weight) - total))];
    }

    private static int[] Borders(string word)
    {
        var borders = new List<int> { 0 };
        for (int i = 0; i < word.Length;)
        {
            CodePoint.At(word, i, out int length);
            borders.Add(i += length);
        }
        return [.. borders];
    }

    private List<(string Token, double LogProbability)> Maximise(List<(string Token, double LogProbability)> tokens)
    {
        double[] expected = new double[tokens.Count];
        var lattice = new UnigramLattice(tokens);
        foreach ((string word, long count) in words)
        {
            cancellation.ThrowIfCancellationRequested();
            lattice.AddExpected(word, count, expected);
        }
        List<(string Token, double Count)> kept = [.. tokens.Select((token, i) => (token.Token, expected[i]))
            .Where(token => token.Item2 >= LeastExpected || required.Contains(token.Token))
            .Select(token => (token.Token, Math.Max(token.Item2, LeastExpected)))];
        double total = Digamma(kept.Sum(token => token.Count));
        return [.. kept.Select(token => (token.Token, Digamma(token.Count) - total))];
    }

    private List<(string Token, double LogProbability)> Prune(List<(string Token, double LogProbability)> tokens, int most)
    {
        var lattice = new UnigramLattice(tokens);
        double[] counts = new double[tokens.Count];
        var best = new List<int>();
        foreach ((string word, long count) in words)
        {
            cancellation.ThrowIfCancellationRequested();
            lattice.Best(word, TokenTrie.None, best);
            foreach (int id in best)
                counts[id] += count;
        }
        double all = counts.Sum(), logAll = Math.Log(all);
        var losses = new (double Loss, int Id)[tokens.Count];
        for (int id = 0; id < tokens.Count; id++)
        {
            losses[id] = (double.PositiveInfinity, id);
            if (required.Contains(tokens[id].Token))
                continue;
            lattice.Best(tokens[id].Token, id, best);
            // What cannot be made of others stays; what no word needs goes first.
            if (best.Count == 0)
                continue;
            if (counts[id] == 0)
            {
                losses[id] = (double.NegativeInfinity, id);
                continue;
            }
            double logWithout = Math.Log(all + counts[id] * (best.Count - 1)), alternative = best.Sum(other => Math.Log(counts[other] + counts[id]) - logWithout);
            losses[id] = (Math.Round(counts[id] / all * (Math.Log(counts[id]) - logAll - alternative), 12), id);
        }
        bool[] stays = new bool[tokens.Count];
        foreach ((_, int id) in losses.OrderByDescending(loss => loss.Loss).ThenBy(loss => loss.Id).Take(most))
            stays[id] = true;
        return [.. tokens.Where((_, id) => stays[id])];
    }

    /// <summary>The derivative of the logarithm of the gamma function, by recurrence up to 7 and its asymptotic series.</summary>
    private static double Digamma(double x)
    {
        double result = 0;
        for (; x < 7; x++)
            result -= 1 / x;
        double square = 1 / (x * x);
        return result + Math.Log(x) - 0.5 / x - square * (1.0 / 12 - square * (1.0 / 120 - square / 252));
    }
}
