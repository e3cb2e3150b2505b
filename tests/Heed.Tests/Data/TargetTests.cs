using System.Globalization;
using Heed.Testing;

namespace Heed.Tests.Data;

public sealed class TargetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Label_sets_are_read_with_the_empty_set()
    {
        TextData data = Read("text\tlabel\none\tb|a\ntwo\t\nthree\t a | a |c\n", new() { Target = TargetKind.Multi });
        data.Target.ShouldBe(TargetKind.Multi);
        data.LabelNames.ShouldBe(["a", "b", "c"]);
        data.ToLabelSets().ShouldBe([[0, 1], [], [0, 2]]);
        data.CountLabels().ShouldBe([2, 1, 1]);
        data.Select(data.TargetText).ShouldBe(["a|b", "", "a|c"]);
        data.Counts.ToString().ShouldBe("3 rows read, 3 kept; without label: 1");
        data[0].Label.ShouldBe(-1);
        Should.Throw<InvalidOperationException>(() => data.ToLabels()).Message.ShouldContain("ToLabelSets");
        Should.Throw<InvalidOperationException>(() => data.ToNumbers());
    }

    [Fact]
    public void Label_sets_may_be_lists_in_JSON_and_have_another_separator()
    {
        Read("""{"text":"one","label":["b","a"]}""" + "\n" + """{"text":"two","label":[]}""" + "\n" + """{"text":"three","label":"a|7"}""",
            new() { Target = TargetKind.Multi }, "a.jsonl").ToLabelSets().ShouldBe([[1, 2], [], [0, 1]]);
        Read("text,label\none,a;b\n", new() { Target = TargetKind.Multi, LabelSeparator = ';', Separator = ',' }, "a.csv").ToLabelSets().ShouldBe([[0, 1]]);
        Should.Throw<InputException>(() => Read("""{"text":"one","label":[{}]}""", new() { Target = TargetKind.Multi }, "a.jsonl"))
            .Message.ShouldContain("line 1: 'label' is not a list of strings or numbers");
    }

    [Fact]
    public void Ordinal_labels_have_the_order_that_is_given_or_that_of_their_values()
    {
        TextReadOptions options = new() { Target = TargetKind.Ordinal, LabelNames = ["low", "middle", "high"] };
        TextData named = Read("text\tlabel\na\thigh\nb\tlow\n", options);
        named.ToLabels().ShouldBe([2, 0]);
        named.ToNumbers().ShouldBe([2, 0]);
        TextData counted = Read("text\tlabel\na\t10\nb\t9\nc\t-1\n", options with { LabelNames = null });
        counted.LabelNames.ShouldBe(["-1", "9", "10"]);
        counted.ToLabels().ShouldBe([2, 1, 0]);
        Should.Throw<InputException>(() => Read("text\tlabel\na\tlow\n", options with { LabelNames = null })).Message.ShouldContain("from low to high");
        Should.Throw<InputException>(() => Read("text\tlabel\na\thihg\n", options)).Message.ShouldContain("Did you mean 'high'?");
    }

    [Fact]
    public void Numbers_are_targets()
    {
        TextReadOptions options = new() { Target = TargetKind.Number };
        TextData data = Read("text\tlabel\na\t1.5\nb\t -2e3\n", options);
        data.ToNumbers().ShouldBe([1.5, -2000]);
        data.LabelNames.ShouldBeEmpty();
        data.CountLabels().ShouldBeEmpty();
        data.TargetText(data[0]).ShouldBe("1.5");
        Should.Throw<InvalidOperationException>(() => data.ToLabels()).Message.ShouldContain("ToNumbers");
        Should.Throw<InputException>(() => Read("text\tlabel\na\t1,5\n", options)).Message.ShouldContain(", line 2: '1,5' in the label is no number; write a decimal point");
        foreach (string bad in new[] { "NaN", "Infinity", "one", "1e999" })
            Should.Throw<InputException>(() => Read($"text\tlabel\na\t{bad}\n", options)).Message.ShouldContain("line 2");
        Should.Throw<ArgumentException>(() => Read("text\tlabel\na\t1\n", options with { LabelNames = ["1"] }));
    }

    [SkippableFact]
    public void Numbers_and_times_do_not_depend_on_the_host_culture()
    {
        Skip.IfNot(CultureLines.IsAvailable, "This process has no culture data.");
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            TextReadOptions options = new() { Target = TargetKind.Number, Time = "day", Numbers = ["n"] };
            TextData data = Read("text\tlabel\tday\tn\na\t1.5\t2026-03-02\t-0.25\n", options);
            data.ToNumbers().ShouldBe([1.5]);
            data.TargetText(data[0]).ShouldBe("1.5");
            FeatureEncoder.Build(data).Numbers[0].Mean.ShouldBe(-0.25);
            Should.Throw<InputException>(() => Read("text\tlabel\tday\tn\na\t1,5\t2026-03-02\t1\n", options));
            Should.Throw<InputException>(() => Read("text\tlabel\tday\tn\na\t1.5\t02.03.2026\t1\n", options)).Message.ShouldContain("is no time");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Text_columns_are_joined_and_a_second_text_makes_a_pair()
    {
        TextReadOptions options = new() { Text = "title", MoreText = ["body", "note"], Pair = "reply" };
        TextData data = Read("title\tbody\tnote\treply\tlabel\none\t\ttwo\tthree\tx\n\tb\tn\t\ty\n", options);
        data.HasPairs.ShouldBeTrue();
        data.Texts.ShouldBe([TextPair.Join("one\ntwo", "three"), TextPair.Join("b\nn", "")]);
        Read("""{"reply":"three","title":"one","note":"","body":"two","label":1}""", options, "a.jsonl").Texts.ShouldBe([TextPair.Join("one\ntwo", "three")]);
        Should.Throw<InputException>(() => Read("title\tbody\tnotes\treply\tlabel\n", options)).Message.ShouldContain("no column 'note' for the text");
        Should.Throw<InputException>(() => Read("title\tbody\tnote\treplies\tlabel\n", options)).Message.ShouldContain("for the second text");
        Read("one\ttwo\tx\n", new() { Text = "1", MoreText = ["2"], Label = "3" }).Texts.ShouldBe(["one\ntwo"]);
    }

    [Fact]
    public void A_set_can_be_made_of_rows_with_all_that()
    {
        TextReadOptions options = new() { Target = TargetKind.Multi, Categories = ["country"], Numbers = ["price"] };
        TextData data = TextData.FromRows([new("a", "x|y", 0) { Values = ["de", "1"] }, new("b", "", 0) { Values = ["", "?"] }], options);
        data.Counts.Noted.ShouldBe([new("without label", 1), new("without country", 1), new("without price", 1)]);
        data.Select([1]).CategoryColumns.ShouldBe(["country"]);
        Should.Throw<InputException>(() => TextData.FromRows([new("a", "x", 0)], options)).Message.ShouldContain("0 values");
        Should.Throw<InputException>(() => TextData.FromRows([new("a", null, 0)], options)).Message.ShouldContain("no label");
    }

    [Fact]
    public void Parts_keep_the_target_and_its_shares()
    {
        TextData numbers = TextData.FromRows(Enumerable.Range(0, 200).Select(i => new TextRow($"{i}", $"{i * 7919 % 200}", 0)), new() { Target = TargetKind.Number });
        TextSplit split = numbers.Split(1, 0.2, 0.2);
        split.Test.ToNumbers().Count(n => n < 100).ShouldBe(20);
        split.Test.Count.ShouldBe(40);
        TextData sets = TextData.FromRows(Enumerable.Range(0, 200).Select(i => new TextRow($"{i}", i % 10 == 0 ? "common|rare" : i % 10 == 1 ? "" : "common", 0)),
            new() { Target = TargetKind.Multi });
        sets.Split(1, 0.2, 0.2).Test.CountLabels().ShouldBe([36, 4]);
    }

    private TextData Read(string content, TextReadOptions options, string name = "a.tsv")
    {
        File.WriteAllText(folder[name], content);
        return TextData.Read(folder[name], options);
    }
}
