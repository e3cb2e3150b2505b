namespace Heed;

/// <summary>The gates of channel attention in a network of pictures.</summary>
internal static class PictureGates
{
    /// <summary>(batch, channels) of each layer that has gates for channels, in the order in which they run.</summary>
    /// <param name="network">The network.</param>
    /// <param name="forward">The pass.</param>
    public static IEnumerable<(string Layer, IReadOnlyList<float> Values)> Of(Module network, Action<Pass> forward)
    {
        GateCapture capture = new(network);
        Step.Evaluate(
            pass =>
            {
                forward(pass);
                return 0;
            },
            request: capture);
        return capture.Results.Where(gates => gates.Shape.Rank == 2).Select(gates => (gates.Layer, gates.Values));
    }

    /// <summary>Those of one picture.</summary>
    /// <param name="network">The network.</param>
    /// <param name="picture">The picture as the network sees it.</param>
    /// <param name="forward">The pass.</param>
    public static IReadOnlyList<LayerGates> OfOne(Module network, PictureBatch picture, Action<Tensor, Pass> forward) =>
        [.. Of(network, pass => forward(picture.ToTensor(), pass)).Select(layer => new LayerGates(layer.Layer, layer.Values))];
}
