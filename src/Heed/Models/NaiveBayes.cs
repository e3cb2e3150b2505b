namespace Heed;

/// <summary>Multinomial naive Bayes over runs of one to N words or characters: the baseline that a neural model has to beat.</summary>
/// <remarks>
/// <para><c>log p(c | text) = log p(c) + Σ_g count(g) · log((n(g, c) + a) / (n(c) + a·G))</c> up to a constant, where g runs over the n-grams
/// of the text that occur in the training data, n counts them under label c, G is how many different ones there are and a is the smoothing.
/// Begin and end of a text count as a token in runs of two and more.</para>
/// <para>Cost: training and prediction linear in the text; memory 4 bytes for each n-gram and label. Immutable and thread-safe after training.
/// Source: McCallum and Nigam, "A comparison of event models for naive Bayes text classification", 1998.</para>
/// </remarks>
public sealed class NaiveBayes
{
    private readonly double smoothing;
    private readonly NgramIndex ngrams;
    private readonly double[] prior;
    private float[] weights = [];

    private NaiveBayes(NgramIndex ngrams, int classes, double smoothing) =>
        (this.ngrams, this.smoothing, prior) = (ngrams, smoothing, new double[classes]);

    /// <summary>How many labels there are.</summary>
    public int ClassCount => prior.Length;

    /// <summary>How many different n-grams were seen in training.</summary>
    public int FeatureCount => ngrams.Count;

    /// <summary>Counts the n-grams of labelled texts.</summary>
    /// <param name="texts">The training texts.</param>
    /// <param name="labels">The label index of each, from 0 to <paramref name="classes"/> − 1.</param>
    /// <param name="classes">How many labels there are, at least 1.</param>
    /// <param name="options">Tokens, orders and smoothing; default if null.</param>
    /// <exception cref="ArgumentException">Texts and labels differ in number, there are none, or a label is out of range.</exception>
    public static NaiveBayes Train(IReadOnlyList<string> texts, IReadOnlyList<int> labels, int classes, NaiveBayesOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        options ??= new NaiveBayesOptions();
        options.Validate();
        if (texts.Count != labels.Count || texts.Count == 0)
        {
            throw new ArgumentException(
                $"NaiveBayes.Train: there are {texts.Count} texts and {labels.Count} labels; give one label a text, and at least one.", nameof(labels));
        }
        if (labels.Any(label => (uint)label >= (uint)classes))
            throw new ArgumentException(FormattableString.Invariant($"NaiveBayes.Train: labels must lie from 0 to {classes - 1}; is the number of classes right?"), nameof(labels));

        var all = new VocabularyOptions { MinimumCount = 1, MaximumSize = int.MaxValue };
        TextEncoder encoder = new(options.Tokenizer, Vocabulary.Build(texts, options.Tokenizer, all), TextEncoder.LargestMaximumLength);
        var model = new NaiveBayes(new NgramIndex(encoder, options.MaximumOrder), classes, options.Smoothing);
        model.Count(texts, labels);
        return model;
    }

    /// <summary>Counts the n-grams of a labelled set.</summary>
    /// <param name="data">The training data.</param>
    /// <param name="options">Tokens, orders and smoothing; default if null.</param>
    public static NaiveBayes Train(TextData data, NaiveBayesOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Train([.. data.Texts], data.ToLabels(), data.LabelNames.Count, options);
    }

    /// <summary>The most probable label; the lower index if several are.</summary>
    /// <param name="text">Any text; an empty one gets the most frequent label.</param>
    public int Predict(string text)
    {
        double[] scores = LogScores(text);
        return Array.IndexOf(scores, scores.Max());
    }

    /// <summary>The probability of each label, (classes); usually far too sure, as the n-grams are no independent witnesses.</summary>
    /// <param name="text">Any text.</param>
    public double[] Probabilities(string text)
    {
        double[] scores = LogScores(text);
        double most = scores.Max();
        double[] exponentials = Array.ConvertAll(scores, score => Math.Exp(score - most));
        double sum = exponentials.Sum();
        return Array.ConvertAll(exponentials, e => e / sum);
    }

    /// <summary>The share of texts whose most probable label is the right one.</summary>
    /// <param name="data">Texts with labels in the order of the training data.</param>
    public double Accuracy(TextData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.Count == 0 ? double.NaN : data.Count(row => Predict(row.Text) == row.Label) / (double)data.Count;
    }

    private double[] LogScores(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        double[] scores = [.. prior];
        foreach (int feature in ngrams.Of(text))
        {
            ReadOnlySpan<float> row = weights.AsSpan(feature * prior.Length, prior.Length);
            for (int c = 0; c < row.Length; c++)
                scores[c] += row[c];
        }
        return scores;
    }

    private void Count(IReadOnlyList<string> texts, IReadOnlyList<int> labels)
    {
        var features = new List<int>[texts.Count];
        for (int i = 0; i < features.Length; i++)
            features[i] = [.. ngrams.Of(texts[i], grow: true)];

        int classes = prior.Length;
        int[] counts = new int[checked(ngrams.Count * classes)];
        double[] totals = new double[classes], rows = new double[classes];
        for (int i = 0; i < features.Length; i++)
        {
            foreach (int feature in features[i])
                counts[feature * classes + labels[i]]++;
            totals[labels[i]] += features[i].Count;
            rows[labels[i]]++;
        }
        double a = smoothing;
        weights = new float[counts.Length];
        for (int i = 0; i < weights.Length; i++)
            weights[i] = (float)Math.Log((counts[i] + a) / (totals[i % classes] + a * ngrams.Count));
        for (int c = 0; c < classes; c++)
            prior[c] = Math.Log((rows[c] + a) / (texts.Count + a * classes));
    }
}
