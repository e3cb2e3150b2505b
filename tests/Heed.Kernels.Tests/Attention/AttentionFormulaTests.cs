using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>Scores and masks against the formulas of their papers, written out here in double precision: the library's references call the same structs, these loops do not.</summary>
[Trait("Legs", "InstructionSets")]
public class AttentionFormulaTests
{
    // More distances than T5's largest, and several panels of the widest vectors.
    private const int Batch = 2, Heads = 4, Shared = 2, Queries = 9, Keys = 170, Dim = 6, ValueDim = 5;
    private static readonly AttentionShape Shape = new(Batch, Heads, Shared, Queries, Keys, Dim) { ValueDim = ValueDim };
    private readonly AttentionCase c = new(Shape);

    private delegate double ScoreFormula(double score, Place at, Operands x);

    private delegate bool MaskFormula(Place at);

    [Fact]
    public void A_soft_cap_is_a_scaled_tanh()
    {
        const double Cap = 1.5;
        Check(new SoftCap((float)Cap), default(Causal), [], default, (score, _, _) => Cap * Math.Tanh(score / Cap), at => at.Distance >= 0);
    }

    [Fact]
    public void A_distance_decays_with_its_logarithm()
    {
        float[] rates = [9, 0.5f, 1.25f, 0.1f, 2];
        Check(new DistanceDecay(1), default(NoMask), rates, default, (score, at, x) => score - (x.Parameters[1 + at.Head] * Math.Log(1 + Math.Abs(at.Distance))), _ => true);
    }

    [Theory]
    [InlineData(true, 20)]
    [InlineData(true, 150)]
    [InlineData(false, 150)]
    public void A_relative_bias_reads_the_bucket_of_the_distance(bool bothWays, int position)
    {
        const int Buckets = 32, Largest = 128, Offset = 3;
        // Distances beyond the largest among the later keys, then among the earlier ones.
        Check(new RelativeBias(Heads, Buckets, Largest, bothWays, Offset), default(NoMask), c.Numbers(Offset + (Buckets * Heads)), new AttentionOptions { QueryPosition = position },
            (score, at, x) => score + x.Parameters[Offset + (Bucket(at.Distance) * Heads) + at.Head], _ => true, queryPosition: position);

        // Half of the buckets are for later keys, or none; half of the rest are for one distance each, the others grow by one factor up to the largest.
        int Bucket(int distance)
        {
            int ways = bothWays ? Buckets / 2 : Buckets, exact = ways / 2, size = bothWays ? Math.Abs(distance) : Math.Max(0, distance), first = bothWays && distance < 0 ? ways : 0;
            return first + (size < exact ? size : Math.Min(ways - 1, exact + (int)((Math.Log((double)size / exact) / Math.Log((double)Largest / exact) * (ways - exact)) + 1e-9)));
        }
    }

    [Fact]
    public void Shaw_adds_a_vector_of_the_clipped_distance_to_keys_and_values()
    {
        const int Clip = 4, Rows = (2 * Clip) + 1;
        var options = new AttentionOptions { QueryTable = c.Numbers(c.Rows * Rows), ValueTable = c.Numbers(Rows * ValueDim) };
        Check(new ShawScore(Clip, 0.25f), default(Causal), [], options, (score, at, x) => score + (0.25 * x.Table[(at.Row * Rows) + Index(at)]), at => at.Distance >= 0, index: Index);

        static int Index(Place at) => Math.Max(-Clip, Math.Min(Clip, -at.Distance)) + Clip;
    }

    [Fact]
    public void A_length_hides_the_keys_behind_it() =>
        Check(default(PlainScore), new LengthMask(1), [], new AttentionOptions { MaskNumbers = new[] { 7, 33, 0 } }, (score, _, _) => score, at => at.Key < (at.Batch == 0 ? 33 : 0));

    [Fact]
    public void Documents_see_themselves_only()
    {
        int[] keys = [.. Enumerable.Range(0, Batch * Keys).Select(i => i * 7919 % 613 / 200)], queries = [.. Enumerable.Range(0, Batch * Queries).Select(i => i % 5)];
        Check(default(PlainScore), new DocumentMask(2, 2 + queries.Length, Queries, Keys), [], new AttentionOptions { MaskNumbers = [99, 99, .. queries, .. keys] },
            (score, _, _) => score, at => queries[(at.Batch * Queries) + at.Query] == keys[(at.Batch * Keys) + at.Key]);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(32, false)]
    [InlineData(5, true)]
    public void Blocks_take_part_as_their_flags_say(int size, bool perHead)
    {
        int columns = (Keys + size - 1) / size, rows = (Queries + size - 1) / size, step = perHead ? rows * columns : 0;
        bool[] flags = [.. Enumerable.Range(0, rows * columns * Heads).Select(i => i * 7919 % 13 < 6)];
        Check(default(PlainScore), new BlockSparseMask(size, Keys, step), [], new AttentionOptions { MaskFlags = flags },
            (score, _, _) => score, at => flags[(at.Head * step) + (at.Query / size * columns) + (at.Key / size)]);
    }

    // Output and log-sum-exp against the formula, every gradient against its slope in the direction in which the gradient says that the loss rises fastest for steps of one size.
    private void Check<TScore, TMask>(
        TScore score, TMask mask, float[] parameters, AttentionOptions options, ScoreFormula formula, MaskFormula sees, Func<Place, int>? index = null, int queryPosition = Keys - Queries)
        where TScore : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        double[][] operands = [.. new[] { c.Q, c.K, c.V, parameters, options.QueryTable.ToArray(), options.ValueTable.ToArray() }.Select(x => AttentionCase.Double(x))];
        (double[] expected, double[] expectedLog) = Evaluate(new(operands));
        (float[] output, float[] log) = c.Run(score, mask, parameters, options);
        Tolerance.AssertWithin(output, expected, 2e-6, "output");
        Tolerance.AssertWithin(log, expectedLog, 4e-6, "log-sum-exp");
        float[][] fused = AttentionGradientCase.Fused(c, score, mask, parameters, options), gradients = [fused[0], fused[1], fused[2], fused[3], fused[7], fused[8]];
        for (int part = 0; part < operands.Length; part++)
        {
            const double Step = 1e-6;
            double[] start = operands[part];
            double rise = gradients[part].Sum(x => Math.Abs((double)x));
            double Loss(double step)
            {
                operands[part] = [.. start.Select((x, i) => x + (step * Math.Sign(gradients[part][i])))];
                return Evaluate(new(operands)).Output.Select((x, i) => x * c.DO[i]).Sum();
            }
            ((Loss(Step) - Loss(-Step)) / (2 * Step)).ShouldBe(rise, 1e-6 + (2e-5 * rise), $"gradient of operand {part}");
            operands[part] = start;
        }

        (double[] Output, double[] LogSumExp) Evaluate(Operands x)
        {
            double[] result = new double[c.Rows * ValueDim], logs = new double[c.Rows];
            for (int row = 0; row < c.Rows; row++)
            {
                int query = row % Queries, head = row / Queries % Heads, batch = row / Queries / Heads, keyRow = ((batch * Shared) + (head / (Heads / Shared))) * Keys;
                double sum = 0;
                for (int key = 0; key < Keys; key++)
                {
                    Place at = new(batch, head, query, key, row, queryPosition + query - key);
                    if (!sees(at))
                        continue;
                    double dot = 0;
                    for (int i = 0; i < Dim; i++)
                        dot += x.Q[(row * Dim) + i] * x.K[((keyRow + key) * Dim) + i];
                    double weight = Math.Exp(formula(dot / Math.Sqrt(Dim), at, x));
                    sum += weight;
                    for (int i = 0; i < ValueDim; i++)
                        result[(row * ValueDim) + i] += weight * (x.V[((keyRow + key) * ValueDim) + i] + (index is null ? 0 : x.ValueTable[(index(at) * ValueDim) + i]));
                }
                logs[row] = Math.Log(sum);
                for (int i = 0; i < ValueDim && sum > 0; i++)
                    result[(row * ValueDim) + i] /= sum;
            }
            return (result, logs);
        }
    }

    private readonly record struct Place(int Batch, int Head, int Query, int Key, int Row, int Distance);

    private sealed class Operands(double[][] parts)
    {
        public double[] Q => parts[0];

        public double[] K => parts[1];

        public double[] V => parts[2];

        public double[] Parameters => parts[3];

        public double[] Table => parts[4];

        public double[] ValueTable => parts[5];
    }
}
