using System.Diagnostics;

namespace Heed.Kernels;

/// <summary>Checks every kernel on this machine: against its double-precision reference, and gradients against those of the reference, or differences of it.</summary>
/// <remarks>
/// <para>The data comes from a counter-based stream, sizes are odd so that edges are met. An error is relative to the largest reference value;
/// limits are a few roundings of float32 for elementwise functions, and grow with the length of sums.</para>
/// <para>The hash is over all bits that the kernels made: two machines with the same vector width and fused multiply–add print the same.</para>
/// <para>Cost: some seconds. Safe from any thread.</para>
/// </remarks>
public sealed class KernelVerification
{
    private KernelVerification(IReadOnlyList<KernelVerdict> verdicts, ulong hash, TimeSpan duration) =>
        (Verdicts, Hash, Duration) = (verdicts, hash, duration);

    /// <summary>Width of the vectors in bits: 512, 256 or 128.</summary>
    public int VectorBits { get; } = Simd.Bits;

    /// <summary>Every comparison, in a fixed order.</summary>
    public IReadOnlyList<KernelVerdict> Verdicts { get; }

    /// <summary>A hash of all bits of all results.</summary>
    public ulong Hash { get; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Whether every comparison passed.</summary>
    public bool Passed => Verdicts.All(v => v.Passed);

    /// <summary>Runs all checks, or those of some kernels.</summary>
    /// <param name="onKernel">Is told the name of each kernel before it is checked; may be null.</param>
    /// <param name="only">Text that the kernels' names contain, in any case; empty for all. The hash is over these.</param>
    /// <exception cref="ArgumentException">No kernel has a name with this text.</exception>
    public static KernelVerification Run(Action<string>? onKernel = null, string only = "")
    {
        (string Kernel, Action<KernelChecker> Check)[] chosen = [.. All.Where(a => a.Kernel.Contains(only, StringComparison.OrdinalIgnoreCase))];
        if (chosen.Length == 0)
            throw new ArgumentException($"No kernel has '{only}' in its name; there are {string.Join(", ", All.Select(a => a.Kernel))}.", nameof(only));
        Stopwatch clock = Stopwatch.StartNew();
        List<KernelVerdict> verdicts = [];
        ulong hash = 0;
        foreach ((string kernel, Action<KernelChecker> check) in chosen)
        {
            onKernel?.Invoke(kernel);
            KernelChecker checker = new(kernel, verdicts);
            check(checker);
            hash = CounterRandom.Mix(hash ^ checker.Hash);
        }
        return new(verdicts, hash, clock.Elapsed);
    }

    internal static IReadOnlyList<(string Kernel, Action<KernelChecker> Check)> All { get; } =
    [
        .. ElementwiseChecks.All,
        ("Reduction", ElementwiseChecks.Reductions),
        ("DropoutKernel", ElementwiseChecks.Dropout),
        ("Gemm", GemmChecks.Products),
        ("PackedMatrix", GemmChecks.Packed),
        ("SoftmaxKernel", RowChecks.Softmax),
        ("LogSoftmaxKernel", RowChecks.LogSoftmax),
        ("DistributionKernel", RowChecks.Distribution),
        ("TopKKernel", RowChecks.TopK),
        ("SinkSoftmaxKernel", RowChecks.Sink),
        ("AdditiveScoreKernel", RowChecks.AdditiveScore),
        ("CrossEntropyKernel", RowChecks.CrossEntropy),
        ("SigmoidCrossEntropyKernel", RowChecks.SigmoidCrossEntropy),
        ("LayerNormKernel", RowChecks.LayerNorm),
        ("RmsNormKernel", RowChecks.RmsNorm),
        ("RotaryKernel", RowChecks.Rotary),
        ("EmbeddingKernel", RowChecks.Embedding),
        ("SequenceSoftmaxKernel", SequenceChecks.Softmax),
        ("SequencePoolingKernel", SequenceChecks.Pooling),
        ("ConvolutionKernel", PictureChecks.Convolution),
        ("ConvolutionKernel by tiles", PictureChecks.TiledConvolution),
        ("PackedConvolution", PictureChecks.PackedConvolution),
        ("ExpandedDepthwiseKernel", DensePictureChecks.ExpandedDepthwise),
        ("TransposedConvolutionKernel", DensePictureChecks.TransposedConvolution),
        ("ResizeKernel", DensePictureChecks.Resize),
        ("FocalLossKernel", DensePictureChecks.FocalLoss),
        ("BoxLossKernel", DensePictureChecks.BoxLoss),
        ("BatchNormKernel", PictureChecks.BatchNorm),
        ("GroupNormKernel", PictureChecks.GroupNorm),
        ("ChannelGateKernel", PictureChecks.ChannelGate),
        ("PlaceGateKernel", PictureChecks.PlaceGate),
        ("FeatureMapsKernel", PictureChecks.FeatureMaps),
        ("SqueezeExcitationKernel", ExcitationChecks.Run),
        ("MaxPoolingKernel", PictureChecks.MaxPooling),
        ("AveragePoolingKernel", PictureChecks.AveragePooling),
        ("GridSampleKernel", PictureChecks.GridSample),
        ("GlimpseKernel", PictureChecks.Glimpse),
        ("LstmKernel", RecurrentChecks.Lstm),
        ("LstmStepKernel", RecurrentChecks.LstmStep),
        ("GruKernel", RecurrentChecks.Gru),
        ("FusedAttention", AttentionChecks.Fused),
        ("FusedAttention with options", AttentionChecks.Options),
        ("KeyValueCache", AttentionChecks.Cached),
        ("FusedAttention beside float32", AttentionChecks.BesidePlain),
        ("ScoreModification", AttentionChecks.Modified),
        ("AdamWKernel", OptimizerChecks.AdamW),
        ("SgdKernel", OptimizerChecks.Sgd),
    ];
}
