using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Heed.Kernels;

/// <summary>Temporary memory of kernels: 64-byte aligned, kept for reuse, never seen by users.</summary>
/// <remarks>Contents are undefined when rented. Dispose returns the memory; a rented block belongs to one thread at a time.</remarks>
internal readonly unsafe struct Scratch : IDisposable
{
    private const int SmallestBits = 10, Buckets = 22;
    private static readonly Stack<nint>[] Free = [.. Enumerable.Range(0, Buckets).Select(_ => new Stack<nint>())];
    private readonly int bucket;

    // What this thread holds and the most that it held: tests compare estimates with it.
    [ThreadStatic]
    private static long held, most;

    /// <summary>Rents at least <paramref name="length"/> floats.</summary>
    public Scratch(long length)
    {
        bucket = Math.Max(0, 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)Math.Max(length, 1) - 1) - SmallestBits);
        if (bucket >= Buckets)
            throw new InvalidOperationException(FormattableString.Invariant($"A kernel needs {length} floats of scratch; the limit is {1L << (SmallestBits + Buckets - 1)}."));
        held += Bytes;
        most = Math.Max(most, held);
        Stack<nint> stack = Free[bucket];
        lock (stack)
        {
            if (stack.TryPop(out nint found))
            {
                Pointer = (float*)found;
                return;
            }
        }
        Pointer = (float*)NativeMemory.AlignedAlloc((nuint)Bytes, 64);
    }

    /// <summary>The memory.</summary>
    public float* Pointer { [MethodImpl(MethodImplOptions.AggressiveInlining)] get; }

    private long Bytes => 1L << (SmallestBits + bucket + 2);

    /// <summary>Starts counting this thread's memory anew.</summary>
    public static void StartCounting() => most = held;

    /// <summary>The most bytes that this thread held since.</summary>
    public static long MostBytes => most;

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        held -= Bytes;
        Stack<nint> stack = Free[bucket];
        lock (stack)
            stack.Push((nint)Pointer);
    }
}
