namespace Heed;

/// <summary>Where the special tokens stand around one text or two: what the kinds of <c>post_processor</c> in a tokenizer's file come to.</summary>
/// <param name="Single">The parts for one text.</param>
/// <param name="Pair">The parts for two.</param>
/// <param name="TrimsOffsets">Whether the places of tokens leave out spaces at their ends.</param>
internal sealed record TokenTemplate(IReadOnlyList<TemplatePart> Single, IReadOnlyList<TemplatePart> Pair, bool TrimsOffsets)
{
    /// <summary>Nothing is added; the second text has type 1.</summary>
    public static TokenTemplate Plain { get; } = new([TemplatePart.Text(0, 0)], [TemplatePart.Text(0, 0), TemplatePart.Text(1, 1)], TrimsOffsets: false);

    /// <summary>[CLS] A [SEP] B [SEP], B and its end with type 1.</summary>
    public static TokenTemplate Bert(int cls, int sep) => new(
        [TemplatePart.Special(cls, 0), TemplatePart.Text(0, 0), TemplatePart.Special(sep, 0)],
        [TemplatePart.Special(cls, 0), TemplatePart.Text(0, 0), TemplatePart.Special(sep, 0), TemplatePart.Text(1, 1), TemplatePart.Special(sep, 1)], TrimsOffsets: false);

    /// <summary>&lt;s> A &lt;/s> &lt;/s> B &lt;/s>, all with type 0.</summary>
    public static TokenTemplate Roberta(int cls, int sep, bool trimsOffsets) => new(
        [TemplatePart.Special(cls, 0), TemplatePart.Text(0, 0), TemplatePart.Special(sep, 0)],
        [
            TemplatePart.Special(cls, 0), TemplatePart.Text(0, 0), TemplatePart.Special(sep, 0),
            TemplatePart.Special(sep, 0), TemplatePart.Text(1, 0), TemplatePart.Special(sep, 0),
        ],
        trimsOffsets);
}

/// <summary>A special token or one of the texts.</summary>
/// <param name="Id">The special token; −1 for a text.</param>
/// <param name="TextIndex">0 or 1; −1 for a special token.</param>
/// <param name="TypeId">The type of its tokens.</param>
internal readonly record struct TemplatePart(int Id, int TextIndex, int TypeId)
{
    public static TemplatePart Special(int id, int typeId) => new(id, -1, typeId);

    public static TemplatePart Text(int index, int typeId) => new(-1, index, typeId);

    public bool IsSpecial => TextIndex < 0;
}
