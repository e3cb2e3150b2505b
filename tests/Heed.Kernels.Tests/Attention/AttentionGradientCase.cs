using Heed.Testing;

namespace Heed.Kernels.Tests;

/// <summary>The gradients of one attention: the fused ones against the double-precision ones, and those against differences.</summary>
internal static class AttentionGradientCase
{
    /// <summary>Gradients in double: queries, keys, values, parameters, sinks, query terms, key terms, table, value table.</summary>
    public static double[][] Reference<TModifier, TMask>(
        AttentionCase c, TModifier modifier, TMask mask, float[] parameters, AttentionOptions options, double[]? fromLog = null, double[]? fromEntropy = null)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        double[][] g = [.. new[] { c.Q.Length, c.K.Length, c.V.Length, parameters.Length, options.Sinks.Length, options.QueryTerms.Length, options.KeyTerms.Length, options.QueryTable.Length, options.ValueTable.Length }
            .Select(n => new double[n])];
        var gradients = new ReferenceAttentionGradients
        {
            Query = g[0], Key = g[1], Value = g[2], Parameters = g[3], Sinks = g[4], QueryTerms = g[5], KeyTerms = g[6], QueryTable = g[7], ValueTable = g[8], FromLogSumExp = fromLog, FromEntropy = fromEntropy,
        };
        ReferenceAttention.Backward(AttentionCase.Double(c.DO), AttentionCase.Double(c.Q), AttentionCase.Double(c.K), AttentionCase.Double(c.V), gradients, c.Shape, modifier, mask, AttentionCase.Double(parameters), options);
        return g;
    }

    public static float[][] Fused<TModifier, TMask>(
        AttentionCase c, TModifier modifier, TMask mask, float[] parameters, AttentionOptions options, float[]? fromLog = null, float[]? fromEntropy = null)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        float[] output = new float[c.Rows * c.Shape.ValueDim], log = new float[c.Rows], entropy = new float[c.Rows];
        float[] mass = new float[options.ValueTable.IsEmpty ? 0 : c.Rows * (options.ValueTable.Length / c.Shape.ValueDim)];
        FusedAttention.Forward(c.Q, c.K, c.V, output, c.Shape, modifier, mask, parameters, new AttentionStatistics { LogSumExp = log, Entropy = fromEntropy is null ? [] : entropy, ValueMass = mass }, options);
        float[][] g = [.. new[] { c.Q.Length, c.K.Length, c.V.Length, parameters.Length, options.Sinks.Length, options.QueryTerms.Length, options.KeyTerms.Length, options.QueryTable.Length, options.ValueTable.Length }
            .Select(n => Enumerable.Repeat(float.NaN, n).ToArray())];
        var gradients = new AttentionGradients(g[0], g[1], g[2], g[3])
        {
            Sinks = g[4], QueryTerms = g[5], KeyTerms = g[6], QueryTable = g[7], ValueTable = g[8], FromLogSumExp = fromLog, FromEntropy = fromEntropy, Entropy = fromEntropy is null ? [] : entropy, ValueMass = mass,
        };
        FusedAttention.Backward(c.DO, c.Q, c.K, c.V, output, log, gradients, c.Shape, modifier, mask, parameters, options);
        return g;
    }

    /// <summary>Fused against reference: at most a few roundings of the largest gradient.</summary>
    public static void Check<TModifier, TMask>(AttentionCase c, TModifier modifier, TMask mask, float[]? parameters = null, AttentionOptions options = default, bool losses = false)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        parameters ??= [];
        float[]? fromLog = losses ? c.Numbers(c.Rows) : null, fromEntropy = losses ? c.Numbers(c.Rows) : null;
        double[][] expected = Reference(c, modifier, mask, parameters, options, fromLog is null ? null : AttentionCase.Double(fromLog), fromEntropy is null ? null : AttentionCase.Double(fromEntropy));
        float[][] actual = Fused(c, modifier, mask, parameters, options, fromLog, fromEntropy);
        string[] names = ["query", "key", "value", "parameters", "sinks", "query terms", "key terms", "table", "value table"];
        for (int i = 0; i < names.Length; i++)
        {
            double largest = expected[i].Select(Math.Abs).DefaultIfEmpty().Max();
            // A parameter's gradient sums tens of thousands of terms that may cancel: its rounding follows their sizes, not the result's.
            Tolerance.AssertWithin(actual[i], expected[i], (i == 3 ? 1e-5 : 1e-6) + (4e-6 * largest), $"{typeof(TModifier).Name}, {typeof(TMask).Name}: gradient of {names[i]}");
        }
    }

    /// <summary>Reference against central differences of the reference forward pass, for every number of every operand.</summary>
    public static void CheckReference<TModifier, TMask>(AttentionCase c, TModifier modifier, TMask mask, float[]? parameters = null, AttentionOptions options = default, bool losses = true)
        where TModifier : unmanaged, IDifferentiableScoreModifier
        where TMask : unmanaged, IAttentionMask
    {
        double[] p = AttentionCase.Double(parameters ?? []), fromLog = AttentionCase.Double(c.Numbers(c.Rows, losses ? 1 : 0)), fromEntropy = AttentionCase.Double(c.Numbers(c.Rows, losses ? 1 : 0)), dO = AttentionCase.Double(c.DO);
        double[][] operands =
        [
            AttentionCase.Double(c.Q), AttentionCase.Double(c.K), AttentionCase.Double(c.V), p, AttentionCase.Double(options.Sinks), AttentionCase.Double(options.QueryTerms),
            AttentionCase.Double(options.KeyTerms), AttentionCase.Double(options.QueryTable), AttentionCase.Double(options.ValueTable),
        ];
        double[][] gradients = Reference(c, modifier, mask, parameters ?? [], options, fromLog, fromEntropy);
        for (int part = 0; part < operands.Length; part++)
        {
            for (int i = 0; i < operands[part].Length; i++)
            {
                const double Step = 1e-5;
                double start = operands[part][i];
                operands[part][i] = start + Step;
                double up = Loss(options);
                operands[part][i] = start - Step;
                double down = Loss(options);
                operands[part][i] = start;
                ((up - down) / (2 * Step)).ShouldBe(gradients[part][i], 1e-6 + (1e-5 * Math.Abs(gradients[part][i])), $"{typeof(TModifier).Name}, {typeof(TMask).Name}: operand {part}, {i}");
            }
        }

        double Loss(AttentionOptions options)
        {
            double[] output = new double[dO.Length], log = new double[c.Rows], entropy = new double[c.Rows];
            ReferenceAttention.Forward(operands[0], operands[1], operands[2], output, c.Shape, modifier, mask, operands[3], options, default, log, entropy, new ReferenceAttentionTerms
            {
                Sinks = operands[4], QueryTerms = operands[5], KeyTerms = operands[6], QueryTable = operands[7], ValueTable = operands[8],
            });
            double loss = 0;
            for (int i = 0; i < output.Length; i++)
                loss += output[i] * dO[i];
            for (int i = 0; i < log.Length; i++)
                loss += (double.IsFinite(log[i]) ? log[i] * fromLog[i] : 0) + (entropy[i] * fromEntropy[i]);
            return loss;
        }
    }
}
