namespace Heed;

/// <summary>What a mechanism decides: one of the review's four criteria, one of the model's functions, or a whole built of them.</summary>
/// <remarks>Niu, Zhong and Yu, "A review on the attention mechanism of deep learning", 2021, sort by the first four.</remarks>
public enum MechanismKind
{
    /// <summary>Softness of attention: whether all items count or chosen ones, all places or near ones.</summary>
    Softness,

    /// <summary>Form of the input feature: items of a sequence, or places of a picture.</summary>
    InputForm,

    /// <summary>Input representation: one sequence, two, several at once, or levels.</summary>
    InputRepresentation,

    /// <summary>Output representation: one context, several, or a weight for each feature.</summary>
    OutputRepresentation,

    /// <summary>f: how energies come from query and key.</summary>
    Score,

    /// <summary>g: how weights come from energies.</summary>
    Distribution,

    /// <summary>Which pairs of query and key take part.</summary>
    Mask,

    /// <summary>Focused attention that turns a sequence into one vector: learned queries decide.</summary>
    Pooling,

    /// <summary>Saliency: what is strong in itself passes, without a query.</summary>
    Saliency,

    /// <summary>Networks that are built around attention.</summary>
    Architecture,
}
