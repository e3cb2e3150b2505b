using System.Security.Cryptography;
using System.Text;

namespace Heed;

/// <summary>What a model that is trained on pictures takes from them: their size, their channels' mean and deviation, and a hash of what they are.</summary>
internal static class PictureLook
{
    // Pictures from which mean and deviation of the channels are taken.
    private const int Looked = 512;

    /// <summary>Channels as the first picture has them, size as it has it unless given, mean and deviation of the channels as some have them.</summary>
    /// <param name="train">The pictures.</param>
    /// <param name="some">Pictures by their indices.</param>
    /// <param name="height">Rows; 0 for those of the first picture.</param>
    /// <param name="width">Columns; 0 likewise.</param>
    public static PictureBatchOptions Of(IPictureData train, Func<IReadOnlyList<int>, IPictureData> some, int height, int width)
    {
        Picture first = train.Read(0).Picture;
        int channels = first.Channels == 1 ? 1 : 3, count = Math.Min(Looked, train.Count);
        PictureBatchOptions plain = new() { Height = height > 0 ? height : first.Height, Width = width > 0 ? width : first.Width, Channels = channels, BatchSize = 64 };
        double[] sums = new double[channels], squares = new double[channels];
        long places = 0;
        foreach (PictureBatch batch in new PictureBatches(some([.. Enumerable.Range(0, count).Select(i => (int)((long)i * train.Count / count))]), plain).InOrder())
        {
            for (int i = 0; i < batch.Pixels.Length; i++)
            {
                sums[i % channels] += batch.Pixels[i];
                squares[i % channels] += (double)batch.Pixels[i] * batch.Pixels[i];
            }
            places += batch.Pixels.Length / channels;
        }
        float[] mean = [.. sums.Select(s => (float)(s / places))];
        return plain with { Mean = mean, Deviation = [.. squares.Select((s, c) => (float)Math.Max(0.01, Math.Sqrt(Math.Max(0, (s / places) - ((double)mean[c] * mean[c])))))] };
    }

    /// <summary>One picture as a batch of its own.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="reading">How it is read.</param>
    public static PictureBatch Batch(Picture picture, PictureBatchOptions reading) => new PictureBatches(new OnePicture(picture), reading with { BatchSize = 1 }).InOrder().Single();

    /// <summary>SHA-256 over a line for each picture; hex.</summary>
    /// <param name="lines">What each picture is: its classes and its name.</param>
    public static string Hash(IEnumerable<string> lines)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string line in lines)
            hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class OnePicture(Picture picture) : IPictureData
    {
        public int Count => 1;

        public IReadOnlyList<string> LabelNames => [];

        public PictureSample Read(int index) => new(picture, Label: -1);

        public string NameOf(int index) => "the picture";
    }
}
