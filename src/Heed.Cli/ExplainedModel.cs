using System.CommandLine;

namespace Heed.Cli;

/// <summary>A model of any kind, whose answers shall be explained.</summary>
internal abstract class ExplainedModel
{
    /// <summary>Reads a model folder.</summary>
    public static ExplainedModel Load(string path)
    {
        if (TextClassifier.IsCheckpoint(path))
            return new Texts(TextClassifier.Load(path));
        if (LanguageModel.IsIn(path))
            return new Beginnings(LanguageModel.Load(path));
        if (Translator.IsIn(path))
            return new Sources(Translator.Load(path));
        if (MaskedLanguageModel.IsIn(path))
            return new Gaps(MaskedLanguageModel.Load(path));
        if (Segmenter.IsIn(path))
            return new Masks(Segmenter.Load(path));
        if (Detector.IsIn(path))
            return new Boxes(Detector.Load(path));
        return ImageClassifier.IsIn(path) ? new Pictures(ImageClassifier.Load(path)) : new Texts(TextClassifier.Load(path));
    }

    /// <summary>The network, for what changes its weights.</summary>
    public abstract Module Network { get; }

    /// <summary>The model, if it is a text classifier.</summary>
    public virtual TextClassifier? Classifier => null;

    /// <summary>What an argument of the command line is.</summary>
    public virtual ExplainedItem Item(string given) => ExplainedItem.OfText(given);

    /// <summary>What a file or folder holds.</summary>
    public virtual IEnumerable<ExplainedItem> Items(ExplainedData data, ParseResult parsed) => data.Texts(parsed);

    /// <summary>Reads something: one input, or one for each token of a translation.</summary>
    public abstract IEnumerable<ExplainedInput> Read(ExplainedItem item, ExplanationOptions options);

    /// <summary>The gates of channel attention on a picture.</summary>
    public virtual IReadOnlyList<LayerGates> GatesOf(Picture picture) => throw new UsageException("--gates shows the gates of a model of pictures; the model is of another kind.");

    /// <summary>Throws where options make no sense for the model.</summary>
    /// <param name="options">The options.</param>
    /// <param name="isCompared">Whether the same is asked of another model.</param>
    public void Check(ExplanationOptions options, bool isCompared)
    {
        if (options.Place is not null && this is not (Gaps or Boxes))
            throw new UsageException("--place chooses a box of a detector or a hidden token of a masked language model; leave it away.");
        if (options.WholePicture && this is not Masks)
            throw new UsageException("--whole-picture is for segmenters; leave it away.");
        if (!isCompared)
            return;
        if (this is Boxes && options.Place is not null)
            throw new UsageException("--place is the number of one model's box, which is another in the other model; leave it away, or --against.");
        if (this is Masks && !options.WholePicture)
            throw new UsageException("two segmenters give different pixels to a label; add --whole-picture to --against.");
        if (this is Sources)
            throw new UsageException("--against is not for translators: two models translate differently, so their tokens cannot be compared.");
    }

    private abstract class OfPictures : ExplainedModel
    {
        public override ExplainedItem Item(string given) => ExplainedItem.OfPicture(given);

        public override IEnumerable<ExplainedInput> Read(ExplainedItem item, ExplanationOptions options) =>
            [Read(item.Picture!, item.Row.Text, options)];

        protected abstract ExplainedInput Read(Picture picture, string name, ExplanationOptions options);
    }

    private sealed class Pictures(ImageClassifier model) : OfPictures
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedItem> Items(ExplainedData data, ParseResult parsed) => data.Pictures(parsed, model.Labels);

        public override IReadOnlyList<LayerGates> GatesOf(Picture picture) => model.Gates(picture);

        protected override ExplainedInput Read(Picture picture, string name, ExplanationOptions options) => model.Explaining(picture, name, options.Target);
    }

    private sealed class Masks(Segmenter model) : OfPictures
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedItem> Items(ExplainedData data, ParseResult parsed) => data.Masks(parsed, model.Labels);

        public override IReadOnlyList<LayerGates> GatesOf(Picture picture) => model.Gates(picture);

        protected override ExplainedInput Read(Picture picture, string name, ExplanationOptions options) => model.Explaining(picture, name, options.Target, options.WholePicture);
    }

    private sealed class Boxes(Detector model) : OfPictures
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedItem> Items(ExplainedData data, ParseResult parsed) => data.Boxes(parsed, model.Labels);

        public override IReadOnlyList<LayerGates> GatesOf(Picture picture) => model.Gates(picture);

        protected override ExplainedInput Read(Picture picture, string name, ExplanationOptions options) => model.Explaining(picture, name, options.Target, options.Place);
    }

    private sealed class Sources(Translator model) : ExplainedModel
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedInput> Read(ExplainedItem item, ExplanationOptions options) => model.Explaining(item.Row.Text, options.Target);
    }

    private sealed class Beginnings(LanguageModel model) : ExplainedModel
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedInput> Read(ExplainedItem item, ExplanationOptions options) => [model.Explaining(item.Row.Text, options.Target)];
    }

    private sealed class Gaps(MaskedLanguageModel model) : ExplainedModel
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedInput> Read(ExplainedItem item, ExplanationOptions options) => [model.Explaining(item.Row.Text, options.Target, options.Place)];
    }

    private sealed class Texts(TextClassifier model) : ExplainedModel
    {
        public override Module Network => model.Network;

        public override TextClassifier Classifier => model;

        public override IEnumerable<ExplainedItem> Items(ExplainedData data, ParseResult parsed) => data.Texts(parsed, model.Features);

        public override IEnumerable<ExplainedInput> Read(ExplainedItem item, ExplanationOptions options) => [model.Explaining(item.Row, options.Target)];
    }
}
