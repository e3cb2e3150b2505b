namespace Heed;

/// <summary>One kind of thing that a model folder holds of the data that the model was trained on.</summary>
/// <param name="File">The file of the folder.</param>
/// <param name="What">What it is.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Examples">Those that a reader should look at: for tokens the ones with digits or signs of addresses and the longest ones.</param>
public sealed record PrivacyItem(string File, string What, long Count, IReadOnlyList<string> Examples);
