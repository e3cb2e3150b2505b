namespace Heed.Kernels.Tests.Vectors;

/// <summary>Runs a body at each width that the machine has.</summary>
internal static class EveryWidth
{
    public static void Run<TBody>(TBody body)
        where TBody : ISimdKernel
    {
        body.Run<Simd128>();
        if (Simd.Bits >= 256)
            body.Run<Simd256>();
        if (Simd.Bits >= 512)
            body.Run<Simd512>();
    }
}
