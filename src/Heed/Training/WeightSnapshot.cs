namespace Heed;

/// <summary>A copy of all parameters and buffers of a module, to go back to: the best checkpoint.</summary>
internal sealed class WeightSnapshot
{
    private readonly (Parameter Parameter, float[] Values)[] parameters;
    private readonly (StateBuffer Buffer, float[] Values)[] buffers;

    public WeightSnapshot(Module module)
    {
        parameters = [.. module.NamedParameters().Select(p => (p.Parameter, new float[p.Parameter.Shape.Length]))];
        buffers = [.. module.NamedBuffers().Select(b => (b.Buffer, new float[b.Buffer.Shape.Length]))];
    }

    public void Take()
    {
        foreach ((Parameter parameter, float[] values) in parameters)
            parameter.Values.CopyTo(values);
        foreach ((StateBuffer buffer, float[] values) in buffers)
            buffer.Values.Span.CopyTo(values);
    }

    public void Restore()
    {
        foreach ((Parameter parameter, float[] values) in parameters)
            parameter.Assign(values);
        foreach ((StateBuffer buffer, float[] values) in buffers)
            values.CopyTo(buffer.Values.Span);
    }
}
