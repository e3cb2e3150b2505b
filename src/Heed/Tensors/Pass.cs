namespace Heed;

/// <summary>What attention modules hand out besides their result.</summary>
[Flags]
public enum Capture
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Attention weights.</summary>
    Weights = 1,

    /// <summary>Gates: of an LSTM over time, of gated linear units and highway layers, of attention blocks for pictures.</summary>
    Gates = 2,
}

/// <summary>What a call asks of the modules that know how to answer it, beside <see cref="Capture"/>: an <c>AttentionCapture</c>.</summary>
public interface IPassRequest;

/// <summary>What belongs to one call of a model: its step, whether it trains, its random stream, and what shall be captured.</summary>
/// <remarks>Passed down through every <c>Forward</c>, so modules hold no mutable mode and one model answers many threads at once.</remarks>
public readonly struct Pass
{
    private readonly RandomStream? random;

    internal Pass(Step step, RandomStream? random, Capture capture, IPassRequest? request = null, bool recomputes = false, bool repeats = false)
    {
        Step = step;
        this.random = random;
        Capture = capture;
        Request = request;
        Recomputes = recomputes;
        Repeats = repeats;
    }

    /// <summary>The step: memory and tape.</summary>
    public Step Step { get; }

    /// <summary>Whether the model trains: dropout is active and gradients are recorded.</summary>
    public bool IsTraining => random is not null;

    /// <summary>What shall be captured.</summary>
    public Capture Capture { get; }

    /// <summary>What else is asked of modules; null for nothing.</summary>
    public IPassRequest? Request { get; }

    /// <summary>Whether stacks of layers shall drop activations and compute them again in the backward pass (<see cref="Tensor.Recompute"/>).</summary>
    public bool Recomputes { get; }

    /// <summary>Whether the part has run before in this step (<see cref="Tensor.Recompute"/>): what a module keeps from batch to batch must not move again.</summary>
    public bool Repeats { get; }

    /// <summary>The step's random stream.</summary>
    /// <exception cref="InvalidOperationException">The pass evaluates: nothing may be random.</exception>
    public RandomStream Random => random ?? throw new InvalidOperationException("Pass.Random: an evaluation draws no random numbers. Ask IsTraining first.");

    /// <summary>The request of a kind; null if there is none.</summary>
    internal T? Find<T>()
        where T : class, IPassRequest => Request as T ?? (Request as PassRequests)?.Find<T>();

    /// <summary>Vectors of the input on their way to what reads them: a leaf where an <see cref="InputProbe"/> watches the place.</summary>
    internal Tensor Probed(object place, Tensor vectors) => Find<InputProbe>()?.Through(place, vectors) ?? vectors;

    /// <summary>The same call, of which less is captured.</summary>
    internal Pass Without(Capture capture) => new(Step, random, Capture & ~capture, Request, Recomputes, Repeats);

    /// <summary>A parameter as a tensor of this step; its gradient goes to the parameter.</summary>
    /// <param name="parameter">The parameter.</param>
    public Tensor Use(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.AsTensor(Step);
    }

    /// <summary>A copy of values as a tensor of this step.</summary>
    /// <param name="values">As many as the shape has elements.</param>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ShapeException">The lengths differ.</exception>
    public Tensor Input(ReadOnlySpan<float> values, Shape shape)
    {
        if (values.Length != shape.Length)
            throw new ShapeException(FormattableString.Invariant($"Pass.Input: shape {shape} has {shape.Length} elements but {values.Length} values came."));
        Tensor tensor = Step.New(shape);
        values.CopyTo(tensor.Writable);
        return tensor;
    }
}
