using System.Text.RegularExpressions;
using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed partial class MechanismCatalogueTests
{
    private const string Folder = "docs/mechanisms/catalogue";

    // What a public type of the library must derive from to be a mechanism that needs an entry, beside the modules of the folders below.
    private static readonly Type[] bases = [typeof(Score), typeof(Distribution), typeof(Heads)];

    // Modules of these folders are mechanisms, or stand here: parts of mechanisms, and networks around them that add none of their own.
    private static readonly string[] folders = ["src/Heed/Attention", "src/Heed/Models"];

    private static readonly Type[] parts =
    [
        typeof(TransformerEmbedding),
        typeof(BlstmClassifier), typeof(TransformerClassifier), typeof(GlimpseClassifier),
        typeof(ConvolutionBlock), typeof(ResidualBlock), typeof(ResNet), typeof(MobileNetV3), typeof(VisionTransformer), typeof(UNet), typeof(FeaturePyramid), typeof(Fcos),
    ];

    private static readonly Dictionary<string, string[]> vocabulary = new(StringComparer.Ordinal)
    {
        ["softness"] = ["soft", "hard", "any", "global", "local"],
        ["form"] = ["item-wise", "location-wise", "any"],
        ["input"] = ["distinctive", "self", "co-attention", "hierarchical", "any"],
        ["output"] = ["single", "multi-head", "multi-dimensional", "any"],
    };

    public static TheoryData<string> Pages => [.. MechanismCatalogue.All.Select(MechanismCatalogue.PageName)];

    [Fact]
    public void Every_public_mechanism_has_an_entry()
    {
        HashSet<Type> known = [.. MechanismCatalogue.All.SelectMany(m => m.Types)];
        HashSet<string> declared = [.. folders.SelectMany(folder => Repository.Files(folder, "*.cs")).SelectMany(file => Declaration().Matches(File.ReadAllText(Repository.PathOf(file)))).Select(match => match.Groups["name"].Value)];
        Type[] needed = [.. typeof(Score).Assembly.GetExportedTypes().Where(type => !type.IsAbstract && (bases.Any(type.IsSubclassOf) || (type.IsSubclassOf(typeof(Module)) && declared.Contains(type.Name))))];
        needed.ShouldContain(typeof(EncoderDecoder));
        needed.ShouldContain(typeof(ReinforceLoss));
        needed.Except(known).Except(parts).ShouldBeEmpty("give the type an Entry and name that in the list of its kind: docs/mechanisms/adding-a-mechanism.md");
        parts.Where(part => known.Contains(part) || !needed.Contains(part)).ShouldBeEmpty("no exception that is none");
    }

    /// <summary>What a translator's configuration switches on is a mechanism, too.</summary>
    [Fact]
    public void Every_decoder_and_switch_of_the_encoder_decoder_has_an_entry()
    {
        string[] names = [.. EncoderDecoder.Mechanisms.Select(m => m.Name)];
        string[] switches = [.. typeof(EncoderDecoderConfig).GetProperties().Where(p => p.PropertyType == typeof(bool) && p.Name != nameof(EncoderDecoderConfig.TieEmbeddings)).Select(p => Hump().Replace(p.Name, "-$0").ToLowerInvariant())];
        switches.ShouldContain("coverage");
        names.Order(StringComparer.Ordinal).ShouldBe(switches.Concat(["bahdanau", "luong"]).Order(StringComparer.Ordinal));
        string refused = Should.Throw<ArgumentException>(() => new EncoderDecoderConfig { Decoder = "none" }.Validate()).Message;
        names.Except(switches).ShouldAllBe(decoder => refused.Contains(decoder));
        MechanismCatalogue.All.Select(MechanismCatalogue.PageName).ShouldBe(MechanismCatalogue.All.Select(MechanismCatalogue.PageName).Union(names.Select(name => "architecture-" + name)), "all are in the catalogue");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Its_entry_is_whole_and_its_example_runs(string page)
    {
        Mechanism m = MechanismCatalogue.All.Single(each => MechanismCatalogue.PageName(each) == page);
        foreach (string text in new[] { m.Formula, m.Shapes, m.Cost, m.Source, m.Variant, m.Use, m.Avoid })
            text.Trim().Length.ShouldBeGreaterThan(3, page);
        foreach ((string criterion, string value) in new[] { ("softness", m.Softness), ("form", m.InputForm), ("input", m.InputRepresentation), ("output", m.OutputRepresentation) })
            value.Split(", ").ShouldAllBe(word => vocabulary[criterion].Contains(word), criterion);
        string[] halves = m.Softness.Split(", ");
        halves[^1].ShouldBeOneOf("global", "local");
        halves[..^1].ShouldNotBeEmpty($"{page} says soft, hard or any before global or local");
        halves[..^1].ShouldAllBe(word => word == "soft" || word == "hard" || (word == "any" && halves.Length == 2));
        m.Types.ShouldNotBeEmpty();
        m.Types.ShouldAllBe(type => type.IsPublic);
        Tensor result = m.Example.Run();
        result.Length.ShouldBeGreaterThan(0);
        result.ToArray().ShouldAllBe(x => float.IsFinite(x));
        result.ToArray().ShouldBe(m.Example.Run().ToArray(), "an example is the same each time");
        m.Example.Code.ShouldContain("Tensor result = ");
        m.Example.Code.ShouldNotContain("return");
    }

    [Theory]
    [InlineData("soft, global", "distribution-softmax", "distribution-top-k", "architecture-pointer-network", "pooling-additive", "saliency-squeeze-excitation")]
    [InlineData("soft, local", "distribution-local-p", "distribution-local-m")]
    [InlineData("hard, global", "distribution-hard", "distribution-gumbel-hard", "saliency-max")]
    [InlineData("hard, local", "input-form-glimpses")]
    [InlineData("soft, hard, global", "distribution-monotonic")]
    [InlineData("any, global", "score-additive", "mask-causal", "output-multi-head", "input-self")]
    [InlineData("any, local", "mask-window")]
    public void Softness_says_both_halves(string softness, params string[] pages) =>
        pages.ShouldAllBe(page => MechanismCatalogue.Find(page).Single().Softness == softness);

    [Fact]
    public void Names_are_one_in_each_kind() => MechanismCatalogue.All.Select(MechanismCatalogue.PageName).ShouldBeUnique();

    [Fact]
    public void Names_build_what_they_name()
    {
        foreach (Mechanism m in Score.Mechanisms)
            Score.Parse(Call(m)).GetType().ShouldBe(m.Types[0], m.Name);
        foreach (Mechanism m in Distribution.Mechanisms)
            Distribution.Parse(Call(m)).GetType().ShouldBe(m.Types[0], m.Name);
        foreach (Mechanism m in AttentionMask.Mechanisms)
            AttentionMask.Parse(Call(m)).ToString().ShouldBe(Call(m));
        foreach (Mechanism m in SequencePooling.Mechanisms)
            SequencePooling.Create(m.Name, 4).GetType().ShouldBe(m.Types[0], m.Name);
        Score.Parse("additive(128)").ShouldBe(new AdditiveScore(128));
        Score.Parse(" biased-general ").ShouldBe(new GeneralScore(HasBias: true));
        Distribution.Parse("entmax( 1.2 )").ShouldBe(new Entmax(1.2f));
        Distribution.Parse("entmax-learned").ShouldBe(new Entmax(1.5f, IsLearned: true));
        Distribution.Parse("top-k(8)").ShouldBe(new TopK(8));
        AttentionMask.Parse("causal").ShouldBeSameAs(AttentionMask.Causal);
        AttentionConfig config = new() { QuerySize = 1, KeySize = 1, ValueSize = 1, Score = "additive", Distribution = "sparsemax", Mask = "window(2, 0)" };
        (config.Score, config.Distribution).ShouldBe((new AdditiveScore(), new Sparsemax()));
    }

    [Theory]
    [InlineData("aditive", "there is no score 'aditive'", "there are scaled-dot, dot,", "Did you mean 'additive'?")]
    [InlineData("additive(1, 2)", "'additive' takes at most additive(size), got 2")]
    [InlineData("additive(1.5)", "size of 'additive' must be a whole number, got 1.5")]
    [InlineData("additive(x)", "write additive(size)")]
    [InlineData("additive(1", "write additive(size)")]
    [InlineData("dot(3)", "'dot' takes no numbers")]
    [InlineData("", "there is no score ''")]
    public void A_wrong_name_gets_one_clear_message(string name, params string[] parts)
    {
        string message = Should.Throw<ArgumentException>(() => Score.Parse(name)).Message;
        foreach (string part in parts)
            message.ShouldContain(part);
    }

    [Fact]
    public void Numbers_without_a_default_must_be_given() =>
        Should.Throw<ArgumentException>(() => Distribution.Parse("top-k")).Message.ShouldContain("'top-k' needs top-k(count): count is the number of keys");

    [Fact]
    public void It_is_found_by_name_with_or_without_its_kind()
    {
        MechanismCatalogue.Find("additive").Select(m => m.Kind).ShouldBe([MechanismKind.Score, MechanismKind.Pooling]);
        MechanismCatalogue.Find("score-additive").Single().Kind.ShouldBe(MechanismKind.Score);
        Should.Throw<ArgumentException>(() => MechanismCatalogue.Find("multihead")).Message.ShouldContain("Did you mean 'multi-head'?");
    }

    /// <summary>After a wanted change run the tests with HEED_UPDATE_DOCS=1 and review the diff.</summary>
    [Fact]
    public void The_pages_are_made_of_the_catalogue()
    {
        (string Name, string Text)[] pages = [.. MechanismPage.All()];
        string folder = Repository.PathOf(Folder);
        if (Environment.GetEnvironmentVariable("HEED_UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(folder);
            foreach (string old in Directory.GetFiles(folder, "*.md"))
                File.Delete(old);
            foreach ((string name, string text) in pages)
                File.WriteAllText(Path.Combine(folder, name), text);
        }
        Repository.Files(Folder, "*.md").Select(Path.GetFileName).ShouldBe(pages.Select(p => p.Name).Order(StringComparer.Ordinal), "run with HEED_UPDATE_DOCS=1");
        foreach ((string name, string text) in pages)
            File.ReadAllText(Path.Combine(folder, name)).ReplaceLineEndings("\n").ShouldBe(text, $"{Folder}/{name}: run with HEED_UPDATE_DOCS=1");
    }

    /// <summary>Their text is written by hand, their tables are not: after a wanted change run the tests with HEED_UPDATE_DOCS=1.</summary>
    [Theory]
    [InlineData("unified-attention", 3)]
    [InlineData("sequence-pooling", 1)]
    [InlineData("co-attention", 1)]
    [InlineData("encoder-decoder", 1)]
    public void Tables_of_a_hand_written_page_are_made_of_the_catalogue(string page, int tables)
    {
        string path = Repository.PathOf($"docs/mechanisms/{page}.md"), text = File.ReadAllText(path).ReplaceLineEndings("\n"), made = MechanismPage.WithTables(text);
        (text.Split("<!-- catalogue: ").Length - 1).ShouldBe(tables);
        if (Environment.GetEnvironmentVariable("HEED_UPDATE_DOCS") == "1")
            File.WriteAllText(path, text = made);
        text.ShouldBe(made, $"docs/mechanisms/{page}.md: run with HEED_UPDATE_DOCS=1");
    }

    [GeneratedRegex(@"^public sealed (partial )?class (?<name>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Declaration();

    [GeneratedRegex("(?<=[a-z])[A-Z]", RegexOptions.None, 1000)]
    private static partial Regex Hump();

    private static string Call(Mechanism m) => m.Parameters.All(p => p.Default is not null) ? m.Name : $"{m.Name}({string.Join(", ", m.Parameters.Select(_ => 1))})";
}
