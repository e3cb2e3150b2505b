namespace Heed;

/// <summary>A copy of all parameters and buffers of a module, to go back to: the best checkpoint.</summary>
internal sealed class WeightSnapshot
{
    private readonly (string Name, Parameter Parameter, float[] Values)[] parameters;
    private readonly (string Name, StateBuffer Buffer, float[] Values)[] buffers;

    public WeightSnapshot(Module module)
    {
        parameters = [.. module.NamedParameters().Select(p => (p.Name, p.Parameter, new float[p.Parameter.Shape.Length]))];
        buffers = [.. module.NamedBuffers().Select(b => (b.Name, b.Buffer, new float[b.Buffer.Shape.Length]))];
    }

    /// <summary>The copies by name.</summary>
    public IEnumerable<(string Name, Memory<float> Values)> State() =>
        parameters.Select(p => (p.Name, (Memory<float>)p.Values)).Concat(buffers.Select(b => (b.Name, (Memory<float>)b.Values)));

    public void Take()
    {
        foreach ((_, Parameter parameter, float[] values) in parameters)
            parameter.Values.CopyTo(values);
        foreach ((_, StateBuffer buffer, float[] values) in buffers)
            buffer.Values.Span.CopyTo(values);
    }

    /// <summary>Makes the mean of several, buffers among them, their module's.</summary>
    public static void RestoreMean(IReadOnlyList<WeightSnapshot> all)
    {
        for (int i = 0; i < all[0].parameters.Length; i++)
            all[0].parameters[i].Parameter.Assign(MeanWeights.Of([.. all.Select(s => s.parameters[i].Values)]));
        for (int i = 0; i < all[0].buffers.Length; i++)
            MeanWeights.Of([.. all.Select(s => s.buffers[i].Values)]).CopyTo(all[0].buffers[i].Buffer.Values);
    }

    public void Restore()
    {
        foreach ((_, Parameter parameter, float[] values) in parameters)
            parameter.Assign(values);
        foreach ((_, StateBuffer buffer, float[] values) in buffers)
            values.CopyTo(buffer.Values.Span);
    }
}
