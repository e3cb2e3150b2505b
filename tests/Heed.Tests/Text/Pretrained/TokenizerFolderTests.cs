using Heed.Testing;

namespace Heed.Tests.Text;

public class TokenizerFolderTests
{
    private static readonly string[] pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "a"];

    [Fact]
    public void Reads_the_vocabulary_of_BERT()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["vocab.txt"], string.Join("\r\n", pieces) + "\r\n");
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(folder.Path);
        TinyTokenizers.Shown(tokenizer, "Unaffable [MASK]").ShouldBe("[CLS]=|un=Un|##aff=aff|##able=able|[MASK]=[MASK]|[SEP]=");
        (tokenizer.PadId, tokenizer.ClsId, tokenizer.MaskId, tokenizer.VocabularySize).ShouldBe((0, 2, 4, 9));
        tokenizer.Decode([2, 5, 6, 7, 3]).ShouldBe("unaffable");
        File.WriteAllText(folder["tokenizer_config.json"], """{"do_lower_case":false}""");
        TinyTokenizers.Shown(PretrainedTokenizer.Load(folder["vocab.txt"]), "Un un").ShouldBe("[CLS]=|[UNK]=Un|un=un|[SEP]=");
        // A vocabulary with capitals keeps them even if nothing says so.
        File.Delete(folder["tokenizer_config.json"]);
        File.WriteAllLines(folder["vocab.txt"], [.. pieces, "Un"]);
        TinyTokenizers.Shown(PretrainedTokenizer.Load(folder.Path), "Unaff").ShouldBe("[CLS]=|Un=Un|##aff=aff|[SEP]=");
    }

    [Fact]
    public void Reads_the_two_files_of_GPT2()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["vocab.json"], """{"l":0,"o":1,"w":2,"Ġ":3,"Ġlow":4,"lo":5,"low":6,"<|endoftext|>":7}""");
        File.WriteAllText(folder["merges.txt"], "#version: 0.2\nl o\nlo w\nĠ low\n");
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(folder.Path);
        tokenizer.Encode("low low<|endoftext|>").Ids.ShouldBe([6, 4, 7]);
        (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId).ShouldBe((7, 7, null));
        tokenizer.Decode([6, 4, 7]).ShouldBe("low low");
        File.WriteAllText(folder["special_tokens_map.json"], """{"pad_token":{"content":"<|endoftext|>","lstrip":false},"bos_token":"Ġ"}""");
        File.WriteAllText(folder["tokenizer_config.json"], """{"add_prefix_space":true,"added_tokens_decoder":{"8":{"content":"<x>","special":true,"lstrip":false,"rstrip":false,"normalized":false,"single_word":false}}}""");
        tokenizer = PretrainedTokenizer.Load(folder["merges.txt"]);
        tokenizer.Encode("low<x>").Ids.ShouldBe([4, 8]);
        (tokenizer.PadId, tokenizer.BosId, tokenizer.VocabularySize).ShouldBe((7, 3, 9));
    }

    [Fact]
    public void Reads_the_two_files_of_RoBERTa()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["vocab.json"], """{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"Ġ":5,"Ġa":6,"<mask>":7}""");
        File.WriteAllText(folder["merges.txt"], "Ġ a\n");
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(folder.Path);
        TokenizedText tokens = tokenizer.Encode("a a <mask>", "a");
        tokens.Ids.ShouldBe([0, 4, 6, 7, 2, 2, 4, 2]);
        tokens.TypeIds.ShouldAllBe(type => type == 0);
        (tokenizer.ClsId, tokenizer.SepId, tokenizer.PadId, tokenizer.MaskId).ShouldBe((0, 2, 1, 7));
    }

    [Fact]
    public void Says_what_is_missing()
    {
        using var folder = new TemporaryFolder();
        Refused(folder.Path, "neither tokenizer.json, nor vocab.json and merges.txt, nor vocab.txt");
        Refused(folder["absent"], "no such file or folder");
        File.WriteAllText(folder["spiece.model"], "x");
        Refused(folder.Path, "spiece.model is a SentencePiece model");
        Refused(folder["spiece.model"], "SentencePiece model, which is not read");
        File.WriteAllText(folder["vocab.json"], "{\"a\":0}");
        Refused(folder.Path, "merges.txt: the file is missing");
        File.Delete(folder["vocab.json"]);
        File.WriteAllText(folder["vocab.txt"], "a\nb\n");
        Refused(folder.Path, "[UNK] is missing");
        File.WriteAllText(folder["vocab.txt"], "[UNK]\nb\nb\n");
        Refused(folder.Path, "'b' is there twice");
        File.WriteAllBytes(folder["vocab.txt"], [0x61, 0xFF, 0x0A]);
        Refused(folder.Path, "cannot be read");
        File.WriteAllText(folder["vocab.txt"], "[UNK]\n");
        File.WriteAllText(folder["tokenizer_config.json"], "[1]");
        Refused(folder.Path, "tokenizer_config.json", "no object");
    }

    [Theory]
    [InlineData("""{}""", "'model' is missing")]
    [InlineData("""{"model":{"type":"Neural","vocab":{"a":0}}}""", "model 'Neural' is not supported")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0}}}""", "'merges' is missing")]
    [InlineData("""{"model":{"type":"BPE","vocab":{},"merges":[]}}""", "no tokens")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}""", "needs the token 'ab'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a x"]}}""", "needs the token 'x'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["ab"]}}""", "merge 0 ('ab') does not have two sides")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "both have the id 0")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}""", "'a' is there twice")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "has the id -1")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2000000000},"merges":[]}}""", "has the id 2000000000, but there are 1 tokens")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":99999999999999},"merges":[]}}""", "cannot be read")]
    [InlineData("""{"model":{"type":"BPE","unk_token":"x","vocab":{"a":0},"merges":[]}}""", "unk_token 'x'")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"<unk>"}}""", "unk_token '<unk>'")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":7,"vocab":[["a",0]]}}""", "unk_id 7")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}}""", "cannot be read")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":0,"vocab":[["a"]]}}""", "cannot be read")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"normalizer":{"type":"Magic"}}""", "normalizer 'Magic' is not supported")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"pre_tokenizer":{"type":"UnicodeScripts"}}""", "pre_tokenizer 'UnicodeScripts' is not supported")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"decoder":{"type":"CTC"}}""", "decoder 'CTC' is not supported")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"post_processor":{"type":"Magic"}}""", "post_processor 'Magic' is not supported")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"post_processor":{"type":"BertProcessing","sep":["x",9],"cls":["y",0]}}""", "has the id 9")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"}}""", "'(' without ')'")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Sometimes"}}""", "behavior 'Sometimes'")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"added_tokens":[{"id":5,"content":"<unk>"}]}""", "has the id 5, but 0")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"added_tokens":[{"id":0,"content":"x"}]}""", "both have the id 0")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}}""", "cut off")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"<unk>":0}},"normalizer":{"type":"Precompiled","precompiled_charsmap":"/////w=="}}""", "cut off")]
    [InlineData("""{"format":"heed-tokenizer","version":1}""", "TextEncoder.Load")]
    [InlineData("""{"model":""", "cannot be read")]
    public void Refuses_what_is_wrong_with_one_message(string json, string part)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], json);
        Refused(folder.Path, "tokenizer.json", part);
    }

    [Fact]
    public void Rules_that_multiply_a_text_are_given_up()
    {
        string replace = $$"""{"type":"Replace","pattern":{"String":"a"},"content":"{{new string('a', 32)}}"}""";
        string rules = $$"""{"type":"Sequence","normalizers":[{{string.Join(',', Enumerable.Repeat(replace, 20))}}]}""";
        Should.Throw<InputException>(() => TinyTokenizers.Load(TinyTokenizers.Json(TinyTokenizers.Words, rules)).Encode("aaa")).Message.ShouldContain("damaged");
        string bytes = string.Join(',', Enumerable.Repeat("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""", 50));
        PretrainedTokenizer tokenizer = TinyTokenizers.Load(TinyTokenizers.Json(TinyTokenizers.Words, preTokenizer: $$"""{"type":"Sequence","pretokenizers":[{{bytes}}]}"""));
        Should.Throw<InputException>(() => tokenizer.Encode("好")).Message.ShouldContain("damaged");
    }

    [Fact]
    public void Depth_and_length_are_bounded()
    {
        using var folder = new TemporaryFolder();
        string deep = string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 1000)) + string.Concat(Enumerable.Repeat("]}", 1000));
        File.WriteAllText(folder["tokenizer.json"], TinyTokenizers.Json(TinyTokenizers.Words, deep));
        Refused(folder.Path, "cannot be read");
        File.WriteAllText(folder["tokenizer.json"], TinyTokenizers.Json(TinyTokenizers.Words.Replace("\"ab\"", "\"" + new string('x', 2000) + "\"", StringComparison.Ordinal)));
        Refused(folder.Path, "longer than 1024");
    }

    private static void Refused(string path, params string[] parts)
    {
        string message = Should.Throw<InputException>(() => PretrainedTokenizer.Load(path)).Message;
        foreach (string part in parts)
            message.ShouldContain(part);
        message.ShouldNotContain("\n");
    }
}
