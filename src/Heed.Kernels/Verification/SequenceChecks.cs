using Kernel = Heed.Kernels.SequencePoolingKernel;

namespace Heed.Kernels;

/// <summary>Kernels over the real steps of padded sequences: padding on both sides, an empty sequence.</summary>
internal static class SequenceChecks
{
    private const int Time = 9, Features = 21, Views = 2;
    private const double Limit = 2e-6;
    private static readonly int[] Lengths = [9, 4, 0, 1], Starts = [0, 3, 2, 8];

    private static Sequences Steps => new(Time, Lengths, Starts);

    private static int States => Lengths.Length * Time * Features;

    private static int Weights => Lengths.Length * Views * Time;

    public static void Softmax(KernelChecker check)
    {
        float[] scores = check.Draw(Weights, -6, 6), weights = new float[Weights], dweights = check.Draw(Weights), dscores = new float[Weights];
        SequenceSoftmaxKernel.Forward(scores, Views, Steps, weights);
        SequenceSoftmaxKernel.Backward(dweights, weights, Views, Steps, dscores);
        double[] Reference(double[] at)
        {
            double[] result = new double[at.Length];
            ReferenceSoftmax.SequenceForward(at, Views, Steps, result);
            return result;
        }
        check.Compare("weights", weights, Reference(KernelChecker.Widen(scores)), Limit);
        check.CompareWithDifferences("dscores", dscores, scores, dweights, Reference, 4 * Limit);
    }

    public static void Pooling(KernelChecker check)
    {
        float[] x = check.Draw(States, -2, 2), y = new float[Lengths.Length * Features], dy = check.Draw(y.Length), dx = new float[States];
        double[] wideX = KernelChecker.Widen(x);

        Kernel.MeanOverTime(x, Features, Steps, y);
        Kernel.MeanOverTimeBackward(dy, Features, Steps, dx);
        Compare(check, "mean", x, y, dy, dx, (at, result) => ReferenceSequence.MeanOverTime(at, Features, Steps, result));

        int[] positions = new int[y.Length];
        Array.Clear(dx);
        Kernel.MaxOverTime(x, Features, Steps, y, positions);
        Kernel.MaxOverTimeBackward(dy, positions, Features, Time, dx);
        Compare(check, "max", x, y, dy, dx, (at, result) => ReferenceSequence.MaxOverTime(at, Features, Steps, result, new int[result.Length]));

        Array.Clear(dx);
        Kernel.LastState(x, Features, 10, Steps, y);
        Kernel.LastStateBackward(dy, Features, 10, Steps, dx);
        Compare(check, "last", x, y, dy, dx, (at, result) => ReferenceSequence.LastState(at, Features, 10, Steps, result));

        float[] gates = check.Draw(States, -3, 3), dgates = new float[States];
        Array.Clear(dx);
        Kernel.GatedMean(gates, x, Features, Steps, y);
        Kernel.GatedMeanBackward(dy, gates, x, Features, Steps, dgates, dx);
        double[] wideGates = KernelChecker.Widen(gates);
        Compare(check, "gated mean", x, y, dy, dx, (at, result) => ReferenceSequence.GatedMean(wideGates, at, Features, Steps, result));
        Compare(check, "gated mean, gates", gates, y, dy, dgates, (at, result) => ReferenceSequence.GatedMean(at, wideX, Features, Steps, result));

        float[] weights = check.Draw(Weights, 0, 1), contexts = new float[Lengths.Length * Views * Features], dcontexts = check.Draw(contexts.Length), dweights = new float[Weights];
        Array.Clear(dx);
        Kernel.WeightedSum(weights, x, Features, Views, Steps, contexts);
        Kernel.WeightedSumBackward(dcontexts, weights, x, Features, Views, Steps, dweights, dx);
        double[] wideWeights = KernelChecker.Widen(weights);
        Compare(check, "weighted sum", x, contexts, dcontexts, dx, (at, result) => ReferenceSequence.WeightedSum(wideWeights, at, Features, Views, Steps, result));
        Compare(check, "weighted sum, weights", weights, contexts, dcontexts, dweights, (at, result) => ReferenceSequence.WeightedSum(at, wideX, Features, Views, Steps, result));
    }

    private static void Compare(KernelChecker check, string name, float[] x, float[] y, float[] dy, float[] dx, Action<double[], double[]> reference)
    {
        double[] Reference(double[] at)
        {
            double[] result = new double[y.Length];
            reference(at, result);
            return result;
        }
        check.Compare(name, y, Reference(KernelChecker.Widen(x)), Limit);
        check.CompareWithDifferences(name + ", gradient", dx, x, dy, Reference, 4 * Limit);
    }
}
