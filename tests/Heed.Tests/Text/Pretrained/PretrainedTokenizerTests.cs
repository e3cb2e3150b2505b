namespace Heed.Tests.Text;

public class PretrainedTokenizerTests
{
    [Fact]
    public void WordPiece_takes_the_longest_token_and_gives_up_whole_words()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Bert();
        TinyTokenizers.Shown(tokenizer, "Unaffable, 好a").ShouldBe("[CLS]=|un=Un|##aff=aff|##able=able|,=,|好=好|a=a|[SEP]=");
        TinyTokenizers.Shown(tokenizer, "unx aaaaaaaaa aaaaaaaaaa").ShouldBe("[CLS]=|[UNK]=unx|a=a" + string.Concat(Enumerable.Repeat("|##a=a", 8)) + "|[UNK]=aaaaaaaaaa|[SEP]=");
        TinyTokenizers.Shown(tokenizer, "un\u0301affa\u0300 \u00E0").ShouldBe("[CLS]=|un=un|##aff=aff|##a=a|a=\u00E0|[SEP]=");
        TinyTokenizers.Shown(tokenizer, "a  [MASK]a").ShouldBe("[CLS]=|a=a|[MASK]=  [MASK]|a=a|[SEP]=");
        tokenizer.Decode([2, 5, 6, 7, 10, 9, 3]).ShouldBe("unaffable, 好");
        tokenizer.Decode([2, 5, 3], skipSpecialTokens: false).ShouldBe("[CLS] un [SEP]");
    }

    [Fact]
    public void Pairs_have_types_and_places_in_their_own_text()
    {
        TokenizedText tokens = TinyTokenizers.Bert().Encode("un", "a un");
        tokens.Ids.ShouldBe([2, 5, 3, 11, 5, 3]);
        tokens.TypeIds.ShouldBe([0, 0, 0, 1, 1, 1]);
        tokens.TextIndexes.ShouldBe([-1, 0, -1, 1, 1, -1]);
        tokens.SpecialTokens.ShouldBe([true, false, true, false, false, true]);
        tokens.Offsets[4].ShouldBe(2..4);
        TinyTokenizers.Bert().Encode("un", "a", addSpecialTokens: false).Ids.ShouldBe([5, 11]);
    }

    [Fact]
    public void Too_long_texts_lose_the_ends_of_the_longer_one()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Bert(""" "truncation":{"max_length":6,"direction":"Right","strategy":"LongestFirst","stride":0}, """);
        tokenizer.MaximumLength.ShouldBe(6);
        tokenizer.Encode("a a a a a a").ShouldSatisfyAllConditions(t => t.Ids.ShouldBe([2, 11, 11, 11, 11, 3]), t => t.CutOff.ShouldBe(2));
        tokenizer.Encode("a a a a", "un").Ids.ShouldBe([2, 11, 11, 3, 5, 3]);
        tokenizer.Encode("un", "a a a a").Ids.ShouldBe([2, 5, 3, 11, 11, 3]);
        tokenizer.WithMaximumLength(7).Encode("a a a a", "un un un").Ids.ShouldBe([2, 11, 11, 3, 5, 5, 3]);
        tokenizer.WithMaximumLength(2).Encode("a a").Ids.ShouldBe([2, 3]);
        tokenizer.WithMaximumLength(null).Encode("a a a a a a").CutOff.ShouldBe(0);
        Should.Throw<ArgumentOutOfRangeException>(() => tokenizer.WithMaximumLength(0));
        TinyTokenizers.Bert(""" "truncation":{"max_length":4,"direction":"Left","strategy":"LongestFirst","stride":0}, """).Encode("un a a").Ids.ShouldBe([2, 11, 11, 3]);
    }

    [Fact]
    public void Special_ids_and_padding_are_told()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Bert(""" "padding":{"strategy":{"Fixed":16},"direction":"Left","pad_to_multiple_of":8,"pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"}, """);
        (tokenizer.PadId, tokenizer.UnknownId, tokenizer.ClsId, tokenizer.SepId, tokenizer.MaskId, tokenizer.BosId, tokenizer.EosId).ShouldBe((0, 1, 2, 3, 4, null, null));
        tokenizer.Padding.ShouldBe(new TokenPadding(0, 0, IsLeft: true, 16, 8));
        tokenizer.VocabularySize.ShouldBe(13);
        (tokenizer.IdOf("##aff"), tokenizer.IdOf("x"), tokenizer.TokenOf(6)).ShouldBe((6, null, "##aff"));
        Should.Throw<ArgumentOutOfRangeException>(() => tokenizer.TokenOf(13)).Message.ShouldContain("ids from 0 to 12");
        Should.Throw<ArgumentOutOfRangeException>(() => tokenizer.Decode([-1]));
    }

    [Fact]
    public void Byte_pairs_are_joined_in_the_order_of_the_list()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Load(TinyTokenizers.Json(TinyTokenizers.BytePairs, preTokenizer: """{"type":"WhitespaceSplit"}"""));
        TinyTokenizers.Shown(tokenizer, "lowest newest xlower").ShouldBe("low=low|est=est|n=n|e=e|w=w|est=est|<unk>=x|low=low|e=e|r=r");
        tokenizer.Decode([13, 11]).ShouldBe("low est");
        // A long piece takes the way with a queue and must come to the same.
        string word = string.Concat(Enumerable.Repeat("lowest", 40));
        tokenizer.Encode(word).Ids.ShouldBe([.. Enumerable.Repeat(new[] { 13, 11 }, 40).SelectMany(ids => ids)]);
    }

    [Fact]
    public void Unigrams_have_the_largest_sum()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Load(TinyTokenizers.Json(TinyTokenizers.Unigram));
        TinyTokenizers.Shown(tokenizer, "ab").ShouldBe("ab=ab");
        TinyTokenizers.Shown(tokenizer, "abc").ShouldBe("a=a|bc=bc");
        TinyTokenizers.Shown(tokenizer, "abxyba").ShouldBe("ab=ab|<unk>=xy|b=b|a=a");
        TinyTokenizers.Shown(tokenizer, "👍").ShouldBe("<unk>=👍");
        string text = string.Concat(Enumerable.Repeat("abc", 100));
        tokenizer.Encode(text).Ids.ShouldBe([.. Enumerable.Repeat(new[] { 1, 5 }, 100).SelectMany(ids => ids)]);
    }

    [Theory]
    [InlineData("""{"type":"WhitespaceSplit"}""", "a ab\tc", "a=a|ab=ab|c=c")]
    [InlineData("""{"type":"Whitespace"}""", "a,b c1", "a=a|<unk>=,|b=b|<unk>=c1")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "a b", "▁a=a|▁b= b")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":true}""", "a b", "a=a|▁b= b")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""", "a  b", "▁a=a|▁= |▁b= b")]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "a11b", "a=a|1=1|1=1|b=b")]
    [InlineData("""{"type":"CharDelimiterSplit","delimiter":"|"}""", "a|ab", "a=a|ab=ab")]
    [InlineData("""{"type":"Split","pattern":{"String":"c"},"behavior":"Removed","invert":false}""", "acb", "a=a|b=b")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"[ac]"},"behavior":"Isolated","invert":false}""", "acab", "a=a|c=c|a=a|b=b")]
    [InlineData("""{"type":"Split","pattern":{"String":"b"},"behavior":"MergedWithPrevious","invert":false}""", "abc", "ab=ab|c=c")]
    [InlineData("""{"type":"Split","pattern":{"String":"a"},"behavior":"MergedWithNext","invert":false}""", "cab", "c=c|ab=ab")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"."},"behavior":"Removed","invert":true}""", "a", "a=a")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\p{L}"},"behavior":"Isolated","invert":false}""", "a𝒜b", "a=a|<unk>=𝒜|b=b")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation","behavior":"Isolated"}]}""", "a,b c", "a=a|<unk>=,|b=b|c=c")]
    public void Pieces_are_cut_as_the_pre_tokenizer_says(string preTokenizer, string text, string expected) =>
        TinyTokenizers.Shown(TinyTokenizers.Load(TinyTokenizers.Json(TinyTokenizers.Words, preTokenizer: preTokenizer)), text).ShouldBe(expected);

    [Theory]
    [InlineData("""{"type":"Lowercase"}""", "A", "a=A")]
    [InlineData("""{"type":"NFKC"}""", "①", "1=①")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]}""", "á", "a=á")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", " a ", "a=a")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "a", "▁a=a")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"x+"},"content":"a"}""", "xxx", "a=xxx")]
    [InlineData("""{"type":"Replace","pattern":{"String":"x"},"content":""}""", "xax", "a=a")]
    [InlineData("""{"type":"Nmt"}""", "\u0001a", "a=a")]
    [InlineData("""{"type":"BertNormalizer","lowercase":false}""", "A\u0000", "A=A")]
    public void Texts_are_changed_as_the_normalizer_says(string normalizer, string text, string expected) =>
        TinyTokenizers.Shown(TinyTokenizers.Load(TinyTokenizers.Json(TinyTokenizers.Words, normalizer)), text).ShouldBe(expected);

    [Fact]
    public void Added_tokens_are_found_first()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Load(TinyTokenizers.Json(TinyTokenizers.Words, """{"type":"Lowercase"}""", """{"type":"WhitespaceSplit"}""", added:
            """[{"id":20,"content":"<X>","special":true,"rstrip":true},{"id":21,"content":"Bee","normalized":true},{"id":22,"content":"cc","single_word":true},{"id":23,"content":"<X>y","normalized":false}]"""));
        TinyTokenizers.Shown(tokenizer, "a<X>  b bEE").ShouldBe("a=a|<X>=<X>  |b=b|Bee=bEE");
        TinyTokenizers.Shown(tokenizer, "<x> <X>y").ShouldBe("<unk>=<x>|<X>y=<X>y");
        TinyTokenizers.Shown(tokenizer, "cc ccc acc cc").ShouldBe("cc=cc|<unk>=ccc|<unk>=acc|cc=cc");
        tokenizer.VocabularySize.ShouldBe(24);
        tokenizer.TokenOf(15).ShouldBe("");
        tokenizer.Decode([20, 1, 15]).ShouldBe("a");
    }

    [Fact]
    public void Bytes_of_one_character_share_its_place_and_stream_whole()
    {
        string text = "é👍";
        PretrainedTokenizer tokenizer = TinyTokenizers.Learned(TrainedTokenizerKind.BytePair, ["abc"]);
        TokenizedText tokens = tokenizer.Encode(text);
        tokens.Offsets.ShouldBe([0..1, 0..1, 1..3, 1..3, 1..3, 1..3]);
        var stream = new TokenStream(tokenizer);
        tokens.Ids.Select(stream.Append).ShouldBe(["", "é", "", "", "", "👍"]);
        stream.Flush().ShouldBe("");
        stream.Append(tokens.Ids[0]).ShouldBe("");
        stream.Flush().ShouldBe("\uFFFD");
    }

    [Fact]
    public void Spaces_are_trimmed_from_places_where_the_file_says()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Learned(TrainedTokenizerKind.BytePair, Enumerable.Repeat("the cat the cat", 50));
        TinyTokenizers.Shown(tokenizer, "the  cat").ShouldBe("the=the|Ġ=|Ġcat=cat");
    }

    [Fact]
    public async Task One_tokenizer_answers_many_threads()
    {
        PretrainedTokenizer tokenizer = TinyTokenizers.Learned(TrainedTokenizerKind.BytePair, Enumerable.Repeat("the cat sat on the mat", 50));
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => string.Concat("the cat sat ", new string((char)('a' + i % 26), i % 7), " mat"))];
        string[] expected = [.. texts.Select(text => string.Join(' ', tokenizer.Encode(text).Ids))];
        await Parallel.ForAsync(0, 8, (_, _) =>
        {
            texts.Select(text => string.Join(' ', tokenizer.Encode(text).Ids)).ShouldBe(expected);
            return ValueTask.CompletedTask;
        });
    }
}
