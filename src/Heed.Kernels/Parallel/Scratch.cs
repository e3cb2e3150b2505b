using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Heed.Kernels;

/// <summary>Temporary memory of kernels: 64-byte aligned, kept for reuse, never seen by users.</summary>
/// <remarks>Contents are undefined when rented. Dispose returns the memory; a rented block belongs to one thread at a time. A thread keeps one small block of each size to itself: rows that rent one each would wait for each other.</remarks>
internal readonly unsafe struct Scratch : IDisposable
{
    private const int SmallestBits = 10, Buckets = 22;
    // Up to 2¹⁵ floats, 128 KiB.
    private const int KeptBuckets = 6;
    private static readonly Stack<nint>[] Free = [.. Enumerable.Range(0, Buckets).Select(_ => new Stack<nint>())];
    private readonly int bucket;

    // What this thread holds and the most that it held: tests compare estimates with it.
    [ThreadStatic]
    private static long held, most;

    [ThreadStatic]
    private static Kept? kept;

    /// <summary>Rents at least <paramref name="length"/> floats.</summary>
    public Scratch(long length)
    {
        bucket = Math.Max(0, 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)Math.Max(length, 1) - 1) - SmallestBits);
        if (bucket >= Buckets)
            throw new InvalidOperationException(FormattableString.Invariant($"A kernel needs {length} floats of scratch; the limit is {1L << (SmallestBits + Buckets - 1)}."));
        held += Bytes;
        most = Math.Max(most, held);
        if (bucket < KeptBuckets && (kept ??= new()).Blocks[bucket] is var own and not 0)
        {
            kept.Blocks[bucket] = 0;
            Pointer = (float*)own;
            return;
        }
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
        if (bucket < KeptBuckets && (kept ??= new()).Blocks[bucket] == 0)
            kept.Blocks[bucket] = (nint)Pointer;
        else
            Return(bucket, (nint)Pointer);
    }

    private static void Return(int bucket, nint block)
    {
        Stack<nint> stack = Free[bucket];
        lock (stack)
            stack.Push(block);
    }

    // What a thread keeps goes to the others when the thread has ended.
    private sealed class Kept
    {
        public readonly nint[] Blocks = new nint[KeptBuckets];

#pragma warning disable MA0055 // Nothing else tells of a thread's end.
        ~Kept()
#pragma warning restore MA0055
        {
            for (int i = 0; i < Blocks.Length; i++)
            {
                if (Blocks[i] != 0)
                    Return(i, Blocks[i]);
            }
        }
    }
}
