using Heed.Kernels;
using Heed.Testing;

namespace Heed.Tests.Tasks;

/// <summary>Decoders of others as language models: what their tokenizer puts first, what ends them, how they foretell.</summary>
public sealed class PretrainedLanguageModelTests : IDisposable
{
    private const string Verse = "the cat sat on the mat. the dog sat on the log, and the hen.";
    private static readonly GenerationOptions greedy = new() { Temperature = 0, MaximumTokens = 12 };
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_Llama_reads_its_first_token_before_each_text_and_no_last_one()
    {
        TransformerLanguageModel network = TinyDecoder.Llama(folder.Path);
        LanguageModel.IsIn(folder.Path).ShouldBeTrue();
        LanguageModel model = LanguageModel.Load(folder.Path);
        TokenizedText read = model.Encode("the cat");
        read.Ids[0].ShouldBe(1);
        read.Ids.Length.ShouldBe(8);
        read.SpecialTokens.ShouldBe([true, .. Enumerable.Repeat(false, 7)]);
        model.Encode("").Ids.ShouldBe([1]);
        int[] expected = [.. new TokenGenerator(network).Generate(read.Ids, greedy, new HashSet<int> { 2 })];
        expected.Distinct().Count().ShouldBeGreaterThan(2);
        string.Concat(model.Generate("the cat", greedy)).ShouldBe(model.Tokenizer.Decode(expected));
        // The same without a prompt, behind the first token alone.
        string.Concat(model.Generate("", greedy)).ShouldBe(model.Tokenizer.Decode([.. new TokenGenerator(network).Generate([1], greedy, new HashSet<int> { 2 })]));
    }

    [Fact]
    public void A_GPT_2_reads_the_text_alone_and_writes_drawn_searched_and_with_short_numbers()
    {
        TransformerLanguageModel network = TinyDecoder.Gpt2(folder.Path);
        LanguageModel model = LanguageModel.Load(folder.Path);
        model.Encode("the cat").Ids.ShouldBe(model.Tokenizer.Encode("the cat", addSpecialTokens: false).Ids);
        int[] ids = model.Encode("the cat").Ids;
        HashSet<int> ends = [2];
        foreach (GenerationOptions options in new[] { greedy, greedy with { Temperature = 1.3, Seed = 5 }, greedy with { BeamSize = 3 } })
            string.Concat(model.Generate("the cat", options)).ShouldBe(model.Tokenizer.Decode([.. new TokenGenerator(network).Generate(ids, options, ends)]));
        string.Concat(new TextWriterSession(model, KeyValueFormat.BFloat16).Generate("the cat", greedy)).ShouldBe(model.Tokenizer.Decode([.. new TokenGenerator(network, KeyValueFormat.BFloat16).Generate(ids, greedy, ends)]));
    }

    [Theory]
    [InlineData("config.json", "{0}")]
    [InlineData("config.json", "[{0}, 3]")]
    [InlineData("generation_config.json", "[2, {0}]")]
    public void The_end_token_of_a_configuration_ends_the_writing(string file, string value)
    {
        TransformerLanguageModel network = TinyDecoder.Llama(folder.Path);
        int[] written = [.. new TokenGenerator(network).Generate(LanguageModel.Load(folder.Path).Encode("the cat").Ids, greedy, new HashSet<int> { 2 })];
        int end = written.First(id => id != written[0]);
        TinyDecoder.Set(folder[file], "eos_token_id", string.Format(System.Globalization.CultureInfo.InvariantCulture, value, end));
        LanguageModel model = LanguageModel.Load(folder.Path);
        TextWriterSession session = new(model);
        string.Concat(session.Generate("the cat", greedy)).ShouldBe(model.Tokenizer.Decode(written[..Array.IndexOf(written, end)]));
        session.TokenCount.ShouldBe(Array.IndexOf(written, end));
        TinyDecoder.Set(folder[file], "eos_token_id", "\"end\"");
        Should.Throw<InputException>(() => LanguageModel.Load(folder.Path)).Message.ShouldContain("'eos_token_id' must be the id of a token");
    }

    [Fact]
    public void Windows_begin_with_the_first_token_and_foretell_each_of_the_text_once()
    {
        TransformerLanguageModel network = TinyDecoder.Llama(folder.Path);
        LanguageModel model = LanguageModel.Load(folder.Path);
        int[] text = model.Encode(Verse).Ids[1..];
        // 24 positions: the first token, and 23 of the text.
        double loss = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int start = Math.Max(0, i - 1) / 23 * 23;
            int[] before = [1, .. text[start..i]];
            loss -= Step.Evaluate(pass => network.Following(before, 1, pass).LogSoftmax()).Values[text[i]];
        }
        LanguageModelReport report = model.Evaluate(Verse);
        report.TokenCount.ShouldBe(text.Length);
        report.TotalLoss.ShouldBe(loss, 1e-3);
        report.Perplexity.ShouldBe(Math.Exp(report.Loss));
        model.Evaluate("").TokenCount.ShouldBe(0);
        model.Evaluate("a").TokenCount.ShouldBe(1);
        model.Report(Verse, out LanguageModelReport shown);
        shown.ShouldBe(report);
    }

    [Fact]
    public void Explained_are_the_tokens_of_the_text_alone()
    {
        TinyDecoder.Llama(folder.Path);
        LanguageModel model = LanguageModel.Load(folder.Path);
        foreach (Explanation explanation in model.Explain("the cat", new ExplanationOptions { Methods = ["attention", "rollout", "occlusion", "integrated-gradients"] }))
            explanation.Scores.Count.ShouldBe(7);
        Should.Throw<InputException>(() => model.Explain("")).Message.ShouldContain("no token");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public void Saved_as_a_model_of_Heed_it_reads_and_ends_the_same(int vectors)
    {
        TinyDecoder.Llama(folder["llama"], vectors);
        File.WriteAllText(folder["llama/tokenizer_config.json"], """{"eos_token":"z"}""");
        TinyDecoder.Set(folder["llama/config.json"], "eos_token_id", "9");
        LanguageModel model = LanguageModel.Load(folder["llama"]);
        model.Save(folder["ours"]);
        LanguageModel ours = LanguageModel.Load(folder["ours"]);
        (ours.Ends.Single(), ours.Encode("a").Ids.Length, ours.Tokenizer.TokenOf(ours.Tokenizer.EosId!.Value)).ShouldBe((9, 2, "z"));
        ours.Evaluate(Verse).ShouldBe(model.Evaluate(Verse));
        string.Concat(ours.Generate("the", greedy)).ShouldBe(string.Concat(model.Generate("the", greedy)));
    }

    [Fact]
    public void A_tokenizer_of_another_model_an_encoder_and_an_unknown_architecture_are_refused()
    {
        TinyDecoder.Llama(folder.Path, vectors: 20);
        Should.Throw<InputException>(() => LanguageModel.Load(folder.Path)).Message.ShouldContain($"the tokenizer has {TinyDecoder.VocabularySize} tokens, the model vectors for 20; they do not belong together");
        // More vectors than tokens are usual.
        TinyDecoder.Llama(folder.Path, vectors: 64);
        string.Concat(LanguageModel.Load(folder.Path).Generate("the", greedy with { MaximumTokens = 40, Temperature = 5 })).Length.ShouldBeLessThanOrEqualTo(40);
        TinyDecoder.Set(folder["config.json"], "model_type", "\"mamba\"");
        foreach (Action read in new Action[] { () => LanguageModel.Load(folder.Path), () => LanguageModel.IsIn(folder.Path) })
            Should.Throw<InputException>(read).Message.ShouldContain("mamba");
        TinyBert.Write(folder["bert"]);
        LanguageModel.IsIn(folder["bert"]).ShouldBeFalse();
        Should.Throw<InputException>(() => LanguageModel.Load(folder["bert"])).Message.ShouldContain("is an encoder");
    }

    [Fact]
    public void Unexpected_tensors_are_facts_of_a_folder()
    {
        TransformerLanguageModel network = TinyDecoder.Llama(folder.Path);
        PretrainedTransformer.Describe(folder.Path).Unexpected.ShouldBeEmpty();
        TinyDecoder.AddTensors(folder.Path, network, "model.layers.0.gate", "model.layers.1.gate");
        PretrainedTransformer.Describe(folder.Path).Unexpected.ShouldBe(["model.layers.0.gate", "model.layers.1.gate"]);
    }
}
