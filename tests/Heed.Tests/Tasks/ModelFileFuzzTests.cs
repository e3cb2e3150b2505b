using System.Security.Cryptography;
using System.Text;
using Heed.Testing;
using Heed.Tests.Formats;
using Heed.Tests.Models;

namespace Heed.Tests.Tasks;

/// <summary>Whatever the JSON files of a model, a checkpoint or a trace hold (and a manifest vouches for), they are read or refused with one <see cref="InputException"/>, in memory in proportion to the folder.</summary>
public sealed class ModelFileFuzzTests : IDisposable
{
    private static readonly TransformerConfig small = new() { Size = 8, HeadCount = 2, LayerCount = 1, InnerSize = 8, MaximumLength = 16, Dropout = 0 };
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("training.json")]
    public void Language_models(string file)
    {
        string text = string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40));
        LanguageModelOptions options = new() { Network = small with { Position = "rope" }, StepCount = 2, EvaluationInterval = 1 };
        LanguageModel.Train(text, options with { Training = options.Training with { BatchSize = 2 } }).Save(folder["model"]);
        Fuzz(file, path => LanguageModel.Load(path).Generate("the ", new GenerationOptions { MaximumTokens = 2 }).Count().ShouldBeInRange(0, 2));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("training.json")]
    public void Masked_language_models(string file)
    {
        string text = string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 40));
        MaskedLanguageModelOptions options = new() { Network = new MaskedLanguageModelOptions().Network with { Size = 8, HeadCount = 2, LayerCount = 1, InnerSize = 8, MaximumLength = 16 }, StepCount = 2, EvaluationInterval = 1, Tokens = "characters" };
        MaskedLanguageModel.Train(text, options).Save(folder["model"]);
        Fuzz(file, path => MaskedLanguageModel.Load(path));
    }

    [Theory]
    [InlineData("transformer", "config.json")]
    [InlineData("transformer", "source-tokenizer.json")]
    [InlineData("transformer", "training.json")]
    [InlineData("recurrent", "config.json")]
    [InlineData("recurrent", "target-tokenizer.json")]
    public void Translators(string kind, string file)
    {
        PairData data = PairData.FromPairs(Enumerable.Repeat(("one two", "zwei eins"), 8));
        SequenceToSequenceConfig network = kind == "recurrent" ? new EncoderDecoderConfig { EmbeddingSize = 8, HiddenSize = 8, AttentionSize = 8 } : new TransformerEncoderDecoderConfig { Stack = small with { Position = "sinusoidal" }, SharesEmbeddings = false };
        Translator.Train(data, data, new TranslatorOptions { Network = network, SourceTokens = new TextEncoderOptions(), TargetTokens = new TextEncoderOptions(), MaximumLength = 6, Training = new TrainingOptions { EpochCount = 1, BatchSize = 8 } })
            .Save(folder["model"]);
        Fuzz(file, path => Translator.Load(path));
    }

    [Fact]
    public void Checkpoints_of_training_runs()
    {
        Linear model = new(2, 2);
        model.Initialize(1);
        Checkpoint checkpoint = new(new CheckpointOptions { Path = folder["model"], Resume = true }, "run");
        checkpoint.Write(new TrainerState { Epoch = 3, Step = 2, StepCount = 9, KeptEpochs = [1, 2], Epochs = [new EpochReport(1, 0.5, 0.6, 0.7, 0.8, true, TimeSpan.FromSeconds(1))] }, model, [("a", new float[3])]);
        Fuzz("state.json", _ =>
        {
            TrainerState state = checkpoint.Read(model, _ => [("a", new float[3])])!;
            (state.Epoch > 0 && state.Step >= 0 && state.Epochs.All(e => e is not null)).ShouldBeTrue();
        });
    }

    [Fact]
    public void Traces()
    {
        Transformer model = new(small, 11);
        model.Initialize(1);
        int[] ids = [1, 4, 2, 3, 5];
        AttentionTrace.Write(folder["model"], model, pass => model.Forward(ids, SequenceRanges.Full(1, ids.Length), pass).States, new() { Tokens = ["a", "b", "c", "d", "e"], Rows = [0, 2, 4] });
        Fuzz("trace.json", path =>
        {
            using AttentionTrace trace = AttentionTrace.Open(path);
            for (int layer = 0; layer < trace.Layers.Count; layer++)
            {
                foreach (int head in trace.Layers[layer].Heads)
                    trace.Read(layer, head, trace.Layers[layer].LevelCount - 1);
            }
        });
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    [InlineData("distilbert")]
    public void Configurations_of_others_encoders(string form)
    {
        Golden g = Golden.Load("transformer_" + form);
        Directory.CreateDirectory(folder["model"]);
        CheckpointFolder.Write(folder["model"], g.Metadata["config"], CheckpointFolder.Tensors(g));
        Fuzz("config.json", path =>
        {
            PretrainedTransformer.Describe(path);
            PretrainedTransformer.LoadEncoder(path);
        });
    }

    // Mutations, and the file cut off every few bytes.
    private void Fuzz(string file, Action<string> load)
    {
        string path = folder["model"];
        byte[] whole = File.ReadAllBytes(Path.Combine(path, file));
        long size = Directory.EnumerateFiles(path).Sum(f => new FileInfo(f).Length);
        RandomStream random = new(20261201, file);
        Survives(path, load, size, "whole").ShouldBeTrue();
        int read = 0, refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] mutated = JsonMutation.Of(whole, random);
            Replace(path, file, mutated);
            bool isRead = Survives(path, load, size + mutated.Length, FormattableString.Invariant($"{file}, round {round}: {Encoding.UTF8.GetString(mutated)}"));
            read += isRead ? 1 : 0;
            refused += isRead ? 0 : 1;
        }
        read.ShouldBeGreaterThan(5, "mutations that always break the file test little");
        refused.ShouldBeGreaterThan(20);
        int end = Encoding.UTF8.GetString(whole).TrimEnd().Length - 1;
        for (int length = 0; length < end; length += 1 + (end / 50))
        {
            Replace(path, file, whole[..length]);
            Survives(path, load, size, FormattableString.Invariant($"{file} cut at {length}")).ShouldBeFalse();
        }
    }

    // A manifest that vouches for the change, where there is one: what is tested is the reader behind it.
    private static void Replace(string path, string file, byte[] content)
    {
        File.WriteAllBytes(Path.Combine(path, file), content);
        if (!File.Exists(Path.Combine(path, ModelManifest.FileName)))
            return;
        ModelManifest manifest = ModelManifest.Read(path);
        Dictionary<string, ModelFile> files = new(manifest.Files, StringComparer.Ordinal) { [file] = new ModelFile(content.Length, Convert.ToHexStringLower(SHA256.HashData(content))) };
        File.WriteAllBytes(Path.Combine(path, ModelManifest.FileName), (manifest with { Files = files }).ToJson());
    }

    private static bool Survives(string path, Action<string> load, long size, string context)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isRead = true;
        try
        {
            load(path);
        }
        catch (InputException e)
        {
            isRead = false;
            e.Message.Length.ShouldBeLessThan(2000, context);
            e.Message.ShouldNotContain("\n", Case.Sensitive, context);
        }
        catch (Exception e) when (e is not ShouldAssertException)
        {
            throw new InvalidOperationException($"{context}: {e.GetType().Name} {e.Message}", e);
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((8L << 20) + (100 * size), context);
        return isRead;
    }
}
