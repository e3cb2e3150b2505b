using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>What the attention heads of a Transformer do on a text, for people and as JSON.</summary>
internal static class HeadListing
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static int Write(Terminal terminal, string path, string text, bool isJson)
    {
        IReadOnlyList<HeadProfile> heads = Profiles(path, text);
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, json => Write(json, heads), isIndented: true);
            return ExitCode.Done;
        }
        Styled.WriteTable(terminal, ["layer", ">head", ">entropy", ">distance", ">first", ">previous", ">induction"], heads.Select(h => new[]
        {
            h.Layer, h.Head.ToString(culture), Figure(h.Entropy), Figure(h.MeanDistance), Figure(h.FirstTokenMass), Figure(h.PreviousTokenScore), Figure(h.InductionScore),
        }));
        return ExitCode.Done;
    }

    private static IReadOnlyList<HeadProfile> Profiles(string path, string text)
    {
        if (!File.Exists(Path.Combine(path, "manifest.json")) && PretrainedTransformer.IsIn(path))
        {
            PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(path);
            if (!PretrainedTransformer.Describe(path).Config.IsDecoder)
            {
                Transformer encoder = PretrainedTransformer.LoadEncoder(path).Model;
                return HeadProfile.Of(encoder, Ids(tokenizer, text, encoder.Config, isDecoder: false));
            }
            TransformerLanguageModel decoder = PretrainedTransformer.LoadLanguageModel(path).Model;
            return HeadProfile.Of(decoder, Ids(tokenizer, text, decoder.Transformer.Config, isDecoder: true));
        }
        if (!LanguageModel.IsIn(path))
            throw new UsageException($"--heads reads language models, and encoders and decoders of others; '{path}' is another model.");
        LanguageModel model = LanguageModel.Load(path);
        return HeadProfile.Of(model.Network, Ids(model.Tokenizer, text, model.Network.Transformer.Config, isDecoder: true));
    }

    private static int[] Ids(PretrainedTokenizer tokenizer, string text, TransformerConfig config, bool isDecoder)
    {
        int[] ids = tokenizer.WithMaximumLength(null).Encode(text, addSpecialTokens: !isDecoder).Ids;
        if (ids.Length < 2 || ids.Length > config.MaximumLength)
            throw new UsageException(string.Create(culture, $"--heads: the text has {ids.Length} tokens; from 2 to the {config.MaximumLength} that the model reads are required."));
        return ids;
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<HeadProfile> heads)
    {
        json.WriteStartArray("heads");
        foreach (HeadProfile head in heads)
        {
            json.WriteStartObject();
            json.WriteString("layer", head.Layer);
            json.WriteNumber("head", head.Head);
            json.WriteFinite("entropy", head.Entropy);
            json.WriteFinite("meanDistance", head.MeanDistance);
            json.WriteFinite("firstTokenMass", head.FirstTokenMass);
            json.WriteFinite("previousTokenScore", head.PreviousTokenScore);
            json.WriteFinite("inductionScore", head.InductionScore);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Figure(double value) => double.IsNaN(value) ? "" : value.ToString("F3", culture);
}
