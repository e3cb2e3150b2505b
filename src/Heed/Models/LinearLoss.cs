using Heed.Kernels;

namespace Heed;

/// <summary>What a linear model over n-grams is fitted to.</summary>
internal abstract class LinearLoss
{
    /// <summary>Outputs a row.</summary>
    public abstract int OutputCount { get; }

    /// <summary>The mean loss of logits (rows, outputs); dlogits becomes its gradient.</summary>
    public abstract double Evaluate(ReadOnlySpan<float> logits, Span<float> dlogits);

    /// <summary>Softmax cross-entropy over classes.</summary>
    /// <param name="targets">A class for each row.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="weights">Weights of the classes, or null for 1.</param>
    public sealed class Classes(int[] targets, int classCount, float[]? weights) : LinearLoss
    {
        private float[] probabilities = [];

        public override int OutputCount => classCount;

        public override double Evaluate(ReadOnlySpan<float> logits, Span<float> dlogits)
        {
            if (probabilities.Length != logits.Length)
                probabilities = new float[logits.Length];
            double loss = CrossEntropyKernel.Forward(logits, targets, classCount, probabilities, weights);
            dlogits.Clear();
            CrossEntropyKernel.Backward(probabilities, targets, classCount, 1, dlogits, weights);
            return loss;
        }
    }
}
