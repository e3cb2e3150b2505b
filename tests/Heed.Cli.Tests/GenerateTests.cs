using System.Globalization;
using System.Text.Json;
using Heed.Kernels;
using Heed.Testing;

namespace Heed.Cli.Tests;

/// <summary><c>heed generate</c>, and the other commands on decoders of others.</summary>
public sealed class GenerateTests : IDisposable
{
    private const string Prompt = "the cat";
    private static readonly GenerationOptions greedy = new() { Temperature = 0, MaximumTokens = 12 };
    private readonly TemporaryFolder folder = new();
    private readonly string llama;
    private readonly LanguageModel model;

    public GenerateTests()
    {
        llama = folder["llama"];
        TinyDecoder.Llama(llama);
        model = LanguageModel.Load(llama);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_writes_prompt_and_text_to_standard_output_and_tokens_a_second_to_standard_error()
    {
        CommandRun run = Generate(Prompt, "--temperature", "0", "--max-tokens", "12").ShouldSucceed();
        run.Out.ShouldBe(Prompt + Written(greedy) + "\n");
        run.Error.ShouldMatch("^12 tokens, [0-9,]+ a second\n$");
        CommandRun.Of("generate", llama, Prompt, "--temperature", "0", "--max-tokens", "12", "--quiet").ShouldSucceed().ShouldBe(run with { Error = "" });
        // From standard input, without the end of its last line.
        CommandRun.With(["generate", llama, "--temperature", "0", "--max-tokens", "12"], input: Prompt + "\n").ShouldSucceed().Out.ShouldBe(run.Out);
    }

    [Fact]
    public void It_writes_piece_by_piece()
    {
        // The run is interrupted by its own first piece.
        using CancellationTokenSource source = new();
        using Pieces output = new(source.Cancel);
        Terminal terminal = new() { Out = output, Error = new StringWriter(), OpenIn = () => Stream.Null };
        int code = CommandLine.Run(["generate", llama, Prompt, "--temperature", "0", "--max-tokens", "2000"], terminal, source.Token);
        code.ShouldBe(ExitCode.Interrupted);
        string all = output.ToString();
        all.ShouldStartWith(Prompt);
        all.Length.ShouldBeLessThan(Prompt.Length + 20);
        output.Flushes.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Options_of_drawing_reach_the_model()
    {
        GenerationOptions drawn = greedy with { Temperature = 3, Seed = 4 };
        string[] warm = ["--max-tokens", "12", "--temperature", "3", "--seed", "4"];
        (string[] Given, GenerationOptions Same)[] cases =
        [
            ([], drawn), (["--top-k", "2"], drawn with { TopK = 2 }), (["--top-p", "0.3"], drawn with { TopP = 0.3 }), (["--min-p", "0.4"], drawn with { MinP = 0.4 }),
            (["--repetition-penalty", "3"], drawn with { RepetitionPenalty = 3 }),
        ];
        foreach ((string[] given, GenerationOptions same) in cases)
            Generate([Prompt, .. warm, .. given]).ShouldSucceed().Out.ShouldBe(Prompt + Written(same) + "\n", string.Join(' ', given));
        cases.Select(c => Written(c.Same)).Distinct(StringComparer.Ordinal).Count().ShouldBeGreaterThan(3);
        Generate(Prompt, "--temperature", "0", "--max-tokens", "12", "--bf16").ShouldSucceed().Out.ShouldBe(Prompt + string.Concat(new TextWriterSession(model, KeyValueFormat.BFloat16).Generate(Prompt, greedy)) + "\n");
        Generate(Prompt, "--beam", "3", "--max-tokens", "6").ShouldSucceed().Out.ShouldBe(Prompt + Written(new GenerationOptions { BeamSize = 3, MaximumTokens = 6 }) + "\n");
    }

    [Fact]
    public void A_stop_text_ends_the_writing_and_is_not_written()
    {
        string whole = Written(greedy), stop = whole[4..6];
        int at = whole.IndexOf(stop, StringComparison.Ordinal);
        Generate(Prompt, "--temperature", "0", "--max-tokens", "12", "--stop", "QQQ", "--stop", stop).ShouldSucceed().Out.ShouldBe(Prompt + whole[..at] + "\n");
    }

    [Fact]
    public void Wrong_prompts_folders_and_options_are_refused_with_one_line()
    {
        // 24 positions, one of which is <s>.
        Generate(new string('a', 23), "--max-tokens", "1").ShouldSucceed();
        Generate(new string('a', 24)).ShouldRefuse("a prompt has 25 tokens, the model reads 24; shorten it");
        Generate(Prompt, "--top-p", "1.5").ShouldRefuse("TopP");
        Generate(Prompt, "--temperature", "-1").ShouldRefuse("Temperature");
        TinyDecoder.Gpt2(folder["gpt2"]);
        // Without a prompt it writes behind the token of a beginning that its vocabulary has.
        CommandRun.With(["generate", folder["gpt2"], "--max-tokens", "3"]).ShouldSucceed();
        TinyBert.Write(folder["bert"]);
        CommandRun.Of("generate", folder["bert"], "a").ShouldRefuse("'bert' is an encoder");
        TinyDecoder.Set(folder["gpt2/config.json"], "model_type", "\"mamba\"");
        foreach (string[] command in new string[][] { ["generate", folder["gpt2"], "a"], ["eval", folder["gpt2"], "--data", folder["no.txt"]], ["explain", folder["gpt2"], "a"], ["describe", folder["gpt2"]] })
            CommandRun.Of(command).ShouldRefuse("mamba");
    }

    [Fact]
    public void A_tokenizer_of_another_model_is_refused_by_all_commands_alike()
    {
        TinyDecoder.Llama(llama, vectors: 20);
        TinyBert.Write(folder["bert"]);
        File.Copy(Path.Combine(llama, "tokenizer.json"), folder["bert/tokenizer.json"], overwrite: true);
        File.WriteAllText(folder["a.txt"], "the cat");
        string message = $"the tokenizer has {TinyDecoder.VocabularySize} tokens, the model vectors for ";
        foreach (string[] command in new string[][]
            {
                ["generate", llama, "a"], ["eval", llama, "--data", folder["a.txt"]], ["explain", llama, "a"], ["describe", llama, "--heads", "the cat"], ["describe", folder["bert"], "--heads", "the cat"],
                ["embed", folder["bert"], "a"],
            })
        {
            CommandRun.Of(command).ShouldRefuse(message, "they do not belong together");
        }
    }

    [Fact]
    public void Perplexity_is_that_of_the_library()
    {
        string text = string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 5));
        File.WriteAllText(folder["a.txt"], text);
        LanguageModelReport report = model.Evaluate(text);
        JsonElement json = JsonDocument.Parse(CommandRun.Of("eval", llama, "--data", folder["a.txt"], "--json").ShouldSucceed().Out).RootElement;
        double Figure(string name) => json.GetProperty(name).GetDouble();
        Figure("tokens").ShouldBe(text.Length);
        Figure("loss").ShouldBe(report.Loss, 1e-9);
        Figure("perplexity").ShouldBe(Math.Exp(Figure("loss")), 1e-6);
        Figure("bitsPerByte").ShouldBe(report.BitsPerByte, 1e-9);
        CommandRun run = CommandRun.Of("eval", llama, "--data", folder["a.txt"], "--report", folder["page.html"]).ShouldSucceed();
        run.Out.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"perplexity {report.Perplexity:F2}"));
        File.ReadAllText(folder["page.html"]).ShouldContain("Where it was surprised");
    }

    [Fact]
    public void Explanations_and_heads_see_the_first_token()
    {
        CommandRun run = CommandRun.Of("explain", llama, Prompt, "--methods", "attention,occlusion", "--json").ShouldSucceed();
        run.Out.ShouldContain("\"occlusion\"");
        CommandRun.Of("describe", llama, "--heads", Prompt).ShouldSucceed().Lines.Length.ShouldBe(9);
        CommandRun.Of("describe", llama, "--heads", new string('a', 24)).ShouldRefuse("25 tokens");
        CommandRun.Of("describe", llama, "--heads", Prompt, "--trace", folder["trace"]).ShouldSucceed();
        CommandRun.Of("report", folder["trace"]).ShouldSucceed();
        File.ReadAllText(folder["trace.report.html"]).ShouldContain("&lt;s&gt;");
    }

    [Fact]
    public void Tensors_that_were_not_expected_are_said_in_one_line()
    {
        TinyDecoder.AddTensors(llama, TinyDecoder.Llama(llama), [.. Enumerable.Range(0, 5).Select(i => $"model.layers.0.gate{i}")]);
        string line = $"{llama}: 5 tensors were not expected and not read: model.layers.0.gate0, model.layers.0.gate1, model.layers.0.gate2, …";
        foreach (string[] command in new string[][] { ["generate", llama, Prompt], ["describe", llama] })
            CommandRun.Of(command).ShouldSucceed().Error.Split('\n').Count(l => l == line).ShouldBe(1, command[0]);
        Generate(Prompt, "--quiet").ShouldSucceed().Error.ShouldBeEmpty();
        Transformer encoder = TinyBert.Write(folder["bert"]);
        SafetensorsWriter.Write(folder["bert/model.safetensors"], PretrainedTransformer.Of(encoder).Map.Save(encoder).Append(new SafetensorsArray("gate", [1], new float[1])));
        CommandRun.Of("embed", folder["bert"], "a film").ShouldSucceed().Error.ShouldBe($"{folder["bert"]}: 1 tensor was not expected and not read: gate\n");
    }

    [Fact]
    public void Pickled_weights_are_refused_with_the_way_to_convert_them()
    {
        File.WriteAllBytes(folder["weights"], [0x80, 2, 0x7D, 0x71, 0, 0x2E]);
        File.WriteAllBytes(folder["pytorch_model.bin"], [.. "PK\u0003\u0004"u8, .. new byte[26], .. "archive/data.pkl"u8, .. new byte[64]]);
        foreach (string path in new[] { folder["weights"], folder["pytorch_model.bin"] })
        {
            foreach (string[] command in new string[][] { ["describe", path], ["generate", path, "a"], ["eval", path, "--data", path] })
                CommandRun.Of(command).ShouldRefuse("pickled weights are not read", "save_file", Path.GetFileName(path));
        }
    }

    private CommandRun Generate(params string[] args) => CommandRun.Of(["generate", llama, .. args]);

    private string Written(GenerationOptions options) => string.Concat(model.Generate(Prompt, options));

    private sealed class Pieces(Action first) : StringWriter
    {
        public int Flushes { get; private set; }

        public override void Flush()
        {
            Flushes++;
            first();
        }
    }
}
