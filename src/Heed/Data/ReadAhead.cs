using System.Collections;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Heed;

/// <summary>Makes the items of a sequence on another thread, a few ahead of the one who takes them.</summary>
/// <remarks>
/// <para>The order is kept. What the source throws is thrown to the taker, behind the items made before it. Ending the loop early stops the source
/// at its next item; leaving the loop waits until it has stopped, and items nobody took are disposed if they can be.</para>
/// <para>Each enumeration has a thread and a buffer of its own and belongs to one taker; the source must not be used elsewhere meanwhile.</para>
/// </remarks>
/// <typeparam name="T">Any type.</typeparam>
public sealed class ReadAhead<T> : IEnumerable<T>
{
    private readonly IEnumerable<T> source;
    private readonly int capacity;
    private readonly CancellationToken cancellation;

    /// <summary>Prepares the reading; nothing starts before the first item is asked for.</summary>
    /// <param name="source">What makes the items.</param>
    /// <param name="capacity">How many finished items wait at most, at least 1.</param>
    /// <param name="cancellation">Ends source and taker; the taker gets an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below 1.</exception>
    public ReadAhead(IEnumerable<T> source, int capacity = 4, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (this.source, this.capacity, this.cancellation) = (source, capacity, cancellation);
    }

    /// <summary>Starts the thread with the first item.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var buffer = new BlockingCollection<T>(capacity);
        Exception? failure = null;
        var thread = new Thread(() => failure = Make(buffer, stop.Token)) { IsBackground = true, Name = "read ahead" };
        thread.Start();
        try
        {
            foreach (T item in buffer.GetConsumingEnumerable(cancellation))
                yield return item;
            thread.Join();
            cancellation.ThrowIfCancellationRequested();
            if (failure is not null)
                ExceptionDispatchInfo.Throw(failure);
        }
        finally
        {
            stop.Cancel();
            thread.Join();
            while (buffer.TryTake(out T? left))
                (left as IDisposable)?.Dispose();
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private Exception? Make(BlockingCollection<T> buffer, CancellationToken stopped)
    {
        try
        {
            foreach (T item in source)
                Hand(item, buffer, stopped);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
        finally
        {
            buffer.CompleteAdding();
        }
    }

    private static void Hand(T item, BlockingCollection<T> buffer, CancellationToken stopped)
    {
        try
        {
            buffer.Add(item, stopped);
        }
        catch (OperationCanceledException)
        {
            (item as IDisposable)?.Dispose();
            throw;
        }
    }
}
