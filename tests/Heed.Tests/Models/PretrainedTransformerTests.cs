using System.Text.Json.Nodes;
using Heed.Testing;

namespace Heed.Tests.Models;

/// <summary>Folders of others: every precision, whole and in several files, good and bad.</summary>
public class PretrainedTransformerTests
{
    public static TheoryData<string> Names => ["bert", "roberta", "distilbert", "gpt2", "llama"];

    public static TheoryData<string, SafetensorsType, int> Forms
    {
        get
        {
            TheoryData<string, SafetensorsType, int> forms = [];
            foreach (string name in (string[])["bert", "roberta", "distilbert", "gpt2", "llama"])
            {
                foreach (SafetensorsType type in (SafetensorsType[])[SafetensorsType.F32, SafetensorsType.F16, SafetensorsType.BF16])
                {
                    forms.Add(name, type, 1);
                    forms.Add(name, type, 3);
                }
            }
            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_is_loaded_is_saved_under_the_same_names(string name, SafetensorsType type, int files)
    {
        Golden g = Golden.Load("transformer_" + name);
        using TemporaryFolder folder = new(), other = new();
        List<SafetensorsArray> tensors = CheckpointFolder.Tensors(g);
        CheckpointFolder.Write(folder.Path, g.Metadata["config"], tensors, type, files);
        File.WriteAllText(folder["vocab.txt"], "words");
        Save(folder.Path, other.Path);
        using SafetensorsFile saved = SafetensorsFile.Open(other["model.safetensors"]);
        saved.Entries.Keys.Order(StringComparer.Ordinal).ShouldBe(tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
        foreach (SafetensorsArray tensor in tensors)
        {
            saved.Entries[tensor.Name].Shape.ShouldBe(tensor.Shape.Select(n => (long)n), tensor.Name);
            float[] values = new float[tensor.Values.Length];
            saved.ReadSingle(tensor.Name, values);
            values.ShouldBe(tensor.Values.ToArray().Select(v => CheckpointFolder.Rounded(v, type)), tensor.Name);
        }
        JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllText(other["config.json"])), JsonNode.Parse(g.Metadata["config"])).ShouldBeTrue();
        File.ReadAllText(other["vocab.txt"]).ShouldBe("words");
        // Over what was read, while it is in use.
        Save(other.Path, other.Path);
        PretrainedFacts facts = PretrainedTransformer.Describe(other.Path);
        facts.ParameterCount.ShouldBe(tensors.Sum(t => t.Values.Length));
        facts.FileBytes.ShouldBe(facts.MemoryBytes);
        facts.Types.ShouldBe([SafetensorsType.F32]);
        facts.ContextLength.ShouldBe(name switch { "roberta" => 14, "llama" => 64, _ => 16 });
        facts.Architecture.ShouldBe(name);
        PretrainedTransformer.Describe(folder.Path).FileCount.ShouldBe(files);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_without_the_prefix_of_the_stack_load_and_stay(string name)
    {
        Golden g = Golden.Load("transformer_" + name);
        string prefix = name switch { "gpt2" => "transformer.", "llama" => "model.", _ => name + "." };
        using TemporaryFolder folder = new(), bare = new();
        List<SafetensorsArray> tensors = CheckpointFolder.Tensors(g);
        CheckpointFolder.Write(folder.Path, g.Metadata["config"], tensors);
        CheckpointFolder.Write(bare.Path, g.Metadata["config"], [.. tensors.Select(t => t with { Name = t.Name.StartsWith(prefix, StringComparison.Ordinal) ? t.Name[prefix.Length..] : t.Name })]);
        Output(bare.Path).ShouldBe(Output(folder.Path));
        Save(bare.Path, bare.Path).Loaded.ShouldNotContain(n => n.StartsWith(prefix, StringComparison.Ordinal));
    }

    [Fact]
    public void Heads_and_constants_are_reported_as_of_no_use_and_other_names_as_unexpected()
    {
        Golden g = Golden.Load("transformer_bert");
        using TemporaryFolder folder = new();
        List<SafetensorsArray> tensors = CheckpointFolder.Tensors(g);
        string[] more = ["cls.predictions.bias", "bert.pooler.dense.weight", "bert.embeddings.position_ids", "bert.encoder.layer.0.attention.other.weight"];
        CheckpointFolder.Write(folder.Path, g.Metadata["config"], [.. tensors, .. more.Select(n => new SafetensorsArray(n, [1], new float[1]))]);
        WeightReport report = PretrainedTransformer.LoadEncoder(folder.Path).Report;
        report.Unused.ShouldBe(more[..3], ignoreOrder: true);
        report.Unexpected.ShouldBe(more[3..]);
    }

    [Fact]
    public void Constants_of_decoders_are_of_no_use()
    {
        Golden gpt2 = Golden.Load("transformer_gpt2"), llama = Golden.Load("transformer_llama");
        using TemporaryFolder folder = new();
        CheckpointFolder.Write(folder.Path, gpt2.Metadata["config"], [.. CheckpointFolder.Tensors(gpt2), new("transformer.h.1.attn.bias", [1], new float[1]), new("lm_head.weight", [11, 8], new float[88])]);
        WeightReport report = PretrainedTransformer.LoadLanguageModel(folder.Path).Report;
        (report.Unused.Count, report.Unexpected.Count).ShouldBe((2, 0));
        CheckpointFolder.Write(folder.Path, llama.Metadata["config"], [.. CheckpointFolder.Tensors(llama), new("model.layers.0.self_attn.rotary_emb.inv_freq", [2], new float[2])]);
        report = PretrainedTransformer.LoadLanguageModel(folder.Path).Report;
        (report.Unused.Count, report.Unexpected.Count).ShouldBe((1, 0));
    }

    [Fact]
    public void Old_names_of_normalisations_and_either_name_of_a_tied_table_load()
    {
        Golden bert = Golden.Load("transformer_bert"), gpt2 = Golden.Load("transformer_gpt2");
        using TemporaryFolder old = new(), renamed = new(), whole = new();
        CheckpointFolder.Write(old.Path, bert.Metadata["config"], [.. CheckpointFolder.Tensors(bert).Select(t => t with
        {
            Name = t.Name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal),
        })]);
        CheckpointFolder.Write(whole.Path, bert.Metadata["config"], CheckpointFolder.Tensors(bert));
        Output(old.Path).ShouldBe(Output(whole.Path));
        CheckpointFolder.Write(renamed.Path, gpt2.Metadata["config"], [.. CheckpointFolder.Tensors(gpt2).Select(t => t with { Name = t.Name == "transformer.wte.weight" ? "lm_head.weight" : t.Name })]);
        CheckpointFolder.Write(whole.Path, gpt2.Metadata["config"], CheckpointFolder.Tensors(gpt2));
        Output(renamed.Path).ShouldBe(Output(whole.Path));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Mapped_and_copied_weights_give_the_same_bits_and_train_without_touching_the_file(string name)
    {
        Golden g = Golden.Load("transformer_" + name);
        using TemporaryFolder folder = new();
        CheckpointFolder.Write(folder.Path, g.Metadata["config"], CheckpointFolder.Tensors(g));
        byte[] bytes = File.ReadAllBytes(folder["model.safetensors"]);
        Output(folder.Path, isMapped: true).ShouldBe(Output(folder.Path, isMapped: false));
        if (name == "llama")
        {
            TransformerLanguageModel model = PretrainedTransformer.LoadLanguageModel(folder.Path).Model;
            Sgd optimizer = new([.. model.NamedParameters().Select(p => p.Parameter)]);
            float Loss(int step) => Step.Train(new RandomStream(1, "train"), step, pass => model.Loss(new[] { 1, 2, 3, 4, 5 }, new SequenceRanges(new[] { 5 }), pass));
            float first = Loss(0);
            optimizer.Step(0.01, 1);
            Loss(1).ShouldBeLessThan(first);
        }
        File.ReadAllBytes(folder["model.safetensors"]).ShouldBe(bytes);
    }

    [Theory]
    [InlineData("bert", "hidden_act", "\"tanh\"", "'hidden_act': 'tanh' is not supported; supported are gelu")]
    [InlineData("bert", "model_type", "\"t5\"", "'t5' are not supported; supported are bert, roberta, xlm-roberta, distilbert, gpt2, llama")]
    [InlineData("bert", "model_type", "\"brt\"", "Did you mean 'bert'?")]
    [InlineData("bert", "model_type", "null", "'model_type' is missing")]
    [InlineData("bert", "is_decoder", "true", "'is_decoder': true is not supported")]
    [InlineData("bert", "position_embedding_type", "\"relative_key\"", "'position_embedding_type': 'relative_key' is not supported")]
    [InlineData("bert", "quantization_config", "{}", "quantised checkpoints are not supported")]
    [InlineData("bert", "hidden_size", "null", "'hidden_size' is missing")]
    [InlineData("bert", "hidden_size", "-1", "'hidden_size' must be a whole number in 1 … 16777216, got -1")]
    [InlineData("bert", "hidden_size", "8.5", "'hidden_size' must be a whole number")]
    [InlineData("bert", "hidden_size", "\"8\"", "'hidden_size' must be a whole number")]
    [InlineData("bert", "hidden_size", "1048576", "more weights than")]
    [InlineData("bert", "hidden_size", "7", "2 heads do not divide 7 features")]
    [InlineData("bert", "num_hidden_layers", "16777216", "more weights than")]
    [InlineData("bert", "num_hidden_layers", "1", "")]
    [InlineData("bert", "num_hidden_layers", "3", "16 weights are missing (bert.encoder.layer.2.attention.self.query.weight, ")]
    [InlineData("bert", "vocab_size", "16777216", "more weights than")]
    [InlineData("bert", "vocab_size", "12", "'bert.embeddings.word_embeddings.weight': the file has (11, 8), the model (12, 8)")]
    [InlineData("bert", "layer_norm_eps", "1e999", "'layer_norm_eps' must be a number in")]
    [InlineData("bert", "layer_norm_eps", "0", "'layer_norm_eps' must be a number in")]
    [InlineData("roberta", "max_position_embeddings", "2", "positions begin at 2")]
    [InlineData("gpt2", "scale_attn_weights", "false", "'scale_attn_weights': false is not supported")]
    [InlineData("gpt2", "add_cross_attention", "1", "'add_cross_attention' must be true or false")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8}", "'rope_type': 'llama3' is not supported; supported are default, linear")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"linear\"}", "'factor' of the linear rope scaling is missing")]
    [InlineData("llama", "rope_scaling", "2", "'rope_scaling' must be an object")]
    [InlineData("llama", "rope_theta", "0", "'rope_theta' must be a number in")]
    [InlineData("llama", "num_key_value_heads", "3", "3 key/value heads do not divide 4 query heads")]
    [InlineData("llama", "tie_word_embeddings", "\"no\"", "'tie_word_embeddings' must be true or false")]
    [InlineData("llama", "partial_rotary_factor", "0.5", "only 1 is supported")]
    public void What_is_not_supported_is_refused_by_name(string name, string field, string value, string message)
    {
        Golden g = Golden.Load("transformer_" + name);
        using TemporaryFolder folder = new();
        JsonObject config = JsonNode.Parse(g.Metadata["config"])!.AsObject();
        config[field] = JsonNode.Parse(value.Replace("1e999", "0", StringComparison.Ordinal));
        string text = value == "1e999" ? config.ToJsonString().Replace($"\"{field}\":0", $"\"{field}\":1e999", StringComparison.Ordinal) : config.ToJsonString();
        CheckpointFolder.Write(folder.Path, text, CheckpointFolder.Tensors(g));
        if (message.Length == 0)
        {
            PretrainedTransformer.LoadEncoder(folder.Path).Report.Unexpected.Count.ShouldBe(16);
            return;
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<InputException>(() => Output(folder.Path)).Message.ShouldContain(message);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4 << 20);
    }

    [Theory]
    [InlineData("{\"type\":\"default\"}", 1)]
    [InlineData("{\"rope_type\":\"linear\",\"factor\":4.0}", 4)]
    [InlineData("null", 1)]
    public void Rope_scaling_has_two_names_for_its_kind(string scaling, double factor)
    {
        Golden g = Golden.Load("transformer_llama");
        using TemporaryFolder folder = new();
        JsonObject config = JsonNode.Parse(g.Metadata["config"])!.AsObject();
        config["rope_scaling"] = JsonNode.Parse(scaling);
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        PretrainedConfig.Read(folder.Path).Transformer.RopeFactor.ShouldBe(factor);
        config["rope_parameters"] = JsonNode.Parse("{\"rope_type\":\"linear\",\"factor\":3,\"rope_theta\":700}");
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        (PretrainedConfig.Read(folder.Path).Transformer.RopeFactor, PretrainedConfig.Read(folder.Path).Transformer.RopeBase).ShouldBe((3, 700));
    }

    [Fact]
    public void The_wrong_door_and_a_wrong_folder_are_said()
    {
        Golden bert = Golden.Load("transformer_bert"), gpt2 = Golden.Load("transformer_gpt2");
        using TemporaryFolder folder = new();
        Should.Throw<InputException>(() => PretrainedTransformer.LoadEncoder(folder.Path)).Message.ShouldContain("config.json");
        Should.Throw<InputException>(() => PretrainedTransformer.LoadEncoder(folder["no"])).Message.ShouldContain("config.json");
        CheckpointFolder.Write(folder.Path, gpt2.Metadata["config"], CheckpointFolder.Tensors(gpt2));
        Should.Throw<InputException>(() => PretrainedTransformer.LoadEncoder(folder.Path)).Message.ShouldContain("LoadLanguageModel");
        CheckpointFolder.Write(folder.Path, bert.Metadata["config"], CheckpointFolder.Tensors(bert));
        Should.Throw<InputException>(() => PretrainedTransformer.LoadLanguageModel(folder.Path)).Message.ShouldContain("LoadEncoder");
        File.WriteAllBytes(folder["model.safetensors"], CheckpointFolder.Bytes(CheckpointFolder.Tensors(bert), SafetensorsType.I32));
        Should.Throw<InputException>(() => PretrainedTransformer.LoadEncoder(folder.Path)).Message.ShouldContain("cannot be read as float32");
        File.Delete(folder["model.safetensors"]);
        Should.Throw<InputException>(() => PretrainedTransformer.LoadEncoder(folder.Path)).Message.ShouldContain("neither model.safetensors nor model.safetensors.index.json");
        File.WriteAllBytes(folder["pytorch_model.bin"], [0x80, 2]);
        Should.Throw<InputException>(() => PretrainedTransformer.LoadEncoder(folder.Path)).Message.ShouldMatch("pytorch_model.bin: pickled weights are not read.*save_file");
        Should.Throw<InputException>(() => SafetensorsShards.Open(folder["pytorch_model.bin"])).Message.ShouldContain("pickled weights");
    }

    public static TheoryData<string, byte[]> Pickles => new()
    {
        { "protocol 2", [0x80, 2, 0x7D, 0x71, 0, 0x2E] },
        { "protocol 4 with a frame", [0x80, 4, 0x95, 3, 0, 0, 0, 0, 0, 0, 0, 0x7D, 0x2E] },
        { "torch's archive", [.. "PK\u0003\u0004"u8, .. new byte[26], .. "archive/data.pkl"u8, .. new byte[64]] },
        { "an archive with the pickle behind much else", [.. "PK\u0003\u0004"u8, .. new byte[200_000], .. "archive/data.pkl"u8] },
    };

    [Theory]
    [MemberData(nameof(Pickles))]
    public void Pickled_weights_are_known_by_their_content_whatever_reads_them(string kind, byte[] content)
    {
        using TemporaryFolder folder = new();
        string path = folder["lstm.weights"];
        File.WriteAllBytes(path, content);
        foreach (Action read in new Action[] { () => new Linear(2, 2).LoadWeights(path), () => SafetensorsShards.Open(path), () => SafetensorsFile.Open(path), () => PretrainedTokenizer.Load(path), () => LanguageModel.Load(path) })
            Should.Throw<InputException>(read).Message.ShouldMatch("lstm.weights: pickled weights are not read.*save_file", kind);
    }

    [Fact]
    public void A_header_whose_length_begins_as_a_pickle_does_is_read()
    {
        using TemporaryFolder folder = new();
        // 0x280 = 640 bytes: 80 02 00 …
        string header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".PadRight(640);
        File.WriteAllBytes(folder["a.safetensors"], [0x80, 2, 0, 0, 0, 0, 0, 0, .. System.Text.Encoding.UTF8.GetBytes(header), 0, 0, 0, 0]);
        using SafetensorsFile file = SafetensorsFile.Open(folder["a.safetensors"]);
        file.Entries.Keys.ShouldBe(["a"]);
    }

    [Theory]
    [InlineData("{\"weight_map\":{\"a\":\"../model.safetensors\"}}", "'../model.safetensors' is no safetensors file of this folder")]
    [InlineData("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "is no safetensors file of this folder")]
    [InlineData("{\"weight_map\":{\"a\":\"..\\\\x.safetensors\"}}", "is no safetensors file of this folder")]
    [InlineData("{\"weight_map\":{\"a\":\"config.json\"}}", "is no safetensors file of this folder")]
    [InlineData("{\"weight_map\":{\"a\":\"gone.safetensors\"}}", "'gone.safetensors' is missing")]
    [InlineData("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"1.safetensors\"}}", "'b' is not in 1.safetensors")]
    [InlineData("{\"weight_map\":{\"a\":\"2.safetensors\",\"c\":\"1.safetensors\"}}", "is in 1.safetensors, too")]
    [InlineData("{\"weight_map\":{\"a\":1}}", "cannot be read")]
    [InlineData("{\"weight_map\":{}}", "'weight_map' is empty")]
    [InlineData("{\"weight_map\":[]}", "'weight_map' must be an object")]
    [InlineData("[]", "cannot be read")]
    [InlineData("{}", "'weight_map' must be an object")]
    [InlineData("{\"weight_map\":", "cannot be read")]
    public void A_faulty_index_is_refused(string index, string message)
    {
        using TemporaryFolder folder = new();
        SafetensorsWriter.Write(folder["1.safetensors"], [new("a", [1], new float[1])]);
        SafetensorsWriter.Write(folder["2.safetensors"], [new("a", [1], new float[1])]);
        File.WriteAllText(folder["model.safetensors.index.json"], index);
        Should.Throw<InputException>(() => SafetensorsShards.Open(folder.Path)).Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    [InlineData("model-00002-of-00003.safetensors")]
    public void Mutated_folders_raise_nothing_but_InputException(string file)
    {
        RandomStream random = new(20261129, file);
        int loaded = 0, refused = 0;
        foreach (string name in (string[])["bert", "gpt2", "llama"])
        {
            Golden g = Golden.Load("transformer_" + name);
            using TemporaryFolder folder = new();
            CheckpointFolder.Write(folder.Path, g.Metadata["config"], CheckpointFolder.Tensors(g), files: file.Contains("index", StringComparison.Ordinal) || file.Contains("-of-", StringComparison.Ordinal) ? 3 : 1);
            byte[] whole = File.ReadAllBytes(folder[file]);
            for (int run = 0; run < 250; run++)
            {
                byte[] mutant = (byte[])whole.Clone();
                for (int edits = 1 + random.Next(3); edits > 0; edits--)
                {
                    int at = random.Next(random.Next(2) == 0 ? Math.Min(mutant.Length, 2000) : mutant.Length);
                    mutant[at] = random.Next(3) == 0 ? (byte)random.Next(256) : "0123456789{}[]\",:.-e"u8[random.Next(20)];
                }
                File.WriteAllBytes(folder[file], random.Next(10) == 0 ? mutant[..random.Next(mutant.Length)] : mutant);
                try
                {
                    PretrainedTransformer.Describe(folder.Path);
                    Output(folder.Path);
                    loaded++;
                }
                catch (InputException)
                {
                    refused++;
                }
            }
        }
        loaded.ShouldBeGreaterThan(5, "mutations that always break the file test little");
        refused.ShouldBeGreaterThan(20);
    }

    public static TheoryData<string> Ours => ["bert", "roberta", "gpt2", "llama"];

    [Theory]
    [MemberData(nameof(Ours))]
    public void Models_of_ours_are_written_in_their_form_and_read_again(string name)
    {
        TransformerConfig shape = new() { Size = 8, LayerCount = 2, HeadCount = 4, MaximumLength = 16, Dropout = 0.2 };
        shape = name switch
        {
            "bert" => shape with { IsPreNorm = false, NormalizesEmbedding = true, SegmentCount = 2, Activation = "relu" },
            "roberta" => shape with { IsPreNorm = false, NormalizesEmbedding = true, SegmentCount = 1, FirstPosition = 2 },
            "gpt2" => shape with { IsCausal = true, Activation = "gelu-tanh", InnerSize = 12, EmbeddingDropout = 0.3 },
            _ => shape with { IsCausal = true, Norm = "rms", Position = "rope", RopeFactor = 2, Activation = "swiglu", HasBias = false, KeyValueHeadCount = 2 },
        };
        using TemporaryFolder folder = new();
        float[] before;
        if (shape.IsCausal)
        {
            TransformerLanguageModel model = new(shape, 11, isTied: name == "gpt2");
            PretrainedTransformer.Of(model).Save(folder.Path);
            before = Step.Evaluate(pass => model.Forward(new[] { 1, 0, 1 }, new SequenceRanges(new[] { 3 }), pass)).Values.ToArray();
        }
        else
        {
            Transformer model = new(shape, 11);
            PretrainedTransformer.Of(model).Save(folder.Path);
            before = Step.Evaluate(pass => model.Forward(new[] { 1, 0, 1 }, new SequenceRanges(new[] { 3 }), pass).States).Values.ToArray();
        }
        PretrainedConfig read = PretrainedConfig.Read(folder.Path);
        read.Architecture.ShouldBe(name);
        // The networks of BERT's family and of GPT-2 drop nothing inside the position-wise network.
        read.Transformer.InnerDropout.ShouldBe(name == "llama" ? null : 0.0);
        read.Transformer.EmbeddingDropout.ShouldBe(name == "gpt2" ? 0.3 : null);
        Output(folder.Path).ShouldBe(before);
    }

    [Fact]
    public void A_model_with_parts_that_no_form_has_is_not_written()
    {
        TransformerConfig shape = new() { Size = 8, LayerCount = 1, HeadCount = 2, MaximumLength = 16, IsCausal = true };
        Should.Throw<ArgumentException>(() => PretrainedTransformer.Of(new TransformerLanguageModel(shape with { Position = "alibi" }, 11))).Message.ShouldContain("the forms gpt2, llama do not have");
        Should.Throw<ArgumentException>(() => PretrainedTransformer.Of(new TransformerLanguageModel(shape with { Window = 4 }, 11)));
        Should.Throw<ArgumentException>(() => PretrainedTransformer.Of(new Transformer(new TransformerConfig { Size = 8, HeadCount = 2, IsPreNorm = false, NormalizesEmbedding = true }, 11, memorySize: 6)))
            .Message.ShouldContain("'layer0.cross_attention");
    }

    private static WeightReport Save(string from, string to)
    {
        if (PretrainedConfig.Read(from).IsDecoder)
        {
            PretrainedTransformer<TransformerLanguageModel> model = PretrainedTransformer.LoadLanguageModel(from);
            model.Save(to);
            return model.Report;
        }
        PretrainedTransformer<Transformer> encoder = PretrainedTransformer.LoadEncoder(from);
        encoder.Save(to);
        return encoder.Report;
    }

    private static float[] Output(string folder, bool isMapped = true)
    {
        int[] ids = [1, 0, 1];
        SequenceRanges ranges = new(new[] { 3 });
        if (PretrainedConfig.Read(folder).IsDecoder)
        {
            TransformerLanguageModel model = PretrainedTransformer.LoadLanguageModel(folder, isMapped).Model;
            return Step.Evaluate(pass => model.Forward(ids, ranges, pass)).Values.ToArray();
        }
        Transformer encoder = PretrainedTransformer.LoadEncoder(folder, isMapped).Model;
        return Step.Evaluate(pass => encoder.Forward(ids, ranges, pass).States).Values.ToArray();
    }
}
