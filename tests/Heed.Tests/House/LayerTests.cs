using System.Text.RegularExpressions;
using Heed.Testing;

namespace Heed.Tests.House;

/// <summary>The folders of src/Heed are its layers: a file may name the types of its own folder and of the folders listed for it here.</summary>
/// <remarks>Works on the text, so it sees a use of a type by its name; an extension method called without its class's name escapes.</remarks>
public partial class LayerTests
{
    private static readonly string[] Order =
        ["Tensors", "Formats", "Layers", "Attention", "Text", "Data", "Models", "Decoding", "Training", "Inspection", "Tasks"];

    private static readonly Dictionary<string, string[]> Exceptions = new(StringComparer.Ordinal)
    {
        ["Text"] = ["Tensors", "Formats"],
        ["Data"] = ["Tensors", "Formats", "Text"],
        ["Training"] = ["Tensors", "Formats", "Layers", "Attention", "Text", "Data"],
    };

    [Fact]
    public void Every_folder_is_a_layer() =>
        Directory.GetDirectories(Repository.PathOf("src/Heed")).Select(Path.GetFileName).Except([.. Order, "bin", "obj"], StringComparer.Ordinal)
            .ShouldBeEmpty("a new folder needs its place in the order, here and in docs/decisions/0001");

    [Fact]
    public void No_layer_reaches_back_up()
    {
        (string Path, string Code)[] files = [.. Repository.Files("src/Heed", "*.cs").Select(path => (path, SourceText.CodeOnly(File.ReadAllText(Repository.PathOf(path)))))];
        Violations(files).ShouldBeEmpty();
    }

    [Fact]
    public void The_rule_finds_what_it_forbids()
    {
        (string, string)[] files =
        [
            ("src/Heed/Tensors/Tensor.cs", "namespace Heed;\npublic sealed class Tensor\n{\n    Linear linear;\n    Other.Linear no; int Linear2;\n"
                + "    Tensor Linear() => Linear();\n    T Linear<T>(T x) => Linear<T>(x);\n    float Linear { get; init; } Net y = new() { Linear = 3 };\n    object o = new Linear();\n}\n"),
            ("src/Heed/Layers/Linear.cs", "namespace Heed;\n[Obsolete] public sealed partial class Linear { Tensor yes; }\n"),
            ("src/Heed/Models/Net.cs", "namespace Heed;\npublic readonly record struct Net<T>(Linear Linear);\n"),
            ("src/Heed/Training/Trainer.cs", "namespace Heed;\npublic static class Trainer\n{\n    void Train(Net<int> net, Linear yes) { }\n}\n"),
        ];
        Violations(files).ShouldBe(
        [
            "src/Heed/Tensors/Tensor.cs:4: Tensors may not use 'Linear' of Layers (src/Heed/Layers/Linear.cs)",
            "src/Heed/Tensors/Tensor.cs:8: Tensors may not use 'Net' of Models (src/Heed/Models/Net.cs)",
            "src/Heed/Tensors/Tensor.cs:9: Tensors may not use 'Linear' of Layers (src/Heed/Layers/Linear.cs)",
            "src/Heed/Training/Trainer.cs:4: Training may not use 'Net' of Models (src/Heed/Models/Net.cs)",
        ]);
    }

    private static List<string> Violations(IReadOnlyList<(string Path, string Code)> files)
    {
        var homes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string path, string code) in files)
        {
            foreach (Match declaration in Declaration().Matches(code))
                homes.TryAdd(declaration.Groups["name"].Value, path);
        }
        var violations = new List<string>();
        foreach ((string path, string code) in files)
        {
            string layer = LayerOf(path);
            foreach (Match word in Word().Matches(code))
            {
                string name = word.Groups["name"].Value;
                if (homes.TryGetValue(name, out string? home) && !MayUse(layer, LayerOf(home)))
                {
                    int line = 1 + code.AsSpan(0, word.Index).Count('\n');
                    violations.Add(FormattableString.Invariant($"{path}:{line}: {layer} may not use '{name}' of {LayerOf(home)} ({home})"));
                }
            }
        }
        return [.. violations.Distinct(StringComparer.Ordinal)];
    }

    private static bool MayUse(string layer, string used) => layer == used
        || (Exceptions.TryGetValue(layer, out string[]? allowed) ? allowed : Order[..Math.Max(0, Array.IndexOf(Order, layer))]).Contains(used, StringComparer.Ordinal);

    private static string LayerOf(string path) => path.Split('/')[2];

    // Types of a file stand at the start of a line, because namespaces are file-scoped.
    [GeneratedRegex(@"^(?:\[[^\]\n]*\]\s*)*(?:(?:public|internal|file|abstract|sealed|static|readonly|partial|unsafe|ref)\s+)*(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?|delegate\s+[\w<>?,\[\]]+)\s+(?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Declaration();

    // A word after a dot is a member of something else, since our types have no namespace before them; a word before a parenthesis is a method
    // (Tensor.Linear beside the layer Linear), unless "new" makes it a constructor; a word before "=" or "{ get" is a property.
    [GeneratedRegex(@"(?<![\w.@])(?:new\s+(?<name>[A-Z]\w*)|(?<name>[A-Z]\w*)(?!\w|\s*\(|<[^;(){}]*>\s*\(|\s*=(?![=>])|\s*\{\s*get\b))", RegexOptions.ExplicitCapture)]
    private static partial Regex Word();
}
