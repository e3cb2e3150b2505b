using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Heed.Cli;

/// <summary>Groups items as they arrive: a slow one is passed on at once and alone, a fast stream in large groups.</summary>
internal static class Arrivals
{
    /// <summary>Reads the source on another thread and yields what is there whenever the taker is ready.</summary>
    /// <param name="source">The items; what it throws is thrown behind the items before it.</param>
    /// <param name="most">Items of a group at most.</param>
    public static IEnumerable<IReadOnlyList<T>> Group<T>(IEnumerable<T> source, int most = 1024)
    {
        using BlockingCollection<T> queue = new(2 * most);
        ExceptionDispatchInfo? failure = null;
        Thread reader = new(() =>
        {
            try
            {
                foreach (T item in source)
                    queue.Add(item);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            queue.CompleteAdding();
        })
        {
            IsBackground = true,
            Name = "input",
        };
        reader.Start();
        foreach (T first in queue.GetConsumingEnumerable())
        {
            List<T> group = [first];
            while (group.Count < most && queue.TryTake(out T? next))
                group.Add(next);
            yield return group;
        }
        reader.Join();
        failure?.Throw();
    }
}
