namespace Heed.Kernels;

/// <summary>The check that a modifier's parameters are there.</summary>
internal static class ScoreCheck
{
    public static void Parameters(string modifier, Int128 offset, Int128 count, long given)
    {
        if (count > 0 && (offset < 0 || offset + count > given))
            throw AttentionCheck.Wrong("parameters", FormattableString.Invariant($"{modifier}: parameters {offset} … {offset + count - 1} are required, {given} were given."));
    }
}
