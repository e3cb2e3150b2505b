using System.Text.Json.Nodes;

namespace Heed;

/// <summary>Tokens of a masked language model: pieces of a text with some tokens hidden, and the tokenizer that has a token to hide them by.</summary>
internal sealed class MaskedTokens
{
    private static readonly string[] special = ["[PAD]", "[CLS]", "[SEP]", "[MASK]"];
    private readonly PretrainedTokenizer tokenizer;
    private readonly int[] before, after, words;
    private readonly double share;
    private readonly ulong seed;

    public MaskedTokens(PretrainedTokenizer tokenizer, double share, ulong seed)
    {
        (this.tokenizer, this.share, this.seed) = (tokenizer, share, seed);
        before = tokenizer.ClsId is { } cls ? [cls] : [];
        after = tokenizer.SepId is { } sep ? [sep] : [];
        Mask = tokenizer.MaskId ?? throw new ArgumentException("MaskedTokens: the tokenizer has no token to hide others by, as [MASK].", nameof(tokenizer));
        words = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => tokenizer.TokenOf(id).Length > 0 && !tokenizer.IsSpecial(id))];
    }

    public int Mask { get; }

    /// <summary>Tokens of the text in a piece of some length.</summary>
    public int Room(int length) => length - before.Length - after.Length;

    /// <summary>Which token of the text a hidden one is.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="hidden">Its number among the hidden ones.</param>
    /// <param name="starts">Where the pieces begin.</param>
    public int TokenAt(MaskedPieces pieces, int hidden, int[] starts)
    {
        int time = pieces.Ids.Length / pieces.Lengths.Length, place = pieces.Places[hidden];
        return starts[place / time] + (place % time) - before.Length;
    }

    /// <summary>The tokenizer's file with the special tokens and the form of texts that it lacks.</summary>
    public static byte[] WithMask(byte[] file)
    {
        PretrainedTokenizer old = PretrainedTokenizer.Parse(file);
        if (old.MaskId is not null)
            return file;
        JsonObject root = (JsonObject)JsonNode.Parse(file)!;
        JsonArray added = root["added_tokens"] as JsonArray ?? [];
        root["added_tokens"] = added;
        int next = old.VocabularySize;
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        foreach (string token in special)
        {
            ids[token] = old.IdOf(token) ?? next++;
            if (old.IdOf(token) is null)
            {
                added.Add((JsonNode)new JsonObject
                {
                    ["id"] = ids[token], ["content"] = token, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
                });
            }
        }
        JsonObject form = new() { ["type"] = "BertProcessing", ["sep"] = new JsonArray("[SEP]", ids["[SEP]"]), ["cls"] = new JsonArray("[CLS]", ids["[CLS]"]) };
        JsonNode? processor = root["post_processor"]?.DeepClone();
        root["post_processor"] = processor is null ? form : new JsonObject { ["type"] = "Sequence", ["processors"] = new JsonArray(processor, form) };
        using MemoryStream stream = new();
        using (System.Text.Json.Utf8JsonWriter writer = new(stream, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true, NewLine = "\n" }))
            root.WriteTo(writer);
        return stream.ToArray();
    }

    /// <summary>Pieces with hidden tokens; a function of the seed and the numbers alone.</summary>
    /// <param name="text">The tokens of the whole text.</param>
    /// <param name="starts">Where each piece begins.</param>
    /// <param name="room">Tokens of the text in each; fewer at its end.</param>
    /// <param name="purpose">What the draws are for.</param>
    /// <param name="first">The number of the first piece among all that are ever drawn for it.</param>
    public MaskedPieces Hide(int[] text, int[] starts, int room, string purpose, ulong first)
    {
        int time = room + before.Length + after.Length;
        int[] ids = new int[starts.Length * time], lengths = new int[starts.Length];
        List<int> places = [], targets = [];
        RandomStream all = new RandomStream(seed, purpose);
        for (int row = 0; row < starts.Length; row++)
        {
            ReadOnlySpan<int> piece = text.AsSpan(starts[row], Math.Min(room, text.Length - starts[row]));
            Span<int> into = ids.AsSpan(row * time, time);
            before.CopyTo(into);
            piece.CopyTo(into[before.Length..]);
            after.CopyTo(into[(before.Length + piece.Length)..]);
            lengths[row] = before.Length + piece.Length + after.Length;
            RandomStream random = all.Fork(first + (ulong)row);
            int hidden = Math.Max(1, (int)Math.Round(share * piece.Length)), left = piece.Length;
            // Each of the tokens that are left is as likely as any: just as many are hidden as asked for.
            for (int t = 0; t < piece.Length; t++, left--)
            {
                if (random.NextSingle() * left >= hidden)
                    continue;
                hidden--;
                int place = before.Length + t;
                places.Add((row * time) + place);
                targets.Add(piece[t]);
                float draw = random.NextSingle();
                into[place] = draw < 0.8f ? Mask : draw < 0.9f ? words[random.Next(words.Length)] : piece[t];
            }
        }
        return new MaskedPieces(ids, lengths, [.. places], [.. targets]);
    }
}

/// <summary>Pieces of a text (batch, time), which tokens of them are to be guessed, and what they are.</summary>
internal sealed record MaskedPieces(int[] Ids, int[] Lengths, int[] Places, int[] Targets);
