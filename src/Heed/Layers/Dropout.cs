namespace Heed;

/// <summary>Sets random elements to 0 in training and scales the others, so that the mean stays.</summary>
/// <remarks>
/// <para>Formula: <c>y = x∘keep/(1 − p)</c>, keep = 1 with probability 1 − p; <c>y = x</c> in evaluation. Any shape, the same in and out:
/// <c>(…)</c> → <c>(…)</c>.</para>
/// <para>The mask is a function of the pass's random stream and the position; nothing is stored. Source: Srivastava et al. 2014.</para>
/// </remarks>
public sealed class Dropout : Module
{
    /// <summary>Creates the layer.</summary>
    /// <param name="probability">p, in [0, 1).</param>
    /// <param name="isShared">Whether all steps of a sequence share a mask (variational dropout); x is then <c>(batch, time, features)</c>.</param>
    public Dropout(double probability, bool isShared = false)
    {
        if (!(probability is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "Dropout: the probability must be in [0, 1).");
        (Probability, IsShared) = (probability, isShared);
    }

    /// <summary>p.</summary>
    public double Probability { get; }

    /// <summary>Whether all steps of a sequence share a mask.</summary>
    public bool IsShared { get; }

    /// <summary>Drops.</summary>
    /// <param name="x">Shape <c>(…)</c>, any; <c>(batch, time, features)</c> for a shared mask.</param>
    /// <param name="pass">The call.</param>
    /// <returns>Shape <c>(…)</c>, as x.</returns>
    public Tensor Forward(Tensor x, in Pass pass) =>
        Return(!pass.IsTraining || Probability == 0 ? x : IsShared ? x.DropoutOverTime((float)Probability, pass.Random.NextUInt64()) : x.Dropout((float)Probability, pass.Random.NextUInt64()), pass);
}
