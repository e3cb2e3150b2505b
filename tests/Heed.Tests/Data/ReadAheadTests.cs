namespace Heed.Tests.Data;

public class ReadAheadTests
{
    [Fact]
    public void Keeps_the_order_and_works_on_another_thread()
    {
        var threads = new HashSet<int>();
        IEnumerable<int> Source()
        {
            for (int i = 0; i < 1000; i++)
            {
                threads.Add(Environment.CurrentManagedThreadId);
                yield return i;
            }
        }

        var ahead = new ReadAhead<int>(Source(), capacity: 3);
        ahead.ShouldBe(Enumerable.Range(0, 1000));
        threads.ShouldHaveSingleItem().ShouldNotBe(Environment.CurrentManagedThreadId);
        ahead.Take(5).ShouldBe([0, 1, 2, 3, 4]);
    }

    [Fact]
    public void Makes_no_more_than_the_buffer_holds()
    {
        int made = 0;
        IEnumerable<int> Source()
        {
            while (true)
            {
                Interlocked.Increment(ref made);
                yield return made;
            }
        }

        using (IEnumerator<int> taker = new ReadAhead<int>(Source(), capacity: 4).GetEnumerator())
        {
            taker.MoveNext().ShouldBeTrue();
            SpinWait.SpinUntil(() => Volatile.Read(ref made) > 6, 200).ShouldBeFalse();
        }
        int atEnd = made;
        Thread.Sleep(20);
        made.ShouldBe(atEnd);
    }

    [Fact]
    public void Passes_on_what_the_source_throws_behind_its_items()
    {
        static IEnumerable<int> Source()
        {
            yield return 1;
            yield return 2;
            throw new InputException("broken", "file", 3);
        }

        var taken = new List<int>();
        InputException error = Should.Throw<InputException>(() => taken.AddRange(new ReadAhead<int>(Source())));
        error.Line.ShouldBe(3);
        foreach (int capacity in new[] { 1, 8 })
        {
            taken.Clear();
            Should.Throw<InputException>(() =>
            {
                foreach (int item in new ReadAhead<int>(Source(), capacity))
                    taken.Add(item);
            });
            taken.ShouldBe([1, 2]);
        }
    }

    [Fact]
    public void Cancellation_ends_both_sides()
    {
        using var cancel = new CancellationTokenSource();
        bool ended = false;
        IEnumerable<int> Source()
        {
            try
            {
                for (int i = 0; ; i++)
                    yield return i;
            }
            finally
            {
                ended = true;
            }
        }

        Should.Throw<OperationCanceledException>(() =>
        {
            foreach (int item in new ReadAhead<int>(Source(), 2, cancel.Token))
            {
                if (item == 5)
                    cancel.Cancel();
            }
        });
        ended.ShouldBeTrue();
    }

    [Fact]
    public void Abandoned_items_and_the_source_are_disposed()
    {
        int live = 0;
        bool ended = false;
        IEnumerable<Item> Source()
        {
            try
            {
                while (true)
                {
                    Interlocked.Increment(ref live);
                    yield return new Item(() => Interlocked.Decrement(ref live));
                }
            }
            finally
            {
                ended = true;
            }
        }

        foreach (Item item in new ReadAhead<Item>(Source(), 3))
        {
            item.Dispose();
            break;
        }
        live.ShouldBe(0);
        ended.ShouldBeTrue();
    }

    private sealed class Item(Action disposed) : IDisposable
    {
        public void Dispose() => disposed();
    }
}
