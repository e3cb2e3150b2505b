using System.Numerics;

namespace Heed;

/// <summary>The memory of steps: pinned arrays whose first used element stands on a 64-byte boundary, kept for reuse.</summary>
/// <remarks>Four size classes a doubling; a request takes the smallest free block of up to twice its size before it allocates, so that batches of
/// changing lengths share their memory. Safe from many threads.</remarks>
internal static class TensorPool
{
    private const int Classes = 4 * 32;
    private const int Poisoned = unchecked((int)0xFFC0DEAD);
    private static readonly Stack<TensorBlock>[] Free = [.. Enumerable.Range(0, Classes).Select(_ => new Stack<TensorBlock>())];
    private static long allocated, used, peak;

    /// <summary>Fills returned blocks with NaN, so that a use after the end cannot pass unnoticed; on in Debug builds.</summary>
    public static bool Poison { get; set; }
#if DEBUG
        = true;
#endif

    /// <summary>Bytes that the pool ever took from the garbage collector.</summary>
    public static long AllocatedBytes => Volatile.Read(ref allocated);

    /// <summary>Bytes of all blocks that steps hold.</summary>
    public static long UsedBytes => Volatile.Read(ref used);

    /// <summary>The most bytes that steps held at once since <see cref="ResetPeak"/>.</summary>
    public static long PeakBytes => Volatile.Read(ref peak);

    public static void ResetPeak() => Volatile.Write(ref peak, UsedBytes);

    public static TensorBlock Rent(int length)
    {
        TensorBlock block = Find(length);
        long now = Interlocked.Add(ref used, block.Bytes);
        for (long seen = PeakBytes; now > seen; seen = PeakBytes)
            Interlocked.CompareExchange(ref peak, now, seen);
        return block;
    }

    /// <summary>A block that a step keeps for good.</summary>
    public static void Forget(TensorBlock block) => Interlocked.Add(ref used, -block.Bytes);

    private static TensorBlock Find(int length)
    {
        int first = Class(length);
        for (int c = first; c < Math.Min(first + 5, Classes); c++)
        {
            Stack<TensorBlock> stack = Free[c];
            lock (stack)
            {
                if (stack.TryPop(out TensorBlock? found))
                    return found;
            }
        }
        return Allocate(ClassLength(first), first);
    }

    public static void Return(TensorBlock block)
    {
        Forget(block);
        if (Poison)
            block.Memory.Span.Fill(BitConverter.Int32BitsToSingle(Poisoned));
        Stack<TensorBlock> stack = Free[block.Class];
        lock (stack)
            stack.Push(block);
    }

    /// <summary>A block that never returns: the memory of parameters and kept results.</summary>
    public static Memory<float> AllocateAligned(int length) => Allocate(length, -1).Memory;

    private static TensorBlock Allocate(int length, int sizeClass)
    {
        float[] array = GC.AllocateUninitializedArray<float>(checked(length + 15), pinned: true);
        int offset = (int)((64 - (AddressOf(array) & 63)) & 63) / sizeof(float);
        if (sizeClass >= 0)
            Interlocked.Add(ref allocated, 4L * array.Length);
        return new TensorBlock(array.AsMemory(offset, length), sizeClass);
    }

    private static int Class(int length)
    {
        int bits = BitOperations.Log2((uint)Math.Max(length, 64) - 1);
        int quarter = (Math.Max(length, 64) - 1) >> (bits - 2) & 3;
        return (4 * bits) + quarter;
    }

    private static int ClassLength(int sizeClass)
    {
        int bits = sizeClass / 4;
        return (int)Math.Min(int.MaxValue - 64L, (long)(4 + (sizeClass % 4) + 1) << (bits - 2));
    }

    private static nint AddressOf(float[] array) => System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
}

/// <summary>One block of <see cref="TensorPool"/>.</summary>
/// <param name="Memory">The aligned floats.</param>
/// <param name="Class">The size class; −1 if the block does not return.</param>
internal sealed record TensorBlock(Memory<float> Memory, int Class)
{
    public long Bytes => 4L * Memory.Length;
}
