namespace Heed;

/// <summary>Both sides' tokens of a translator, and how tokens of the source are tokens of the target.</summary>
internal sealed class PairEncoding(TextEncoder source, TextEncoder target, int maximumLength, string longSentences, bool copies)
{
    public TextEncoder Source => source;

    public TextEncoder Target => target;

    public int MaximumLength => maximumLength;

    public string LongSentences => longSentences;

    /// <summary>The source's tokens that are read, and how many are not.</summary>
    public (int[] Ids, Token[] Tokens, int CutOff) Read(string text)
    {
        EncodedText encoded = source.Encode(text);
        int kept = longSentences == "keep" ? encoded.Ids.Length : Math.Min(encoded.Ids.Length, maximumLength);
        return (encoded.Ids[..kept], encoded.Tokens[..kept], encoded.Ids.Length - kept + encoded.CutOff);
    }

    /// <summary>The source's tokens as tokens of the target; those that the target does not know are numbered behind its vocabulary.</summary>
    public (int[] Ids, string[] Further) AsTarget(string text, ReadOnlySpan<Token> tokens)
    {
        int[] ids = new int[tokens.Length];
        List<string> further = [];
        for (int i = 0; i < ids.Length; i++)
        {
            string form = Form(text.AsSpan(tokens[i].Start, tokens[i].Length));
            ids[i] = target.Vocabulary.Id(form);
            if (ids[i] != Vocabulary.Unknown)
                continue;
            int place = further.IndexOf(form);
            if (place < 0)
                further.Add(form);
            ids[i] = target.Vocabulary.Count + (place < 0 ? further.Count - 1 : place);
        }
        return (ids, [.. further]);
    }

    /// <summary>All pairs as ids; long ones as told, and counted.</summary>
    public EncodedPairs Encode(PairData data)
    {
        EncodedPairs pairs = new();
        foreach (PairExample row in data)
        {
            (int[] from, Token[] tokens, int cut) = Read(row.Source);
            EncodedText wanted = target.Encode(row.Target);
            bool isLong = cut > 0 || wanted.Ids.Length > maximumLength || from.Length > maximumLength;
            pairs.LongCount += isLong ? 1 : 0;
            if (from.Length == 0 || wanted.Ids.Length == 0)
            {
                pairs.EmptyCount++;
                continue;
            }
            if (isLong && longSentences == "drop")
                continue;
            int[] to = longSentences == "keep" ? wanted.Ids : wanted.Ids[..Math.Min(wanted.Ids.Length, maximumLength)];
            pairs.Sources.Add(from);
            if (copies)
            {
                (int[] ids, string[] further) = AsTarget(row.Source, tokens);
                pairs.Copies.Add(ids);
                for (int t = 0; t < to.Length && further.Length > 0; t++)
                {
                    int place = to[t] == Vocabulary.Unknown ? Array.IndexOf(further, Form(row.Target.AsSpan(wanted.Tokens[t].Start, wanted.Tokens[t].Length))) : -1;
                    to[t] = place >= 0 ? target.Vocabulary.Count + place : to[t];
                }
            }
            pairs.Targets.Add(to);
        }
        return pairs;
    }

    private string Form(ReadOnlySpan<char> token)
    {
        char[] form = new char[token.Length];
        target.Tokenizer.Normalize(token, form);
        return new string(form);
    }
}

/// <summary>Pairs as ids.</summary>
internal sealed class EncodedPairs
{
    public List<int[]> Sources { get; } = [];

    public List<int[]> Targets { get; } = [];

    public List<int[]> Copies { get; } = [];

    /// <summary>Pairs with a sentence beyond the maximum length.</summary>
    public int LongCount { get; set; }

    /// <summary>Pairs with a side that has no token.</summary>
    public int EmptyCount { get; set; }

    public PairBatch Batch(ReadOnlySpan<int> rows) => PairBatch.Create(Sources, Targets, rows, Copies.Count > 0 ? Copies : null);
}
