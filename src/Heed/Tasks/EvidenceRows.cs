namespace Heed;

/// <summary>What the simple model says about each token of training rows, from models that have not seen the row.</summary>
/// <remarks>
/// <para>A linear model knows the labels of the rows that it was fitted to, and a network that reads its opinion of them learns to trust it too
/// much. So the rows are dealt into five parts by their text, and each part's evidence comes from a model that was fitted to the other
/// four (stacking; Wolpert, "Stacked generalization", 1992). New texts get theirs from the model of all rows.</para>
/// <para>Made anew for each batch, so memory does not grow with rows times labels.</para>
/// </remarks>
internal sealed class EvidenceRows
{
    private const int Parts = 5;
    private readonly TfidfModel?[] models = new TfidfModel?[Parts];
    private readonly byte[] parts;
    private readonly string[] texts;
    private readonly TokenEncoder encoder;
    private readonly int outputs;

    /// <summary>Fits the models.</summary>
    /// <param name="whole">The model of all rows.</param>
    /// <param name="train">The rows.</param>
    /// <param name="fit">Fits a model to some rows with the regularisation of the whole one.</param>
    /// <param name="encoder">Cuts texts into the tokens that get evidence.</param>
    public EvidenceRows(TfidfModel whole, TextData train, Func<TextData, TfidfModel> fit, TokenEncoder encoder)
    {
        (this.encoder, outputs) = (encoder, whole.OutputCount);
        texts = [.. train.Texts];
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
                Add(model, texts[row], encoder.Encode(texts[row]).Tokens, batch, i, all);
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
            Add(model, text, tokens, batch, i, all);
        }
        return all;
    }

    private static void Add(TfidfModel model, string text, Token[] tokens, TextBatch batch, int i, float[] all)
    {
        int each = model.OutputCount, first = ((i * batch.MaximumLength) + batch.Starts[i]) * each;
        model.AddTokenScores(text, tokens, all.AsSpan(first, tokens.Length * each));
    }
}
