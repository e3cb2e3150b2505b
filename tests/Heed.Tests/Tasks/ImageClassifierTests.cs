using System.Text;
using System.Text.RegularExpressions;
using Heed.Testing;

namespace Heed.Tests.Tasks;

public sealed class ImageClassifierTests
{
    private static readonly ImageClassifierOptions Small = new()
    {
        Network = new ResNetConfig { Depths = [1, 1], Widths = [4, 8], Attention = "se" },
        Augmentation = new PictureAugmentation { CropPadding = 1 },
        Training = new ImageClassifierOptions().Training with { BatchSize = 8, EpochCount = 4, LearningRate = 0.05 },
    };

    [Fact]
    public void Learns_stripes_and_comes_back_from_its_folder_with_the_same_bits()
    {
        (PictureData train, PictureData dev, PictureData test) = Stripes(240).Split(seed: 1);
        ImageClassifier classifier = ImageClassifier.Train(train, dev, Small);
        ImageReport report = classifier.Evaluate(test);
        report.Count.ShouldBe(test.Count);
        report.Accuracy.ShouldBeGreaterThan(0.9);
        report.MacroF1.ShouldBeGreaterThan(0.9);
        report.TopFive.ShouldBe(1);
        using TemporaryFolder folder = new();
        classifier.Save(folder["model"]);
        ImageClassifier.IsIn(folder["model"]).ShouldBeTrue();
        ImageClassifier loaded = ImageClassifier.Load(folder["model"]);
        Picture picture = test.Read(0).Picture;
        ImagePrediction before = classifier.Predict(picture), after = loaded.Predict(picture);
        after.Probabilities.ShouldBe(before.Probabilities);
        after.Label.ShouldBe(test.LabelNames[test.Labels[0]]);
        loaded.Record.BestEpoch.ShouldBe(classifier.Record.BestEpoch);
        Should.Throw<InputException>(() => LanguageModel.Load(folder["model"])).Message.ShouldContain("image-classification");
        File.Delete(Path.Combine(folder["model"], "model.safetensors"));
        Should.Throw<InputException>(() => ImageClassifier.Load(folder["model"]));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_a_run_that_was_cut_goes_on_with_them()
    {
        (PictureData train, PictureData dev, _) = Stripes(40).Split(seed: 1, dev: 0.2, test: 0);
        byte[] Weights(ImageClassifier classifier)
        {
            using MemoryStream stream = new();
            classifier.Network.SaveWeights(stream);
            return stream.ToArray();
        }
        byte[] whole = Weights(ImageClassifier.Train(train, dev, Small));
        Weights(ImageClassifier.Train(train, dev, Small)).ShouldBe(whole);
        using TemporaryFolder folder = new();
        ImageClassifierOptions kept = Small with { Checkpoint = new CheckpointOptions { Path = folder["run"], Interval = TimeSpan.Zero } };
        using (CancellationTokenSource cut = new())
            ImageClassifier.Train(train, dev, kept, new Stopper(cut, after: 7), cut.Token).Record.WasCancelled.ShouldBeTrue();
        Weights(ImageClassifier.Train(train, dev, kept with { Checkpoint = kept.Checkpoint! with { Resume = true } })).ShouldBe(whole);
    }

    [Fact]
    public void Averaged_weights_have_averaged_statistics_and_a_network_is_trained_by_options_of_training_alone()
    {
        (PictureData train, PictureData dev, _) = Stripes(120).Split(seed: 1, dev: 0.2, test: 0);
        PictureNetwork Fresh()
        {
            PictureNetwork network = (Small.Network with { Channels = 1, ClassCount = 2 }).Create();
            network.Initialize(3);
            return network;
        }
        TrainingOptions training = new() { Seed = 1, Monitor = "macro-f1", EpochCount = 6, BatchSize = 8, LearningRate = 0.01 };
        training.AveragingDecay.ShouldBeGreaterThan(0);
        ImageClassifier averaged = ImageClassifier.Train(Fresh(), train, dev, training);
        averaged.Evaluate(dev).Accuracy.ShouldBeGreaterThan(0.9);
        byte[] Weights(ImageClassifier classifier)
        {
            using MemoryStream stream = new();
            classifier.Network.SaveWeights(stream);
            return stream.ToArray();
        }
        using TemporaryFolder folder = new();
        ImageClassifierOptions kept = new() { Training = training, Checkpoint = new CheckpointOptions { Path = folder["run"], Interval = TimeSpan.Zero } };
        using (CancellationTokenSource cut = new())
            ImageClassifier.Train(Fresh(), train, dev, kept, new Stopper(cut, after: 17), cut.Token).Record.WasCancelled.ShouldBeTrue();
        Weights(ImageClassifier.Train(Fresh(), train, dev, kept with { Checkpoint = kept.Checkpoint! with { Resume = true } })).ShouldBe(Weights(averaged));
        Should.Throw<ArgumentNullException>(() => ImageClassifier.Train(Fresh(), train, dev, (TrainingOptions)null!));
    }

    [Fact]
    public void A_network_with_inserted_blocks_is_trained_saved_and_loaded()
    {
        (PictureData train, PictureData dev, _) = Stripes(40).Split(seed: 1, dev: 0.2, test: 0);
        PictureNetwork network = new ResNet(new ResNetConfig { Channels = 1, ClassCount = 2, Depths = [1, 1], Widths = [4, 8] });
        network.Insert("layer*.*.bn2", channels => new SqueezeExcitation(channels, new SqueezeExcitationConfig { Squeeze = "both", StartOpen = true }));
        network.Insert("layer1", "ge");
        ImageClassifier classifier = ImageClassifier.Train(network, train, dev, Small with { Training = Small.Training with { EpochCount = 1 } });
        using TemporaryFolder folder = new();
        classifier.Save(folder["model"]);
        ImageClassifier loaded = ImageClassifier.Load(folder["model"]);
        Picture picture = train.Read(0).Picture;
        loaded.Predict(picture).Probabilities.ShouldBe(classifier.Predict(picture).Probabilities);
        ImagePrediction seen = loaded.Predict(picture, Capture.Gates);
        seen.Probabilities.ShouldBe(classifier.Predict(picture).Probabilities);
        seen.Gates.Select(g => g.Layer).ShouldBe(["layer1.0.se.gate", "se.gate", "layer2.0.se.gate"]);
        seen.Gates.ShouldAllBe(g => g.Values.Count == g.Shape.Length && g.Values.All(v => v >= 0 && v <= 1));
        loaded.Network.NamedModules().Select(m => m.Module).OfType<SqueezeExcitation>().ShouldAllBe(b => b.Config.Squeeze == "both" && b.Config.StartOpen);
        PictureCosts costs = loaded.Costs();
        costs.Blocks.Select(b => b.Name).ShouldBe(["layer1.0.se", "layer2.0.se", "se"], ignoreOrder: true);
        costs.MultiplyAdds.ShouldBeGreaterThan(costs.Blocks.Sum(b => b.MultiplyAdds));
        costs.Inserted.Select(b => (b.After, b.Block.Name)).ShouldBe([("layer1.0.bn2", "layer1.0.se"), ("layer2.0.bn2", "layer2.0.se"), ("layer1", "se")]);
        costs.ParameterCount.ShouldBe(network.ParameterCount);
        network.Insert("layer2", channels => new TripletAttention(kernel: 3));
        Should.Throw<InvalidOperationException>(() => classifier.Save(folder["other"])).Message.ShouldContain("Insert(\"layer2\", \"triplet\")");
        Directory.Exists(folder["other"]).ShouldBeFalse();
    }

    [Fact]
    public void A_trained_folder_gets_blocks_and_goes_on_training_with_those_that_it_had()
    {
        (PictureData train, PictureData dev, _) = Stripes(40).Split(seed: 1, dev: 0.2, test: 0);
        ImageClassifierOptions once = Small with { Network = new ResNetConfig { Depths = [1, 1], Widths = [4, 8] }, Training = Small.Training with { EpochCount = 1 } };
        using TemporaryFolder folder = new();
        ImageClassifier first = ImageClassifier.Train(train, dev, once with { Insertions = [new() { After = "layer*.*.bn2", Block = "eca" }] });
        first.Save(folder["first"]);
        List<string> notes = [];
        // Nothing but the new blocks learns, so that what was there before can be told.
        ImageClassifier second = ImageClassifier.Train(train, dev, once with
        {
            InitialWeights = folder["first"],
            Freeze = ["conv1", "bn1", "layer1.0.*", "layer2", "fc"],
            Insertions = [new() { After = "layer1.0.bn2", StartOpen = true }, new() { After = "conv1", Block = "gc" }],
        }, new NoteListener(notes));
        notes[0].ShouldStartWith("inserted se: 1 block after layer1.0.bn2, + 40 parameters, + 32 multiply-adds for a picture of ");
        notes[1].ShouldStartWith("inserted gc: 1 block after conv1");
        notes[2].ShouldContain("start from scratch: 'layer1.0.se2.fc1.weight'");
        Dictionary<string, Parameter> before = first.Network.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in second.Network.NamedParameters().Where(p => before.ContainsKey(p.Name)))
            parameter.Values.ToArray().ShouldBe(before[name].Values.ToArray(), name);
        second.Save(folder["second"]);
        ImageClassifier loaded = ImageClassifier.Load(folder["second"]);
        loaded.Predict(train.Read(0).Picture).Probabilities.ShouldBe(second.Predict(train.Read(0).Picture).Probabilities);
        loaded.Network.NamedModules().Where(m => m.Module is PictureAttention).Select(m => m.Name).ShouldBe(["layer1.0.se", "layer1.0.se2", "layer2.0.se", "se"], ignoreOrder: true);
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(train, dev, once with { Insertions = [new() { After = "layer*.*.bn4" }] })).Message.ShouldContain("Did you mean 'layer");
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(train, dev, once with { Insertions = [new() { After = "conv1", Block = "eca", StartOpen = true }] })).Message.ShouldContain("'eca' cannot start open, since its gates have no bias; these can: se, ese");
        // The blocks of the folder need what they follow.
        Should.Throw<InputException>(() => ImageClassifier.Train(train, dev, once with { InitialWeights = folder["first"], Network = new ResNetConfig { Depths = [1], Widths = [4] } })).Message.ShouldContain("layer2.0.bn2");
    }

    [Fact]
    public void A_new_head_on_a_trained_network_with_frozen_layers()
    {
        (PictureData train, PictureData dev, _) = Stripes(40).Split(seed: 1, dev: 0.2, test: 0);
        ImageClassifierOptions once = Small with { Network = new ResNetConfig { Depths = [1, 1], Widths = [4, 8] }, Training = Small.Training with { EpochCount = 1 } };
        using TemporaryFolder folder = new();
        ImageClassifier first = ImageClassifier.Train(train, dev, once);
        first.Save(folder["model"]);
        // The same pictures, with a class more.
        PictureData Third(PictureData data) => PictureData.FromPictures([.. Enumerable.Range(0, data.Count).Select(i => (data.Read(i).Picture, i % 5 == 0 ? "third" : data.LabelNames[data.Labels[i]]))], [.. data.LabelNames, "third"]);
        List<string> notes = [];
        ImageClassifier second = ImageClassifier.Train(Third(train), Third(dev), once with { InitialWeights = folder["model"], Freeze = ["conv1", "bn1", "layer*"], Network = once.Network with { Attention = "gc" } }, new NoteListener(notes));
        notes[0].ShouldContain("start from scratch");
        notes[0].ShouldContain("'fc.weight'");
        notes[1].ShouldContain("parameters are trained, the others frozen");
        Dictionary<string, Parameter> before = first.Network.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter, StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in second.Network.NamedParameters().Where(p => before.ContainsKey(p.Name) && !p.Name.StartsWith("fc", StringComparison.Ordinal)))
            parameter.Values.ToArray().ShouldBe(before[name].Values.ToArray(), name);
        foreach (((string name, StateBuffer buffer), (_, StateBuffer old)) in second.Network.NamedBuffers().Zip(first.Network.NamedBuffers()))
            buffer.Values.ToArray().ShouldBe(old.Values.ToArray(), name);
        Should.Throw<InputException>(() => ImageClassifier.Train(train, dev, once with { InitialWeights = folder["model"], Network = new ResNetConfig { Depths = [1, 1], Widths = [4, 6] } })).Message.ShouldContain("other shapes");
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(train, dev, once with { Freeze = ["**"] })).Message.ShouldContain("every parameter is frozen");
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(new ResNet(new ResNetConfig { ClassCount = 5 }), train, dev, once)).Message.ShouldContain("5 classes");
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        PictureData stripes = Stripes(8), others = PictureData.FromPictures([(new Picture(8, 8, 1, new byte[64]), "spots")], ["spots", "stars"]);
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(stripes, others, Small)).Message.ShouldContain("the same classes");
        Should.Throw<InputException>(() => ImageClassifier.Train(stripes, stripes.Select([]), Small)).Message.ShouldContain("0 dev pictures");
        Should.Throw<ArgumentException>(() => ImageClassifier.Train(stripes, stripes, Small with { Network = new ResNetConfig { Stem = "tall" } })).Message.ShouldContain("small, large");
    }

    [Theory]
    [InlineData("mobilenetv3-small")]
    [InlineData("vit-32")]
    public void Other_families_come_back_from_their_folders_with_the_same_bits(string name)
    {
        (PictureData train, PictureData dev, _) = Stripes(24).Split(seed: 1, dev: 0.2, test: 0);
        PictureNetworkConfig network = PictureNetworkConfig.Named(name);
        if (network is VisionTransformerConfig vision)
            network = vision with { Encoder = vision.Encoder with { LayerCount = 1, Size = 12 } };
        ImageClassifier classifier = ImageClassifier.Train(train, dev, Small with { Network = network, Training = Small.Training with { EpochCount = 1 } });
        using TemporaryFolder folder = new();
        classifier.Save(folder["model"]);
        ImageClassifier loaded = ImageClassifier.Load(folder["model"]);
        loaded.Network.Config.Describe().ShouldBe(classifier.Network.Config.Describe());
        loaded.Predict(dev.Read(0).Picture).Probabilities.ShouldBe(classifier.Predict(dev.Read(0).Picture).Probabilities);
    }

    [Fact]
    public void Figures_by_hand_of_seven_classes()
    {
        // Whatever it sees it says the same: the fifth class is the sixth in its order, the first one the last.
        float[] logits = [0.1f, 0.6f, 0.3f, 0.7f, 0.2f, 0.5f, 0.4f];
        ResNet network = new(Small.Network is ResNetConfig small ? small with { Channels = 1, ClassCount = 7 } : throw new InvalidOperationException());
        network.Initialize(1);
        foreach ((string name, Parameter parameter) in network.NamedParameters().Where(p => p.Name.StartsWith("fc.", StringComparison.Ordinal)))
            parameter.Assign(name == "fc.bias" ? logits : new float[parameter.Values.Length]);
        int[] labels = [0, 0, 4, 2, 2, 3, 1, 5, 6];
        PictureData data = PictureData.FromPictures(labels.Select(label => (new Picture(8, 8, 1, new byte[64]), FormattableString.Invariant($"{label}"))));
        ImageReport report = ImageClassifierTask.Measure(network, new PictureBatches(data, new PictureBatchOptions { Height = 8, Width = 8, Channels = 1, BatchSize = 4 }));
        report.Count.ShouldBe(9);
        report.TopFive.ShouldBe(6.0 / 9, 1e-12);
        report.Accuracy.ShouldBe(1.0 / 9, 1e-12);
        // Of the class that is always said precision is 1/9 and recall 1.
        report.MacroF1.ShouldBe(2.0 / (9 + 1) / 7, 1e-12);
        report.Loss.ShouldBe(Math.Log(logits.Sum(v => Math.Exp(v))) - labels.Average(label => (double)logits[label]), 1e-6);
    }

    [Fact]
    public void Training_starts_from_weights_with_a_new_head_where_classes_differ()
    {
        (PictureData train, PictureData dev, _) = Stripes(24).Split(seed: 1, dev: 0.2, test: 0);
        using TemporaryFolder folder = new();
        ImageClassifierOptions brief = Small with { Training = Small.Training with { EpochCount = 1, LearningRate = 1e-30, WeightDecay = 0 } };
        PictureNetwork start = (Small.Network with { Channels = 1, ClassCount = 7 }).Create();
        start.Initialize(9);
        start.Save(folder["w.safetensors"]);
        Listener listener = new();
        ImageClassifier classifier = ImageClassifier.Train(train, dev, brief with { InitialWeights = folder["w.safetensors"] }, listener);
        listener.Notes.ShouldContain("2 start from scratch: 'fc.weight', 'fc.bias'");
        classifier.Network.NamedParameters().First().Parameter.Values.ToArray().ShouldBe(start.NamedParameters().First().Parameter.Values.ToArray(), 1e-6);
        classifier.Save(folder["model"]);
        ImageClassifier.Train(train, dev, brief with { InitialWeights = folder["model"] }, listener);
        listener.Notes.ShouldNotContain("scratch");
        (Small.Network with { Channels = 3 }).Create().Save(folder["rgb.safetensors"]);
        Should.Throw<InputException>(() => ImageClassifier.Train(train, dev, brief with { InitialWeights = folder["rgb.safetensors"] })).Message.ShouldContain("1 weight has another shape ('conv1.weight': ");
        PictureNetworkConfig.Named("mobilenetv3-small").Create().Save(folder["mobile.safetensors"]);
        Should.Throw<InputException>(() => ImageClassifier.Train(train, dev, brief with { InitialWeights = folder["mobile.safetensors"] })).Message.ShouldContain("weights are missing (conv1.weight, ");
        Should.Throw<InputException>(() => ImageClassifier.Train(train, dev, brief with { InitialWeights = folder["nothing"] }));
    }

    [Fact]
    public void A_folder_of_a_residual_network_is_written_as_before_there_were_others_and_other_kinds_are_refused()
    {
        (PictureData train, PictureData dev, _) = Stripes(40).Split(seed: 1, dev: 0.2, test: 0);
        using TemporaryFolder folder = new();
        ImageClassifier trained = ImageClassifier.Train(train, dev, Small with { Training = Small.Training with { EpochCount = 1 } });
        trained.Save(folder["model"]);
        string path = Path.Combine(folder["model"], "config.json"), json = File.ReadAllText(path);
        json.ShouldContain("\"model\": \"resnet\",");
        json.ShouldContain("\"network\": {\n    \"channels\": 1,\n    \"classCount\": 2,\n    \"stem\": \"small\",");
        void Rewrite(string config) => ModelFolder.Write(folder["other"], Directory.GetFiles(folder["model"]).Where(file => !file.EndsWith("manifest.json", StringComparison.Ordinal)).ToDictionary(
            file => Path.GetFileName(file), file => (Action<Stream>)(stream => stream.Write(file == path ? Encoding.UTF8.GetBytes(config) : File.ReadAllBytes(file))), StringComparer.Ordinal));
        void Refused(string was, string becomes, string message)
        {
            Rewrite(json.Replace(was, becomes, StringComparison.Ordinal));
            Should.Throw<InputException>(() => ImageClassifier.Load(folder["other"])).Message.ShouldContain(message);
        }
        Refused("\"network\": {", "\"network\": {\n    \"model\": \"abacus\",", "there is no network of the kind 'abacus'");
        Refused("\"model\": \"resnet\"", "\"model\": \"abacus\"", "abacus");
        Refused("\"channels\": 1", "\"channels\": 0", "at least 1");

        // Fields that came later: a folder without them means what there was before.
        string earlier = Regex.Replace(json, ",\\s*\"(placement|convolution|reductionDivisor|stemWidth|isPreActivated)\": (\"\\w+\"|0|false)", "");
        earlier.Length.ShouldBeLessThan(json.Length - 100);
        Rewrite(earlier);
        ImageClassifier.Load(folder["other"]).Predict(dev.Read(0).Picture).Probabilities.ShouldBe(trained.Predict(dev.Read(0).Picture).Probabilities);
    }

    // Grey pictures with stripes along or across, at random places and with noise.
    private static PictureData Stripes(int count)
    {
        RandomStream random = new(5, "stripes");
        return PictureData.FromPictures(Enumerable.Range(0, count).Select(n =>
        {
            int start = random.Next(2);
            byte[] samples = new byte[64];
            for (int i = 0; i < samples.Length; i++)
                samples[i] = (byte)(((((n % 2 == 0 ? i / 8 : i % 8) + start) % 2) * 150) + random.Next(100));
            return (new Picture(8, 8, 1, samples), n % 2 == 0 ? "along" : "down");
        }));
    }

    private sealed class Listener : ITrainingObserver
    {
        public string Notes { get; private set; } = "";

        public void OnStart(TrainingStart start) => Notes = string.Join("; ", start.Notes);
    }

    private sealed class Stopper(CancellationTokenSource cut, int after) : ITrainingObserver
    {
        private int steps;

        public void OnStep(in TrainingProgress progress)
        {
            if (++steps == after)
                cut.Cancel();
        }
    }

    private sealed class NoteListener(List<string> notes) : ITrainingObserver
    {
        public void OnStart(TrainingStart start) => notes.AddRange(start.Notes);
    }
}
