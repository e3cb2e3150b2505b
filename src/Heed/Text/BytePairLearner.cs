using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Heed;

/// <summary>Finds the merges of a corpus: the most frequent pair of neighbours, joined everywhere, again and again.</summary>
/// <remarks>Counts of pairs are kept up to date, so a merge costs what changes: the chunks that hold the pair. Of pairs that occur equally often the one
/// with the smaller numbers wins, where code points are numbered in their order and results as they arise; so the order of the texts
/// does not matter.</remarks>
internal sealed class BytePairLearner
{
    // A pair that occurs once tells about one text.
    private const long LeastCount = 2;

    private readonly List<string> pieces = [];
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly List<int[]> chunks = [];
    private readonly List<long> counts = [];
    private readonly Dictionary<long, Pair> pairs = [];
    private readonly PriorityQueue<long, (long Falling, long Key)> queue = new();
    private readonly HashSet<long> changed = [];

    private BytePairLearner(Dictionary<string, long> chunkCounts)
    {
        foreach (int codePoint in chunkCounts.Keys.SelectMany(CodePoints).Where(c => c >= 0).Distinct().Order())
            Number(char.ConvertFromUtf32(codePoint));
        foreach ((string chunk, long count) in chunkCounts)
        {
            int[] symbols = [.. CodePoints(chunk).Select(c => c < 0 ? -1 : numbers[char.ConvertFromUtf32(c)])];
            chunks.Add(symbols);
            counts.Add(count);
            for (int i = 0; i + 1 < symbols.Length; i++)
                Count(symbols[i], symbols[i + 1], count, chunks.Count - 1);
        }
        Enqueue();
    }

    /// <summary>The merges in the order in which they are found.</summary>
    /// <param name="chunkCounts">Chunks and how often they occur.</param>
    /// <param name="mergeCount">How many merges at most.</param>
    /// <param name="found">Told after each merge how many there are; what it throws ends the work.</param>
    public static List<(string Left, string Right)> Learn(Dictionary<string, long> chunkCounts, int mergeCount, Action<int>? found = null)
    {
        var learner = new BytePairLearner(chunkCounts);
        var merges = new List<(string, string)>();
        while (merges.Count < mergeCount && learner.TryNext(out long key))
        {
            (int left, int right) = ((int)(key >> 32), (int)key);
            merges.Add((learner.pieces[left], learner.pieces[right]));
            learner.Join(key, left, right);
            found?.Invoke(merges.Count);
        }
        return merges;
    }

    // Half of a surrogate pair is −1: it joins nothing.
    private static IEnumerable<int> CodePoints(string chunk)
    {
        for (int i = 0; i < chunk.Length;)
        {
            bool isWhole = Rune.DecodeFromUtf16(chunk.AsSpan(i), out Rune rune, out int used) == OperationStatus.Done;
            yield return isWhole ? rune.Value : -1;
            i += used;
        }
    }

    private int Number(string piece)
    {
        if (!numbers.TryGetValue(piece, out int number))
        {
            numbers[piece] = number = pieces.Count;
            pieces.Add(piece);
        }
        return number;
    }

    private void Count(int left, int right, long count, int chunk)
    {
        if (left < 0 || right < 0)
            return;
        long key = ((long)left << 32) | (uint)right;
        ref Pair? pair = ref CollectionsMarshal.GetValueRefOrAddDefault(pairs, key, out _);
        pair ??= new Pair();
        pair.Count += count;
        if (count > 0)
            pair.Chunks.Add(chunk);
        changed.Add(key);
    }

    private void Enqueue()
    {
        foreach (long key in changed)
        {
            if (pairs[key].Count >= LeastCount)
                queue.Enqueue(key, (-pairs[key].Count, key));
        }
        changed.Clear();
    }

    // An entry whose count has changed since is out of date; a newer one is in the queue.
    private bool TryNext(out long key)
    {
        while (queue.TryDequeue(out key, out (long Falling, long Key) priority))
        {
            if (pairs.TryGetValue(key, out Pair? pair) && pair.Count == -priority.Falling)
                return true;
        }
        return false;
    }

    private void Join(long key, int left, int right)
    {
        int joined = Number(pieces[left] + pieces[right]);
        foreach (int chunk in pairs[key].Chunks.Distinct().ToArray())
        {
            int[] before = chunks[chunk];
            int[] after = Replace(before, left, right, joined);
            if (after.Length == before.Length)
                continue;
            for (int i = 0; i + 1 < before.Length; i++)
                Count(before[i], before[i + 1], -counts[chunk], chunk);
            for (int i = 0; i + 1 < after.Length; i++)
                Count(after[i], after[i + 1], counts[chunk], chunk);
            chunks[chunk] = after;
        }
        pairs.Remove(key);
        changed.Remove(key);
        Enqueue();
    }

    private static int[] Replace(int[] symbols, int left, int right, int joined)
    {
        var replaced = new List<int>(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
        {
            bool isPair = symbols[i] == left && i + 1 < symbols.Length && symbols[i + 1] == right;
            replaced.Add(isPair ? joined : symbols[i]);
            i += isPair ? 1 : 0;
        }
        return [.. replaced];
    }

    private sealed class Pair
    {
        public long Count { get; set; }

        /// <summary>Chunks that hold the pair, or once did.</summary>
        public List<int> Chunks { get; } = [];
    }
}
