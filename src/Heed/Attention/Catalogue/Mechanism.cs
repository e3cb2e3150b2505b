using System.Globalization;

namespace Heed;

/// <summary>What is known of a mechanism: the one source of <c>heed mechanisms</c>, of the pages in docs/mechanisms/catalogue, and of the names by which configurations choose.</summary>
/// <remarks>
/// <para>To add one: give its type a property <c>internal static Mechanism Entry</c>, and name that in the list of its kind (<see cref="Heed.Score.Mechanisms"/>, <see cref="Heed.Distribution.Mechanisms"/>,
/// <see cref="AttentionMask.Mechanisms"/>, <see cref="SequencePooling.Mechanisms"/>) or, where no configuration chooses it by name, in <c>MechanismCatalogue</c>. A test finds what was forgotten.</para>
/// </remarks>
public sealed record Mechanism
{
    // Scores and masks go with soft and hard distributions alike.
    internal Mechanism(string name, MechanismKind kind) => (Name, Kind, Softness) = (name, kind, kind is MechanismKind.Score or MechanismKind.Mask ? "any, global" : "soft, global");

    /// <summary>The name, as configurations give it: small letters and hyphens.</summary>
    public string Name { get; internal init; }

    /// <summary>What it decides.</summary>
    public MechanismKind Kind { get; }

    /// <summary>The numbers that may stand in parentheses behind the name, as in <c>window(32, 0)</c>.</summary>
    public IReadOnlyList<MechanismParameter> Parameters { get; internal init; } = [];

    /// <summary>Both halves of the criterion: first soft or hard, <c>any</c> where the mechanism leaves it open, then global or local, as in <c>soft, global</c>.</summary>
    /// <remarks>Soft: weights are shares of several items. Hard: items are taken whole; both words stand where training is soft and evaluation hard. Local: of itself it weighs only places around a centre or position; global: it weighs all.</remarks>
    public string Softness { get; internal init; }

    /// <summary>item-wise or location-wise.</summary>
    public string InputForm { get; internal init; } = "item-wise";

    /// <summary>distinctive, self, co-attention or hierarchical; <c>any</c> where the mechanism leaves it open.</summary>
    public string InputRepresentation { get; internal init; } = "any";

    /// <summary>single, multi-head or multi-dimensional; <c>any</c> where the mechanism leaves it open.</summary>
    public string OutputRepresentation { get; internal init; } = "any";

    /// <summary>The formula.</summary>
    public required string Formula { get; init; }

    /// <summary>Shapes of what goes in and comes out.</summary>
    public required string Shapes { get; init; }

    /// <summary>What it costs.</summary>
    public required string Cost { get; init; }

    /// <summary>Who described it, where.</summary>
    public required string Source { get; init; }

    /// <summary>Which variant is built, and what others there are.</summary>
    public required string Variant { get; init; }

    /// <summary>When to use it.</summary>
    public required string Use { get; init; }

    /// <summary>When not to use it.</summary>
    public required string Avoid { get; init; }

    /// <summary>A program in a few lines.</summary>
    public required MechanismExample Example { get; init; }

    /// <summary>The types that offer it.</summary>
    public required IReadOnlyList<Type> Types { get; init; }

    /// <summary>Their names; of generic ones without the number of their arguments.</summary>
    public IEnumerable<string> TypeNames => Types.Select(type => type.Name.Split('`')[0]);

    /// <summary>Further pages of docs/mechanisms, without ".md".</summary>
    public IReadOnlyList<string> Pages { get; internal init; } = [];

    /// <summary>How a configuration writes it: the name, with its parameters.</summary>
    public string Signature => Parameters.Count == 0 ? Name : $"{Name}({string.Join(", ", Parameters.Select(p => p.Name))})";

    // What makes the thing from a name in a configuration; the list of the kind knows its type.
    internal Delegate? Builder { get; init; }

    // The given numbers, with defaults for those that are not given.
    internal double[] Arguments(string operation, IReadOnlyList<double> given)
    {
        if (given.Count > Parameters.Count)
            throw new ArgumentException(FormattableString.Invariant($"{operation}: '{Name}' takes {(Parameters.Count == 0 ? "no numbers" : $"at most {Signature}")}, got {given.Count}."));
        double[] all = new double[Parameters.Count];
        for (int i = 0; i < all.Length; i++)
        {
            MechanismParameter parameter = Parameters[i];
            all[i] = i < given.Count ? given[i] : parameter.Default ?? throw new ArgumentException($"{operation}: '{Name}' needs {Signature}: {parameter.Name} is {parameter.Meaning}.");
            if (parameter.IsWhole && (all[i] != Math.Floor(all[i]) || Math.Abs(all[i]) > int.MaxValue))
                throw new ArgumentException($"{operation}: {parameter.Name} of '{Name}' must be a whole number, got {all[i].ToString(CultureInfo.InvariantCulture)}.");
        }
        return all;
    }
}

/// <summary>A number of a mechanism that a configuration may give.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Default">What it is unless given; null if it must be given.</param>
/// <param name="Meaning">What it is.</param>
/// <param name="IsWhole">Whether it is a whole number.</param>
public sealed record MechanismParameter(string Name, double? Default, string Meaning, bool IsWhole = true);
