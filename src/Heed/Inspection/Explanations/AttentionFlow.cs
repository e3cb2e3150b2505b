namespace Heed;

/// <summary>How much can flow at most from the readers of the last layer to each input token, if attention weights are the widths of pipes.</summary>
/// <remarks>
/// <para>The graph: a node for each token of each layer; from token i of layer l to token j of the layer below a pipe of width ½·[i = j] + ½·mean over heads of α_ij; from the source to each reader one of its share. For each input token
/// a maximum flow of its own.</para>
/// <para>Cost: for each token a maximum flow over layers · tokens² pipes (Dinic 1970). Source: Abnar and Zuidema, "Quantifying attention flow in transformers", 2020.</para>
/// </remarks>
public static class AttentionFlow
{
    /// <summary>The longest sequence: 128 tokens.</summary>
    public const int MostTokens = 128;

    private const double Least = 1e-9;

    /// <summary>The flow to each token.</summary>
    /// <param name="layers">The layers of self-attention, first one first, with all heads that shall count and all rows in order, of one sequence.</param>
    /// <param name="readers">How much of each token of the last layer is read.</param>
    /// <returns>One number a token, from 0 to the readers' sum.</returns>
    /// <exception cref="ArgumentException">There is no layer, a layer lacks rows, or the sequence is longer than <see cref="MostTokens"/>.</exception>
    public static float[] Of(IReadOnlyList<CapturedAttention> layers, IReadOnlyList<float> readers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(readers);
        int tokens = readers.Count;
        if (layers.Count == 0 || tokens > MostTokens)
            throw new ArgumentException(FormattableString.Invariant($"AttentionFlow: from 1 layer on and at most {MostTokens} tokens are required, got {layers.Count} and {tokens}."), nameof(layers));
        foreach (CapturedAttention layer in layers)
        {
            if (layer.RowCount < tokens || layer.KeyCount < tokens || layer.Heads.Count == 0)
                throw new ArgumentException(FormattableString.Invariant($"AttentionFlow: '{layer.Name}' has no {tokens} rows over as many keys, or no head; capture all rows of self-attention layers."), nameof(layers));
        }
        float[] flows = new float[tokens];
        FlowNetwork network = Network(layers, readers);
        for (int token = 0; token < tokens; token++)
            flows[token] = (float)network.Largest((layers.Count * tokens) + tokens, token);
        return flows;
    }

    // Node l·tokens + i is token i behind l layers; the last one is the source.
    private static FlowNetwork Network(IReadOnlyList<CapturedAttention> layers, IReadOnlyList<float> readers)
    {
        int tokens = readers.Count, source = (layers.Count + 1) * tokens;
        FlowNetwork network = new(source + 1);
        for (int i = 0; i < tokens; i++)
            Add(network, source, (layers.Count * tokens) + i, readers[i]);
        for (int l = 0; l < layers.Count; l++)
        {
            CapturedAttention layer = layers[l];
            for (int i = 0; i < tokens; i++)
            {
                for (int j = 0; j < tokens; j++)
                {
                    double weight = i == j ? 0.5 : 0;
                    for (int h = 0; h < layer.Heads.Count; h++)
                        weight += 0.5 * layer.Row(0, h, i)[j] / layer.Heads.Count;
                    Add(network, ((l + 1) * tokens) + i, (l * tokens) + j, weight);
                }
            }
        }
        return network;
    }

    private static void Add(FlowNetwork network, int from, int to, double width)
    {
        if (width > Least)
            network.Add(from, to, width);
    }
}
