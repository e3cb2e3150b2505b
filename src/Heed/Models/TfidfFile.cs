namespace Heed;

/// <summary>A <see cref="TfidfModel"/> in two files of a model folder: its tokens, and safetensors with its n-grams and weights.</summary>
/// <remarks>Arrays: <c>ngrams</c> (features, 2): number of the shorter n-gram and token, whole numbers; <c>rarity</c> (features);
/// <c>weight</c> (features, outputs); <c>bias</c> (outputs); <c>strength</c> (1); <c>settings</c>: the task's; <c>order</c> (1).</remarks>
internal static class TfidfFile
{
    public static void SaveTokens(TfidfModel model, Stream stream) => model.Features.Ngrams.Encoder.Save(stream);

    public static void SaveWeights(TfidfModel model, Stream stream)
    {
        int features = model.FeatureCount;
        SafetensorsWriter.Write(stream,
        [
            new("ngrams", [features, 2], model.Features.Ngrams.Ngrams.SelectMany(n => new[] { (float)n.Shorter, n.Token }).ToArray()),
            new("rarity", [features], model.Features.Rarity),
            new("weight", [features, model.OutputCount], model.Weights),
            new("bias", [model.OutputCount], model.Bias),
            new("strength", [1], new[] { (float)model.Strength }),
            new("settings", [model.Settings.Length], model.Settings),
            new("order", [1], new[] { (float)model.Features.Ngrams.MaximumOrder }),
        ]);
    }

    /// <summary>Reads both files.</summary>
    /// <exception cref="InputException">A file is damaged, or the parts do not fit.</exception>
    public static TfidfModel Load(string tokensPath, string weightsPath, int outputs)
    {
        TextEncoder encoder = TextEncoder.Load(tokensPath);
        using SafetensorsFile file = SafetensorsFile.Open(weightsPath);
        float[] rarity = Read(file, weightsPath, "rarity", null);
        float[] pairs = Read(file, weightsPath, "ngrams", 2L * rarity.Length), order = Read(file, weightsPath, "order", 1);
        if (order[0] is not (>= 1 and <= 16))
            throw Damaged(weightsPath, "the order of its n-grams is none");
        NgramIndex ngrams = new(encoder, (int)order[0]);
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (!ngrams.TryAdd((int)pairs[i], (int)pairs[i + 1]))
                throw Damaged(weightsPath, FormattableString.Invariant($"n-gram {i / 2} has parts that are not there"));
        }
        float[] weights = Read(file, weightsPath, "weight", (long)rarity.Length * outputs), bias = Read(file, weightsPath, "bias", outputs);
        return new TfidfModel(new TfidfFeatures(ngrams, rarity), weights, bias, Read(file, weightsPath, "strength", 1)[0])
        {
            Settings = Read(file, weightsPath, "settings", null),
        };
    }

    private static float[] Read(SafetensorsFile file, string path, string name, long? length)
    {
        if (!file.Entries.TryGetValue(name, out SafetensorsEntry? entry))
            throw Damaged(path, $"it has no '{name}'");
        long count = entry.ElementCount;
        if (count > Array.MaxLength || (length is { } expected && count != expected))
            throw Damaged(path, FormattableString.Invariant($"'{name}' has {count} numbers"));
        float[] values = new float[count];
        file.ReadSingle(name, values);
        return values;
    }

    private static InputException Damaged(string path, string what) => new($"the baseline of the model does not fit together: {what}. Copy the whole folder again.", path);
}
