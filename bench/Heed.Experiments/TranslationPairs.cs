using System.IO.Compression;

namespace Heed.Experiments;

/// <summary>"Is this pair a translation?": each sentence once with its own German side, once with that of the sentence whose English side shares most words with it.</summary>
internal static class TranslationPairs
{
    public const string Yes = "translation", No = "other";

    /// <summary>English and German sides.</summary>
    public static (string English, string German)[] Read(string path, int most = int.MaxValue)
    {
        using Stream file = File.OpenRead(path);
        using StreamReader reader = new(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        List<(string, string)> rows = [];
        reader.ReadLine();
        while (rows.Count < most && reader.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            rows.Add((fields[0], fields[1]));
        }
        return [.. rows];
    }

    /// <summary>Two rows for each sentence.</summary>
    public static TextData Rows((string English, string German)[] pairs)
    {
        int[] nearest = Nearest(pairs);
        return TextData.FromRows([.. pairs.SelectMany((pair, i) => Both(pair, pairs[nearest[i]]))]);
    }

    /// <summary>Rows to learn from, as hard as those of a set of <paramref name="size"/> sentences and more of them: <paramref name="rounds"/> times the sentences are dealt into such sets, and each set gives its rows.</summary>
    public static TextData Rows((string English, string German)[] pairs, int size, int rounds, ulong seed)
    {
        RandomStream random = new(seed, "sets of sentences");
        List<(string, string)> rows = [];
        for (int round = 0; round < rounds; round++)
        {
            int[] order = [.. Enumerable.Range(0, pairs.Length)];
            random.Shuffle<int>(order);
            foreach (int[] chosen in order.Chunk(size).Where(set => set.Length > size / 2))
            {
                (string, string)[] set = [.. chosen.Select(i => pairs[i])];
                int[] nearest = Nearest(set);
                rows.AddRange(set.SelectMany((pair, i) => Both(pair, set[nearest[i]])));
            }
        }
        return TextData.FromRows(rows);
    }

    private static (string, string)[] Both((string English, string German) pair, (string English, string German) other) =>
        [(TextPair.Join(pair.English, pair.German), Yes), (TextPair.Join(pair.English, other.German), No)];

    public static string[] WordsOf(string text)
    {
        List<Token> tokens = [];
        new WordTokenizer().Tokenize(text, tokens);
        return [.. tokens.Select(t => text[t.Range].ToLowerInvariant())];
    }

    // For each sentence the other one with most English words in common, the shorter of two; not one with the same English or German side.
    private static int[] Nearest((string English, string German)[] pairs)
    {
        string[][] words = [.. pairs.Select(p => WordsOf(p.English).Distinct(StringComparer.Ordinal).ToArray())];
        Dictionary<string, List<int>> places = new(StringComparer.Ordinal);
        for (int i = 0; i < words.Length; i++)
        {
            foreach (string word in words[i])
                (places.TryGetValue(word, out List<int>? list) ? list : places[word] = []).Add(i);
        }
        int[] nearest = new int[pairs.Length];
        Parallel.For(0, pairs.Length, () => new int[pairs.Length], (i, _, shared) =>
        {
            Array.Clear(shared);
            foreach (string word in words[i])
            {
                foreach (int j in places[word])
                    shared[j]++;
            }
            int best = -1;
            for (int j = 0; j < shared.Length; j++)
            {
                bool isBetter = best < 0 || shared[j] > shared[best] || (shared[j] == shared[best] && words[j].Length < words[best].Length);
                if (isBetter && j != i && pairs[j].English != pairs[i].English && pairs[j].German != pairs[i].German)
                    best = j;
            }
            nearest[i] = best;
            return shared;
        }, _ => { });
        return nearest;
    }
}
