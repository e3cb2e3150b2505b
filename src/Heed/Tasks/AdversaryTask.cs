namespace Heed;

/// <summary>An adversary of a text classifier as the trainer sees it: <c>TVD(p_a, p_b) − λ·KL(α_a ‖ α_b)</c>, see <see cref="TrainedAdversary"/>.</summary>
internal sealed class AdversaryTask : ITrainingTask<AdversaryTask.Rows>
{
    private const float Least = 1e-12f;
    private readonly TextClassifier model, adversary;
    private readonly double divergence;
    private readonly AttendedRows train, dev;
    private readonly int[][] ids;
    private readonly int[][]? segments;
    private readonly BatchPlan plan;

    public AdversaryTask(TextClassifier model, TextClassifier adversary, TextRow[] train, TextRow[] dev, double divergence, TrainingOptions options)
    {
        (this.model, this.adversary, this.divergence) = (model, adversary, divergence);
        (this.train, this.dev) = (AttendedRows.Of(model, train), AttendedRows.Of(model, dev));
        ids = Array.ConvertAll(this.train.Encoded, e => e.Ids);
        segments = TextInference.Segments(this.train.Encoded);
        plan = BatchPlan.Training(Array.ConvertAll(ids, row => row.Length), options.BatchSize, options.Seed);
        Description = FormattableString.Invariant($"an adversary that answers as the model and looks elsewhere, divergence counts {divergence}, {train.Length} training and {dev.Length} dev texts; accuracy is the share with the model's answer");
    }

    public string Description { get; }

    public IReadOnlyList<string> Notes => [];

    public int StepsPerEpoch => plan.BatchCount;

    public IEnumerable<Rows> Batches(int epoch, int first, CancellationToken cancellation) =>
        new ReadAhead<Rows>(plan.Epoch(epoch).Skip(first).Select(rows => Batch(rows.Span)), cancellation: CancellationToken.None);

    public int RowsOf(Rows rows) => rows.Batch.BatchSize;

    public Tensor Loss(Rows rows, in Pass pass)
    {
        TextBatch batch = rows.Batch;
        (Tensor logits, PoolingResult pooling) = adversary.Network.Forward(batch.Ids, new SequenceRanges(batch.Lengths, batch.Starts), pass, rows.Features, rows.Evidence, segments: batch.Segments);
        float share = 1f / batch.BatchSize;
        // Both sum to 1, so half of the absolute differences are those that are above 0.
        Tensor change = (Probabilities(logits) - pass.Input(rows.Probabilities, logits.Shape)).Relu().Sum().Scale(share);
        Tensor weights = pooling.Weights, ratio = weights.Scale(1, Least).Log() - pass.Input(rows.LogWeights, weights.Shape);
        return change - (weights * ratio).Sum().Scale((float)divergence * share / weights.Shape[1]);
    }

    public DevScore Evaluate(CancellationToken cancellation)
    {
        AttendedRows own = AttendedRows.Of(adversary, dev.Rows);
        int count = dev.Rows.Length, outputs = own.Probabilities.Length / count, same = 0;
        double loss = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> a = own.Probabilities.AsSpan(i * outputs, outputs), b = dev.Probabilities.AsSpan(i * outputs, outputs);
            same += Largest.IndexOf(a) == Largest.IndexOf(b) ? 1 : 0;
            double change = 0, between = 0;
            for (int c = 0; c < outputs; c++)
                change += Math.Max(0, a[c] - b[c]);
            (float[] to, float[] from) = (own.Weights[i], dev.Weights[i]);
            for (int t = 0; t < to.Length; t++)
                between += to[t] * (Math.Log(to[t] + Least) - Math.Log(from[t] + Least));
            loss += (change - (divergence * between * dev.Encoded[i].Ids.Length / to.Length)) / count;
        }
        return new DevScore(loss, (double)same / count, double.NaN);
    }

    private Tensor Probabilities(Tensor logits) => logits.Scale((float)(1 / model.Rule.Temperature)).Softmax();

    private Rows Batch(ReadOnlySpan<int> rows)
    {
        TextBatch batch = TextBatch.Create(ids, rows, segments: segments);
        int outputs = model.Head.OutputCount, time = batch.MaximumLength, views = train.Weights[0].Length / ids[0].Length;
        float[] probabilities = new float[rows.Length * outputs], logs = new float[rows.Length * views * time];
        logs.AsSpan().Fill(MathF.Log(Least));
        for (int i = 0; i < rows.Length; i++)
        {
            int row = rows[i], tokens = ids[row].Length;
            train.Probabilities.AsSpan(row * outputs, outputs).CopyTo(probabilities.AsSpan(i * outputs));
            for (int at = 0; at < views * tokens; at++)
                logs[(((i * views) + (at / tokens)) * time) + batch.Starts[i] + (at % tokens)] = MathF.Log(train.Weights[row][at] + Least);
        }
        return new Rows(batch, TextInference.Vectors(train.Features, model.Features.VectorSize, batch.RowIndices),
            model.Network.Config.Evidence ? EvidenceRows.Of(model.Baseline!, batch, row => (train.Rows[row].Text, train.Encoded[row].Tokens)) : null, probabilities, logs);
    }

    /// <summary>A batch with what the model answers and where it looks: probabilities (batch, labels), logarithms of weights (batch, views, time).</summary>
    internal sealed record Rows(TextBatch Batch, float[] Features, float[]? Evidence, float[] Probabilities, float[] LogWeights);
}
