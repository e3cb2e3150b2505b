using System.Globalization;

namespace Heed.Cli;

/// <summary>A Transformer of any of our kinds with a text to read.</summary>
internal sealed class HeadReading
{
    private readonly Transformer? encoder;
    private readonly TransformerLanguageModel? decoder;
    private readonly TokenizedText encoded;

    private HeadReading(Transformer? encoder, TransformerLanguageModel? decoder, TokenizedText encoded)
    {
        (this.encoder, this.decoder, this.encoded) = (encoder, decoder, encoded);
        int most = (encoder ?? decoder!.Transformer).Config.MaximumLength;
        if (encoded.Ids.Length < 2 || encoded.Ids.Length > most)
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--heads: the text has {encoded.Ids.Length} tokens; from 2 to the {most} that the model reads are required."));
    }

    /// <summary>Loads a model and encodes the text for it.</summary>
    public static HeadReading Of(string path, string text)
    {
        if (LanguageModel.IsIn(path))
        {
            LanguageModel model = LanguageModel.Load(path);
            return new HeadReading(null, model.Network, model.Encode(text));
        }
        if (File.Exists(Path.Combine(path, "manifest.json")) || !PretrainedTransformer.IsIn(path))
            throw new UsageException($"--heads reads language models, and encoders and decoders of others; '{path}' is another model.");
        Transformer network = PretrainedTransformer.LoadEncoder(path).Model;
        return new HeadReading(network, null, PretrainedTokenizer.LoadFor(path, network.VocabularySize).WithMaximumLength(null).Encode(text));
    }

    /// <summary>What each head does.</summary>
    public IReadOnlyList<HeadProfile> Profiles() => encoder is not null ? HeadProfile.Of(encoder, encoded.Ids) : HeadProfile.Of(decoder!, encoded.Ids);

    /// <summary>Writes what all heads attend to.</summary>
    public bool Trace(string folder, string text, TraceType type)
    {
        AttentionTraceOptions options = new()
        {
            Type = type,
            Text = text,
            // As the text has it; a special token by its name.
            Tokens = [.. encoded.Tokens.Select((token, i) => encoded.SpecialTokens[i] ? token : text[encoded.Offsets[i]])],
            Ranges = [.. encoded.Offsets.Select((range, i) => encoded.SpecialTokens[i] ? 0..0 : range)],
        };
        SequenceRanges ranges = SequenceRanges.Full(1, encoded.Ids.Length);
        AttentionTrace.Write(folder, (Module?)encoder ?? decoder!, pass => (encoder ?? decoder!.Transformer).Forward(encoded.Ids, ranges, pass).States, options);
        return true;
    }
}
