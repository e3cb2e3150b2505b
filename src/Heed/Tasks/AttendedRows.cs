using Heed.Kernels;

namespace Heed;

/// <summary>Rows with what a text classifier answers and where its pooling looks.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Encoded">Their tokens.</param>
/// <param name="Features">Their further columns.</param>
/// <param name="Probabilities">Probabilities of single labels (rows, labels), the temperature included.</param>
/// <param name="Weights">Of each row the pooling's weights (views · tokens).</param>
internal sealed record AttendedRows(TextRow[] Rows, EncodedText[] Encoded, FeatureTable Features, float[] Probabilities, float[][] Weights)
{
    /// <summary>Asks a model.</summary>
    public static AttendedRows Of(TextClassifier model, TextRow[] rows)
    {
        EncodedText[] encoded = TextInference.Encode(model.Tokens, Array.ConvertAll(rows, row => row.Text));
        FeatureTable features = TextInference.Further(model, rows);
        (float[] logits, float[][] weights) = TextInference.Attended(model, rows, encoded, features);
        TemperatureScaling.Divide(logits, model.Rule.Temperature, logits);
        SoftmaxKernel.Forward(logits, model.Head.OutputCount, logits);
        return new AttendedRows(rows, encoded, features, logits, weights);
    }
}
