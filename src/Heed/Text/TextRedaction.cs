namespace Heed;

/// <summary>What is taken out of texts before a model sees them, in training and in prediction.</summary>
[Flags]
public enum TextRedaction
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Addresses such as <c>jane.doe@example.org</c>, which become <c>✉</c>.</summary>
    Email = 1,

    /// <summary>Numbers in digits of any script, with the points, commas, colons, slashes, hyphens and apostrophes inside, which become <c>0</c>.</summary>
    Number = 2,
}
