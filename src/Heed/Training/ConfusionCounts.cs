namespace Heed;

/// <summary>Counts of (true class, predicted class), and what follows from them.</summary>
internal static class ConfusionCounts
{
    /// <summary>Counts, (classes, classes), a row for each true class.</summary>
    public static int[] Of(ReadOnlySpan<int> targets, ReadOnlySpan<int> predictions, int classCount)
    {
        int[] counts = new int[classCount * classCount];
        for (int i = 0; i < targets.Length; i++)
            counts[(targets[i] * classCount) + predictions[i]]++;
        return counts;
    }

    /// <summary>Rows that are right.</summary>
    public static int Right(int[] counts, int classCount) => Enumerable.Range(0, classCount).Sum(c => counts[(c * classCount) + c]);

    /// <summary>Mean F1 of the classes that have rows or predictions.</summary>
    public static double MacroF1(int[] counts, int classCount)
    {
        double sum = 0;
        int seen = 0;
        for (int c = 0; c < classCount; c++)
        {
            int hit = counts[(c * classCount) + c], total = 0;
            for (int other = 0; other < classCount; other++)
                total += counts[(c * classCount) + other] + counts[(other * classCount) + c];
            if (total == 0)
                continue;
            seen++;
            sum += 2.0 * hit / total;
        }
        return seen == 0 ? 0 : sum / seen;
    }

    /// <summary>Precision, recall and F1 of a class.</summary>
    public static ClassScore Score(int[] counts, int classCount, int c, string label)
    {
        int hit = counts[(c * classCount) + c], support = 0, predicted = 0;
        for (int other = 0; other < classCount; other++)
        {
            support += counts[(c * classCount) + other];
            predicted += counts[(other * classCount) + c];
        }
        return ClassScore.Of(label, hit, predicted, support);
    }
}
