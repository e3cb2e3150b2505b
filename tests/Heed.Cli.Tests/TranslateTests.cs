using System.Text.Json;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary>A model that turns numbers around, trained once for all tests of its commands.</summary>
public sealed class TrainedTranslator : IDisposable
{
    private static readonly string[] english = ["one", "two", "three", "four", "five"], german = ["eins", "zwei", "drei", "vier", "fünf"];
    private readonly TemporaryFolder folder = new();

    public TrainedTranslator()
    {
        RandomStream random = new(3, "pairs");
        Pairs = folder["pairs.tsv"];
        File.WriteAllLines(Pairs, Enumerable.Range(0, 500).Select(_ =>
        {
            int[] numbers = [.. Enumerable.Range(0, 2 + random.Next(3)).Select(_ => random.Next(5))];
            return string.Join(' ', numbers.Select(n => english[n])) + "\t" + string.Join(' ', numbers.Reverse().Select(n => german[n]));
        }).Prepend("en\tde"));
        Model = folder["model"];
        Training = CommandRun.Of([.. Command(Pairs, Model), "--epochs", "14", "--json"]);
    }

    public string Pairs { get; }

    public string Model { get; }

    internal CommandRun Training { get; }

    public static string[] Command(string pairs, string model) =>
    [
        "train", "translate", "--data", pairs, "--source", "en", "--target", "de", "--out", model, "--tokens", "words", "--hidden", "32", "--embedding", "24", "--attention", "24", "--dropout", "0.1", "--batch", "16",
        "--learning-rate", "0.01", "--averaging", "0.9", "--label-smoothing", "0",
    ];

    public void Dispose() => folder.Dispose();
}

public sealed class TranslateTests(TrainedTranslator model) : IClassFixture<TrainedTranslator>
{
    [Fact]
    public void Given_pairs_are_scored()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["pairs.tsv"], "en\tde\none two\tzwei eins\none two\teins eins\n");
        string[] command = ["translate", model.Model, "--pairs", folder["pairs.tsv"], "--source", "en", "--target", "de"];
        double[] scores = [.. CommandRun.Of(command).ShouldSucceed().Lines.Select(line => double.Parse(line, System.Globalization.CultureInfo.InvariantCulture))];
        scores.Length.ShouldBe(2);
        scores[0].ShouldBeInRange(-1, 0);
        scores[1].ShouldBeLessThan(scores[0] - 1);
        using JsonDocument first = JsonDocument.Parse(CommandRun.Of([.. command, "--json"]).ShouldSucceed().Lines[0]);
        first.RootElement.GetProperty("logProbability").GetDouble().ShouldBe(scores[0], 1e-4);
        first.RootElement.GetProperty("target").GetString().ShouldBe("zwei eins");
        using JsonDocument found = JsonDocument.Parse(CommandRun.Of("translate", model.Model, "one two", "--json").ShouldSucceed().Lines[0]);
        found.RootElement.GetProperty("logProbability").GetDouble().ShouldBe(scores[0], 1e-3);
        CommandRun.Of([.. command, "--weights"]).ShouldRefuse("--pairs scores the pairs of its file");
        CommandRun.Of(["translate", model.Model, "--pairs", folder["none.tsv"]]).ShouldRefuse("none.tsv");
    }

    [Fact]
    public void Its_report_shows_alignments()
    {
        File.ReadAllText(model.Model + ".report.html").ShouldContain(">Figures</h2>");
        using TemporaryFolder folder = new();
        CommandRun.Of("eval", model.Model, "--data", model.Pairs, "--source", "en", "--target", "de", "--report", folder["r.html"], "--report-texts", "all").ShouldSucceed();
        string page = File.ReadAllText(folder["r.html"]);
        page.ShouldContain(">Answers that are their reference</h2>");
        page.Split("<article class=\"matrix\"").Length.ShouldBe(101, "as many as a report holds");
        page.ShouldContain("BLEU");
    }

    [Fact]
    public void A_translator_has_gated_units_if_told_and_the_mean_of_one_model_is_itself()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of([.. TrainedTranslator.Command(model.Pairs, folder["gru"]), "--cell", "gru", "--epochs", "1"]).ShouldSucceed().Error.ShouldContain("over a bidirectional GRU");
        CommandRun.Of("translate", folder["gru"], "one two").ShouldSucceed().Lines.Length.ShouldBe(1);
        CommandRun.Of("average", model.Model, model.Model, "--out", folder["mean"]).ShouldSucceed();
        CommandRun.Of("translate", folder["mean"], "one two").ShouldSucceed().Lines.ShouldBe(["zwei eins"]);
        CommandRun.Of("average", model.Model, folder["gru"], "--out", folder["other"]).ShouldRefuse("other networks");
        CommandRun.Of([.. TrainedTranslator.Command(model.Pairs, folder["none"]), "--cell", "rnn"]).ShouldRefuse("Cell must be lstm or gru, got 'rnn'");
    }

    [Fact]
    public void Its_alignment_is_traced_told_of_and_changed_by_force()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["texts.txt"], "one two\nfive four three\n");
        CommandRun run = CommandRun.Of("explain", model.Model, "one two three", "--methods", "attention", "--heads", "--trace", folder["trace"]).ShouldSucceed();
        run.Out.ShouldContain("decoder.attention");
        CommandRun.Of("report", folder["trace"], "--of", model.Model).ShouldSucceed();
        string page = File.ReadAllText(folder["trace.report.html"]);
        page.ShouldContain("Heads: translation looking at tokens");
        page.ShouldContain("zwei");
        page.ShouldContain("(end)");
        foreach (string kind in new[] { "uniform", "permute" })
        {
            using JsonDocument changed = JsonDocument.Parse(CommandRun.Of("explain", model.Model, "--data", folder["texts.txt"], "--intervene", kind, "--json").ShouldSucceed().Out);
            changed.RootElement.GetProperty("inputs").GetInt32().ShouldBe(5, "tokens of the translations");
            changed.RootElement.GetProperty("change").GetProperty("value").GetDouble().ShouldBeGreaterThan(0.2, "a word is turned around by looking at it");
        }
    }

    // The whole way of the other network: trained, drawn, searched in several ways, scored, averaged.
    [Fact]
    public void A_transformer_is_trained_asked_and_evaluated()
    {
        using TemporaryFolder folder = new();
        string[] train = TransformerCommand(folder["model"]);
        CommandRun run = CommandRun.Of([.. train, "--epochs", "25", "--json"]).ShouldSucceed();
        run.Error.ShouldContain("Transformer of 2 and 1 layers, 4 heads, 32 wide, 64 inside, sinusoidal positions");
        JsonDocument.Parse(run.Out).RootElement.GetProperty("test").GetProperty("exact").GetDouble().ShouldBeGreaterThan(0.6);
        CommandRun.Of("translate", folder["model"], "one two", "five four three").ShouldSucceed().Lines.ShouldBe(["zwei eins", "drei vier fünf"]);
        CommandRun.Of("translate", folder["model"], "one two", "--beam", "1", "--coverage-penalty", "0.2").ShouldSucceed().Lines.ShouldBe(["zwei eins"]);
        string[] lines = CommandRun.Of("translate", folder["model"], "--weights", "one two three").ShouldSucceed().Lines;
        lines.Length.ShouldBe(1 + 1 + 3 + 1);
        lines[^1].ShouldBe("1 one  2 two  3 three");
        CommandRun.Of("eval", folder["model"], "--data", model.Pairs, "--source", "en", "--target", "de").ShouldSucceed().Out.ShouldContain("BLEU ");
        CommandRun.Of("average", folder["model"], folder["model"], "--out", folder["mean"]).ShouldSucceed();
        CommandRun.Of("average", folder["model"], model.Model, "--out", folder["other"]).ShouldRefuse("other networks");
    }

    [Fact]
    public void Training_goes_on_from_a_model_and_adds_what_it_lacks()
    {
        using TemporaryFolder folder = new();
        string[] onward = ["train", "translate", "--data", model.Pairs, "--source", "en", "--target", "de", "--out", folder["out"], "--init", model.Model, "--epochs", "1", "--json"];
        CommandRun run = CommandRun.Of([.. onward, "--coverage", "--learning-rate", "0.0001"]).ShouldSucceed();
        run.Error.ShouldContain("coverage, over a bidirectional LSTM");
        run.Error.ShouldContain("1 start from scratch: 'decoder.attention.score.coverage.weight'");
        TokenAccuracy(run).ShouldBeGreaterThan(TokenAccuracy(model.Training) - 0.1, "an epoch of small steps keeps what was learned");
        CommandRun.Of("translate", folder["out"], "one two").ShouldSucceed().Lines.Length.ShouldBe(1);

        CommandRun.Of([.. onward, "--tokens", "characters"]).ShouldRefuse("--tokens says what a token is", "leave one of them out");
        CommandRun wider = CommandRun.Of([.. onward, "--hidden", "40"]);
        wider.Code.ShouldBe(2);
        wider.Error.ShouldContain("weights have other shapes ('encoder.weight_ih_l0': the file has (128, 24), the model (160, 24)");
        CommandRun.Of([.. onward, "--model", "transformer"]).ShouldRefuse("--model transformer cannot go on from the model of --init");
        CommandRun.Of([.. onward.Select(part => part == model.Model ? folder["nothing"] : part)]).ShouldRefuse("nothing");
    }

    private static double TokenAccuracy(CommandRun run) => JsonDocument.Parse(run.Out).RootElement.GetProperty("dev").GetProperty("tokenAccuracy").GetDouble();

    [Fact]
    public void Options_of_the_other_network_are_refused_by_name()
    {
        using TemporaryFolder folder = new();
        string[] train = TransformerCommand(folder["out"]), recurrent = TrainedTranslator.Command(model.Pairs, folder["out"]);
        CommandRun.Of([.. train, "--decoder", "luong"]).ShouldRefuse("--decoder is an option of --model recurrent");
        CommandRun.Of([.. train, "--copy"]).ShouldRefuse("--copy is an option of --model recurrent");
        CommandRun.Of([.. recurrent, "--heads", "2"]).ShouldRefuse("--heads is an option of --model transformer");
        CommandRun.Of([.. recurrent, "--attention-dropout", "0.1"]).ShouldRefuse("--attention-dropout is an option of --model transformer");
        CommandRun.Of([.. recurrent, "--model", "transfromer"]).ShouldRefuse("--model must be recurrent or transformer, got 'transfromer'");
        CommandRun.Of([.. train.Select(part => part == "4" ? "5" : part)]).ShouldRefuse("5 heads do not divide 32 features");
        CommandRun.Of([.. train, "--position", "sinus"]).ShouldRefuse("there is no Position 'sinus'");
        CommandRun.Of([.. train, "--long-sentences", "keep"]).ShouldRefuse("cannot keep any sentence whole");
        Directory.Exists(folder["out"]).ShouldBeFalse();
    }

    [Fact]
    public void A_transformer_drops_weights_of_attention_if_asked()
    {
        using TemporaryFolder folder = new();
        CommandRun.Of([.. TransformerCommand(folder["model"]), "--epochs", "1", "--attention-dropout", "0.25"]).ShouldSucceed();
        ((TransformerEncoderDecoderConfig)Translator.Load(folder["model"]).Network.Config).Stack.AttentionDropout.ShouldBe(0.25f);
    }

    private string[] TransformerCommand(string folder) =>
    [
        "train", "translate", "--data", model.Pairs, "--source", "en", "--target", "de", "--out", folder, "--model", "transformer", "--tokens", "words", "--size", "32", "--heads", "4", "--layers", "2", "--decoder-layers", "1",
        "--inner", "64", "--dropout", "0.1", "--batch", "16", "--learning-rate", "0.005", "--averaging", "0.9", "--label-smoothing", "0",
    ];

    [Fact]
    public void Training_reports_figures_with_signatures()
    {
        JsonElement report = JsonDocument.Parse(model.Training.ShouldSucceed().Out).RootElement;
        report.GetProperty("test").GetProperty("exact").GetDouble().ShouldBeGreaterThan(0.8);
        report.GetProperty("test").GetProperty("bleu").GetProperty("signature").GetString().ShouldBe("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|impl:heed");
        report.GetProperty("test").GetProperty("bleuLowerCase").GetProperty("signature").GetString()!.ShouldContain("case:lc");
        model.Training.Error.ShouldContain("500 rows read, 500 kept");
        model.Training.Error.ShouldContain("bahdanau decoder, additive score, softmax");
        Directory.Exists(model.Model + ".checkpoint").ShouldBeFalse();
    }

    [Fact]
    public void Texts_come_as_arguments_from_a_file_or_from_standard_input()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["texts.txt"], "one two\nfive four three\n");
        string[] expected = ["zwei eins", "drei vier fünf"];
        CommandRun.Of("translate", model.Model, "one two", "five four three").ShouldSucceed().Lines.ShouldBe(expected);
        CommandRun.Of("translate", model.Model, "--file", folder["texts.txt"], "--beam", "1").ShouldSucceed().Lines.ShouldBe(expected);
        CommandRun.With(["translate", model.Model, "--quiet"], input: "one two\nfive four three\n").ShouldSucceed().Lines.ShouldBe(expected);
    }

    [Fact]
    public void Alignments_are_drawn_or_written()
    {
        string[] lines = CommandRun.Of("translate", model.Model, "--weights", "one two three").ShouldSucceed().Lines;
        lines[0].ShouldBe("drei zwei eins");
        lines.Length.ShouldBe(1 + 1 + 3 + 1);
        lines[2].ShouldStartWith("drei");
        lines[^1].ShouldBe("1 one  2 two  3 three");
        CommandRun.With(["translate", model.Model, "--weights", "one two"], isTerminal: true).ShouldSucceed().Out.ShouldContain("\u001b[");
        JsonElement answer = JsonDocument.Parse(CommandRun.Of("translate", model.Model, "--json", "--best", "2", "one two three").ShouldSucceed().Out).RootElement;
        answer.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()).ShouldBe(["drei", "zwei", "eins"]);
        answer.GetProperty("sourceTokens").GetArrayLength().ShouldBe(3);
        answer.GetProperty("alignment").EnumerateArray().Count(row => Math.Abs(row.EnumerateArray().Sum(w => w.GetDouble()) - 1) < 1e-4).ShouldBe(3);
        JsonElement other = answer.GetProperty("others").EnumerateArray().ShouldHaveSingleItem();
        other.GetProperty("hasEnded").GetBoolean().ShouldBeTrue();
        other.GetProperty("alignment").GetArrayLength().ShouldBe(other.GetProperty("tokens").GetArrayLength(), "every answer carries its alignment");
        other.GetProperty("alignment")[0].GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public void What_is_not_read_of_a_long_text_is_said()
    {
        CommandRun.Of("translate", model.Model, "one two").ShouldSucceed().Error.ShouldBeEmpty();
        CommandRun.Of("translate", model.Model, "--quiet", "one two", string.Join(' ', Enumerable.Repeat("one", 120))).ShouldSucceed()
            .Error.ShouldContain("warning: of 1 long texts the end was not read: this model takes 100 tokens");
    }

    [Fact]
    public void Answers_are_drawn_with_a_seed()
    {
        string Drawn(string seed) => CommandRun.Of("translate", model.Model, "--sample", "--temperature", "5", "--seed", seed, "one two three four").ShouldSucceed().Out;
        Drawn("1").ShouldBe(Drawn("1"));
        Enumerable.Range(1, 5).Select(i => Drawn($"{i}")).Distinct().Count().ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Evaluation_prints_bleu_and_chrf()
    {
        string text = CommandRun.Of("eval", model.Model, "--data", model.Pairs, "--source", "en", "--target", "de").ShouldSucceed().Out;
        text.ShouldContain("BLEU ");
        text.ShouldContain("tok:13a|smooth:exp");
        text.ShouldContain("chrF2 ");
        JsonDocument.Parse(CommandRun.Of("eval", model.Model, "--data", model.Pairs, "--source", "en", "--target", "de", "--json").ShouldSucceed().Out).RootElement.GetProperty("chrf2").GetProperty("score").GetDouble().ShouldBeGreaterThan(80);
        CommandRun.Of("eval", model.Model, "--data", model.Pairs, "--source", "en").ShouldRefuse("no column 'target'");
    }

    [Fact]
    public void Wrong_usage_is_refused_in_one_line_before_anything_happens()
    {
        using TemporaryFolder folder = new();
        string[] train = TrainedTranslator.Command(model.Pairs, folder["out"]);
        CommandRun.Of([.. train, "--score", "adittive"]).ShouldRefuse("Did you mean 'additive'?");
        CommandRun.Of([.. train, "--distribution", "entmaxx"]).ShouldRefuse("Did you mean 'entmax'?");
        CommandRun.Of([.. train, "--decoder", "loung"]).ShouldRefuse("Did you mean 'luong'?");
        CommandRun.Of([.. train, "--coverage", "--score", "general"]).ShouldRefuse("Coverage goes into the additive score");
        CommandRun.Of([.. train, "--long-sentences", "cut"]).ShouldRefuse("LongSentences must be truncate, drop or keep");
        CommandRun.Of([.. train, "--resume"]).ShouldRefuse("there is no checkpoint");
        File.WriteAllText(folder["a"], "one\ntwo\n");
        File.WriteAllText(folder["b"], "eins\n");
        CommandRun.Of("train", "translate", "--data", folder["a"] + "," + folder["b"], "--out", folder["out"]).ShouldRefuse("line 2", "has 1 lines");
        File.WriteAllText(folder["c.tsv"], "source\ttarget\none\t\n");
        CommandRun.Of("train", "translate", "--data", folder["c.tsv"], "--out", folder["out"]).ShouldRefuse("line 2", "the target is empty");
        CommandRun.Of("translate", model.Model, "--beam", "0", "one").ShouldRefuse("BeamSize must be from 1 to 256, got 0");
        CommandRun.Of("translate", model.Model, "--bean", "2", "one").ShouldRefuse("there is no option '--bean'");
        CommandRun.Of("predict", model.Model, "one").ShouldRefuse("heed translate");
        Directory.Exists(folder["out"]).ShouldBeFalse();
    }

    [SkippableFact]
    public void The_demo_of_dates_runs_from_data_to_alignments()
    {
        Skip.IfNot(CultureLines.IsAvailable, "no ICU data in this process");
        using TemporaryFolder folder = new();
        CommandRun run = CommandRun.Of("demo", "dates", "--pairs", "1000", "--epochs", "1", "--out", folder["demo"]).ShouldSucceed();
        run.Out.ShouldContain("exact on 50 unseen dates");
        run.Error.ShouldContain("heed translate " + folder["demo"]);
        Translator.Load(folder["demo"]).TargetEncoder.Vocabulary.Count.ShouldBe(13);
        CommandRun.Of("demo", "dates", "--pairs", "10").ShouldRefuse("--pairs must be at least 1000");
    }
}
