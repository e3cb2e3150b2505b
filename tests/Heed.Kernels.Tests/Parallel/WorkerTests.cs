namespace Heed.Kernels.Tests.Parallel;

[CollectionDefinition(Name)]
public sealed class WorkerTests
{
    /// <summary>Tests that change the number of threads run one after the other.</summary>
    public const string Name = "workers";
}

[Collection(WorkerTests.Name)]
public unsafe class WorkersTests
{
    private struct Tally
    {
        public fixed int Counts[1000];
        public int Total;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_task_runs_once_in_thousands_of_forks(int degree)
    {
        using var workers = new WorkerDegree(degree);
        Tally tally = default;
        for (int fork = 0; fork < 3000; fork++)
        {
            int count = fork % 37;
            tally = default;
            Workers.Run(&Count, &tally, count);
            int wrong = 0;
            for (int i = 0; i < 1000; i++)
                wrong += tally.Counts[i] == (i < count ? 1 : 0) ? 0 : 1;
            wrong.ShouldBe(0);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_task_runs_once_when_several_are_taken_at_a_time(int degree)
    {
        using var workers = new WorkerDegree(degree);
        for (int count = 0; count < 100; count++)
        {
            for (int atATime = 1; atATime < 9; atATime++)
            {
                Tally tally = default;
                Workers.Run(&Count, &tally, count, atATime);
                tally.Total.ShouldBe(count);
                for (int i = 0; i < count; i++)
                    tally.Counts[i].ShouldBe(1);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Pieces_are_shared_and_their_kernels_stay_on_one_thread(int degree)
    {
        using var workers = new WorkerDegree(degree);
        int[] runs = new int[50];
        Workers.Share(runs.Length, i =>
        {
            Seen seen = new() { Thread = Environment.CurrentManagedThreadId };
            Workers.Run(&Look, &seen, 200);
            seen.Others.ShouldBe(0);
            Interlocked.Increment(ref runs[i]);
        });
        runs.ShouldAllBe(n => n == 1);
        Should.Throw<InvalidOperationException>(() => Workers.Share(5, i => throw new InvalidOperationException("piece"))).Message.ShouldBe("piece");
        // The threads help each other as before.
        Tally tally = default;
        Workers.Run(&Count, &tally, 100);
        tally.Total.ShouldBe(100);
    }

    private struct Seen
    {
        public int Thread, Others;
    }

    private static void Look(void* state, int index)
    {
        Seen* seen = (Seen*)state;
        if (Environment.CurrentManagedThreadId != seen->Thread)
            Interlocked.Increment(ref seen->Others);
    }

    [Fact]
    public void Sleeping_workers_wake_up()
    {
        using var workers = new WorkerDegree(3);
        for (int fork = 0; fork < 5; fork++)
        {
            Tally tally = default;
            Workers.Run(&Count, &tally, 100);
            tally.Total.ShouldBe(100);
            Thread.Sleep(30);
        }
    }

    [Fact]
    public void Callers_at_the_same_time_do_not_disturb_each_other()
    {
        using var workers = new WorkerDegree(4);
        System.Threading.Tasks.Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, caller =>
        {
            for (int fork = 0; fork < 500; fork++)
            {
                Tally tally = default;
                int count = 1 + ((fork + caller) % 20);
                Workers.Run(&Count, &tally, count);
                tally.Total.ShouldBe(count);
                for (int i = 0; i < count; i++)
                    tally.Counts[i].ShouldBe(1);
            }
        });
    }

    [Fact]
    public void A_call_from_inside_a_task_runs_alone()
    {
        using var workers = new WorkerDegree(4);
        Tally tally = default;
        Workers.Run(&Nested, &tally, 50);
        tally.Total.ShouldBe(50 * 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_exception_reaches_the_caller_and_harms_no_later_call(int degree)
    {
        using var workers = new WorkerDegree(degree);
        for (int fork = 0; fork < 20; fork++)
        {
            Should.Throw<InvalidOperationException>(() => Workers.Run(&Fail, null, 40));
            Tally tally = default;
            Workers.Run(&Count, &tally, 40);
            tally.Total.ShouldBe(40);
        }
    }

    [Fact]
    public void The_degree_is_bounded()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Workers.Degree = 0);
        Should.Throw<ArgumentOutOfRangeException>(() => Workers.Degree = 1025);
    }

    [Fact]
    public void Scratch_is_aligned_large_enough_and_exclusive()
    {
        System.Threading.Tasks.Parallel.For(0, 200, i =>
        {
            int length = 1 + ((i * 7919) % 50_000);
            using Scratch scratch = new(length);
            ((nint)scratch.Pointer % 64).ShouldBe(0);
            new Span<float>(scratch.Pointer, length).Fill(i);
            Thread.Yield();
            new Span<float>(scratch.Pointer, length).IndexOfAnyExcept(i).ShouldBe(-1);
        });
    }

    private static void Count(void* state, int index)
    {
        var tally = (Tally*)state;
        Interlocked.Increment(ref tally->Counts[index]);
        Interlocked.Increment(ref tally->Total);
    }

    private static void Nested(void* state, int index)
    {
        Tally own = default;
        Workers.Run(&Count, &own, 20);
        Interlocked.Add(ref ((Tally*)state)->Total, own.Total);
    }

    private static void Fail(void* state, int index)
    {
        if (index % 7 == 3)
            throw new InvalidOperationException("task");
    }
}
