using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>The detector's loss against its published formulas in double precision: two pictures, two levels of 8 and 16 pixels, two classes.</summary>
public sealed class FcosLossTests
{
    private static readonly int[] Strides = [8, 16], Sides = [4, 2];

    // The first level's four places around (16, 16); the second level's one place that is at most 24 pixels from (46, 46), with an edge more than 64 away.
    private static readonly PictureBox Small = new(1, 8, 8, 24, 24), Large = new(0, 0, 0, 92, 92);

    // A place with a thing: its level, its picture, its number there, its class, and how far the edges are.
    private static readonly Thing[] SmallThings = [.. new[] { (5, 4, 4, 12, 12), (6, 12, 4, 4, 12), (9, 4, 12, 12, 4), (10, 12, 12, 4, 4) }.Select(p => new Thing(0, 0, p.Item1, 1, [p.Item2, p.Item3, p.Item4, p.Item5]))];
    private static readonly Thing LargeThing = new(1, 1, 3, 0, [24, 24, 68, 68]);

    private readonly Answers[] answers = [.. Enumerable.Range(0, 2).Select(n => Answers.Create(2 * Sides[n] * Sides[n], (ulong)(3 * n)))];

    [Fact]
    public void Each_part_is_divided_by_what_it_counts()
    {
        // Four places of centre-ness 1/3 and one of 24/68: 5 things, a sum of 1.686.
        double nearness = (4 / 3.0) + (24 / 68.0);
        Thing[] things = [.. SmallThings, LargeThing];
        double expected = (Focal(things) / 5) + (Boxes(things) / nearness) + (Centres(things) / 5);
        Loss([[Small], [Large]]).ShouldBe(expected, 2e-6 * expected);
    }

    [Fact]
    public void A_sum_of_centreness_below_one_counts_as_one()
    {
        double expected = Focal([LargeThing]) + Boxes([LargeThing]) + Centres([LargeThing]);
        Loss([[], [Large]]).ShouldBe(expected, 2e-6 * expected);
    }

    [Fact]
    public void Without_things_the_loss_is_that_of_the_classes_alone()
    {
        double expected = Focal([]);
        expected.ShouldBeGreaterThan(0);
        Loss([[], []]).ShouldBe(expected, 2e-6 * expected);
    }

    private double Loss(PictureBox[][] boxes) => Step.Evaluate(pass => FcosAnswers.Loss([.. answers.Select((a, n) => new FcosLevel(
        Strides[n], pass.Input(a.Classes, Of(n, 2)), pass.Input(a.Distances, Of(n, 4)), pass.Input(a.Centreness, Of(n, 1))))], boxes, Strides)).Item;

    private static Shape Of(int level, int values) => new(2, Sides[level], Sides[level], values);

    // Lin et al. 2017: Σ −α(1 − p)²·ln p, with p the probability of what is true and α a quarter where that is yes.
    private double Focal(Thing[] things)
    {
        double sum = 0;
        for (int level = 0; level < answers.Length; level++)
        {
            for (int i = 0; i < answers[level].Classes.Length; i++)
            {
                bool isTrue = things.Any(t => t.Level == level && (2 * t.At) + t.Label == i);
                double p = Sigmoid(isTrue ? answers[level].Classes[i] : -answers[level].Classes[i]);
                sum -= (isTrue ? 0.25 : 0.75) * (1 - p) * (1 - p) * Math.Log(p);
            }
        }
        return sum;
    }

    // Rezatofighi et al. 2019, with corners: Σ centre-ness·(1 − (I/U − (C − U)/C)).
    private double Boxes(Thing[] things) => things.Sum(t =>
    {
        (double Left, double Top, double Right, double Bottom) truth = Corners([.. t.Distances]), said = Corners(answers[t.Level].Distances[(4 * t.At)..((4 * t.At) + 4)]);
        double both = (Math.Min(truth.Right, said.Right) - Math.Max(truth.Left, said.Left)) * (Math.Min(truth.Bottom, said.Bottom) - Math.Max(truth.Top, said.Top));
        double around = (Math.Max(truth.Right, said.Right) - Math.Min(truth.Left, said.Left)) * (Math.Max(truth.Bottom, said.Bottom) - Math.Min(truth.Top, said.Top));
        double union = Area(truth) + Area(said) - both;
        return t.Centreness * (1 - ((both / union) - ((around - union) / around)));
    });

    // Where the place itself lies is the same for both boxes.
    private static (double Left, double Top, double Right, double Bottom) Corners(float[] distances) => (100 - (double)distances[0], 100 - (double)distances[1], 100 + (double)distances[2], 100 + (double)distances[3]);

    private static double Area((double Left, double Top, double Right, double Bottom) box) => (box.Right - box.Left) * (box.Bottom - box.Top);

    // Tian et al. 2019: cross-entropy where there is a thing.
    private double Centres(Thing[] things) => things.Sum(t =>
    {
        double p = Sigmoid(answers[t.Level].Centreness[t.At]);
        return -(t.Centreness * Math.Log(p)) - ((1 - t.Centreness) * Math.Log(1 - p));
    });

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private sealed record Thing(int Level, int Picture, int Place, int Label, float[] Distances)
    {
        public int At => (Picture * Sides[Level] * Sides[Level]) + Place;

        public double Centreness => Math.Sqrt(
            (double)Math.Min(Distances[0], Distances[2]) / Math.Max(Distances[0], Distances[2]) * Math.Min(Distances[1], Distances[3]) / Math.Max(Distances[1], Distances[3]));
    }

    private sealed record Answers(float[] Classes, float[] Distances, float[] Centreness)
    {
        public static Answers Create(int places, ulong salt) => new(
            FormulaWeights.Create(2 * places, salt + 1, 2), [.. FormulaWeights.Create(4 * places, salt + 2, 12).Select(d => 16 + d)], FormulaWeights.Create(places, salt + 3, 2));
    }
}
