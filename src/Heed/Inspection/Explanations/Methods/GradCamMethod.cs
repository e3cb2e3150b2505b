namespace Heed;

/// <summary>The last feature map, each channel weighted by its mean gradient.</summary>
internal sealed class GradCamMethod() : ExplanationMethod("grad-cam", "relu of the last feature map's channels, weighted by their mean gradients", "Selvaraju et al. 2017")
{
    public override string? WhyNot(ExplainedInput input) => input.Features is null ? "the model has no feature map of convolutions" : null;

    private protected override MethodResult Score(ExplainedInput input, string part, ExplanationOptions options)
    {
        FeatureMap map = input.Features!;
        int channels = map.Channels, places = map.Rows * map.Columns;
        ReadOnlySpan<float> values = map.Values.Span, gradient = map.Gradient.Span;
        double[] weights = new double[channels];
        for (int i = 0; i < gradient.Length; i++)
            weights[i % channels] += gradient[i] / (double)places;
        float[] cam = new float[places];
        for (int place = 0; place < places; place++)
        {
            double sum = 0;
            for (int c = 0; c < channels; c++)
                sum += weights[c] * values[(place * channels) + c];
            cam[place] = (float)Math.Max(0, sum);
        }
        return new MethodResult(Resample(cam, map.Rows, map.Columns, input.Grid), [FormattableString.Invariant($"Grad-CAM: from a map of {map.Rows} × {map.Columns} places and {channels} channels")]);
    }

    // Bilinear between the centres of places and of cells.
    private static float[] Resample(float[] map, int rows, int columns, (int Rows, int Columns) grid)
    {
        float[] cells = new float[grid.Rows * grid.Columns];
        for (int cell = 0; cell < cells.Length; cell++)
        {
            double y = Math.Clamp((((cell / grid.Columns) + 0.5) * rows / grid.Rows) - 0.5, 0, rows - 1), x = Math.Clamp((((cell % grid.Columns) + 0.5) * columns / grid.Columns) - 0.5, 0, columns - 1);
            int top = (int)y, left = (int)x, bottom = Math.Min(top + 1, rows - 1), right = Math.Min(left + 1, columns - 1);
            double v = y - top, h = x - left;
            cells[cell] = (float)(((1 - v) * (((1 - h) * map[(top * columns) + left]) + (h * map[(top * columns) + right]))) + (v * (((1 - h) * map[(bottom * columns) + left]) + (h * map[(bottom * columns) + right]))));
        }
        return cells;
    }
}
