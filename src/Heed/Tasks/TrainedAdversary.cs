namespace Heed;

/// <summary>A second model of the same form that is trained to answer as the first one does, and to look elsewhere. Where there is such a model, the first one's weights are one story among several; where every such model
/// pays with its answers, they are needed.</summary>
/// <remarks>
/// <para>Formula: minimise over the rows the mean of <c>TVD(p_a, p_b) − λ·KL(α_a ‖ α_b)</c>, with p the probabilities of the labels, α the weights of the pooling (the mean over its views of their divergences), a the adversary,
/// which starts from weights drawn anew, and b the model. <c>TVD = ½·Σ_c |p_a,c − p_b,c|</c>; KL in nats, with 1e-12 added to weights. Labels are not read.</para>
/// <para>Unlike <see cref="AdversarialAttention"/>, which looks for other weights text by text in the trained network, one set of parameters must do it for all texts. A row's evidence of the bag of words, where the model reads any,
/// is that of the trained simple model in both networks.</para>
/// <para>Source: Wiegreffe and Pinter, "Attention is not not explanation", 2019, section 4.</para>
/// </remarks>
public static class TrainedAdversary
{
    // A tenth of the rows chooses the best epoch.
    private const int DevShare = 10;

    /// <summary>Trains an adversary.</summary>
    /// <param name="model">A classifier of single labels with a learned pooling over all tokens.</param>
    /// <param name="rows">Texts to learn from; labels are not read. A tenth of them chooses the best epoch.</param>
    /// <param name="options">λ and the training; defaults if null.</param>
    /// <param name="observer">Watches the run; its accuracy is the share of rows with the model's answer. May be null.</param>
    /// <param name="cancellation">Ends the run after the current step, with the best weights so far.</param>
    /// <returns>The adversary, with the model's labels, tokens and temperature. Cost: that of training the model, and its answers to the rows.</returns>
    /// <exception cref="ArgumentException">The model has other targets or no such pooling, or an option is out of range.</exception>
    /// <exception cref="InputException">There are fewer than two rows with tokens.</exception>
    public static TextClassifier Train(TextClassifier model, IEnumerable<TextRow> rows, AdversaryOptions? options = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(rows);
        options ??= new AdversaryOptions();
        options.Validate();
        if (model.Head is not SingleHead)
            throw new ArgumentException($"TrainedAdversary: the model's target is {model.Target}; an adversary is for single labels.", nameof(model));
        if (!model.HasPooledTokens)
            throw new ArgumentException("TrainedAdversary: the model has no learned pooling over all tokens, so there are no weights to put elsewhere.", nameof(model));
        TextRow[] all = [.. rows.Where(row => model.Tokens.EncodeIds(row.Text).Length > 0)];
        if (all.Length < 2)
            throw new InputException(FormattableString.Invariant($"an adversary learns from texts with tokens, and there are {all.Length}; at least 2 are required."));
        new RandomStream(options.Training.Seed, "adversary's rows").Shuffle(all.AsSpan());
        int dev = Math.Max(1, all.Length / DevShare);
        TrainingOptions training = options.Training with { Monitor = "loss" };
        TextClassifier adversary = model.WithNewWeights(training.Seed);
        AdversaryTask task = new(model, adversary, all[dev..], all[..dev], options.Divergence, training);
        TrainingReport report = new Trainer(adversary.Network, training, observer is null ? [] : [observer]).Run(task, cancellation);
        adversary.Record = TrainingRecord.Create(training, report, TrainingRecord.Hash(all[dev..]), TrainingRecord.Hash(all[..dev]));
        return adversary;
    }
}
