namespace Heed.Cli;

/// <summary>A model of any kind, whose answers shall be explained.</summary>
internal abstract class ExplainedModel
{
    /// <summary>Reads a model folder.</summary>
    public static ExplainedModel Load(string path)
    {
        if (TextClassifier.IsCheckpoint(path))
            return new Texts(TextClassifier.Load(path));
        if (Translator.IsIn(path))
            return new Sources(Translator.Load(path));
        if (LanguageModel.IsIn(path))
            return new Beginnings(LanguageModel.Load(path));
        if (MaskedLanguageModel.IsIn(path))
            throw new UsageException($"'{path}' guesses hidden tokens; heed explain reads text and image classifiers, language models and translators.");
        return ImageClassifier.IsIn(path) ? new Pictures(ImageClassifier.Load(path)) : new Texts(TextClassifier.Load(path));
    }

    /// <summary>Inputs from the command line.</summary>
    public abstract IEnumerable<ExplainedInput> Inputs(IEnumerable<string> given, ExplanationOptions options);

    /// <summary>Inputs from a file.</summary>
    public virtual IEnumerable<ExplainedInput> InputsOf(string file, string? column, string? encoding, ExplanationOptions options) =>
        Inputs(RowsOf(file, column, encoding, []).Select(row => row.Text), options);

    /// <summary>The network, for what changes its weights.</summary>
    public virtual Module Network => throw new UsageException("--intervene randomize is for text and image classifiers and language models.");

    /// <summary>An input as it was made before, with the same target.</summary>
    public virtual ExplainedInput Again(ExplainedInput input) => Inputs([input.Source], new ExplanationOptions { Target = input.Label }).Single();

    /// <summary>The gates of channel attention on a picture.</summary>
    public virtual IReadOnlyList<LayerGates> GatesOf(string path) => throw new UsageException("--gates shows the gates of an image classifier; the model is of another kind.");

    private protected static IEnumerable<TextRow> RowsOf(string file, string? column, string? encoding, FeatureEncoder[] features)
    {
        TextReadOptions options = new()
        {
            Text = column ?? "text",
            Label = null,
            Encoding = encoding,
            Format = column is null ? TextFormat.Lines : TextFormat.Guess,
            Categories = [.. features.SelectMany(f => f.Categories).Select(c => c.Name)],
            Numbers = [.. features.SelectMany(f => f.Numbers).Select(n => n.Name)],
        };
        UsageException.Guard(() =>
        {
            options.Validate();
            return options;
        });
        return TextTable.ReadRows(file, options);
    }

    private sealed class Sources(Translator model) : ExplainedModel
    {
        public override IEnumerable<ExplainedInput> Inputs(IEnumerable<string> given, ExplanationOptions options) => given.SelectMany(text => UsageException.Guard(() => model.Explaining(text, options.Target)));
    }

    private sealed class Beginnings(LanguageModel model) : ExplainedModel
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedInput> Inputs(IEnumerable<string> given, ExplanationOptions options) => given.Select(text => model.Explaining(text, options.Target));
    }

    private sealed class Pictures(ImageClassifier model) : ExplainedModel
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedInput> Inputs(IEnumerable<string> given, ExplanationOptions options) => given.Select(path => model.Explaining(Picture.Read(path), path, options.Target));

        public override IEnumerable<ExplainedInput> InputsOf(string file, string? column, string? encoding, ExplanationOptions options) =>
            throw new UsageException("the model classifies pictures; give the paths of PNG or JPEG files in place of --data.");

        public override IReadOnlyList<LayerGates> GatesOf(string path) => model.Gates(Picture.Read(path));
    }

    private sealed class Texts(TextClassifier model) : ExplainedModel
    {
        public override Module Network => model.Network;

        public override IEnumerable<ExplainedInput> Inputs(IEnumerable<string> given, ExplanationOptions options) => given.Select(text => model.Explaining(new TextRow(text, null, 0), options.Target));

        public override IEnumerable<ExplainedInput> InputsOf(string file, string? column, string? encoding, ExplanationOptions options)
        {
            if (column is null && model.Features.FieldCount > 0)
                throw new UsageException("the model reads further columns; give a table and --text with the column of the texts.");
            return RowsOf(file, column, encoding, [model.Features]).Select(row => model.Explaining(row, options.Target));
        }

        public override ExplainedInput Again(ExplainedInput input) => model.Features.FieldCount == 0 ? base.Again(input) : throw new UsageException("--intervene randomize reads texts alone; the model has further columns.");
    }
}
