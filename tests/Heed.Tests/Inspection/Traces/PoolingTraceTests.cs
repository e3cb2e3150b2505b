using Heed.Testing;
using Heed.Tests.Tasks;

namespace Heed.Tests.Inspection.Traces;

/// <summary>Traces of models whose attention is a pooling.</summary>
public sealed class PoolingTraceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("additive", 1)]
    [InlineData("projection", 3)]
    [InlineData("structured", 4)]
    public void The_views_of_a_recurrent_classifier_are_written_and_read_like_heads(string pooling, int views)
    {
        TextClassifier model = Trained(new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4, AttentionSize = 4, Pooling = pooling, Views = views });
        const string Text = "a good film , and a long one";
        TextPrediction told = model.Predict(Text);
        model.Explaining(new TextRow(Text, null, 0)).WriteTrace(folder["trace"], TraceType.F32);
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Check(model.Network);
        TraceLayer layer = trace.Layers.ShouldHaveSingleItem();
        (layer.Name, layer.Rows, layer.Keys, layer.RowTokens, layer.KeyTokens).ShouldBe(("pooling", 1, 8, "answer", null));
        layer.Heads.ShouldBe([.. Enumerable.Range(0, views)]);
        trace.Tokens.ShouldBe(Text.Split(' '));
        for (int view = 0; view < views; view++)
            trace.Read(0, view).ShouldBe([.. told.Views[view].Select(w => w.Weight)]);
        HtmlReport page = TraceReport.Of(trace);
        ReportTexts shaded = page.Sections.ShouldHaveSingleItem().ShouldBeOfType<ReportTexts>("one row over a text is the text, shaded");
        shaded.Texts[0].Rows.Select(r => r.Name).ShouldBe(views == 1 ? ["pooling"] : [.. Enumerable.Range(0, views).Select(v => $"pooling, view {v}"), "pooling"]);
    }

    [Fact]
    public void Of_a_text_read_sentence_by_sentence_there_are_the_words_of_each_sentence_and_the_sentences()
    {
        TextClassifier model = Trained(new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4, AttentionSize = 4, Structure = "hierarchical" });
        const string Text = "A good film. It was long! The end was weak.";
        TextPrediction told = model.Predict(Text);
        model.Explaining(new TextRow(Text, null, 0)).WriteTrace(folder["trace"], TraceType.F32);
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Layers.Select(l => (l.Name[(l.Name.LastIndexOf('.') + 1)..], l.Rows, l.Keys, l.RowTokens, l.KeyTokens)).ShouldBe([("word_pooling", 3, 13, "sentences", null), ("sentence_pooling", 1, 3, "answer", "sentences")]);
        trace.Sequences["sentences"].ShouldBe(["A good film.", "It was long!", "The end was weak."]);
        float[] words = trace.Read(0, 0), sentences = trace.Read(1, 0);
        for (int row = 0; row < 3; row++)
            ((double)words.AsSpan(row * 13, 13).ToArray().Sum()).ShouldBe(1, 1e-6, "each sentence's words");
        words[..4].ShouldAllBe(w => w > 0);
        words[4..13].ShouldAllBe(w => w == 0, "of other sentences");
        // A token's weight in the answer is that in its sentence times the sentence's.
        for (int t = 0; t < 13; t++)
            told.Weights[t].Weight.ShouldBe(Enumerable.Range(0, 3).Sum(row => words[(row * 13) + t] * sentences[row]), 1e-6f);
        HtmlReport page = TraceReport.Of(trace);
        page.Sections.Select(s => s.Title).ShouldBe(["Heads: sentences looking at tokens", "Heads: answer looking at sentences", "What is looked at"]);
        page.ToString().ShouldContain("It was long!");
    }

    [Fact]
    public void Of_a_pair_read_apart_both_texts_are_one_row()
    {
        TextData rows = TextData.FromRows([.. Enumerable.Range(0, 30).Select(i => (TextPair.Join(i % 2 == 0 ? "a good film" : "a bad film", "was it so"), i % 2 == 0 ? "yes" : "no"))]);
        TextClassifier model = TextClassifier.Train(rows, rows, new TextClassifierOptions { Network = new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4, AttentionSize = 4, PairForm = "towers" }, Training = new TrainingOptions { EpochCount = 1, BatchSize = 16 } });
        string text = TextPair.Join("a good film", "so it was");
        TextPrediction told = model.Predict(text);
        model.Explaining(new TextRow(text, null, 0)).WriteTrace(folder["trace"], TraceType.F32);
        using AttentionTrace trace = AttentionTrace.Open(folder["trace"]);
        trace.Read(0, 0).ShouldBe([.. told.Views[0].Select(w => w.Weight)]);
    }

    [Fact]
    public void A_pooling_that_no_query_leads_is_none()
    {
        TextClassifier model = Trained(new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4, Pooling = "mean" });
        Should.Throw<ArgumentException>(() => model.Explaining(new TextRow("a film", null, 0)).WriteTrace(folder["trace"])).Message.ShouldContain("has neither");
    }

    [Fact]
    public void A_sequence_that_a_layer_names_must_be_there()
    {
        TextClassifier model = Trained(new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4, AttentionSize = 4 });
        model.Explaining(new TextRow("a film", null, 0)).WriteTrace(folder["trace"]);
        string index = Path.Combine(folder["trace"], "trace.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace("\"answer\":", "\"other\":", StringComparison.Ordinal));
        Should.Throw<InputException>(() => AttentionTrace.Open(folder["trace"])).Message.ShouldContain("the sequence 'answer'");
    }

    private static TextClassifier Trained(TextNetworkConfig network) => TextClassifier.Train(TextClassifierTests.Data(40, 1), TextClassifierTests.Data(20, 2),
        new TextClassifierOptions { Network = network, Baseline = false, Training = new TrainingOptions { EpochCount = 1, BatchSize = 16 } });
}
