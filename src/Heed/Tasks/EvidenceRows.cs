namespace Heed;

/// <summary>What the simple model says about each token of training rows, from models that have not seen the row.</summary>
/// <remarks>
/// <para>A linear model knows the labels of the rows that it was fitted to, and a network that reads its opinion of them learns to trust it too
/// much. So the rows are dealt into five parts by their text, and each part's evidence comes from a model that was fitted to the other
/// four (stacking; Wolpert, "Stacked generalization", 1992). New texts get theirs from the model of all rows.</para>
/// <para>The same in every epoch, so what is made for a row's first batch is kept, but no more than <see cref="KeptBytes"/> in all; beyond that it is
/// made anew for each batch, so that memory does not grow with rows times labels. Batches are made one after the other, on one thread at a time.</para>
/// </remarks>
internal sealed class EvidenceRows
{
    private const int Parts = 5;
    private const long KeptBytes = 64 << 20;
    private readonly TfidfModel?[] models = new TfidfModel?[Parts];
    private readonly byte[] parts;
    private readonly float[]?[] kept;
    private readonly string[] texts;
    private readonly TokenEncoder encoder;
    private readonly int outputs;
    private long room = KeptBytes / sizeof(float);

    /// <summary>Fits the models.</summary>
    /// <param name="whole">The model of all rows.</param>
    /// <param name="train">The rows.</param>
    /// <param name="fit">Fits a model to some rows with the regularisation of the whole one.</param>
    /// <param name="encoder">Cuts texts into the tokens that get evidence.</param>
    public EvidenceRows(TfidfModel whole, TextData train, Func<TextData, TfidfModel> fit, TokenEncoder encoder)
    {
        (this.encoder, outputs) = (encoder, whole.OutputCount);
        texts = [.. train.Texts];
        kept = new float[]?[texts.Length];
        parts = [.. texts.Select(text => (byte)(TextKey.Of(text).Value % Parts))];
        for (int part = 0; part < Parts; part++)
        {
            int[] others = [.. Enumerable.Range(0, texts.Length).Where(row => parts[row] != part)];
            models[part] = others.Length == 0 ? null : fit(train.Select(others));
        }
    }

    /// <summary>The evidence of a batch of training rows, (batch, time, outputs).</summary>
    public float[] Of(TextBatch batch)
    {
        float[] all = new float[batch.Ids.Length * outputs];
        for (int i = 0; i < batch.BatchSize; i++)
        {
            int row = batch.RowIndices[i];
            if (models[parts[row]] is { } model)
                (kept[row] ?? Make(model, row)).CopyTo(all, FirstOf(batch, i) * outputs);
        }
        return all;
    }

    /// <summary>The evidence of a batch of other rows, (batch, time, outputs).</summary>
    /// <param name="model">The model of all training rows.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="row">Text and tokens of a row.</param>
    public static float[] Of(TfidfModel model, TextBatch batch, Func<int, (string Text, Token[] Tokens)> row)
    {
        float[] all = new float[batch.Ids.Length * model.OutputCount];
        for (int i = 0; i < batch.BatchSize; i++)
        {
            (string text, Token[] tokens) = row(batch.RowIndices[i]);
            model.AddTokenScores(text, tokens, all.AsSpan(FirstOf(batch, i) * model.OutputCount, tokens.Length * model.OutputCount));
        }
        return all;
    }

    private float[] Make(TfidfModel model, int row)
    {
        Token[] tokens = encoder.Encode(texts[row]).Tokens;
        float[] made = new float[tokens.Length * outputs];
        model.AddTokenScores(texts[row], tokens, made);
        if (made.Length <= room)
        {
            room -= made.Length;
            kept[row] = made;
        }
        return made;
    }

    private static int FirstOf(TextBatch batch, int i) => (i * batch.MaximumLength) + batch.Starts[i];
}
