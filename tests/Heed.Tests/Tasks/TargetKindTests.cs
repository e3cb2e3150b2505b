using Heed.Testing;

namespace Heed.Tests.Tasks;

/// <summary>Targets beyond one class: what is learned, what is reported, what a folder keeps.</summary>
public sealed class TargetKindTests
{
    private static readonly string[] Filler = ["the", "lamp", "was", "a", "parcel", "and", "then", "my", "chair"];
    private static readonly string[] Topics = ["money", "delivery", "quality"];
    private static readonly string[][] Words = [["refund", "invoice"], ["late", "lost"], ["broken", "noisy"]];

    [Fact]
    public void Sets_of_labels_are_learned_and_each_label_shows_its_own_evidence()
    {
        TextData train = Sets(500, 1), dev = Sets(120, 2), test = Sets(120, 3);
        TextClassifier model = TextClassifier.Train(train, dev, new TextClassifierOptions
        {
            Network = new BlstmConfig { EmbeddingSize = 12, HiddenSize = 10, Pooling = "projection", PerLabel = true, Dropout = 0.1 },
            Training = new TrainingOptions { EpochCount = 8, BatchSize = 16, LearningRate = 1e-2 },
        });
        LabelSetReport report = model.EvaluateAny(test).ShouldBeOfType<LabelSetReport>();
        report.MacroF1.ShouldBeGreaterThan(0.95);
        report.ToString().ShouldContain("bag of words");
        TextPrediction p = model.Predict("the parcel was lost and the lamp is broken");
        p.Label.ShouldBe("delivery|quality");
        p.Evidence.Select(e => e.IsChosen).ShouldBe([true, false, true]);
        Heaviest(p, "delivery").ShouldBe("lost");
        Heaviest(p, "quality").ShouldBe("broken");
        p.Evidence.ShouldAllBe(e => Math.Abs(e.Weights.Sum(w => w.Weight) - 1) < 1e-4);
        p.Weights.Sum(w => w.Weight).ShouldBe(1, 1e-4);
        model.Thresholds.Count.ShouldBe(3);
        Should.Throw<InvalidOperationException>(() => model.Evaluate(test)).Message.ShouldContain("EvaluateAny");
        ComesBack(model, test);
    }

    [Fact]
    public void Without_options_sets_get_an_attention_row_for_each_label()
    {
        BlstmConfig network = (BlstmConfig)new TextClassifierOptions().NetworkFor(TargetKind.Multi);
        (network.Pooling, network.PerLabel).ShouldBe(("projection", true));
        new TextClassifierOptions().NetworkFor(TargetKind.Single).ShouldBe(new BlstmConfig { Evidence = true });
        Should.Throw<ArgumentException>(new BlstmConfig { PerLabel = true }.Validate).Message.ShouldContain("projection");
    }

    [Fact]
    public void Ordered_classes_are_learned_and_misses_are_near()
    {
        TextData train = Ordered(500, 1), dev = Ordered(120, 2), test = Ordered(120, 3);
        TextClassifier model = TextClassifier.Train(train, dev, Small());
        model.Network.NamedParameters().Single(p => p.Name == "output.bias").Parameter.Shape.ShouldBe(new Shape(2));
        ClassificationReport report = model.Evaluate(test);
        report.QuadraticKappa.ShouldBeGreaterThan(0.9);
        report.ToString().ShouldContain("quadratic kappa");
        TextPrediction p = model.Predict("the lamp was superb");
        (p.Label, p.LabelIndex).ShouldBe(("high", 2));
        p.Value.ShouldBe(2, 0.5);
        p.Probabilities.Sum(x => x.Probability).ShouldBe(1, 1e-5);
        ComesBack(model, test);
    }

    [Fact]
    public void Numbers_are_learned_in_their_own_unit()
    {
        TextData train = Numbers(500, 1), dev = Numbers(120, 2), test = Numbers(120, 3);
        TextClassifier model = TextClassifier.Train(train, dev, Small());
        RegressionReport report = model.EvaluateAny(test).ShouldBeOfType<RegressionReport>();
        report.RSquared.Value.ShouldBeGreaterThan(0.9);
        report.MeanAbsoluteError.Value.ShouldBeLessThan(report.ConstantError / 2);
        report.ToString().ShouldContain("ridge regression");
        TextPrediction p = model.Predict("the chair was superb");
        p.Value.ShouldBe(1300, 100);
        float.IsNaN(p.Probability).ShouldBeTrue();
        model.Labels.ShouldBeEmpty();
        model.Record.Epochs.ShouldAllBe(e => double.IsNaN(e.Accuracy));
        ComesBack(model, test);
        Should.Throw<ArgumentException>(() => TextClassifier.Train(train, dev, Small(new TrainingOptions { Monitor = "accuracy" }))).Message.ShouldContain("numbers have no accuracy");
    }

    [Fact]
    public void Further_columns_decide_where_texts_cannot()
    {
        TextReadOptions columns = new() { Categories = ["shop"], Numbers = ["weight"] };
        TextData Rows(int count, ulong seed)
        {
            RandomStream random = new(seed, "columns");
            return TextData.FromRows(
                [.. Enumerable.Range(0, count).Select(i =>
                {
                    bool isHeavy = random.Next(2) == 1, isNorth = random.Next(2) == 1;
                    return new TextRow(Sentence(random, []), isHeavy == isNorth ? "yes" : isHeavy ? "no" : "maybe", i) { Values = [isNorth ? "north" : "south", isHeavy ? "90" : "10"] };
                })], columns);
        }
        TextData train = Rows(600, 1), dev = Rows(100, 2), test = Rows(100, 3);
        TextClassifier model = TextClassifier.Train(train, dev, Small());
        model.Evaluate(test).Accuracy.Value.ShouldBeGreaterThan(0.95);
        model.Predict(new TextRow("the lamp", null, 0) { Values = ["south", "10"] }).Label.ShouldBe("yes");
        model.Predict(new TextRow("the lamp", null, 0) { Values = ["north", "10"] }).Label.ShouldBe("maybe");
        float.IsFinite(model.Predict("the lamp").Probability).ShouldBeTrue();
        ComesBack(model, test);
    }

    [Fact]
    public void Wrong_targets_are_refused()
    {
        TextData sets = Sets(50, 1), numbers = Numbers(50, 1);
        Should.Throw<ArgumentException>(() => TextClassifier.Train(sets, numbers)).Message.ShouldContain("the target of train is Multi, that of dev Number");
        Should.Throw<ArgumentException>(() => TextClassifier.Train(numbers, numbers, Small(new TrainingOptions { ClassWeights = "balanced", Monitor = "accuracy" }))).Message.ShouldContain("sets of labels");
        TextData empty = TextData.FromRows([new TextRow("a", "", 1), new TextRow("b", "", 2)], new TextReadOptions { Target = TargetKind.Multi, LabelNames = ["x"] });
        Should.Throw<InputException>(() => TextClassifier.Train(empty, empty)).Message.ShouldContain("no training row has a label");
        TextData same = TextData.FromRows([new TextRow("a", "1", 1), new TextRow("b", "1", 2)], new TextReadOptions { Target = TargetKind.Number });
        Should.Throw<InputException>(() => TextClassifier.Train(same, same)).Message.ShouldContain("the same number");
    }

    [Fact]
    public void Balanced_weights_let_the_few_rows_of_a_label_count_as_much_as_the_others()
    {
        RandomStream random = new(9, "rare");
        TextData Rows(int count) => TextData.FromRows(
            [.. Enumerable.Range(0, count).Select(i => new TextRow(Sentence(random, []), i % 10 == 0 ? "rare" : "", i))],
            new TextReadOptions { Target = TargetKind.Multi, LabelNames = ["rare"] });
        TextData train = Rows(400), dev = Rows(100);
        // Where the slope of the bias is 0 (up to where L-BFGS stops), the mean answer is the share of the label: as it is, or as it counts.
        double Mean(string weights, double ofLabel)
        {
            TfidfModel model = TextClassifier.Train(train, dev, Small(new TrainingOptions { ClassWeights = weights, EpochCount = 1 }) with { Baseline = true }).Baseline!;
            double[] answers = [.. train.Texts.Select((text, i) => (i % 10 == 0 ? ofLabel : 1) / (1 + Math.Exp(-model.Scores(text)[0])))];
            return answers.Sum() / (360 + (40 * ofLabel));
        }
        Mean("none", 1).ShouldBe(0.1, 5e-3);
        Mean("balanced", 9).ShouldBe(0.5, 5e-3);
        // And the network's loss counts alike: its slope at 0 is −9·½ for a row with the label and ½ for one without.
        LabelSetHead head = new(["rare"]);
        Parameter logits = new(new Shape(2, 1), Initializer.Zeros);
        Step.Train(new RandomStream(1, "x"), 0, pass => head.Loss(train, new TrainingOptions { ClassWeights = "balanced" })(pass.Use(logits), [0, 1]).Scale(2));
        logits.Gradient.ToArray().ShouldBe([-4.5f, 0.5f], 1e-6);
    }

    [Fact]
    public void Figures_of_sets_and_numbers_agree_with_worked_examples()
    {
        // Row 1: 1 hit, 1 too many; row 2: 1 of 2 found; row 3: exact. Micro: 3 hits of 4 predicted and 4 true.
        LabelSetReport sets = new([[0], [0, 1], [1]], [[0, 1], [0], [1]], ["a", "b"]);
        sets.MicroF1.Value.ShouldBe(2 * 3 / 8.0, 1e-12);
        sets.ExactMatch.Value.ShouldBe(1 / 3.0, 1e-12);
        sets.Labels.Select(l => l.F1).ShouldBe([1, 0.5], 1e-12);
        sets.MacroF1.ShouldBe(0.75, 1e-12);
        sets.Against(sets).ShouldBe((1, new Interval(0, 0, 0)));
        RegressionReport numbers = new([1, 2, 3, 6], [1, 3, 3, 4], [1, 2, 3, 6], constant: 3);
        numbers.MeanAbsoluteError.Value.ShouldBe(0.75);
        numbers.RootMeanSquaredError.Value.ShouldBe(Math.Sqrt(5 / 4.0), 1e-12);
        numbers.RSquared.Value.ShouldBe(1 - (5 / 14.0), 1e-12);
        (numbers.ConstantError, numbers.BaselineError!.Value.Value, numbers.Difference!.Value.Value).ShouldBe((1.5, 0, 0.75));
    }

    private static string Heaviest(TextPrediction p, string label) => p.Text[p.Evidence.Single(e => e.Label == label).Weights.MaxBy(w => w.Weight).Range];

    private static void ComesBack(TextClassifier model, TextData test)
    {
        using TemporaryFolder folder = new();
        model.Save(folder["model"]);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        (loaded.Target, loaded.Temperature).ShouldBe((model.Target, model.Temperature));
        loaded.EvaluateAny(test).ToString().ShouldBe(model.EvaluateAny(test).ToString());
        TextRow[] rows = [.. test.Take(20).Select(row => new TextRow(row.Text, null, 0) { Values = row.Values })];
        TextPrediction[] before = [.. model.PredictMany(rows)], after = [.. loaded.PredictMany(rows)];
        for (int i = 0; i < rows.Length; i++)
        {
            (after[i].Label, after[i].Value, after[i].Probability).ShouldBe((before[i].Label, before[i].Value, before[i].Probability));
            loaded.Predict(rows[i]).Weights.ShouldBe(before[i].Weights);
        }
    }

    private static TextClassifierOptions Small(TrainingOptions? training = null) => new()
    {
        Network = new BlstmConfig { EmbeddingSize = 12, HiddenSize = 10, AttentionSize = 8, Dropout = 0.1 },
        Training = (training ?? new TrainingOptions()) with { EpochCount = 10, BatchSize = 16, LearningRate = 1e-2 },
    };

    private static string Sentence(RandomStream random, IEnumerable<string> words)
    {
        List<string> sentence = [.. Enumerable.Range(0, 3 + random.Next(5)).Select(_ => Filler[random.Next(Filler.Length)])];
        foreach (string word in words)
            sentence.Insert(random.Next(sentence.Count + 1), word);
        return string.Join(' ', sentence);
    }

    private static TextData Sets(int count, ulong seed)
    {
        RandomStream random = new(seed, "sets");
        return TextData.FromRows(
            [.. Enumerable.Range(0, count).Select(i =>
            {
                int[] set = [.. Enumerable.Range(0, 3).Where(_ => random.Next(3) == 0)];
                return new TextRow(Sentence(random, set.Select(c => Words[c][random.Next(2)])), string.Join('|', set.Select(c => Topics[c])), i);
            })],
            new TextReadOptions { Target = TargetKind.Multi, LabelNames = ["delivery", "money", "quality"] });
    }

    private static TextData Ordered(int count, ulong seed) => Graded(count, seed, ["low", "middle", "high"], new TextReadOptions { Target = TargetKind.Ordinal, LabelNames = ["low", "middle", "high"] });

    private static TextData Numbers(int count, ulong seed) => Graded(count, seed, ["1000", "1100", "1300"], new TextReadOptions { Target = TargetKind.Number });

    private static TextData Graded(int count, ulong seed, string[] grades, TextReadOptions options)
    {
        RandomStream random = new(seed, "graded");
        string[][] words = [["awful", "terrible"], ["fair", "decent"], ["superb", "perfect"]];
        return TextData.FromRows(
            [.. Enumerable.Range(0, count).Select(i =>
            {
                int grade = random.Next(3);
                return new TextRow(Sentence(random, [words[grade][random.Next(2)]]), grades[grade], i);
            })], options);
    }
}
