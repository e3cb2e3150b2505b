namespace Heed;

/// <summary>A piece is one token or unknown.</summary>
internal sealed class WordLevelModel(Dictionary<string, int> vocabulary, int unknown) : SubwordModel
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();

    public override int? UnknownId => unknown;

    public override void Tokenize(ReadOnlySpan<char> piece, List<SubToken> output) =>
        output.Add(new SubToken(ids.TryGetValue(piece, out int id) ? id : unknown, 0, piece.Length));
}
