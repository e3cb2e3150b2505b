using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Heed.Tests.Tasks;

/// <summary>The pages of docs/mechanisms/catalogue, made of the catalogue.</summary>
internal static partial class MechanismPage
{
    private static readonly (MechanismKind Kind, string Heading)[] headings =
    [
        (MechanismKind.Softness, "Softness of attention"),
        (MechanismKind.InputForm, "Form of the input feature"),
        (MechanismKind.InputRepresentation, "Input representation"),
        (MechanismKind.OutputRepresentation, "Output representation"),
        (MechanismKind.Score, "Scores"),
        (MechanismKind.Distribution, "Distributions"),
        (MechanismKind.Mask, "Masks"),
        (MechanismKind.Pooling, "Poolings: focused attention over a sequence"),
        (MechanismKind.Saliency, "Saliency"),
        (MechanismKind.Architecture, "Architectures"),
    ];

    /// <summary>File name and text of every page.</summary>
    public static IEnumerable<(string Name, string Text)> All() =>
        MechanismCatalogue.All.Select(m => (MechanismCatalogue.PageName(m) + ".md", Page(m))).Prepend(("README.md", Overview()));

    /// <summary>A hand-written page with its tables made anew: what stands between <c>&lt;!-- catalogue: LIST --&gt;</c> and <c>&lt;!-- end of catalogue --&gt;</c>.</summary>
    public static string WithTables(string page) => Region().Replace(page, region => $"{region.Groups["start"].Value}\n{Table(region.Groups["list"].Value)}{region.Groups["end"].Value}");

    private static string Table(string list)
    {
        IReadOnlyList<Mechanism> mechanisms = list switch
        {
            "scores" => Score.Mechanisms,
            "distributions" => Distribution.Mechanisms,
            "masks" => AttentionMask.Mechanisms,
            "poolings" => SequencePooling.Mechanisms,
            "co-attention" => CoAttention.Mechanisms,
            "encoder-decoder" => EncoderDecoder.Mechanisms,
            _ => throw new ArgumentException($"no list '{list}' in the catalogue"),
        };
        StringBuilder table = new("\n| name | formula | use it | source |\n|---|---|---|---|\n");
        foreach (Mechanism m in mechanisms)
            table.Append(CultureInfo.InvariantCulture, $"| [`{m.Signature}`](catalogue/{MechanismCatalogue.PageName(m)}.md) | {Cell(m.Formula)} | {Cell(m.Use)} | {Cell(m.Source)} |\n");
        return table.Append('\n').ToString();
    }

    [GeneratedRegex(@"(?<start><!-- catalogue: (?<list>[\w-]+) -->)\n.*?(?<end><!-- end of catalogue -->)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Region();

    private static string Overview()
    {
        StringBuilder page = new("# All mechanisms\n\nBy the four criteria of Niu, Zhong and Yu, \"A review on the attention mechanism of deep learning\", 2021; then the functions of the unified model, and what is built of them. The same list: `heed mechanisms`.\n");
        foreach ((MechanismKind kind, string heading) in headings)
        {
            Mechanism[] some = [.. MechanismCatalogue.All.Where(m => m.Kind == kind)];
            if (some.Length == 0)
                continue;
            page.Append(CultureInfo.InvariantCulture, $"\n## {heading}\n\n| name | formula | softness | form | input | output |\n|---|---|---|---|---|---|\n");
            foreach (Mechanism m in some)
                page.Append(CultureInfo.InvariantCulture, $"| [{m.Signature}]({MechanismCatalogue.PageName(m)}.md) | {Cell(m.Formula)} | {m.Softness} | {m.InputForm} | {m.InputRepresentation} | {m.OutputRepresentation} |\n");
        }
        return page.Append("\nThese pages are made of the entries beside the code; [how to add one](../adding-a-mechanism.md).\n").ToString();
    }

    private static string Page(Mechanism m)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"# {m.Signature}\n\n{headings.First(h => h.Kind == m.Kind).Heading}: [all mechanisms](README.md).\n\n    {m.Formula}\n\n");
        foreach (MechanismParameter p in m.Parameters)
            page.Append(CultureInfo.InvariantCulture, $"- **{p.Name}:** {p.Meaning}{(p.Default is { } value ? FormattableString.Invariant($"; default {value}") : "; must be given")}\n");
        if (m.Parameters.Count > 0)
            page.Append('\n');
        page.Append(CultureInfo.InvariantCulture, $"**Criteria:** softness {m.Softness}; form of input {m.InputForm}; input representation {m.InputRepresentation}; output representation {m.OutputRepresentation}.\n\n");
        foreach ((string label, string text) in new[] { ("Shapes", m.Shapes), ("Cost", m.Cost), ("Source", m.Source), ("Variant built", m.Variant), ("Use it", m.Use), ("Do not use it", m.Avoid) })
            page.Append(CultureInfo.InvariantCulture, $"**{label}:** {text}{(text.EndsWith('.') ? "" : ".")}\n\n");
        page.Append(CultureInfo.InvariantCulture, $"```csharp\n{m.Example.Code}\n```\n\nIn C#: {string.Join(", ", m.TypeNames.Select(name => $"`{name}`"))}.");
        foreach (string other in m.Pages)
            page.Append(CultureInfo.InvariantCulture, $" More: [{Path.GetFileName(other)}](../{other}.md).");
        return page.Append('\n').ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
