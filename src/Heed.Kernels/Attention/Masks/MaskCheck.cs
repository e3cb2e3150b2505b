namespace Heed.Kernels;

/// <summary>The check that a mask's data is there.</summary>
internal static class MaskCheck
{
    public static void Data(string mask, string kind, Int128 offset, Int128 count, long given)
    {
        if (count > 0 && (offset < 0 || offset + count > given))
            throw new ArgumentException(FormattableString.Invariant($"{mask}: {kind} {offset} … {offset + count - 1} of AttentionOptions.Mask{char.ToUpperInvariant(kind[0])}{kind[1..]} are required, {given} were given."), kind);
    }
}
