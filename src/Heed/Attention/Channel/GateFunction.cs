using Heed.Kernels;

namespace Heed;

/// <summary>The functions that turn energies into gates, by name.</summary>
internal static class GateFunction
{
    public static readonly string[] Names = ["sigmoid", "hard-sigmoid", "tanh", "relu"];

    public static string Require(string owner, string name) => Names.Contains(name, StringComparer.Ordinal)
        ? name
        : throw new ArgumentException($"{owner}: there is no gate '{name}'; there are {string.Join(", ", Names)}.{NearestName.Hint(name, Names)}", nameof(name));

    public static Tensor Apply(string name, Tensor energies) => name switch
    {
        "sigmoid" => energies.Sigmoid(),
        "hard-sigmoid" => HardSigmoid(energies),
        "tanh" => energies.Tanh(),
        _ => energies.Relu(),
    };

    /// <summary>The same function for kernels.</summary>
    public static ChannelGate Of(string name) => name switch { "sigmoid" => ChannelGate.Sigmoid, "hard-sigmoid" => ChannelGate.HardSigmoid, "tanh" => ChannelGate.Tanh, _ => ChannelGate.Relu };

    /// <summary>An energy at which the gate is nearly open and still has a gradient.</summary>
    public static float OpenEnergy(string name) => name switch { "sigmoid" => 4, "hard-sigmoid" => 2.5f, "tanh" => 2, _ => 1 };

    /// <summary>e·clamp(e/6 + 1/2, 0, 1): hard swish.</summary>
    public static Tensor HardSwish(Tensor energies) => energies * HardSigmoid(energies);

    private static Tensor HardSigmoid(Tensor energies)
    {
        // clamp(a, 0, 1) = relu(a) − relu(a − 1).
        Tensor a = energies.Scale(1 / 6f, 0.5f);
        return a.Relu() - a.Scale(1, -1).Relu();
    }
}
