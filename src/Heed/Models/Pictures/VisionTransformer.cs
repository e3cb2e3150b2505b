namespace Heed;

/// <summary>A Transformer that reads patches of a picture as its tokens.</summary>
/// <remarks>
/// <para>Formula: x⁰ = [token; patches·Wᵀ + b] + positions; x^l = layer_l(x^(l−1)); logits = head(norm(x^L)) of the token, or of the mean of the patches.</para>
/// <para>Shapes: pictures <c>(batch, height, width, channels)</c> of one size; the one level and the features are the patches' states, <c>(batch, height/patch, width/patch, size)</c>. Files have timm's names (<see cref="PictureNetwork.Load"/>);
/// our own are those of <see cref="TransformerLayer"/> under <c>blocks</c>, so any of its attentions stands there, with capture and hooks.</para>
/// <para>Source: Dosovitskiy et al., "An image is worth 16x16 words", 2021; tiny and small: Touvron et al. 2021.</para>
/// </remarks>
public sealed class VisionTransformer : PictureNetwork
{
    private readonly Convolution patches;
    private readonly Parameter? token, positions;
    private readonly TransformerLayer[] layers;
    private readonly Norm norm;
    private readonly Dropout dropout;
    private readonly Slot<Linear> head;

    /// <summary>Creates the network.</summary>
    /// <param name="config">The shape.</param>
    /// <exception cref="ArgumentException">The configuration makes no sense.</exception>
    public VisionTransformer(VisionTransformerConfig config)
        : base(config)
    {
        Config = config;
        TransformerConfig encoder = config.Encoder;
        bool hasToken = config.Pooling == "cls";
        if (hasToken)
            token = Register("cls_token", new Parameter(new Shape(1, 1, encoder.Size), Initializer.Normal(0.02)));
        if (encoder.Position == "learned")
            positions = Register("pos_embed", new Parameter(new Shape(1, PatchCount + (hasToken ? 1 : 0), encoder.Size), Initializer.Normal(0.02)));
        patches = Register("patch_embed", new PatchEmbedding(config)).Projection;
        dropout = Register("dropout", new Dropout(encoder.Dropout));
        ModuleGroup blocks = Register("blocks", new ModuleGroup());
        layers = [.. Enumerable.Range(0, encoder.LayerCount).Select(_ => blocks.Add(new TransformerLayer(encoder)))];
        norm = Register("norm", Norm.Create(encoder.Norm, encoder.Size, encoder.Epsilon));
        head = RegisterSlot("head", new Linear(encoder.Size, config.ClassCount));
    }

    /// <inheritdoc/>
    public override VisionTransformerConfig Config { get; }

    /// <inheritdoc/>
    public override int FeatureCount => Config.Encoder.Size;

    /// <inheritdoc/>
    public override IReadOnlyList<int> LevelChannels => [FeatureCount];

    /// <inheritdoc/>
    public override IReadOnlyList<int> LevelStrides => [Config.Patch];

    /// <summary>The layers, first one first.</summary>
    public IReadOnlyList<TransformerLayer> Layers => layers;

    internal override (int Size, Func<Pass, Tensor>? Forward) Probe() => (Config.Height, Look(Config.Height, Config.Width));

    internal override string HeadName => "head";

    private int PatchCount => Config.Height / Config.Patch * (Config.Width / Config.Patch);

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Levels(Tensor pictures, in Pass pass) => [Features(pictures, pass)];

    /// <inheritdoc/>
    public override Tensor Features(Tensor pictures, in Pass pass) => Patches(States(pictures, pass));

    /// <inheritdoc/>
    public override Tensor Forward(Tensor pictures, in Pass pass)
    {
        Tensor x = States(pictures, pass);
        Tensor pooled = token is null ? Patches(x).MeanOverPlaces() : x.Reshape(new Shape(x.Shape[0], x.Shape[1] * FeatureCount)).Columns(0, FeatureCount);
        return Return(head.Module.Forward(pooled, pass), pass);
    }

    // The normalised states of the last layer, (batch, tokens, size).
    private Tensor States(Tensor pictures, in Pass pass)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        if (pictures.Shape.Rank != 4 || pictures.Shape[1] != Config.Height || pictures.Shape[2] != Config.Width)
            throw ShapeException.For(nameof(VisionTransformer), nameof(pictures), FormattableString.Invariant($"(batch, height, width, channels) with height = {Config.Height}, width = {Config.Width}"), pictures.Shape, "Its positions belong to pictures of one size.");
        int batch = pictures.Shape[0], size = FeatureCount;
        Tensor x = patches.Forward(pictures, pass).Reshape(new Shape(batch, PatchCount * size));
        if (token is not null)
            x = Tensor.Concatenate(pass.Input(new float[batch * size], new Shape(batch, size)) + pass.Use(token).Reshape(new Shape(size)), x);
        x = x.Reshape(new Shape(batch, x.Shape[1] / size, size));
        if (positions is not null)
            x += pass.Use(positions).Reshape(new Shape(x.Shape[1], size));
        x = dropout.Forward(x, pass);
        foreach (TransformerLayer layer in layers)
        {
            x = pass.Recomputes
                ? Tensor.Recompute((inputs, inner) => layer.Forward(inputs[0], null, inner).States, [x], layer.NamedParameters().Select(p => p.Parameter), pass)
                : layer.Forward(x, null, pass).States;
        }
        return norm.Forward(x, pass);
    }

    private Tensor Patches(Tensor states)
    {
        int batch = states.Shape[0], first = token is null ? 0 : FeatureCount;
        return states.Reshape(new Shape(batch, states.Shape[1] * FeatureCount)).Columns(first, PatchCount * FeatureCount)
            .Reshape(new Shape(batch, Config.Height / Config.Patch, Config.Width / Config.Patch, FeatureCount));
    }

    // timm's names; queries, keys and values are one matrix there.
    private protected override IEnumerable<WeightPlace> Places(WeightNaming naming)
    {
        if (naming == WeightNaming.Torchvision)
            throw new ArgumentException("VisionTransformer: files have timm's names, not torchvision's; take WeightNaming.Timm.", nameof(naming));
        (string Ours, string Theirs)[] parts =
        [
            ("attention.out_proj.", "attn.proj."), ("attention_norm.", "norm1."), ("feed_forward_norm.", "norm2."), ("feed_forward.up_proj.", "mlp.fc1."), ("feed_forward.down_proj.", "mlp.fc2."), ("attention.q_norm.", "attn.q_norm."),
            ("attention.k_norm.", "attn.k_norm."),
        ];
        MultiHeadConfig attention = Config.Encoder.SelfAttention;
        int queries = attention.Heads * attention.KeyDim, keys = attention.KeyHeads * attention.KeyDim;
        (string Ours, int First)[] joined = [("attention.q_proj.", 0), ("attention.k_proj.", queries), ("attention.v_proj.", queries + keys)];
        foreach (WeightPlace place in base.Places(naming))
        {
            if (joined.FirstOrDefault(p => place.Tensor.Contains(p.Ours, StringComparison.Ordinal)) is { Ours: not null } part)
                yield return place with { Tensor = place.Tensor.Replace(part.Ours, "attn.qkv.", StringComparison.Ordinal), FirstRow = part.First };
            else
                yield return place with { Tensor = parts.Aggregate(place.Tensor, (name, p) => name.Replace("." + p.Ours, "." + p.Theirs, StringComparison.Ordinal)) };
        }
    }

    /// <summary>The first layer under timm's name.</summary>
    private sealed class PatchEmbedding : Module
    {
        public PatchEmbedding(VisionTransformerConfig config) =>
            Projection = Register("proj", new Convolution(config.Channels, config.Encoder.Size, (config.Patch, config.Patch), config.Patch));

        public Convolution Projection { get; }
    }
}
