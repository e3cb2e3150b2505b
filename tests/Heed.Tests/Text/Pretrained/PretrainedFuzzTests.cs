using System.Text;
using Heed.Testing;
using Heed.Tests.Formats;

namespace Heed.Tests.Text;

/// <summary>Whatever a tokenizer's file holds, it is read or refused with one <see cref="InputException"/>, in memory in proportion to it; and what was read encodes.</summary>
public class PretrainedFuzzTests
{
    public static TheoryData<string> Files => ["bert", "bpe", "unigram", "spaces", "cl100k", "precompiled", "added"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Mutated_files(string name)
    {
        using var folder = new TemporaryFolder();
        byte[] whole = Encoding.UTF8.GetBytes(Content(name));
        var random = new RandomStream(20261129, name);
        int read = 0, refused = 0;
        for (int round = 0; round < 400; round++)
        {
            byte[] mutated = JsonMutation.Of(whole, random);
            File.WriteAllBytes(folder["tokenizer.json"], mutated);
            bool isRead = Survives(folder["tokenizer.json"], mutated.Length, $"{name}, round {round}");
            read += isRead ? 1 : 0;
            refused += isRead ? 0 : 1;
        }
        read.ShouldBeGreaterThan(5, "mutations that always break the file test little");
        refused.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void Cut_off_files()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = Encoding.UTF8.GetBytes(Content("bert"));
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(folder["tokenizer.json"], whole[..length]);
            Survives(folder["tokenizer.json"], length, FormattableString.Invariant($"cut at {length}")).ShouldBeFalse();
        }
    }

    [Fact]
    public void Mutated_vocabularies_without_tokenizer_json()
    {
        using var folder = new TemporaryFolder();
        var random = new RandomStream(7, "vocab");
        (string Name, string Content)[] files =
        [
            ("vocab.json", """{"l":0,"o":1,"w":2,"Ġ":3,"Ġlow":4,"lo":5,"low":6,"<|endoftext|>":7}"""), ("merges.txt", "#version: 0.2\nl o\nlo w\nĠ low\n"),
            ("tokenizer_config.json", """{"add_prefix_space":true,"unk_token":"<|endoftext|>","added_tokens_decoder":{"8":{"content":"<x>","special":true}}}"""),
        ];
        for (int round = 0; round < 600; round++)
        {
            int changed = round % files.Length;
            for (int i = 0; i < files.Length; i++)
            {
                byte[] content = Encoding.UTF8.GetBytes(files[i].Content);
                File.WriteAllBytes(folder[files[i].Name], i == changed ? JsonMutation.Of(content, random) : content);
            }
            Survives(folder.Path, 500, FormattableString.Invariant($"round {round}"));
        }
    }

    [Theory]
    [InlineData("vocab.txt")]
    [InlineData("tokenizer_config.json")]
    [InlineData("special_tokens_map.json")]
    [InlineData("added_tokens.json")]
    public void Mutated_files_of_a_word_piece_vocabulary(string changed)
    {
        using var folder = new TemporaryFolder();
        var random = new RandomStream(20261201, changed);
        (string Name, string Content)[] files =
        [
            ("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\n好\n,\na\n##b\nlow\n##est\n"),
            ("tokenizer_config.json", """{"do_lower_case":true,"strip_accents":null,"tokenize_chinese_chars":true,"cls_token":"[CLS]","added_tokens_decoder":{"14":{"content":"<x>","special":true,"lstrip":true}}}"""),
            ("special_tokens_map.json", """{"unk_token":"[UNK]","sep_token":{"content":"[SEP]","lstrip":false,"normalized":true},"mask_token":"[MASK]","additional_special_tokens":["<y>"]}"""),
            ("added_tokens.json", """{"<y>":15,"low <X>":16}"""),
        ];
        foreach ((string name, string content) in files)
            File.WriteAllText(folder[name], content);
        Survives(folder.Path, 500, "whole").ShouldBeTrue();
        byte[] whole = File.ReadAllBytes(folder[changed]);
        int read = 0, refused = 0;
        for (int round = 0; round < 400; round++)
        {
            // Every other one is cut off; a vocabulary that is cut behind its unknown token is a smaller one.
            File.WriteAllBytes(folder[changed], round % 2 == 0 ? JsonMutation.Of(whole, random) : whole[..(round * whole.Length / 400)]);
            bool isRead = Survives(folder.Path, 1000, FormattableString.Invariant($"{changed}, round {round}"));
            read += isRead ? 1 : 0;
            refused += isRead ? 0 : 1;
        }
        read.ShouldBeGreaterThan(5, "mutations that always break the file test little");
        refused.ShouldBeGreaterThan(5);
    }

    private static string Content(string name)
    {
        if (name == "bert")
        {
            return TinyTokenizers.Json(TinyTokenizers.WordPiece, """{"type":"BertNormalizer"}""", """{"type":"BertPreTokenizer"}""",
                """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]}}}""",
                """{"type":"WordPiece"}""", TinyTokenizers.Special);
        }
        string model = name is "unigram" or "precompiled" ? TinyTokenizers.Unigram : name == "spaces" ? TinyTokenizers.BytePairs.Replace("\"BPE\"", "\"BPE\",\"byte_fallback\":true", StringComparison.Ordinal) : TinyTokenizers.BytePairs;
        string normalizer = name switch
        {
            "precompiled" => """{"type":"Precompiled","precompiled_charsmap":"EAAAAAEEAAABAAAAYQAAAGEAAABiAGMA"}""",
            "unigram" => """{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Nmt"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "},{"type":"StripAccents"},{"type":"Lowercase"},{"type":"Strip"}]}""",
            _ => """{"type":"Prepend","prepend":"l"}""",
        };
        string cutter = name == "cl100k"
            ? """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}]}"""
            : """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}""";
        string added = name == "added" ? """[{"id":15,"content":"<X>","special":true,"rstrip":true},{"id":16,"content":"low","single_word":true,"lstrip":true,"normalized":true}]""".Replace("\"low\"", "\"lx\"", StringComparison.Ordinal) : "[]";
        return TinyTokenizers.Json(model, normalizer, cutter, """{"type":"ByteLevel","trim_offsets":true}""", """{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""", added);
    }

    private static bool Survives(string path, int size, string context)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(path);
            foreach (string text in new[] { "lowest  [MASK] 好 un\u0301affable ab 👍\uD800x", new string('a', 200), "" })
            {
                TokenizedText tokens = tokenizer.Encode(text, "low <X>");
                tokenizer.Decode(tokens.Ids);
                var stream = new TokenStream(tokenizer);
                foreach (int id in tokens.Ids)
                    stream.Append(id);
            }
            return true;
        }
        catch (InputException e)
        {
            e.Message.Length.ShouldBeLessThan(1500, context);
            e.Message.ShouldNotContain("\n", Case.Sensitive, context);
            return false;
        }
        catch (Exception e) when (e is not ShouldAssertException)
        {
            throw new InvalidOperationException($"{context}: {e.GetType().Name} {e.Message}", e);
        }
        finally
        {
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((24L << 20) + 2000L * size, context);
        }
    }
}
