using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Blocks in Transformers, where a token is a place of one row: of pictures and of texts.</summary>
public sealed class InsertionIntoTransformersTests
{
    private static readonly SequenceRanges Ranges = new(new[] { 4, 2 });

    [Fact]
    public void A_vision_Transformer_takes_blocks_behind_its_dense_layers_and_norms()
    {
        VisionTransformerConfig config = VisionTransformerConfig.Named("vit-32") with { ClassCount = 3, Encoder = new TransformerConfig { Size = 24, LayerCount = 2, HeadCount = 2, Dropout = 0, Epsilon = 1e-6 } };
        VisionTransformer network = new(config);
        network.Initialize(1);
        float[] pictures = FormulaWeights.Create(2 * 32 * 32 * 3, 1, 1);
        float[] Logits() => Step.Evaluate(pass => network.Forward(pass.Input(pictures, new Shape(2, 32, 32, 3)), pass)).ToArray();
        float[] before = Logits();
        Insertion inserted = network.Insert("blocks.*.feed_forward.down_proj", "se", startOpen: true);
        inserted.Names.ShouldBe(["blocks.0.feed_forward.se", "blocks.1.feed_forward.se"]);
        inserted.ToString().ShouldContain("multiply-adds for a picture of 32 x 32");
        float[] open = Logits();
        open.ShouldNotBe(before);
        open.Zip(before).Max(p => Math.Abs(p.First - p.Second)).ShouldBeLessThan(0.2f * before.Max(Math.Abs));
        // Tokens side by side, as a row of a picture; a block that adds starts as if it were not there.
        network.Insert("norm", "non-local", startOpen: true).Names.ShouldBe(["se"]);
        network.Insert("blocks.0.attention.out_proj", "sk", startOpen: true).Count.ShouldBe(1);
        Logits().ShouldBe(open, 1e-5);
        Step.Train(new RandomStream(1, "step"), 0, pass => Tensor.CrossEntropy(network.Forward(pass.Input(pictures, new Shape(2, 32, 32, 3)), pass), new[] { 0, 2 }));
        network.NamedParameters().Where(p => p.Name.Contains(".se.fc", StringComparison.Ordinal)).ShouldAllBe(p => p.Parameter.HasGradient);
        // What has no fixed number of channels is told from what has.
        Should.Throw<ArgumentException>(() => network.Insert("blocks.*.attention", "se")).Message.ShouldContain("'blocks.0.attention' is a MultiHeadAttention, which has no fixed number of channels; insert after a convolution, a dense layer or a norm");
        Should.Throw<ArgumentException>(() => network.Insert("blocks.*.mlp.fc2", "se")).Message.ShouldContain("no module of VisionTransformer is named");
    }

    [Fact]
    public void A_Transformer_of_texts_takes_blocks_and_every_text_alone_gets_what_it_gets_in_a_batch()
    {
        Transformer model = new(new TransformerConfig { Size = 8, HeadCount = 2, LayerCount = 2, InnerSize = 12, MaximumLength = 16, Dropout = 0 }, 11);
        model.Initialize(2);
        float[] States() => Step.Evaluate(pass => model.Forward(new[] { 1, 5, 1, 10, 2, 7, 0, 0 }, Ranges, pass).States.WithoutPadding(Ranges)).ToArray();
        float[] before = States();
        // A gate for each token by itself: what lies beyond a text does not matter.
        model.Insert("layer*.feed_forward.down_proj", "gate", startOpen: true).Count.ShouldBe(2);
        string refusal = Should.Throw<ArgumentException>(() => model.Insert("layer0.feed_forward_norm", "se")).Message;
        refusal.ShouldContain("'layer0.feed_forward_norm' is in a Transformer over sequences, whose steps are padded or causal; a SqueezeExcitation weighs a step by the others");
        refusal.ShouldEndWith("Insert a block that looks at each alone: gate. (Parameter 'block')");
        Should.Throw<ArgumentException>(() => new TransformerClassifier(new TransformerClassifierConfig { Encoder = model.Config }, 11, 2).Insert("**.down_proj", "sk")).Message.ShouldContain("whose steps are padded or causal");
        float[] gated = States();
        gated.ShouldNotBe(before);
        gated.Zip(before).Max(p => Math.Abs(p.First - p.Second)).ShouldBeLessThan(0.2f * before.Max(Math.Abs));
        SequenceRanges one = new(new[] { 2 });
        float[] alone = Step.Evaluate(pass => model.Forward(new[] { 2, 7 }, one, pass).States).ToArray();
        alone.ShouldBe(gated[(4 * 8)..(6 * 8)], 1e-6);
        GradientCheck.Run(
            [.. Attention.MultiHeadAttentionTests.WithoutKeyBias(model)], pass => model.Forward(new[] { 1, 5, 1, 10, 2, 7, 0, 0 }, Ranges, pass).States.WithoutPadding(Ranges).Tanh()).ShouldBeGreaterThan(0);
    }
}
