using Heed.Testing;

namespace Heed.Tests.Text;

/// <summary>Small files of tokenizers, written by hand.</summary>
internal static class TinyTokenizers
{
    /// <summary>A tokenizer.json with this model and these components, as JSON without their braces' names.</summary>
    public static string Json(string model, string normalizer = "null", string preTokenizer = "null", string postProcessor = "null", string decoder = "null", string added = "[]", string more = "") =>
        $$"""{"version":"1.0",{{more}}"added_tokens":{{added}},"normalizer":{{normalizer}},"pre_tokenizer":{{preTokenizer}},"post_processor":{{postProcessor}},"decoder":{{decoder}},"model":{{model}}}""";

    public const string WordPiece =
        """{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":9,"vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4,"un":5,"##aff":6,"##able":7,"##a":8,"好":9,",":10,"a":11,"##ff":12}}""";

    public const string Words = """{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"a":1,"b":2,"ab":3,"c":4,"1":5,"▁a":6,"▁b":7,"▁":8,"A":9}}""";

    // es 9 and est 9, lo 7 and low 7, as in Sennrich's example; the merge "ne" is never used.
    public const string BytePairs =
        """{"type":"BPE","unk_token":"<unk>","vocab":{"<unk>":0,"l":1,"o":2,"w":3,"e":4,"s":5,"t":6,"n":7,"i":8,"d":9,"es":10,"est":11,"lo":12,"low":13,"r":14},"merges":["e s","es t","l o",["lo","w"]]}""";

    // −1 for "ab", −3 for "a" and "b": "ab" wins over "a" "b"; "bc" −2: "a" "bc" −5 over "ab" "c" −6.
    public const string Unigram = """{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-3],["b",-3],["c",-5],["ab",-1],["bc",-2],["▁",-4]]}""";

    public const string Special =
        """[{"id":2,"content":"[CLS]","special":true},{"id":3,"content":"[SEP]","special":true},{"id":4,"content":"[MASK]","special":true,"lstrip":true},{"id":1,"content":"[UNK]","special":true},{"id":0,"content":"[PAD]","special":true}]""";

    public static PretrainedTokenizer Load(string json)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], json);
        return PretrainedTokenizer.Load(folder.Path);
    }

    public static PretrainedTokenizer Bert(string more = "") => Load(Json(WordPiece, """{"type":"BertNormalizer"}""", """{"type":"BertPreTokenizer"}""",
        """{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}""", """{"type":"WordPiece"}""", Special, more));

    /// <summary>Learns a small tokenizer from texts.</summary>
    public static PretrainedTokenizer Learned(TrainedTokenizerKind kind, IEnumerable<string> texts, int size = 600)
    {
        using var stream = new MemoryStream();
        new TokenizerTraining { Kind = kind, VocabularySize = size }.Train(texts, stream);
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["tokenizer.json"], stream.ToArray());
        return PretrainedTokenizer.Load(folder["tokenizer.json"]);
    }

    /// <summary>Each token with what it stands for in the text, as <c>un=Un</c>.</summary>
    public static string Shown(PretrainedTokenizer tokenizer, string text, string? pair = null)
    {
        TokenizedText tokens = tokenizer.Encode(text, pair);
        return string.Join('|', tokens.Tokens.Select((token, i) => token + "=" + (tokens.TextIndexes[i] == 1 ? pair : text)![tokens.Offsets[i]]));
    }
}
