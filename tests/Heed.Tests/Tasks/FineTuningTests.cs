using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class FineTuningTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private TextClassifierOptions Options => new()
    {
        Pretrained = folder["bert"], Baseline = false, Training = TrainingOptions.FineTuning with { EpochCount = 3, BatchSize = 16, LearningRate = 5e-3, Schedule = "constant" },
    };

    [Fact]
    public void An_encoder_of_BERTs_form_is_tuned_and_its_folder_stands_alone()
    {
        Transformer source = TinyBert.Write(folder["bert"], hasPooler: true);
        TextClassifier model = TextClassifier.Train(TinyBert.Data(300, 1), TinyBert.Data(60, 2), Options);
        model.Evaluate(TinyBert.Data(200, 3)).Accuracy.Value.ShouldBeGreaterThan(0.95);
        TransformerClassifier network = (TransformerClassifier)model.Network;
        (network.Config.Pooling, network.Config.HasPooler, network.Config.Encoder.Size).ShouldBe(("cls", true, 16));
        network.Transformer.Layers[1].Attention.NamedParameters().First().Parameter.Values.SequenceEqual(source.Layers[1].Attention.NamedParameters().First().Parameter.Values).ShouldBeFalse();
        const string text = "The story was  LOVELY, unheard!";
        TextPrediction p = model.Predict(text);
        p.Weights.Select(w => text[w.Range]).ShouldBe(["The", "story", "was", "LOVE", "LY", ",", "unheard", "!"]);
        p.Weights.Sum(w => (double)w.Weight).ShouldBeInRange(0.1, 0.999);
        model.Save(folder["model"]);
        Directory.Delete(folder["bert"], recursive: true);
        TextClassifier loaded = TextClassifier.Load(folder["model"]);
        loaded.Predict(text).Probabilities.ShouldBe(p.Probabilities);
        loaded.Predict(string.Join(' ', Enumerable.Repeat("film", 30))).CutOff.ShouldBe(8);
        Should.Throw<InvalidOperationException>(() => loaded.Encoder).Message.ShouldContain("Tokens");
        ModelPrivacy.List(folder["model"]).ShouldContain(item => item.File == "tokenizer.json" && item.Count == 27);
        // It is itself an encoder to start from, for other labels.
        TextClassifier again = TextClassifier.Train(TinyBert.Data(100, 1, "up", "down"), TinyBert.Data(60, 2, "up", "down"), Options with { Pretrained = folder["model"] });
        again.Labels.ShouldBe(["up", "down"], ignoreOrder: true);
        again.Evaluate(TinyBert.Data(200, 3, "up", "down")).Accuracy.Value.ShouldBeGreaterThan(0.95);
    }

    [Fact]
    public void Before_the_first_step_the_network_is_the_folders_with_its_pooler()
    {
        Transformer source = TinyBert.Write(folder["bert"], hasPooler: true);
        TextClassifier model = TextClassifier.Train(TinyBert.Data(20, 1), TinyBert.Data(20, 2), Options with { Training = Options.Training with { EpochCount = 1, LearningRate = 1e-12, WeightDecay = 0 } });
        TransformerClassifier network = (TransformerClassifier)model.Network;
        int[] ids = model.Tokens.EncodeIds("a good film");
        ids.ShouldBe([2, 8, 15, 6, 3]);
        Step.Evaluate(pass =>
        {
            PoolingResult pooled = network.Forward(ids, new[] { ids.Length }, pass).Pooling;
            Tensor state = source.Forward(ids, new[] { ids.Length }, pass).States;
            for (int i = 0; i < 16; i++)
                pooled.Context.Values[i].ShouldBe(state.Values[i], 1e-5f);
            return 0;
        });
        network.NamedParameters().Single(p => p.Name == "pooler.bias").Parameter.Values[15].ShouldBe(0.15f, 1e-6f);
    }

    [Fact]
    public void The_texts_of_a_pair_are_two_segments_with_places_in_the_joined_string()
    {
        TinyBert.Write(folder["bert"]);
        PretrainedEncoder tokens = PretrainedEncoder.Load(folder["bert"], 24);
        string text = TextPair.Join("a film", "the plot");
        EncodedText encoded = tokens.Encode(text);
        encoded.Ids.ShouldBe([2, 8, 6, 3, 5, 9, 3]);
        encoded.Segments.ShouldBe([0, 0, 0, 0, 1, 1, 1]);
        encoded.Tokens.Where(t => t.Length > 0).Select(t => text[t.Range]).ShouldBe(["a", "film", "the", "plot"]);
        PretrainedEncoder.Load(folder["bert"], 24, TextRedaction.Number).Encode("a 12 film").Tokens[2].ShouldBe(new Token(2, 2));
    }

    [Fact]
    public void Adapters_leave_the_encoder_as_it_was_but_for_what_they_adapt()
    {
        TinyBert.Write(folder["bert"]);
        TextClassifier.Train(TinyBert.Data(300, 1), TinyBert.Data(60, 2), Options).Save(folder["tuned"]);
        Dictionary<string, Parameter> before = ((TransformerClassifier)TextClassifier.Load(folder["tuned"]).Network).Transformer.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter);
        TextClassifier model = TextClassifier.Train(TinyBert.Data(100, 4, "up", "down"), TinyBert.Data(60, 2, "up", "down"), Options with { Pretrained = folder["tuned"], Lora = new LoraConfig { Rank = 4 } });
        model.Evaluate(TinyBert.Data(200, 3, "up", "down")).Accuracy.Value.ShouldBeGreaterThan(0.95);
        string[] changed = [.. ((TransformerClassifier)model.Network).Transformer.NamedParameters().Where(p => !p.Parameter.Values.SequenceEqual(before[p.Name].Values)).Select(p => p.Name)];
        changed.ShouldBe(["layer0.attention.q_proj.weight", "layer0.attention.v_proj.weight", "layer1.attention.q_proj.weight", "layer1.attention.v_proj.weight"]);
    }

    [Fact]
    public void A_run_with_adapters_that_is_cut_and_resumed_has_the_bits_of_one_that_was_not()
    {
        TinyBert.Write(folder["bert"]);
        TextClassifierOptions options = Options with { Lora = new LoraConfig { Rank = 2 }, Training = Options.Training with { EpochCount = 2 } };
        CheckpointOptions checkpoint = new() { Path = folder["checkpoint"], Interval = TimeSpan.Zero };
        (TextData train, TextData dev) = (TinyBert.Data(80, 1), TinyBert.Data(20, 2));
        float[] whole = Weights(TextClassifier.Train(train, dev, options));
        using CancellationTokenSource stop = new();
        TextClassifier.Train(train, dev, options with { Checkpoint = checkpoint }, new StopAfter(stop, 7), stop.Token);
        Weights(TextClassifier.Train(train, dev, options with { Checkpoint = checkpoint with { Resume = true } })).ShouldBe(whole);
    }

    [Fact]
    public void What_makes_no_sense_together_is_refused()
    {
        TinyBert.Write(folder["bert"]);
        Should.Throw<InputException>(() => TextClassifier.Load(folder["bert"])).Message.ShouldContain("is an encoder ('bert') without a head for text classification; make a classifier of it by 'heed train text --model FOLDER'");
        string Message(TextClassifierOptions options) => Should.Throw<Exception>(() => TextClassifier.Train(TinyBert.Data(20, 1), TinyBert.Data(20, 2), options)).Message;
        Message(Options with { Network = new BlstmConfig() }).ShouldContain("TransformerClassifierConfig");
        Message(Options with { Evidence = true, Baseline = true }).ShouldContain("leave Evidence out");
        Message(Options with { Vectors = "glove.txt" }).ShouldContain("leave Vectors out");
        Message(new TextClassifierOptions { Lora = new LoraConfig() }).ShouldContain("give Pretrained");
        Message(Options with { Lora = new LoraConfig { Targets = ["query"] } }).ShouldContain("has no dense layer 'query'; it has q_proj, k_proj");
        Message(Options with { Pretrained = folder["nowhere"] }).ShouldContain("no such folder");
        TextClassifier.Train(TinyBert.Data(20, 1), TinyBert.Data(20, 2), new TextClassifierOptions { Network = new BlstmConfig { HiddenSize = 4, EmbeddingSize = 4 }, Training = new TrainingOptions { EpochCount = 1 } }).Save(folder["blstm"]);
        Message(Options with { Pretrained = folder["blstm"] }).ShouldContain("is a recurrent network");
    }

    [Theory]
    [InlineData("bert", "bert.pooler.dense", "classifier", false)]
    [InlineData("roberta", "classifier.dense", "classifier.out_proj", true)]
    public void A_classifier_of_others_answers_as_it_is(string architecture, string pooler, string output, bool isMulti)
    {
        Transformer encoder = TinyBert.Write(folder["bert"]);
        string prefix = architecture + ".", config = Path.Combine(folder["bert"], "config.json");
        float[] dense = [.. Enumerable.Range(0, 256).Select(i => MathF.Sin(i))], bias = [.. Enumerable.Range(0, 16).Select(i => i * 0.01f)], last = [.. Enumerable.Range(0, 48).Select(i => MathF.Cos(i))];
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder["bert"], "model.safetensors")))
        {
            List<SafetensorsArray> arrays = [];
            foreach ((string name, SafetensorsEntry entry) in file.Entries)
            {
                float[] values = new float[entry.Shape.Aggregate(1L, (a, b) => a * b)];
                file.ReadSingle(name, values);
                arrays.Add(new SafetensorsArray(prefix + name, [.. entry.Shape.Select(n => (int)n)], values));
            }
            arrays.AddRange([new(pooler + ".weight", [16, 16], dense), new(pooler + ".bias", [16], bias), new(output + ".weight", [3, 16], last), new(output + ".bias", [3], new float[] { 0, 1, 2 })]);
            Directory.CreateDirectory(folder["theirs"]);
            SafetensorsWriter.Write(Path.Combine(folder["theirs"], "model.safetensors"), arrays);
        }
        File.Copy(Path.Combine(folder["bert"], "tokenizer.json"), Path.Combine(folder["theirs"], "tokenizer.json"));
        string json = File.ReadAllText(config).Replace("\"bert\"", $"\"{architecture}\"", StringComparison.Ordinal).Replace("BertModel", "XForSequenceClassification", StringComparison.Ordinal);
        string labels = ", \"id2label\": {\"0\": \"x\", \"1\": \"y\", \"2\": \"z\"}" + (isMulti ? ", \"problem_type\": \"multi_label_classification\"}" : "}");
        File.WriteAllText(Path.Combine(folder["theirs"], "config.json"), json[..(json.LastIndexOf('}') - 1)] + labels);
        TextClassifier model = TextClassifier.Load(folder["theirs"]);
        (model.Target, model.Baseline).ShouldBe((isMulti ? TargetKind.Multi : TargetKind.Single, null));
        model.Labels.ShouldBe(["x", "y", "z"]);
        TextPrediction p = model.Predict("a good film");
        int[] ids = model.Tokens.EncodeIds("a good film");
        double[] logits = Step.Evaluate(pass =>
        {
            // Of the two the second begins positions one place behind; the table is the same.
            float[] state = ((TransformerClassifier)model.Network).Transformer.Forward(ids, new[] { ids.Length }, pass).States.Values[..16].ToArray();
            double[] hidden = [.. Enumerable.Range(0, 16).Select(o => Math.Tanh(bias[o] + Enumerable.Range(0, 16).Sum(i => (double)dense[(o * 16) + i] * state[i])))];
            return Enumerable.Range(0, 3).Select(o => o + Enumerable.Range(0, 16).Sum(i => last[(o * 16) + i] * hidden[i])).ToArray();
        });
        double sum = logits.Sum(Math.Exp);
        for (int c = 0; c < 3; c++)
            (isMulti ? p.Evidence[c].Probability : p.Probabilities[c].Probability).ShouldBe((float)(isMulti ? 1 / (1 + Math.Exp(-logits[c])) : Math.Exp(logits[c]) / sum), 1e-4f);
        model.Save(folder["ours"]);
        TextClassifier.Load(folder["ours"]).Predict("a good film").Probabilities.ShouldBe(p.Probabilities);
        encoder.VocabularySize.ShouldBe(29);
    }

    private static float[] Weights(TextClassifier model) => [.. model.Network.NamedParameters().SelectMany(p => p.Parameter.Values.ToArray())];

    private sealed class StopAfter(CancellationTokenSource source, int steps) : ITrainingObserver
    {
        private int seen;

        public void OnStep(in TrainingProgress progress)
        {
            if (++seen == steps)
                source.Cancel();
        }
    }
}
