namespace Heed.Tests.Tensors;

/// <summary>A recorded operation whose backward pass is made wrong afterwards: what it adds to the gradient of one input is that times a factor.</summary>
/// <param name="inner">The right one.</param>
/// <param name="input">The position of the input.</param>
/// <param name="factor">The factor.</param>
internal sealed class WrongOperation(Operation inner, int input, float factor) : Operation([.. inner.Inputs])
{
    /// <summary>Whether the operation added anything to the input's gradient: otherwise no factor can be seen.</summary>
    public bool HasAdded { get; private set; }

    public override string Name => inner.Name;

    protected internal override bool Masks => inner.Masks;

    protected internal override bool KeepsGradients => inner.KeepsGradients;

    /// <summary>Puts the wrong operation in the place of the right one on the tape.</summary>
    public static WrongOperation Replace(Step step, Operation right, int input, float factor)
    {
        var tape = (List<Operation>)step.Operations;
        WrongOperation wrong = new(right, input, factor) { Outputs = right.Outputs };
        tape[tape.IndexOf(right)] = wrong;
        return wrong;
    }

    protected internal override void Backward()
    {
        float[] before = [.. Gradient()];
        inner.Backward();
        if (Gradient().IsEmpty)
            return;
        Span<float> after = Accumulate(input);
        for (int i = 0; i < after.Length; i++)
        {
            float old = before.Length == 0 ? 0 : before[i];
            HasAdded |= after[i] != old;
            after[i] = old + (factor * (after[i] - old));
        }
    }

    protected internal override void Reference(ReferenceValues values) => inner.Reference(values);

    // Empty before anything was added, and looking does not change that.
    private ReadOnlySpan<float> Gradient() => Inputs[input] switch
    {
        { Parameter: { } parameter } => parameter.Gradient,
        { HasGradient: true } => Accumulate(input),
        _ => default,
    };
}
