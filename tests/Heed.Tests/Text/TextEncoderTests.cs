namespace Heed.Tests.Text;

public sealed class TextEncoderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("heed").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Encodes_places_unknown_tokens_and_cuts_the_end()
    {
        TextEncoder encoder = TextEncoder.Build(["the cat", "the dog cat"], new TextEncoderOptions { MaximumLength = 3 });
        EncodedText encoded = encoder.Encode("The bird the cat !");
        encoded.Ids.ShouldBe([2, 1, 2]);
        encoded.Tokens.ShouldBe([new Token(0, 3), new Token(4, 4), new Token(9, 3)]);
        encoded.CutOff.ShouldBe(2);
        encoder.EncodeIds("The bird the cat !").ShouldBe(encoded.Ids);
        encoder.Encode("").Ids.ShouldBeEmpty();
        encoder.EncodeIds(new string('x', 1000)).ShouldBe([Vocabulary.Unknown]);
    }

    [Theory]
    [InlineData("word", true)]
    [InlineData("character", false)]
    [InlineData("byte-pair", true)]
    public void Comes_back_from_its_file(string kind, bool lowerCase)
    {
        string[] texts = ["don’t 北京 \"quoted\" \\ 👩‍👩‍👧 \uD800 \u0001 \uFFFD Ж", "A b"];
        var options = new TextEncoderOptions
        {
            Kind = kind,
            LowerCase = lowerCase,
            Vocabulary = new VocabularyOptions { MinimumCount = 1 },
            MaximumLength = 50,
        };
        TextEncoder encoder = TextEncoder.Build(texts, options);
        string path = Path.Combine(folder, "tokenizer.json");
        encoder.Save(path);
        TextEncoder loaded = TextEncoder.Load(path);
        loaded.Vocabulary.Learned.ToArray().ShouldBe(encoder.Vocabulary.Learned.ToArray());
        loaded.MaximumLength.ShouldBe(50);
        loaded.Tokenizer.ShouldBeOfType(encoder.Tokenizer.GetType());
        (loaded.Tokenizer.Name, loaded.Tokenizer.LowerCase).ShouldBe((kind, lowerCase));
        foreach (string text in texts)
            loaded.EncodeIds(text).ShouldBe(encoder.EncodeIds(text));
        Directory.GetFiles(folder).ShouldBe([path]);
    }

    [Fact]
    public void A_damaged_file_is_one_clear_error()
    {
        string path = Path.Combine(folder, "tokenizer.json");
        TextEncoder.Build(["a b c a b c"]).Save(path);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length += 3)
        {
            File.WriteAllBytes(path, whole[..length]);
            Should.Throw<InputException>(() => TextEncoder.Load(path)).Message.ShouldStartWith(path);
        }
        var random = new RandomStream(3, "damage");
        for (int round = 0; round < 500; round++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(whole.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, damaged);
            try
            {
                TextEncoder.Load(path);
            }
            catch (InputException)
            {
            }
        }
    }

    [Theory]
    [InlineData("""{"format":"heed-tokenizer","version":3,"tokenizer":"word","lowerCase":true,"maximumLength":4,"tokens":[]}""", "newer Heed")]
    [InlineData("""{"format":"heed-tokenizer","version":1,"tokenizer":"mine","lowerCase":true,"maximumLength":4,"tokens":[]}""", "'mine'")]
    [InlineData("""{"format":"heed-tokenizer","version":1,"tokenizer":"word","lowerCase":true,"maximumLength":0,"tokens":[]}""", "maximumLength")]
    [InlineData("""{"format":"heed-tokenizer","version":1,"tokenizer":"word","lowerCase":true,"maximumLength":4,"tokens":["a","a"]}""", "twice")]
    [InlineData("""{"format":"heed-tokenizer","version":1,"tokenizer":"word","lowerCase":true,"maximumLength":4,"tokens":[null]}""", "null")]
    [InlineData("""{"format":"heed-tokenizer","version":1,"tokenizer":"byte-pair","lowerCase":true,"maximumLength":4,"tokens":[]}""", "cannot be read")]
    [InlineData("""{"format":"heed-tokenizer","version":1,"tokenizer":"byte-pair","lowerCase":true,"maximumLength":4,"merges":["a"],"tokens":[]}""", "one piece")]
    [InlineData("""{"format":"heed-tokenizer","version":1,"tokenizer":"byte-pair","lowerCase":true,"maximumLength":4,"merges":["a","bc"],"tokens":[]}""", "merge 0")]
    [InlineData("""{"format":"other"}""", "heed-tokenizer")]
    [InlineData("[]", "cannot be read")]
    public void Says_what_is_wrong_with_a_file(string content, string expected)
    {
        string path = Path.Combine(folder, "tokenizer.json");
        File.WriteAllText(path, content);
        Should.Throw<InputException>(() => TextEncoder.Load(path)).Message.ShouldContain(expected);
    }

    [Fact]
    public void A_missing_file_is_an_input_error() => Should.Throw<InputException>(() => TextEncoder.Load(Path.Combine(folder, "none.json")));

    [Fact]
    public void An_own_tokenizer_is_handed_in_again()
    {
        string path = Path.Combine(folder, "tokenizer.json");
        TextEncoder.Build(["a,b,a,b"], new TextEncoderOptions { Tokenizer = new CommaTokenizer() }).Save(path);
        Should.Throw<InputException>(() => TextEncoder.Load(path));
        Should.Throw<InputException>(() => TextEncoder.Load(path, new WordTokenizer()));
        TextEncoder.Load(path, new CommaTokenizer()).EncodeIds("b,a").Length.ShouldBe(2);
    }

    private sealed class CommaTokenizer : ITokenizer
    {
        public string Name => "comma";

        public bool LowerCase => false;

        public void Tokenize(ReadOnlySpan<char> text, List<Token> tokens)
        {
            tokens.Clear();
            foreach (Range range in text.Split(','))
                tokens.Add(new Token(range.Start.Value, range.End.Value - range.Start.Value));
        }

        public void Normalize(ReadOnlySpan<char> token, Span<char> destination) => token.CopyTo(destination);
    }
}
