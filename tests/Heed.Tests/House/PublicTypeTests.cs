using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Heed.Tests.House;

/// <summary>What every public type of the libraries keeps.</summary>
public partial class PublicTypeTests
{
    internal static readonly Assembly[] Assemblies = [typeof(InputException).Assembly, typeof(Kernels.CounterRandom).Assembly];

    private static IEnumerable<Type> PublicTypes => Assemblies.SelectMany(assembly => assembly.GetExportedTypes());

    [Fact]
    public void There_is_one_namespace_an_assembly() =>
        PublicTypes.Where(type => type.Namespace != type.Assembly.GetName().Name).ShouldBeEmpty("public types of Heed are in Heed, whatever their folder");

    [Fact]
    public void Every_class_is_abstract_or_sealed() =>
        Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => type is { IsClass: true, IsAbstract: false, IsSealed: false })
            .Where(type => !type.Name.Contains('<', StringComparison.Ordinal) && type.Namespace?.StartsWith(nameof(Heed), StringComparison.Ordinal) == true)
            .ShouldBeEmpty("compose, do not inherit");

    [Fact]
    public void Every_Forward_documents_its_shapes()
    {
        var missing = new List<string>();
        foreach (Assembly assembly in Assemblies)
        {
            Dictionary<string, string> documentation = Documentation(assembly);
            foreach (Type type in assembly.GetExportedTypes())
            {
                foreach (MethodInfo method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
                {
                    // Score modifiers work on one vector of scores: their numbers have no shape.
                    if (method.Name != "Forward" || method.IsGenericMethod)
                        continue;
                    string texts = About(documentation, type.FullName!, method.Name);
                    // "Formulas and shapes as X says" is enough where X says them.
                    Match other = ShapesElsewhere().Match(texts);
                    if (!Shape().IsMatch(texts) && !(other.Success && Shape().IsMatch(About(documentation, other.Groups["type"].Value, method.Name))))
                        missing.Add($"{type.FullName}.Forward");
                }
            }
        }
        missing.Distinct(StringComparer.Ordinal).ShouldBeEmpty("write the shapes of inputs and outputs, as (batch, keys, model)");
    }

    [Theory]
    [InlineData("Shapes: input <c>(batch, queries, model)</c>", true)]
    [InlineData("a view of (rows, columns)", true)]
    [InlineData("Shapes: spans of one length", true)]
    [InlineData("any shape (…), the same in and out", true)]
    [InlineData("the input (see above)", false)]
    [InlineData("the input (a tensor, not empty)", false)]
    public void The_rule_about_shapes_knows_one(string text, bool found) => Shape().IsMatch(text).ShouldBe(found);

    /// <summary>The documentation of a type and of its methods of one name.</summary>
    private static string About(Dictionary<string, string> documentation, string type, string method) => string.Concat(documentation
        .Where(pair => pair.Key == "T:" + type || pair.Key == $"M:{type}.{method}" || pair.Key.StartsWith($"M:{type}.{method}(", StringComparison.Ordinal))
        .Select(pair => pair.Value));

    private static Dictionary<string, string> Documentation(Assembly assembly) =>
        XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member")
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.ToString(), StringComparer.Ordinal);

    // A sentence about shapes, or the fixed words of dimensions at the start of a parenthesis with a comma.
    [GeneratedRegex(@"\bShapes[:,]|\((?:\.\.\.|…)\)|\((?:\.\.\.|…|batch|rows|heads|kvHeads|queries|keys|time|steps|sequence|tokens|positions|channels|features|height|model|inputs?|outputs?|classes|n|m|T)\b?,")]
    private static partial Regex Shape();

    [GeneratedRegex("\\bshapes\\b[^.]*<see cref=\"T:(?<type>[^\"]+)\"", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex ShapesElsewhere();
}
