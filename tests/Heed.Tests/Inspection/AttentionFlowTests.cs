namespace Heed.Tests.Inspection;

public sealed class AttentionFlowTests
{
    [Fact]
    public void The_largest_flow_is_what_the_narrowest_cut_lets_through()
    {
        FlowNetwork network = new(6);
        foreach ((int from, int to, double width) in new[] { (0, 1, 10.0), (0, 2, 10), (1, 3, 4), (1, 4, 8), (2, 4, 9), (4, 3, 6), (3, 5, 10), (4, 5, 10), (1, 2, 2) })
            network.Add(from, to, width);
        network.Largest(0, 5).ShouldBe(19, 1e-9);
        network.Largest(0, 5).ShouldBe(19, 1e-9, "the network stays as it is");
    }

    [Fact]
    public void One_layer_lets_its_weights_through_and_two_what_their_pipes_hold()
    {
        CapturedAttention layer = Layer([0.25f, 0.75f, 0.5f, 0.5f]);
        AttentionFlow.Of([layer], [1, 0]).ShouldBe([0.625f, 0.375f], 1e-6);
        // From token 0: to itself 0.625 and on to token 1 0.375; to token 1 0.375 and on to itself 0.75, of which 0.375 come.
        AttentionFlow.Of([layer, layer], [1, 0]).ShouldBe([0.875f, 0.75f], 1e-6);
        Should.Throw<ArgumentException>(() => AttentionFlow.Of([layer], new float[AttentionFlow.MostTokens + 1])).Message.ShouldContain("128");
    }

    private static CapturedAttention Layer(float[] weights)
    {
        CapturedAttention layer = new(0, "layer", 1, [0], [0, 1], 2, []);
        weights.CopyTo(layer.Rows(0, 0, 0, 4));
        return layer;
    }
}
