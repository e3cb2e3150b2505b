using Heed.Kernels;

namespace Heed;

/// <summary>A running average of all parameters and of the running statistics of batch norm, which is evaluated and kept in place of the last step's values.</summary>
/// <remarks>w̄ ← w̄ + (1 − min(β, (1 + t)/(10 + t)))·(w − w̄) after step t: short at the start, so that the first values are soon forgotten.
/// Source: Polyak and Juditsky 1992, in the exponential form.</remarks>
internal sealed class WeightAverage
{
    private readonly double decay;
    private readonly (string Name, Parameter Parameter, float[] Values)[] averages;
    private readonly (string Name, StateBuffer Buffer, float[] Values)[] buffers;

    public WeightAverage(Module model, double decay)
    {
        this.decay = decay;
        averages = [.. model.NamedParameters().Where(p => p.Parameter.IsTrained).Select(p => (p.Name, p.Parameter, p.Parameter.Values.ToArray()))];
        buffers = [.. model.NamedBuffers().Select(b => (b.Name, b.Buffer, b.Buffer.Values.ToArray()))];
    }

    public IEnumerable<(string Name, Memory<float> Values)> State() => averages.Select(a => (a.Name, (Memory<float>)a.Values)).Concat(buffers.Select(b => (b.Name, (Memory<float>)b.Values)));

    public void Update(long step)
    {
        float keep = (float)Math.Min(decay, (1.0 + step) / (10 + step));
        foreach ((_, Parameter parameter, float[] values) in averages)
        {
            Elementwise.Scale(values, keep, values);
            Elementwise.AddScaled(parameter.Values, 1 - keep, values);
        }
        // In this order those of frozen layers stay as they are to the bit.
        foreach ((_, StateBuffer buffer, float[] values) in buffers)
        {
            ReadOnlySpan<float> current = buffer.Values.Span;
            for (int i = 0; i < values.Length; i++)
                values[i] += (1 - keep) * (current[i] - values[i]);
        }
    }

    /// <summary>Exchanges averages and what they are of; twice is as before.</summary>
    public void Exchange()
    {
        foreach ((_, Parameter parameter, float[] values) in averages)
        {
            float[] current = parameter.Values.ToArray();
            parameter.Assign(values);
            current.CopyTo(values, 0);
        }
        foreach ((_, StateBuffer buffer, float[] values) in buffers)
        {
            float[] current = buffer.Values.ToArray();
            values.CopyTo(buffer.Values.Span);
            current.CopyTo(values, 0);
        }
    }
}
