namespace Heed.Experiments;

/// <summary>Stories in the manner of the bAbI tasks 1 to 3: people move between places and carry things; where is somebody, where is a thing, where was it before?</summary>
/// <remarks>After Weston et al., "Towards AI-complete question answering", 2015; made by rules of our own, with as many statements as the world needs until a question can be asked.</remarks>
internal sealed class Stories
{
    public const int WordsOfSentence = 4, WordsOfQuestion = 3;
    private static readonly string[] people = ["mary", "john", "sandra", "daniel"], places = ["kitchen", "garden", "office", "hallway", "bathroom", "bedroom"], things = ["football", "milk", "apple"];
    private static readonly string[] vocabulary = ["", .. people, .. places, .. things, "went", "journeyed", "to", "got", "took", "dropped", "left", "where", "is", "was", "before"];

    public static int VocabularySize => vocabulary.Length;

    /// <summary>The words by their ids; the first is padding.</summary>
    public static IReadOnlyList<string> Words => vocabulary;

    public static string Text(ReadOnlySpan<int> words) => string.Join(' ', words.ToArray().Where(w => w > 0).Select(w => vocabulary[w]));

    /// <summary>Some stories as a batch, with the ids of the answers and the sentences that support them.</summary>
    /// <param name="task">1: where is a person; 2: where is a thing; 3: where was the thing before a place.</param>
    /// <param name="count">How many.</param>
    /// <param name="longest">Sentences of a story at most.</param>
    /// <param name="random">Where the stories come from.</param>
    /// <param name="gaps">Share of empty sentences put between others, so that the temporal encoding does not learn fixed distances.</param>
    public static (StoryBatch Batch, int[] Answers, int[][] Support) Draw(int task, int count, int longest, RandomStream random, double gaps = 0)
    {
        List<(List<int[]> Sentences, int[] Question, int Answer, int[] Support)> all = [];
        while (all.Count < count)
        {
            if (Story(task, longest, random, gaps) is { } story)
                all.Add(story);
        }
        int most = all.Max(s => s.Sentences.Count);
        int[] words = new int[count * most * WordsOfSentence];
        for (int i = 0; i < count; i++)
        {
            for (int s = 0; s < all[i].Sentences.Count; s++)
                all[i].Sentences[s].CopyTo(words, ((i * most) + s) * WordsOfSentence);
        }
        return (new StoryBatch(words, [.. all.Select(s => s.Sentences.Count)], [.. all.SelectMany(s => s.Question)]), [.. all.Select(s => s.Answer)], [.. all.Select(s => s.Support)]);
    }

    private static (List<int[]>, int[], int, int[])? Story(int task, int longest, RandomStream random, double gaps)
    {
        List<int[]> sentences = [];
        int[] place = [.. people.Select(_ => -1)], moved = new int[people.Length], holder = [.. things.Select(_ => -1)];
        // For each thing the places where it was, each with the sentence that says who had it and the one that says where.
        List<(int Place, int Held, int Moved)>[] trace = [.. things.Select(_ => new List<(int, int, int)>())];
        int[] taken = new int[things.Length];
        int statements = (longest / 2) + random.Next((longest / 2) + 1);
        while (sentences.Count < statements)
        {
            if (random.NextDouble() < gaps)
            {
                sentences.Add([]);
                continue;
            }
            int person = random.Next(people.Length), thing = random.Next(things.Length), at = sentences.Count;
            if (task > 1 && place[person] >= 0 && holder[thing] == person && random.Next(4) == 0)
            {
                sentences.Add(Ids(people[person], random.Next(2) == 0 ? "dropped" : "left", things[thing]));
                holder[thing] = -1;
            }
            else if (task > 1 && place[person] >= 0 && holder[thing] < 0 && (trace[thing].Count == 0 || trace[thing][^1].Place == place[person]))
            {
                sentences.Add(Ids(people[person], random.Next(2) == 0 ? "got" : "took", things[thing]));
                (holder[thing], taken[thing]) = (person, at);
                if (trace[thing].Count == 0)
                    trace[thing].Add((place[person], at, moved[person]));
            }
            else
            {
                int to = random.Next(places.Length);
                if (to == place[person])
                    continue;
                sentences.Add(Ids(people[person], random.Next(2) == 0 ? "went" : "journeyed", "to", places[to]));
                (place[person], moved[person]) = (to, at);
                for (int t = 0; t < things.Length; t++)
                {
                    if (holder[t] == person)
                        trace[t].Add((to, taken[t], at));
                }
            }
        }
        return Ask(task, random, sentences, place, moved, trace);
    }

    private static (List<int[]>, int[], int, int[])? Ask(int task, RandomStream random, List<int[]> sentences, int[] place, int[] moved, List<(int Place, int Held, int Moved)>[] trace)
    {
        if (task == 1)
        {
            int who = random.Next(people.Length);
            return place[who] < 0 ? null : (sentences, Ids("where", "is", people[who]), Id(places[place[who]]), [moved[who]]);
        }
        int thing = random.Next(things.Length);
        List<(int Place, int Held, int Moved)> path = trace[thing];
        if (path.Count == 0)
            return null;
        if (task == 2)
            return (sentences, Ids("where", "is", things[thing]), Id(places[path[^1].Place]), [path[^1].Held, path[^1].Moved]);
        // "Before the place": the last time it came there from another.
        int i = path.Count - 1;
        return i < 1 ? null : (sentences, Ids(things[thing], "before", places[path[i].Place]), Id(places[path[i - 1].Place]), [path[i].Held, path[i].Moved, path[i - 1].Moved]);
    }

    private static int Id(string word) => Array.IndexOf(vocabulary, word);

    private static int[] Ids(params string[] words) => [.. words.Select(Id)];
}
