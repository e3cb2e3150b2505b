using System.Globalization;

namespace Heed;

/// <summary>The rows that a report holds, gathered in one pass: the most certain wrong answers, and right ones in the room that they leave.</summary>
/// <param name="content">Which rows.</param>
/// <param name="maximum">How many.</param>
internal sealed class ReportRows<T>(ReportContent content, int maximum)
{
    private readonly PriorityQueue<(T Row, int Place), (double, int)> errors = new(), others = new();
    private int count;

    /// <summary>Wrong answers, held or not.</summary>
    public int WrongCount { get; private set; }

    /// <summary>Right answers, held or not.</summary>
    public int RightCount { get; private set; }

    /// <summary>The wrong answers that are held, the most certain first.</summary>
    public T[] Wrong => [.. Ordered(errors)];

    /// <summary>The right answers that are held, the most certain first.</summary>
    public T[] Right => [.. Ordered(others).Take(maximum - errors.Count)];

    /// <summary>Takes a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="isRight">Whether it was answered right.</param>
    /// <param name="certainty">How certain the answer is.</param>
    public void Add(T row, bool isRight, double certainty)
    {
        (WrongCount, RightCount) = isRight ? (WrongCount, RightCount + 1) : (WrongCount + 1, RightCount);
        if (content == ReportContent.None || (isRight && content == ReportContent.Errors))
            return;
        PriorityQueue<(T, int), (double, int)> into = isRight ? others : errors;
        into.Enqueue((row, count), (certainty, -count));
        count++;
        if (into.Count > maximum)
            into.Dequeue();
    }

    /// <summary>A sentence on what is held of what there is.</summary>
    /// <param name="isRight">Of the right answers, or of the wrong ones.</param>
    /// <param name="what">The rows, as <c>rows</c>.</param>
    public string Sentence(bool isRight, string what)
    {
        (int held, int all) = isRight ? (Right.Length, RightCount) : (errors.Count, WrongCount);
        return string.Create(CultureInfo.InvariantCulture, $"{all:N0} {what} were answered {(isRight ? "right" : "wrong")}; {(held == all ? "all of them are here" : $"{held:N0} of them are here; this file holds no more")}, the most certain answer first.");
    }

    private static IEnumerable<T> Ordered(PriorityQueue<(T Row, int Place), (double, int)> queue) =>
        queue.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => item.Element.Row);
}
