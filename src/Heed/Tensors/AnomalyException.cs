using System.Globalization;

namespace Heed;

/// <summary>The first NaN or infinity of a step, and the operation in which it arose.</summary>
public sealed class AnomalyException : ArithmeticException
{
    internal AnomalyException(string message)
        : base(message)
    {
    }

    internal static void ThrowIfFirst(Operation operation, ReadOnlySpan<Tensor> outputs)
    {
        foreach (Tensor output in outputs)
        {
            int at = FirstBad(output.Values, operation.Masks);
            if (at >= 0 && operation.Inputs.All(i => FirstBad(i.Values) < 0))
                throw new AnomalyException($"{operation.Name} made {Text(output.Values[at])} at {Place(at, output.Shape)} of its result {output.Shape} from finite inputs {Shapes(operation)}.");
        }
    }

    internal static void ThrowIfGradient(Operation operation)
    {
        foreach (Tensor input in operation.Inputs)
        {
            if (!input.RequiresGradient || !input.HasGradient)
                continue;
            int at = FirstBad(input.GradientSpan());
            if (at >= 0)
                throw new AnomalyException($"The backward pass of {operation.Name} made {Text(input.GradientSpan()[at])} at {Place(at, input.Shape)} in the gradient of its input {input.Shape}.");
        }
    }

    private static int FirstBad(ReadOnlySpan<float> values, bool mayMask = false)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]) && !(mayMask && float.IsNegativeInfinity(values[i])))
                return i;
        }
        return -1;
    }

    private static string Shapes(Operation operation) => string.Join(", ", operation.Inputs.Select(i => i.Shape));

    private static string Text(float value) => float.IsNaN(value) ? "NaN" : value > 0 ? "+infinity" : "-infinity";

    private static string Place(int index, Shape shape)
    {
        string[] parts = new string[shape.Rank];
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            parts[axis] = (index % shape[axis]).ToString(CultureInfo.InvariantCulture);
            index /= shape[axis];
        }
        return $"[{string.Join(", ", parts)}]";
    }
}
