namespace Heed;

/// <summary>A text and the pieces that it is cut into, on the way through pre-tokenizers.</summary>
internal sealed class TextPieces
{
    private readonly int before;
    private List<Piece> spare = [];

    /// <summary>Starts with one piece.</summary>
    /// <param name="text">The text; may be put in place of by one that is longer.</param>
    /// <param name="isFirst">Whether it stands at the start of what is encoded.</param>
    public TextPieces(AlignedText text, bool isFirst)
    {
        (Text, IsFirst, before) = (text, isFirst, text.Length);
        Pieces = [new Piece(0, text.Length)];
    }

    public AlignedText Text { get; private set; }

    public bool IsFirst { get; }

    public List<Piece> Pieces { get; private set; }

    /// <summary>Cuts every piece: <paramref name="cut"/> adds its parts.</summary>
    public void Cut(Action<AlignedText, Piece, List<Piece>> cut)
    {
        spare.Clear();
        foreach (Piece piece in Pieces)
            cut(Text, piece, spare);
        (Pieces, spare) = (spare, Pieces);
    }

    /// <summary>Writes every piece anew: <paramref name="write"/> adds its units.</summary>
    public void Rewrite(Action<AlignedText, Piece, AlignedText.Writer> write)
    {
        spare.Clear();
        var writer = new AlignedText.Writer(Text.Length + 16);
        foreach (Piece piece in Pieces)
        {
            int start = writer.Length;
            write(Text, piece, writer);
            spare.Add(new Piece(start, writer.Length));
        }
        (Pieces, spare) = (spare, Pieces);
        Text = writer.ToText();
        AlignedText.CheckGrowth(before, Text.Length);
    }
}

/// <summary>Part of a text under work.</summary>
/// <param name="Start">The first unit.</param>
/// <param name="End">Behind the last unit.</param>
internal readonly record struct Piece(int Start, int End)
{
    public int Length => End - Start;
}
