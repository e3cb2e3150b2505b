namespace Heed;

/// <summary>What a network says of pictures, of each alone or of it and its mirrored form together.</summary>
internal static class ImageAnswers
{
    /// <summary>Scores whose softmax are the classes' probabilities: the network's own, or ln of the mean of the probabilities of both forms.</summary>
    /// <param name="network">The network.</param>
    /// <param name="batch">The pictures.</param>
    /// <param name="averagesMirrored">Whether the mirrored form is asked too: a second forward pass.</param>
    /// <param name="pass">The call; what it captures is of the pictures as they are.</param>
    /// <param name="plain">The scores without mirrored forms.</param>
    /// <returns>Shape <c>(batch, classes)</c>.</returns>
    public static Tensor Scores(PictureNetwork network, PictureBatch batch, bool averagesMirrored, in Pass pass, out Tensor plain)
    {
        plain = network.Forward(batch.ToTensor(), pass);
        if (!averagesMirrored)
            return plain;
        Tensor a = plain.LogSoftmax(), b = Step.Evaluate(second => network.Forward(batch.Mirrored(), second).LogSoftmax()), rise = b - a;
        // ln((eᵃ + eᵇ)/2) = max(a, b) + ln(1/2 + e^−|b − a|/2): no probability is lost for being small.
        Tensor above = rise.Relu(), distance = above + rise.Scale(-1).Relu();
        return a + above + distance.Scale(-1).Exp().Scale(0.5f, 0.5f).Log();
    }
}
