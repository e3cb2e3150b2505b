namespace Heed;

/// <summary>What counted for the answer of a memory network.</summary>
public static class StoryExplanation
{
    /// <summary>Makes a story with its question ready to be asked which of its sentences counted for the answer.</summary>
    /// <param name="network">The network.</param>
    /// <param name="words">Its words by their ids, as many as <see cref="MemoryNetworkConfig.VocabularySize"/>; the first is padding.</param>
    /// <param name="sentences">The story: sentences of words with spaces between them, the most recent one last; one may be empty.</param>
    /// <param name="question">The question, likewise.</param>
    /// <param name="target">The answer to explain; null: the network's.</param>
    /// <returns>An input whose units are the sentences. Its views are the hops: <c>attention:view0</c> is the first.</returns>
    /// <remarks>
    /// <para>A sentence is taken away by <c>delete</c>, so that those before it come nearer to the question, or by <c>empty</c>: its words go, its place stays. Gradients go to the sum of its words' vectors in each memory; the encoding of
    /// places is not part of it, so that the baseline <c>zero</c> is the story with all its sentences empty.</para>
    /// <example><code>
    /// ExplainedInput input = network.Explaining(words, ["mary went to kitchen", "john went to garden"], "where is mary");
    /// float[] scores = [.. ExplanationMethod.Explain(input, new() { Methods = ["attention:view1"] })[0].Scores];     // of the second hop
    /// </code></example>
    /// </remarks>
    /// <exception cref="ArgumentException">A word is not known, or the number of words is not the network's; says which.</exception>
    /// <exception cref="ShapeException">The story has more sentences than the temporal encoding knows.</exception>
    public static ExplainedInput Explaining(this MemoryNetwork network, IReadOnlyList<string> words, IReadOnlyList<string> sentences, string question, string? target = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(sentences);
        ArgumentNullException.ThrowIfNull(question);
        if (words.Count != network.Config.VocabularySize)
            throw new ArgumentException(FormattableString.Invariant($"MemoryNetwork.Explaining: {words.Count} words came for a network that knows {network.Config.VocabularySize}; give one for each id, padding first."), nameof(words));
        int[] Ids(string text, string where) => Array.ConvertAll(text.Split(' ', StringSplitOptions.RemoveEmptyEntries), word => Id(words, word, where));
        int[][] story = [.. sentences.Select((sentence, i) => Ids(sentence, FormattableString.Invariant($"sentence {i + 1}")))];
        return new MemoryNetworkInput(network, words, sentences, story, question, Ids(question, "the question"), target is null ? null : Id(words, target, "the target"));
    }

    private static int Id(IReadOnlyList<string> words, string word, string where)
    {
        for (int id = 1; id < words.Count; id++)
        {
            if (words[id] == word)
                return id;
        }
        throw new ArgumentException($"MemoryNetwork.Explaining: {where} has '{NearestName.Shown(word)}', which the network does not know.{NearestName.Hint(word, [.. words.Skip(1)])}", nameof(word));
    }
}
