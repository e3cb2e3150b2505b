using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Heed.Kernels;

/// <summary>The persistent workers that share the tasks of one kernel call.</summary>
/// <remarks>
/// <para>Fork and join cost about a microsecond while the workers are awake: they watch for work for a short while and then sleep. The caller
/// takes part. A call that finds the workers busy (another thread's call, or a call from inside a task) runs alone on its own thread, so
/// concurrent callers never wait for each other. What a task computes never depends on who runs it: results have the same bits at any degree.</para>
/// <para>Thread safety: all members may be used from any thread.</para>
/// </remarks>
public static unsafe class Workers
{
    // Ticket: epoch (16 bits), number of tasks (24 bits), next task (24 bits). Taking a task is one addition, and a late worker learns from
    // its own ticket alone whether it holds a task of the current call.
    private const int CountBits = 24;
    private const ulong CountMask = (1ul << CountBits) - 1;
    // About a millisecond of looking, some 70 ns a look: a sleeping worker takes 50 µs and more to wake.
    private const int Watch = 15_000;

    private static readonly Lock Starting = new();
    private static readonly SemaphoreSlim Wake = new(0);
    private static int degree = InitialDegree();
    private static int started;
    private static int asleep;
    private static int busy;
    private static ulong ticket;
    private static int done;
    private static delegate*<void*, int, void> body;
    private static void* state;
    private static int total, grain;

    // Whether this thread does a piece of work that others share: its kernels stay on it.
    [ThreadStatic]
    private static bool isAlone;

    private static volatile Exception? failure;

    /// <summary>How many threads one call may use, the caller's included.</summary>
    /// <value>Default: the environment variable <c>HEED_THREADS</c>, else the processors that this process may use (container limits
    /// count).</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside 1 … 1,024.</exception>
    public static int Degree
    {
        get => Volatile.Read(ref degree);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1024);
            Volatile.Write(ref degree, value);
        }
    }

    /// <summary>How many threads a call would get now: one while another call has the workers, as inside a task. Work that is cut by it is not cut in vain.</summary>
    internal static int Free => isAlone || Volatile.Read(ref busy) != 0 ? 1 : Degree;

    /// <summary>Does pieces of work side by side, at most <see cref="Degree"/> at once. Kernels that a piece calls run on its thread alone: threads that help them would take processors from other pieces.</summary>
    /// <param name="count">How many pieces; a single one has all workers.</param>
    /// <param name="one">Does piece i of 0 … count − 1, on any thread.</param>
    /// <remarks>What a piece throws is thrown here; of several exceptions one.</remarks>
    public static void Share(int count, Action<int> one)
    {
        ArgumentNullException.ThrowIfNull(one);
        if (Degree == 1 || count < 2)
        {
            for (int i = 0; i < count; i++)
                one(i);
            return;
        }
        try
        {
            System.Threading.Tasks.Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Degree }, i =>
            {
                bool outer = isAlone;
                isAlone = true;
                try
                {
                    one(i);
                }
                finally
                {
                    isAlone = outer;
                }
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.Count > 0)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    /// <summary>How many of the tasks a thread takes at a time: about ten microseconds of work, but no thread less than a quarter of its share at once.</summary>
    /// <param name="count">Number of tasks.</param>
    /// <param name="operations">Multiplications and additions of one of them.</param>
    internal static int Grain(int count, double operations) => Math.Max(1, Math.Min((int)(1e6 / Math.Max(1, operations)), count / (4 * Degree)));

    /// <summary>Calls <paramref name="task"/>(state, i) for i = 0 … count−1, on several threads, and returns when all have ended.</summary>
    internal static void Run(delegate*<void*, int, void> task, void* taskState, int count) => Run(task, taskState, count, 1);

    /// <summary>The same; threads take <paramref name="atATime"/> tasks that follow each other, for tasks so short that taking them counts.</summary>
    internal static void Run(delegate*<void*, int, void> task, void* taskState, int tasks, int atATime)
    {
        int count = (tasks + atATime - 1) / atATime, width = Math.Min(Degree, count);
        if (width <= 1 || isAlone || count > (int)CountMask || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (int i = 0; i < tasks; i++)
                task(taskState, i);
            return;
        }
        try
        {
            Start(width - 1);
            body = task;
            state = taskState;
            (total, grain) = (tasks, atATime);
            failure = null;
            Volatile.Write(ref done, 0);
            ulong epoch = (Volatile.Read(ref ticket) >> (2 * CountBits)) + 1;
            Interlocked.Exchange(ref ticket, (epoch << (2 * CountBits)) | ((ulong)count << CountBits));
            int sleepers = Math.Min(Volatile.Read(ref asleep), width - 1);
            if (sleepers > 0)
                Wake.Release(sleepers);
            while (TakeOne())
            {
            }
            SpinWait spin = default;
            while (Volatile.Read(ref done) < count)
                spin.SpinOnce(sleep1Threshold: -1);
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
        if (failure is { } thrown)
            ExceptionDispatchInfo.Throw(thrown);
    }

    private static bool TakeOne()
    {
        ulong mine = Interlocked.Increment(ref ticket) - 1;
        ulong index = mine & CountMask, count = (mine >> CountBits) & CountMask;
        if (index >= count)
        {
            // Give the number back, or idle takers would one day overflow into the count.
            Interlocked.CompareExchange(ref ticket, mine, mine + 1);
            return false;
        }
        try
        {
            int first = (int)index * grain, end = Math.Min(first + grain, total);
            for (int i = first; i < end; i++)
                body(state, i);
        }
        catch (Exception e)
        {
            failure = e;
        }
        Interlocked.Increment(ref done);
        return true;
    }

    private static void Start(int needed)
    {
        if (Volatile.Read(ref started) >= needed)
            return;
        lock (Starting)
        {
            for (; started < needed; started++)
            {
                int number = started + 1;
                new Thread(() => Loop(number), 1 << 20) { IsBackground = true, Name = FormattableString.Invariant($"heed worker {number}") }.Start();
            }
        }
    }

    private static void Loop(int number)
    {
        while (true)
        {
            ulong seen = Volatile.Read(ref ticket);
            if (number < Degree)
            {
                while (TakeOne())
                {
                }
                seen = Volatile.Read(ref ticket);
                for (int i = 0; i < Watch && IsIdle(seen); i++)
                    Thread.SpinWait(1);
            }
            if (number < Degree && !IsIdle(seen))
                continue;
            Interlocked.Increment(ref asleep);
            if (number >= Degree || IsIdle(seen))
                Wake.Wait();
            Interlocked.Decrement(ref asleep);
        }
    }

    private static bool IsIdle(ulong seen)
    {
        ulong now = Volatile.Read(ref ticket);
        return now >> (2 * CountBits) == seen >> (2 * CountBits) && (now & CountMask) >= ((now >> CountBits) & CountMask);
    }

    private static int InitialDegree() =>
        int.TryParse(Environment.GetEnvironmentVariable("HEED_THREADS"), CultureInfo.InvariantCulture, out int asked) && asked is >= 1 and <= 1024
            ? asked : Environment.ProcessorCount;
}
