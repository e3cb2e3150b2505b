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

    /// <summary>The sum over outputs of their cross-entropies as yes-or-no answers.</summary>
    /// <param name="targets">(rows, outputs), in [0, 1].</param>
    /// <param name="outputCount">Outputs a row.</param>
    /// <param name="weights">(rows, outputs), how often each answer counts; null for once.</param>
    public sealed class Answers(float[] targets, int outputCount, float[]? weights = null) : LinearLoss
    {
        public override int OutputCount => outputCount;

        public override double Evaluate(ReadOnlySpan<float> logits, Span<float> dlogits)
        {
            dlogits.Clear();
            SigmoidCrossEntropyKernel.Backward(logits, targets, outputCount, dlogits, weights);
            return outputCount * SigmoidCrossEntropyKernel.Forward(logits, targets, weights);
        }
    }

    /// <summary>Half the mean squared error.</summary>
    /// <param name="targets">A number for each row.</param>
    public sealed class Numbers(float[] targets) : LinearLoss
    {
        public override int OutputCount => 1;

        public override double Evaluate(ReadOnlySpan<float> logits, Span<float> dlogits)
        {
            double sum = 0;
            for (int i = 0; i < targets.Length; i++)
            {
                float off = logits[i] - targets[i];
                sum += 0.5 * off * off;
                dlogits[i] = off / targets.Length;
            }
            return sum / targets.Length;
        }
    }
}
