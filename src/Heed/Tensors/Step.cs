using System.Runtime.CompilerServices;
using Heed.Kernels;

namespace Heed;

/// <summary>One training step or one evaluation: the memory of all tensors made in it, and, when training, the tape of what was done.</summary>
/// <remarks>
/// <para>Everything is explicit, nothing is thread-static: the step travels in the <see cref="Pass"/> and in its tensors, so it survives
/// <c>await</c>, and any number of steps run at once. When the step ends, its memory goes back to a pool.</para>
/// <example><code>
/// Tensor logits = Step.Evaluate(pass => model.Forward(x, pass));
/// float loss = Step.Train(seed, number, pass => model.Loss(x, y, pass));   // parameters now hold gradients
/// </code></example>
/// </remarks>
public sealed class Step
{
    private readonly HashSet<TensorBlock> blocks = new(ReferenceEqualityComparer.Instance);
    private readonly List<Operation> operations = [];
    private readonly HashSet<object> held = [];
    private readonly bool findAnomalies, keepsTape;
    private bool isGoingBack;

    private Step(long number, bool records, bool findAnomalies, bool keepsTape = true)
    {
        Number = number;
        Records = records;
        this.findAnomalies = findAnomalies;
        this.keepsTape = keepsTape;
    }

    /// <summary>The number that messages use: the caller's, or 0.</summary>
    public long Number { get; }

    /// <summary>Whether operations are recorded for a backward pass.</summary>
    public bool Records { get; }

    /// <summary>Whether the step is over and its memory given back.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether parameters are constants, so that gradients go to inputs alone.</summary>
    internal bool HoldsParameters { get; private init; }

    internal IReadOnlyList<Operation> Operations => operations;

    /// <summary>Runs a computation without gradients and keeps what it returns: a tensor, or a tuple or list of tensors.</summary>
    /// <param name="work">The computation.</param>
    /// <param name="capture">What attention modules shall hand out.</param>
    /// <param name="request">What else is asked of modules, such as an <c>AttentionCapture</c>; null for nothing.</param>
    /// <typeparam name="T">Any type; tensors inside other types are kept by calling <see cref="Tensor.Keep"/>.</typeparam>
    public static T Evaluate<T>(Func<Pass, T> work, Capture capture = Capture.None, IPassRequest? request = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        Step step = new(0, records: false, findAnomalies: false);
        try
        {
            return KeepAll(work(new Pass(step, null, capture, request)));
        }
        finally
        {
            step.End();
        }
    }

    /// <summary>As <see cref="Evaluate{T}"/>, for a computation that awaits.</summary>
    /// <param name="work">The computation.</param>
    /// <param name="capture">What attention modules shall hand out.</param>
    /// <param name="request">As there.</param>
    /// <typeparam name="T">As there.</typeparam>
    public static async Task<T> EvaluateAsync<T>(Func<Pass, Task<T>> work, Capture capture = Capture.None, IPassRequest? request = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        Step step = new(0, records: false, findAnomalies: false);
        try
        {
            return KeepAll(await work(new Pass(step, null, capture, request)));
        }
        finally
        {
            step.End();
        }
    }

    /// <summary>Runs a computation that ends in a loss, then the backward pass; gradients are added to the parameters'.</summary>
    /// <param name="random">The step's random stream (dropout).</param>
    /// <param name="number">The step's number, for messages.</param>
    /// <param name="loss">The computation; returns one element.</param>
    /// <param name="findAnomalies">Checks every result and gradient, and throws an <see cref="AnomalyException"/> that names the operation in
    /// which the first NaN or infinity arose. Costs a read of every tensor.</param>
    /// <param name="recomputes">Whether layers of a stack drop their activations and compute them again in the backward pass: less memory, one more forward pass, the same bits.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="ShapeException">The loss has more than one element.</exception>
    public static float Train(RandomStream random, long number, Func<Pass, Tensor> loss, bool findAnomalies = false, bool recomputes = false)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(loss);
        Step step = new(number, records: true, findAnomalies);
        try
        {
            Tensor result = loss(new Pass(step, random, Capture.None, recomputes: recomputes));
            float value = result.Item;
            step.Backward(result);
            return value;
        }
        finally
        {
            step.End();
        }
    }

    /// <summary>Memory of this step for <paramref name="shape"/>'s elements; contents undefined.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="requiresGradient">Whether gradients flow to it.</param>
    public Tensor New(Shape shape, bool requiresGradient = false) => new(Rent(shape.Length), shape, this, requiresGradient && Records);

    /// <summary>Puts an operation on the tape (if any input requires a gradient) and names its results.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="outputs">Its results, already computed.</param>
    public void Record(Operation operation, params ReadOnlySpan<Tensor> outputs)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (findAnomalies)
            AnomalyException.ThrowIfFirst(operation, outputs);
        if (!Records || !operation.Inputs.Any(i => i.RequiresGradient))
            return;
        if (isGoingBack)
            throw new InvalidOperationException($"{operation.Name} was called during the backward pass on tensors that require a gradient: second derivatives are not offered. Compute on copies of the values.");
        if (!keepsTape)
            return;
        operation.Outputs = outputs.ToArray();
        operations.Add(operation);
    }

    /// <summary>As <see cref="Evaluate{T}"/>, of which stacks of layers give back the memory of each layer when the next one begins: for long sequences.</summary>
    internal static T EvaluateLayerwise<T>(Func<Pass, T> work, IPassRequest? request = null)
    {
        Step step = new(0, records: false, findAnomalies: false);
        try
        {
            return KeepAll(work(new Pass(step, null, Capture.None, request, recomputes: true)));
        }
        finally
        {
            step.End();
        }
    }

    /// <summary>Runs a computation that goes back itself (<see cref="Backward(Tensor, ReadOnlySpan{float})"/>), to leaves of its own: parameters get no gradient, nothing is random, so one model serves many threads.</summary>
    /// <param name="work">The computation.</param>
    /// <param name="request">What is asked of modules outside of recomputed parts.</param>
    /// <param name="recomputes">As <see cref="Train"/>.</param>
    internal static T Differentiate<T>(Func<Pass, T> work, IPassRequest? request, bool recomputes = false)
    {
        Step step = new(0, records: true, findAnomalies: false) { HoldsParameters = true };
        try
        {
            return work(new Pass(step, null, Capture.None, request, recomputes));
        }
        finally
        {
            step.End();
        }
    }

    internal static Step ForChecking() => new(0, records: true, findAnomalies: true);

    internal Memory<float> Rent(int length) => RentBlock(length).Memory[..length];

    internal TensorBlock RentBlock(int length)
    {
        if (HasEnded)
            throw new InvalidOperationException(FormattableString.Invariant($"Step {Number} has ended; no tensor can be made in it any more."));
        TensorBlock block = TensorPool.Rent(length);
        lock (blocks)
            blocks.Add(block);
        return block;
    }

    /// <summary>Takes memory back before the step ends.</summary>
    internal void Return(TensorBlock block)
    {
        bool wasHeld;
        lock (blocks)
            wasHeld = blocks.Remove(block);
        if (wasHeld)
            TensorPool.Return(block);
    }

    /// <summary>Keeps an object alive until the step ends.</summary>
    internal void Hold(object owner)
    {
        lock (held)
            held.Add(owner);
    }

    internal void Release(Memory<float> memory)
    {
        foreach (TensorBlock block in Take(memory))
            TensorPool.Forget(block);
    }

    /// <summary>A step inside this one, whose memory ends before.</summary>
    internal Step Inner(bool keepsTape) => new(Number, Records, findAnomalies, keepsTape) { HoldsParameters = HoldsParameters };

    /// <summary>Gives the memory of a result to another step; null if it is not this step's.</summary>
    internal Memory<float>? Transfer(Memory<float> memory, Step other)
    {
        List<TensorBlock> moved = Take(memory);
        lock (other.blocks)
            other.blocks.UnionWith(moved);
        return moved.Count > 0 ? memory : default(Memory<float>?);
    }

    private List<TensorBlock> Take(Memory<float> memory)
    {
        lock (blocks)
        {
            List<TensorBlock> found = [.. blocks.Where(b => b.Memory.Span.Overlaps(memory.Span))];
            blocks.ExceptWith(found);
            return found;
        }
    }

    internal void Backward(Tensor loss)
    {
        if (loss.Length != 1)
            throw ShapeException.For("Backward", "loss", "one element", loss.Shape, "Take the mean or the sum first.");
        if (!loss.RequiresGradient)
            throw new InvalidOperationException("Backward: the loss depends on no parameter and no input that requires a gradient.");
        Backward(loss, [1]);
    }

    /// <summary>The backward pass from a result of any shape, whose gradient is given.</summary>
    internal void Backward(Tensor result, ReadOnlySpan<float> gradient)
    {
        Span<float> sum = result.GradientSpan(out bool isFirst);
        if (isFirst)
            gradient.CopyTo(sum);
        else
            Elementwise.AddScaled(gradient, 1, sum);
        isGoingBack = true;
        for (int i = operations.Count - 1; i >= 0; i--)
        {
            Operation operation = operations[i];
            if (!operation.Outputs.Any(o => o.HasGradient))
                continue;
            operation.Backward();
            if (findAnomalies)
                AnomalyException.ThrowIfGradient(operation);
            // All consumers and the maker have read them: at most a few gradients are in memory at once.
            if (!operation.KeepsGradients)
            {
                foreach (Tensor output in operation.Outputs)
                    output.ReleaseGradient();
            }
        }
    }

    internal void End()
    {
        HasEnded = true;
        lock (blocks)
        {
            foreach (TensorBlock block in blocks)
                TensorPool.Return(block);
            blocks.Clear();
        }
        operations.Clear();
        lock (held)
            held.Clear();
    }

    private static T KeepAll<T>(T result)
    {
        switch (result)
        {
            case Tensor tensor:
                tensor.Keep();
                break;
            case ITuple tuple:
                for (int i = 0; i < tuple.Length; i++)
                    (tuple[i] as Tensor)?.Keep();
                break;
            case IEnumerable<Tensor> many:
                foreach (Tensor tensor in many)
                    tensor.Keep();
                break;
        }
        return result;
    }
}
