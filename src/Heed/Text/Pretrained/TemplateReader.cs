using System.Text.Json;

namespace Heed;

/// <summary>Reads the kinds of <c>post_processor</c> of a <c>tokenizer.json</c>.</summary>
/// <param name="size">One more than the largest id.</param>
internal sealed class TemplateReader(int size)
{
    /// <summary>Makes a template of a post-processor.</summary>
    public TokenTemplate Read(JsonElement processor)
    {
        switch (processor.Kind())
        {
            case "Sequence":
                return Sequence(processor.Needed("processors"));
            case "ByteLevel":
                return TokenTemplate.Plain with { TrimsOffsets = processor.Flag("trim_offsets", true) };
            case "BertProcessing":
                return TokenTemplate.Bert(Id(processor.Needed("cls").Entry(1)), Id(processor.Needed("sep").Entry(1)));
            case "RobertaProcessing":
                return TokenTemplate.Roberta(Id(processor.Needed("cls").Entry(1)), Id(processor.Needed("sep").Entry(1)), processor.Flag("trim_offsets", true));
            case "TemplateProcessing":
                JsonElement? special = processor.Part("special_tokens");
                return new TokenTemplate(Parts(processor.Needed("single"), special, texts: 1), Parts(processor.Needed("pair"), special, texts: 2), TrimsOffsets: false);
            default:
                throw TokenizerComponents.Unknown("post_processor", processor);
        }
    }

    // Usually trimmed offsets and one template; two templates would be put around each other.
    private TokenTemplate Sequence(JsonElement processors)
    {
        TokenTemplate template = TokenTemplate.Plain;
        bool hasTemplate = false;
        foreach (JsonElement processor in processors.EnumerateArray())
        {
            TokenTemplate next = Read(processor);
            bool isTemplate = next with { TrimsOffsets = false } != TokenTemplate.Plain;
            if (isTemplate && hasTemplate)
                throw new FormatException("its post_processor has two templates, which is not supported");
            hasTemplate |= isTemplate;
            template = (isTemplate ? next : template) with { TrimsOffsets = template.TrimsOffsets || next.TrimsOffsets };
        }
        return template;
    }

    private List<TemplatePart> Parts(JsonElement template, JsonElement? special, int texts)
    {
        var parts = new List<TemplatePart>();
        foreach (JsonElement part in template.EnumerateArray())
        {
            if (part.Part("Sequence") is { } text)
            {
                int index = text.Text("id") switch { "A" => 0, "B" when texts == 2 => 1, _ => throw new FormatException("a template names a text that is not there") };
                parts.Add(TemplatePart.Text(index, text.Number("type_id") ?? 0));
                continue;
            }
            JsonElement token = part.Needed("SpecialToken");
            string name = token.Text("id") ?? "";
            JsonElement ids = (special?.Part(name) ?? throw new FormatException($"a template names the token '{TokenIds.Shown(name)}', which its special_tokens lack")).Needed("ids");
            foreach (JsonElement id in ids.EnumerateArray())
                parts.Add(TemplatePart.Special(Id(id), token.Number("type_id") ?? 0));
        }
        if (parts.Count > 256)
            throw new FormatException("a template has more than 256 parts");
        for (int index = 0; index < texts; index++)
        {
            if (parts.Count(part => part.TextIndex == index) != 1)
                throw new FormatException("a template does not have each text once");
        }
        return parts;
    }

    private int Id(JsonElement element)
    {
        int id = element.GetInt32();
        return id >= 0 && id < size ? id : throw new FormatException(FormattableString.Invariant($"its post_processor has the id {id}, but the vocabulary has {size}"));
    }
}
