namespace Heed;

/// <content>Activations that are computed twice instead of being kept.</content>
public sealed partial class Tensor
{
    // Whose gradient this tensor's is: an input of a recomputed part stands for itself inside it.
    private Tensor? Original { get; init; }

    /// <summary>Runs a part of a model without keeping what its backward pass needs: that is computed again when the backward pass comes to it.</summary>
    /// <remarks>
    /// <para>Values, gradients and dropout masks have the bits that they have without: random numbers are drawn again from the same place of the stream, and gradients are added in the same order.</para>
    /// <para>Memory: the inputs and the result stay, what lies between is there once in the forward and once in the backward pass. Cost: one forward pass of the part more. Outside training the part just runs.</para>
    /// <para>Source: Chen et al., "Training deep nets with sublinear memory cost", 2016.</para>
    /// </remarks>
    /// <param name="work">The part: gets stand-ins of the inputs and its own pass, and must use no other tensor of the step. A pure function but for random numbers; it captures nothing.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="parameters">The parameters that it uses.</param>
    /// <param name="pass">The call.</param>
    /// <returns>What the part returns.</returns>
    public static Tensor Recompute(Func<IReadOnlyList<Tensor>, Pass, Tensor> work, IReadOnlyList<Tensor> inputs, IEnumerable<Parameter> parameters, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(parameters);
        if (!pass.IsTraining || !pass.Step.Records)
            return work(inputs, pass);
        Pass outer = pass;
        RecomputeOperation operation = new(work, [.. inputs], [.. parameters.Select(outer.Use)], pass.Random.Copy());
        return Record(operation, operation.Run(pass));
    }

    private sealed class RecomputeOperation(Func<IReadOnlyList<Tensor>, Pass, Tensor> work, Tensor[] data, Tensor[] parameters, RandomStream start) : Operation([.. data, .. parameters])
    {
        public Tensor Run(in Pass pass)
        {
            Step inner = pass.Step.Inner(keepsTape: false);
            try
            {
                Tensor result = work(StandIns(inner), new Pass(inner, pass.Random, Capture.None));
                Tensor kept = Result(Name, result.Shape, [.. Inputs], inner.Transfer(result.memory, pass.Step));
                if (!kept.memory.Equals(result.memory))
                    result.Values.CopyTo(kept.Writable);
                return kept;
            }
            finally
            {
                inner.End();
            }
        }

        protected internal override void Backward()
        {
            Step inner = Outputs[0].step!.Inner(keepsTape: true);
            try
            {
                Tensor result = work(StandIns(inner), new Pass(inner, start.Copy(), Capture.None, repeats: true));
                if (result.RequiresGradient)
                    inner.Backward(result, GradientOf());
            }
            finally
            {
                inner.End();
            }
        }

        protected internal override void Reference(ReferenceValues values)
        {
            Step inner = Outputs[0].step!.Inner(keepsTape: true);
            try
            {
                Tensor[] standIns = StandIns(inner);
                Tensor result = work(standIns, new Pass(inner, start.Copy(), Capture.None, repeats: true));
                Dictionary<Tensor, double[]> wide = [];
                foreach (Tensor tensor in inner.Operations.SelectMany(o => o.Inputs.Concat(o.Outputs)))
                {
                    int at = Array.IndexOf(standIns, tensor) is >= 0 and var input ? input : tensor.Parameter is null ? -1 : Array.FindIndex(parameters, p => p.Parameter == tensor.Parameter);
                    wide.TryAdd(tensor, at >= 0 ? values.Input(tensor.Parameter is null ? at : data.Length + at).ToArray() : Array.ConvertAll(tensor.ToArray(), v => (double)v));
                }
                foreach (Operation operation in inner.Operations)
                    operation.Reference(new ReferenceValues(operation, wide));
                wide[result].CopyTo(values.Output());
            }
            finally
            {
                inner.End();
            }
        }

        private Tensor[] StandIns(Step inner) => Array.ConvertAll(data, t => new Tensor(t.Memory, t.Shape, inner, t.RequiresGradient) { Original = t });
    }
}
