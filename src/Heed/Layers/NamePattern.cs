namespace Heed;

/// <summary>Patterns of names: <c>*</c> stands for anything but a dot, <c>**</c> for anything.</summary>
internal static class NamePattern
{
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        // Where each prefix of the pattern can end in the name: no pattern takes long.
        Span<bool> ends = name.Length < 256 ? stackalloc bool[name.Length + 1] : new bool[name.Length + 1];
        ends.Clear();
        ends[0] = true;
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '*')
            {
                for (int at = name.Length; at > 0; at--)
                    ends[at] = ends[at - 1] && name[at - 1] == pattern[i];
                ends[0] = false;
                continue;
            }
            bool crossesDots = i + 1 < pattern.Length && pattern[i + 1] == '*';
            i += crossesDots ? 1 : 0;
            for (int at = 1; at <= name.Length; at++)
                ends[at] |= ends[at - 1] && (crossesDots || name[at - 1] != '.');
        }
        return ends[name.Length];
    }

    /// <summary>Whether the pattern matches the name or what it stands below: <c>layer1.*</c> matches <c>layer1.0.conv1.weight</c>.</summary>
    public static bool MatchesOrHolds(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        for (int end = name.Length; end > 0; end = name[..end].LastIndexOf('.'))
        {
            if (Matches(pattern, name[..end]))
                return true;
        }
        return false;
    }
}
