namespace Heed;

/// <summary>A second model of the same form that may not choose where to look: its pooling is even from the first step of its training to the last. Where it answers as well as the model, what attention learned is not needed for the task.</summary>
/// <remarks>
/// <para>Formula: α_t = 1/T in each view, T the tokens of the text, with everything else as it is: <c>c = Σ_t α_t·h_t</c>, and what a pooling makes of it, as the tanh of <see cref="TanhPooling"/> or several views side by side. The pooling's
/// parameters are 0 and are not trained, so that all scores are 0; the other parameters start from weights drawn anew. It is a model like any other, saved, loaded and explained as one.</para>
/// <para>Unlike <c>AttentionOverride.Uniform</c>, which takes the weights away from a network that learned to lean on them, this one could learn to do without. Heads of a Transformer below the pooling keep what they learn. Evidence of the bag of words,
/// where the model reads any, comes from a simple model of the new rows, and reaches the logits by even weights.</para>
/// <para>Source: Wiegreffe and Pinter, "Attention is not not explanation", 2019, section 3.2.</para>
/// </remarks>
public static class UniformBaseline
{
    /// <summary>Trains the baseline. <see cref="TextClassifier.CompareWith"/> then says whether its answers are worse, <see cref="AttentionIntervention.Between"/> how far they and the weights differ.</summary>
    /// <param name="model">A classifier of single labels with a learned pooling over all tokens, whose vocabulary was learned from its training rows.</param>
    /// <param name="train">Labelled rows to learn from, read with the model's labels; best those that it learned from.</param>
    /// <param name="dev">The rows that choose the best epoch.</param>
    /// <param name="options">The training; null for that of the model's <see cref="TextClassifier.Record"/>.</param>
    /// <param name="observer">Watches the run; may be null.</param>
    /// <param name="cancellation">Ends the run after the current step, with the best weights so far.</param>
    /// <returns>The baseline, with the model's labels and tokens. Cost: that of training the model.</returns>
    /// <exception cref="ArgumentException">The model has another target, no such pooling, or started from a trained encoder; the rows have other labels; or an option is out of range.</exception>
    /// <exception cref="InputException">There are no rows, or only one label.</exception>
    public static TextClassifier Train(TextClassifier model, TextData train, TextData dev, TrainingOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        Check(model);
        model.CheckLabels(train, "UniformBaseline.Train");
        model.CheckLabels(dev, "UniformBaseline.Train");
        options ??= model.Record.Options;
        TextClassifier baseline = model.WithNewWeights(options.Seed);
        foreach ((_, Module module) in baseline.Network.NamedModules())
        {
            if (module is SequencePooling { IsFocused: true } pooling)
                MakeEven(pooling);
        }
        return TextTraining.Fit(baseline, train, dev, new TextClassifierOptions { Training = options, Baseline = false }, observer, cancellation);
    }

    /// <summary>Sets a learned pooling's scores to 0 and keeps them there.</summary>
    internal static void MakeEven(SequencePooling pooling)
    {
        foreach ((_, Parameter parameter) in pooling.NamedParameters())
        {
            parameter.Assign(new float[parameter.Shape.Length]);
            parameter.IsTrained = false;
        }
    }

    private static void Check(TextClassifier model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Head is not SingleHead)
            throw new ArgumentException($"UniformBaseline: the model's target is {model.Target}; the baseline is for single labels.", nameof(model));
        if (!model.HasPooledTokens)
            throw new ArgumentException("UniformBaseline: the model has no learned pooling over all tokens, so there are no weights to make even.", nameof(model));
        if (model.Tokens is not TextEncoder)
            throw new ArgumentException("UniformBaseline: the model started from a trained encoder, and a second one that starts from nothing says nothing about its attention; fine-tune the same encoder with the pooling mean and compare the two.", nameof(model));
    }
}
