namespace Heed;

/// <summary>Turns what a detector says of places into losses and into boxes.</summary>
internal static class FcosAnswers
{
    // Places of a level that are looked at, the surest ones.
    private const int MostOfLevel = 1000;

    /// <summary>The loss of a batch: focal loss of the classes and cross-entropy of centre-ness, both over the number of places with a thing, and the boxes' loss, weighted by centre-ness and over its sum; what is divided by counts as 1 at least.</summary>
    public static Tensor Loss(IReadOnlyList<FcosLevel> levels, IReadOnlyList<PictureBox>[] boxes, IReadOnlyList<int> strides)
    {
        FcosTargets[] targets = [.. levels.Select((level, n) => FcosTargets.Of(boxes, level.Classes.Shape[1], level.Classes.Shape[2], level.Classes.Shape[3], strides, n))];
        float things = Math.Max(1, targets.Sum(t => t.Positive.Sum())), nearness = Math.Max(1, targets.Sum(t => t.Centreness.Sum()));
        Tensor? loss = null;
        for (int n = 0; n < levels.Count; n++)
        {
            FcosTargets target = targets[n];
            int places = target.Positive.Length;
            Tensor part = Tensor.FocalLoss(levels[n].Classes, target.Classes).Scale(1 / things)
                + Tensor.BoxLoss(levels[n].Distances.Reshape(new Shape(places, 4)), target.Distances, target.Centreness).Scale(1 / nearness)
                + Tensor.SigmoidCrossEntropy(levels[n].Centreness, target.Centreness, target.Positive).Scale(places / things);
            loss = loss is null ? part : loss + part;
        }
        return loss!;
    }

    /// <summary>The boxes of each picture of a batch, the surest first. A score is √(P(class)·centre-ness).</summary>
    /// <param name="levels">What each level says.</param>
    /// <param name="height">Rows of the pictures.</param>
    /// <param name="width">Columns; boxes are cut to the picture.</param>
    /// <param name="least">Boxes below this score are left out.</param>
    /// <param name="overlap">Of boxes of a class that overlap more than this the surest stays.</param>
    /// <param name="most">Boxes of a picture at most.</param>
    public static IReadOnlyList<ScoredBox>[] Boxes(IReadOnlyList<FcosLevel> levels, int height, int width, double least, double overlap, int most)
    {
        List<ScoredBox>[] found = [.. Enumerable.Range(0, levels[0].Classes.Shape[0]).Select(_ => new List<ScoredBox>())];
        foreach (FcosLevel level in levels)
        {
            float[] classes = Step.Evaluate(_ => level.Classes.Sigmoid()).ToArray(), centreness = Step.Evaluate(_ => level.Centreness.Sigmoid()).ToArray(), distances = level.Distances.ToArray();
            int count = level.Classes.Shape[3], columns = level.Classes.Shape[2], places = level.Classes.Shape[1] * columns;
            for (int picture = 0; picture < found.Length; picture++)
            {
                List<ScoredBox> own = [];
                for (int i = 0; i < places * count; i++)
                {
                    int place = i / count, at = (picture * places) + place;
                    double score = Math.Sqrt((double)classes[(picture * places * count) + i] * centreness[at]);
                    if (score < least)
                        continue;
                    ReadOnlySpan<float> to = distances.AsSpan(4 * at, 4);
                    float x = ((place % columns) + 0.5f) * level.Stride, y = ((place / columns) + 0.5f) * level.Stride;
                    PictureBox box = new(i % count, Math.Max(0, x - to[0]), Math.Max(0, y - to[1]), Math.Min(width, x + to[2]), Math.Min(height, y + to[3]));
                    if (box.Left < box.Right && box.Top < box.Bottom)
                        own.Add(new ScoredBox(box, (float)score));
                }
                found[picture].AddRange(own.OrderByDescending(b => b.Confidence).Take(MostOfLevel));
            }
        }
        return [.. found.Select(boxes => BoxSuppression.Run(boxes, overlap, most))];
    }
}
