using System.Globalization;

namespace Heed.Experiments;

/// <summary>How often the largest affinity of an English word stands at the German word that goes with it in the training pairs: the one with the largest Dice coefficient of the sentence, if that is at least ½.</summary>
internal sealed class WordAlignment
{
    private readonly Dictionary<string, int> english = new(StringComparer.Ordinal), german = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), int> both = [];

    /// <summary>Counts the words of training pairs.</summary>
    public WordAlignment((string English, string German)[] train)
    {
        foreach ((string en, string de) in train)
        {
            string[] e = [.. TranslationPairs.WordsOf(en).Distinct(StringComparer.Ordinal)], d = [.. TranslationPairs.WordsOf(de).Distinct(StringComparer.Ordinal)];
            foreach (string word in e)
                english[word] = english.GetValueOrDefault(word) + 1;
            foreach (string word in d)
                german[word] = german.GetValueOrDefault(word) + 1;
            foreach ((string, string) pair in e.SelectMany(a => d.Select(b => (a, b))))
                both[pair] = both.GetValueOrDefault(pair) + 1;
        }
    }

    /// <summary>Adds what the affinities of true pairs say.</summary>
    public void Measure(Dictionary<string, object> figures, TextClassifier model, TextData test)
    {
        int known = 0, right = 0;
        double chance = 0;
        List<string> shown = [];
        foreach (TextExample row in test.Where(r => test.LabelNames[r.Label] == TranslationPairs.Yes))
        {
            TokenAffinity affinity = model.Predict(row.Text).Affinity!;
            (string Word, int[] Tokens)[] e = Words(row.Text, affinity.First), d = Words(row.Text, affinity.Second);
            List<string> found = [];
            foreach ((string word, int[] tokens) in e)
            {
                // That of two words is the largest of their tokens'.
                string most = d.MaxBy(other => tokens.Max(i => other.Tokens.Max(j => affinity.Values[i, j]))).Word, expected = d.MaxBy(other => Dice(word, other.Word)).Word;
                found.Add($"{word}→{most}");
                if (Dice(word, expected) < 0.5 || d.Count(other => other.Word == expected) > 1)
                    continue;
                known++;
                right += most == expected ? 1 : 0;
                chance += 1.0 / d.Length;
            }
            if (shown.Count < 3)
                shown.Add(string.Join(' ', found));
        }
        figures["aligned"] = (double)right / known;
        figures["aligned_by_chance"] = chance / known;
        figures["aligned_words"] = known.ToString(CultureInfo.InvariantCulture);
        figures["alignments"] = shown;
    }

    private double Dice(string e, string d) => both.TryGetValue((e, d), out int n) && n >= 5 ? 2.0 * n / (english[e] + german[d]) : 0;

    // The words of a text that tokens touch, with the tokens that end in each: pieces of words may begin with the space before.
    private static (string Word, int[] Tokens)[] Words(string text, IReadOnlyList<Range> tokens)
    {
        List<Token> words = [];
        new WordTokenizer().Tokenize(text, words);
        int[] last = [.. tokens.Select(range => range.GetOffsetAndLength(text.Length)).Select(place => place.Offset + place.Length - 1)];
        return [.. words
            .Select(word => (text[word.Range].ToLowerInvariant(), Enumerable.Range(0, last.Length).Where(i => last[i] >= word.Start && last[i] < word.End).ToArray()))
            .Where(word => word.Item2.Length > 0)];
    }
}
