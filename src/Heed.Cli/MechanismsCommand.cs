using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed mechanisms [NAME]</c>: every attention mechanism by the four criteria, or all about one.</summary>
internal static class MechanismsCommand
{
    private static readonly (MechanismKind Kind, string Heading)[] headings =
    [
        (MechanismKind.Softness, "Softness: do all items count, or chosen or near ones?"),
        (MechanismKind.InputForm, "Form of input: items of a sequence, or places of a picture?"),
        (MechanismKind.InputRepresentation, "Input representation: one sequence, two, several at once, or levels?"),
        (MechanismKind.OutputRepresentation, "Output representation: one context, several heads, a weight for each feature?"),
        (MechanismKind.Score, "Scores f: energies from query and key"),
        (MechanismKind.Distribution, "Distributions g: weights from energies"),
        (MechanismKind.Mask, "Masks: which pairs take part"),
        (MechanismKind.Pooling, "Poolings: a sequence into one vector, learned queries decide"),
        (MechanismKind.Saliency, "Saliency: what is strong in itself passes, no query decides"),
        (MechanismKind.Architecture, "Architectures built around attention"),
    ];

    public static Command Create(Terminal terminal)
    {
        Argument<string?> name = new("name") { Description = "A mechanism, to be shown with formula, shapes, cost, source and an example.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> json = CommonOptions.Json();
        Command command = new("mechanisms", "Lists all attention mechanisms by the four criteria, or shows one.") { name, json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(name) is { } wanted)
                ShowOne(terminal, UsageException.Guard(() => MechanismCatalogue.Find(wanted)), parsed.GetValue(json));
            else if (parsed.GetValue(json))
                WriteJson(terminal, MechanismCatalogue.All, withDetails: false);
            else
                ShowAll(terminal);
            return ExitCode.Done;
        });
        return command;
    }

    private static void ShowAll(Terminal terminal)
    {
        foreach ((MechanismKind kind, string heading) in headings)
        {
            Mechanism[] mechanisms = [.. MechanismCatalogue.All.Where(m => m.Kind == kind)];
            if (mechanisms.Length == 0)
                continue;
            terminal.Out.WriteLine(heading);
            Styled.WriteTable(terminal, ["  name", "formula", "softness", "form", "input", "output"],
                mechanisms.Select(m => new[] { "  " + m.Signature, m.Formula, m.Softness, m.InputForm, m.InputRepresentation, m.OutputRepresentation }));
            terminal.Out.WriteLine();
        }
        terminal.Say("all about one: heed mechanisms NAME");
    }

    private static void ShowOne(Terminal terminal, IReadOnlyList<Mechanism> found, bool asJson)
    {
        if (asJson)
        {
            WriteJson(terminal, found, withDetails: true);
            return;
        }
        TextWriter output = terminal.Out;
        foreach (Mechanism m in found)
        {
            output.WriteLine($"{m.Signature}   {headings.First(h => h.Kind == m.Kind).Heading}");
            output.WriteLine();
            foreach ((string label, string text) in Fields(m))
                output.WriteLine($"  {label,-13} {text}");
            output.WriteLine("  example");
            foreach (string line in m.Example.Code.Split('\n'))
                output.WriteLine(line.Length == 0 ? "" : "      " + line);
            Tensor result = m.Example.Run();
            output.WriteLine($"  gives         {result.Shape}: {Numbers(result)}");
            output.WriteLine();
        }
    }

    private static IEnumerable<(string Label, string Text)> Fields(Mechanism m)
    {
        yield return ("formula", m.Formula);
        yield return ("criteria", $"softness {m.Softness}; form {m.InputForm}; input {m.InputRepresentation}; output {m.OutputRepresentation}");
        foreach (MechanismParameter p in m.Parameters)
            yield return ("parameter", $"{p.Name}: {p.Meaning}{(p.Default is { } value ? $"; default {value.ToString(CultureInfo.InvariantCulture)}" : "")}");
        yield return ("shapes", m.Shapes);
        yield return ("cost", m.Cost);
        yield return ("source", m.Source);
        yield return ("variant", m.Variant);
        yield return ("use", m.Use);
        yield return ("not for", m.Avoid);
        yield return ("types", string.Join(", ", m.TypeNames));
    }

    private static string Numbers(Tensor tensor) => string.Join(' ', tensor.ToArray().Take(24).Select(x => x.ToString("F3", CultureInfo.InvariantCulture))) + (tensor.Length > 24 ? " …" : "");

    private static void WriteJson(Terminal terminal, IReadOnlyList<Mechanism> mechanisms, bool withDetails) => JsonText.WriteObject(terminal.Out, writer =>
    {
        writer.WriteStartArray("mechanisms");
        foreach (Mechanism m in mechanisms)
            Write(writer, m, withDetails);
        writer.WriteEndArray();
    }, isIndented: true);

    private static void Write(Utf8JsonWriter writer, Mechanism m, bool withDetails)
    {
        writer.WriteStartObject();
        writer.WriteString("name", m.Name);
        writer.WriteString("kind", MechanismCatalogue.PageName(m)[..^(m.Name.Length + 1)]);
        writer.WriteString("signature", m.Signature);
        writer.WriteString("formula", m.Formula);
        writer.WriteString("softness", m.Softness);
        writer.WriteString("inputForm", m.InputForm);
        writer.WriteString("inputRepresentation", m.InputRepresentation);
        writer.WriteString("outputRepresentation", m.OutputRepresentation);
        if (withDetails)
        {
            writer.WriteString("shapes", m.Shapes);
            writer.WriteString("cost", m.Cost);
            writer.WriteString("source", m.Source);
            writer.WriteString("variant", m.Variant);
            writer.WriteString("use", m.Use);
            writer.WriteString("avoid", m.Avoid);
            writer.WriteString("example", m.Example.Code);
        }
        writer.WriteEndObject();
    }
}
