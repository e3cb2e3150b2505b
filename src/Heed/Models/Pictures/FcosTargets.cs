namespace Heed;

/// <summary>What each place of a level should say.</summary>
/// <remarks>
/// <para>A place belongs to a box if it lies in it, at most 1½ strides from its middle along each axis (Tian et al.'s centre sampling), and the box's farthest edge is as far as the level is for: up to 8 strides, from where the finer level
/// ends, without end for the last one. Of several boxes it takes the one with the smallest area. A box that holds no place, which is smaller than the finest stride, is seen by none. Crowds are no things.</para>
/// <para>Centre-ness: √(min(l, r)/max(l, r)·min(t, b)/max(t, b)), 1 in the middle and 0 at an edge.</para>
/// </remarks>
internal sealed class FcosTargets
{
    private const double Near = 1.5, Reach = 8;

    private FcosTargets(int places, int classes) => (Classes, Distances, Centreness, Positive) = (new float[places * classes], new float[places * 4], new float[places], new float[places]);

    /// <summary>(batch, height, width, classes): 1 for the class of the place's thing.</summary>
    public float[] Classes { get; }

    /// <summary>(batch, height, width, 4), in pixels; 0 where there is nothing.</summary>
    public float[] Distances { get; }

    /// <summary>(batch, height, width); 0 where there is nothing.</summary>
    public float[] Centreness { get; }

    /// <summary>(batch, height, width): 1 where there is a thing.</summary>
    public float[] Positive { get; }

    /// <summary>The targets of a level.</summary>
    /// <param name="boxes">Of each picture.</param>
    /// <param name="height">Rows of the level.</param>
    /// <param name="width">Columns.</param>
    /// <param name="classes">How many there are.</param>
    /// <param name="strides">Of all levels.</param>
    /// <param name="level">Which one.</param>
    public static FcosTargets Of(IReadOnlyList<PictureBox>[] boxes, int height, int width, int classes, IReadOnlyList<int> strides, int level)
    {
        int stride = strides[level], places = height * width;
        double from = level == 0 ? 0 : Reach * strides[level - 1], to = level == strides.Count - 1 ? double.PositiveInfinity : Reach * stride;
        FcosTargets targets = new(boxes.Length * places, classes);
        float[] areas = new float[places];
        for (int picture = 0; picture < boxes.Length; picture++)
        {
            Array.Fill(areas, float.PositiveInfinity);
            foreach (PictureBox box in boxes[picture].Where(b => b.Kind != BoxKind.Crowd))
            {
                double middleX = (box.Left + (double)box.Right) / 2, middleY = (box.Top + (double)box.Bottom) / 2;
                int firstRow = Math.Max(0, (int)Math.Floor((middleY / stride) - Near - 0.5)), firstColumn = Math.Max(0, (int)Math.Floor((middleX / stride) - Near - 0.5));
                for (int i = firstRow; i < Math.Min(height, firstRow + 5); i++)
                {
                    for (int j = firstColumn; j < Math.Min(width, firstColumn + 5); j++)
                    {
                        double x = (j + 0.5) * stride, y = (i + 0.5) * stride, left = x - box.Left, top = y - box.Top, right = box.Right - x, bottom = box.Bottom - y;
                        double farthest = Math.Max(Math.Max(left, right), Math.Max(top, bottom));
                        bool isInside = Math.Min(Math.Min(left, right), Math.Min(top, bottom)) > 0 && Math.Max(Math.Abs(x - middleX), Math.Abs(y - middleY)) <= Near * stride;
                        int place = (i * width) + j;
                        if (!isInside || farthest <= from || farthest > to || box.Area >= areas[place])
                            continue;
                        areas[place] = box.Area;
                        targets.Set((picture * places) + place, box.Label, classes, (left, top, right, bottom));
                    }
                }
            }
        }
        return targets;
    }

    private void Set(int place, int label, int classes, (double Left, double Top, double Right, double Bottom) to)
    {
        Classes.AsSpan(place * classes, classes).Clear();
        Classes[(place * classes) + label] = 1;
        (Distances[4 * place], Distances[(4 * place) + 1], Distances[(4 * place) + 2], Distances[(4 * place) + 3]) = ((float)to.Left, (float)to.Top, (float)to.Right, (float)to.Bottom);
        Centreness[place] = (float)Math.Sqrt(Math.Min(to.Left, to.Right) / Math.Max(to.Left, to.Right) * (Math.Min(to.Top, to.Bottom) / Math.Max(to.Top, to.Bottom)));
        Positive[place] = 1;
    }
}
