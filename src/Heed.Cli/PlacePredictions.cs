using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>What models for places say of pictures: segmenters, and detectors.</summary>
internal abstract class PlacePredictions
{
    /// <summary>The model of a folder; null if it is another one.</summary>
    public static PlacePredictions? Of(string model) => TextClassifier.IsCheckpoint(model) ? null
        : Segmenter.IsIn(model) ? new Pixels(Segmenter.Load(model)) : Detector.IsIn(model) ? new Things(Detector.Load(model)) : null;

    /// <summary>Writes a line, or a JSON object, for each picture, and draws what was found if that is wanted.</summary>
    /// <param name="terminal">Where to write.</param>
    /// <param name="paths">The pictures.</param>
    /// <param name="output">A PNG file for one picture, a folder for several; null to draw nothing.</param>
    /// <param name="least">Least score of a box; null for the usual one.</param>
    /// <param name="isJson">Whether JSON is written.</param>
    public int Write(Terminal terminal, string[] paths, string? output, double? least, bool isJson)
    {
        if (paths.Length == 0)
            throw new UsageException("the model looks at pictures; give the paths of PNG or JPEG files.");
        string[] drawings = output is null ? [] : Drawings(paths, output);
        for (int n = 0; n < paths.Length; n++)
        {
            Picture drawn = Look(terminal, Picture.Read(paths[n]), paths[n], least, isJson);
            if (output is null)
                continue;
            OutputFolder.Make(Path.GetDirectoryName(Path.GetFullPath(drawings[n]))!);
            drawn.WritePng(drawings[n]);
        }
        return ExitCode.Done;
    }

    // Where the drawing of each picture goes; none may take the place of another, or of a picture.
    private static string[] Drawings(string[] paths, string output)
    {
        string[] drawings = paths.Length == 1 ? [output] : [.. paths.Select(path => Path.Combine(output, Path.GetFileNameWithoutExtension(path) + ".png"))];
        if (drawings.Distinct(StringComparer.Ordinal).Count() < drawings.Length)
            throw new UsageException("two of the pictures have the same name, so their drawings would, too; write them one by one.");
        string? lost = paths.Select(Path.GetFullPath).Intersect(drawings.Select(Path.GetFullPath), StringComparer.Ordinal).FirstOrDefault();
        return lost is null ? drawings : throw new UsageException($"--out would overwrite the picture {lost}; choose another place.");
    }

    private protected abstract Picture Look(Terminal terminal, Picture picture, string path, double? least, bool isJson);

    private sealed class Pixels(Segmenter model) : PlacePredictions
    {
        private protected override Picture Look(Terminal terminal, Picture picture, string path, double? least, bool isJson)
        {
            SegmentationPrediction seen = model.Predict(picture);
            IReadOnlyList<double> shares = seen.Shares;
            if (isJson)
            {
                JsonText.WriteObject(terminal.Out, writer =>
                {
                    writer.WriteStartObject("shares");
                    for (int c = 0; c < seen.Labels.Count; c++)
                        writer.WriteFinite(seen.Labels[c], shares[c]);
                    writer.WriteEndObject();
                    writer.WriteString("picture", path);
                });
            }
            else
            {
                IEnumerable<int> order = Enumerable.Range(0, seen.Labels.Count).Where(c => shares[c] > 0).OrderByDescending(c => shares[c]);
                terminal.Out.WriteLine($"{string.Join(", ", order.Select(c => string.Create(CultureInfo.InvariantCulture, $"{seen.Labels[c]} {shares[c]:P1}")))}  {path}");
            }
            return seen.Draw(picture);
        }
    }

    private sealed class Things(Detector model) : PlacePredictions
    {
        private protected override Picture Look(Terminal terminal, Picture picture, string path, double? least, bool isJson)
        {
            DetectionPrediction found = least is { } score ? model.Predict(picture, score) : model.Predict(picture);
            if (isJson)
            {
                JsonText.WriteObject(terminal.Out, writer =>
                {
                    writer.WriteStartArray("boxes");
                    foreach (ScoredBox box in found.Boxes)
                        Write(writer, found.Labels, box);
                    writer.WriteEndArray();
                    writer.WriteString("picture", path);
                });
                return found.Draw(picture);
            }
            foreach ((PictureBox box, float sure) in found.Boxes)
                terminal.Out.WriteLine(FormattableString.Invariant($"{found.Labels[box.Label]}\t{sure:F4}\t{box.Left:F1}\t{box.Top:F1}\t{box.Right:F1}\t{box.Bottom:F1}\t{path}"));
            return found.Draw(picture);
        }

        private static void Write(Utf8JsonWriter writer, IReadOnlyList<string> labels, ScoredBox box)
        {
            writer.WriteStartObject();
            writer.WriteString("label", labels[box.Box.Label]);
            writer.WriteFinite("score", box.Confidence);
            writer.WriteFinite("xmin", box.Box.Left);
            writer.WriteFinite("ymin", box.Box.Top);
            writer.WriteFinite("xmax", box.Box.Right);
            writer.WriteFinite("ymax", box.Box.Bottom);
            writer.WriteEndObject();
        }
    }
}
