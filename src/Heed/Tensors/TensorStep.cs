namespace Heed;

public sealed partial class Tensor
{
    // The step of an operation is that of its inputs. Inputs outside any step only give a result outside any step.
    internal static Step? StepOf(string operation, params ReadOnlySpan<Tensor?> inputs)
    {
        Step? found = null;
        foreach (Tensor? input in inputs)
        {
            if (input?.step is not { } its)
                continue;
            input.ThrowIfEnded();
            if (found is not null && found != its)
                throw new InvalidOperationException($"{operation}: its inputs belong to different steps; keep one with Keep() and use it as data.");
            found = its;
        }
        return found;
    }

    // A result of an operation, its contents undefined; it requires a gradient if any input does.
    private static Tensor Result(string operation, Shape shape, params ReadOnlySpan<Tensor?> inputs) => Result(operation, shape, inputs, null);

    // The same in memory that the step has already.
    private static Tensor Result(string operation, Shape shape, ReadOnlySpan<Tensor?> inputs, Memory<float>? memory)
    {
        bool requires = false;
        foreach (Tensor? input in inputs)
            requires |= input is { RequiresGradient: true };
        return StepOf(operation, inputs) is { } its ? memory is { } held ? new Tensor(held, shape, its, requires && its.Records) : its.New(shape, requires)
            : new Tensor(TensorPool.AllocateAligned(shape.Length), shape, null, false);
    }

    private static Tensor Record(Operation operation, Tensor output)
    {
        output.step?.Record(operation, output);
        return output;
    }
}
