using Heed.Kernels;

namespace Heed;

/// <summary>Logistic regression over TF-IDF weighted n-grams: the simple model that a neural one has to beat.</summary>
/// <remarks>
/// <para>Formula: <c>x_g = (1 + ln n_g)·(ln((1 + T)/(1 + t_g)) + 1)</c> for an n-gram g that occurs n_g times in the text and in t_g of T training
/// texts, scaled to length 1; <c>p = softmax(Wᵀx + b)</c>; W and b minimise the mean cross-entropy plus <c>λ/2·‖W‖²</c>, by
/// L-BFGS. Of the λ tried, the one with the best dev score stays.</para>
/// <para>Cost: seconds for tens of thousands of texts. Deterministic on any number of threads. Immutable and thread-safe after training.
/// Source: Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988; the same weights as scikit-learn's
/// TfidfVectorizer with sublinear_tf and its LogisticRegression with C = 1/(λ·rows).</para>
/// </remarks>
public sealed class TfidfModel
{
    private const int Iterations = 100;
    private const double Tolerance = 1e-5;
    private readonly TfidfFeatures features;
    private readonly float[] weights, bias;

    internal TfidfModel(TfidfFeatures features, float[] weights, float[] bias, double strength) =>
        (this.features, this.weights, this.bias, Strength) = (features, weights, bias, strength);

    /// <summary>How many n-grams are features.</summary>
    public int FeatureCount => features.Count;

    /// <summary>Outputs: one a label.</summary>
    public int OutputCount => bias.Length;

    /// <summary>1/(λ·rows) of the regularisation that was chosen.</summary>
    public double Strength { get; }

    internal TfidfFeatures Features => features;

    internal float[] Weights => weights;

    internal float[] Bias => bias;

    /// <summary>The same model with settings.</summary>
    internal TfidfModel With(float[] settings) => new(features, weights, bias, Strength) { Settings = settings };

    /// <summary>What the task that trained the model wants kept with it, such as thresholds; not used here.</summary>
    internal float[] Settings { get; init; } = [];

    /// <summary>Fits the model to labelled texts.</summary>
    /// <param name="train">The rows to learn from.</param>
    /// <param name="dev">The rows that choose the regularisation, by accuracy.</param>
    /// <param name="options">What is looked at; null: <see cref="TfidfOptions.For"/> the training texts.</param>
    public static TfidfModel Train(TextData train, TextData dev, TfidfOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(dev);
        int[] truth = dev.ToLabels();
        LinearLoss loss = new LinearLoss.Classes(train.ToLabels(), train.LabelNames.Count, null);
        double Accuracy(float[] logits)
        {
            int right = 0;
            for (int r = 0; r < truth.Length; r++)
                right += Largest.IndexOf(logits.AsSpan(r * loss.OutputCount, loss.OutputCount)) == truth[r] ? 1 : 0;
            return right;
        }
        return Train([.. train.Texts], loss, [.. dev.Texts], Accuracy, options);
    }

    /// <summary>Fits the model to any loss.</summary>
    /// <param name="texts">The texts to learn from.</param>
    /// <param name="loss">Their targets.</param>
    /// <param name="devTexts">The texts that choose the regularisation.</param>
    /// <param name="devScore">How good logits (dev texts, outputs) are; higher is better.</param>
    /// <param name="options">What is looked at; null: <see cref="TfidfOptions.For"/> the texts.</param>
    internal static TfidfModel Train(
        IReadOnlyList<string> texts, LinearLoss loss, IReadOnlyList<string> devTexts, Func<float[], double> devScore, TfidfOptions? options = null)
    {
        options ??= TfidfOptions.For(texts);
        options.Validate();
        (TfidfFeatures learned, (int, float)[][] trainRows) = TfidfFeatures.Learn(texts, loss.OutputCount, options);
        SparseRows rows = new(trainRows, learned.Count), devRows = new([.. devTexts.Select(learned.Of)], learned.Count);
        int outputs = loss.OutputCount;
        float[] point = new float[(learned.Count + 1) * outputs], best = [], devLogits = new float[devTexts.Count * outputs];
        (double bestScore, double bestStrength) = (double.NegativeInfinity, 0);
        // From strong to weak regularisation, each starting where the last one ended.
        foreach (double strength in options.Strengths.Order())
        {
            new Lbfgs().Minimize(Objective(rows, loss, 1 / (strength * texts.Count)), point, Iterations, Tolerance);
            devRows.Multiply(point, point[^outputs..], devLogits);
            double score = devScore(devLogits);
            if (score > bestScore)
                (bestScore, bestStrength, best) = (score, strength, [.. point]);
        }
        return new TfidfModel(learned, best[..^outputs], best[^outputs..], bestStrength);
    }

    /// <summary>The most probable label; the lower index if several are.</summary>
    /// <param name="text">Any text.</param>
    public int Predict(string text) => Largest.IndexOf(Scores(text));

    /// <summary>The probability of each label, (labels).</summary>
    /// <param name="text">Any text.</param>
    public float[] Probabilities(string text)
    {
        float[] p = Scores(text);
        SoftmaxKernel.Forward(p, p.Length, p);
        return p;
    }

    /// <summary>Wᵀx + b.</summary>
    internal float[] Scores(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        float[] scores = [.. bias];
        foreach ((int feature, float value) in features.Of(text))
        {
            for (int k = 0; k < scores.Length; k++)
                scores[k] += value * weights[(feature * scores.Length) + k];
        }
        return scores;
    }

    /// <summary>What each token of a text adds to Wᵀx: an n-gram's part is divided among its occurrences, and of each among its tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="places">Where tokens stand in it, by whatever tokenizer, in order; what stands in none of them (behind the last one) is left out.</param>
    /// <param name="scores">(tokens, outputs); the parts are added, all together <see cref="Scores"/> without the bias.</param>
    internal void AddTokenScores(string text, ReadOnlySpan<Token> places, Span<float> scores)
    {
        EncodedText own = features.Ngrams.Encoder.Encode(text);
        (int Number, int First, int End)[] runs = [.. features.Ngrams.RunsOf(own.Ids)];
        Dictionary<int, float> share = [];
        foreach ((int Column, float Value) in features.Of(runs.Select(run => run.Number)))
            share[Column] = Value;
        Dictionary<int, int> times = [];
        foreach ((int number, _, _) in runs)
            times[number] = times.GetValueOrDefault(number) + 1;
        int[] place = Places(own.Tokens, places);
        int outputs = OutputCount;
        foreach ((int number, int first, int end) in runs)
        {
            float factor = share[number] / (times[number] * Math.Max(1, end - first));
            ReadOnlySpan<float> w = weights.AsSpan(number * outputs, outputs);
            for (int t = first; t < end; t++)
            {
                if (place[t] < 0)
                    continue;
                Span<float> at = scores.Slice(place[t] * outputs, outputs);
                for (int k = 0; k < outputs; k++)
                    at[k] += factor * w[k];
            }
        }
    }

    // For each own token the given one that holds its begin, or the next one behind it; −1 behind the last.
    private static int[] Places(Token[] own, ReadOnlySpan<Token> given)
    {
        int[] places = new int[own.Length];
        int at = 0;
        for (int i = 0; i < own.Length; i++)
        {
            while (at < given.Length && given[at].End <= own[i].Start)
                at++;
            places[i] = at < given.Length ? at : -1;
        }
        return places;
    }

    private static Lbfgs.Function Objective(SparseRows rows, LinearLoss loss, double decay)
    {
        int outputs = loss.OutputCount, weightCount = rows.ColumnCount * outputs;
        float[] logits = new float[rows.RowCount * outputs], dlogits = new float[logits.Length], offsets = new float[outputs];
        return (at, gradient) =>
        {
            at.AsSpan(weightCount).CopyTo(offsets);
            rows.Multiply(at, offsets, logits);
            double value = loss.Evaluate(logits, dlogits), squares = 0;
            rows.MultiplyTransposed(dlogits, outputs, gradient);
            for (int i = 0; i < weightCount; i++)
            {
                squares += (double)at[i] * at[i];
                gradient[i] += (float)decay * at[i];
            }
            for (int k = 0; k < outputs; k++)
            {
                double sum = 0;
                for (int r = k; r < dlogits.Length; r += outputs)
                    sum += dlogits[r];
                gradient[weightCount + k] = (float)sum;
            }
            return value + (0.5 * decay * squares);
        };
    }
}
