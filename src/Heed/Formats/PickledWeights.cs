namespace Heed;

/// <summary>Knows files of pickled weights, so that no reader tries them: reading one may run any code in it.</summary>
internal static class PickledWeights
{
    // What stands first in an archive of torch is its data.pkl; others have it in the directory at the end.
    private const int Looked = 1 << 16;

    private static readonly string[] extensions = [".bin", ".pt", ".pth", ".ckpt", ".pkl"];

    /// <summary>Refuses a file that is pickled, by its content.</summary>
    /// <exception cref="InputException">It is; says how to convert it.</exception>
    public static void Refuse(string path)
    {
        if (File.Exists(path) && IsPickled(path))
            throw Refused(path);
    }

    /// <summary>Refuses a file of weights that is pickled by its content, or has such a name.</summary>
    /// <exception cref="InputException">It is; says how to convert it.</exception>
    public static void RefuseNamed(string path)
    {
        if (extensions.Contains(Path.GetExtension(path), StringComparer.Ordinal))
            throw Refused(path);
        Refuse(path);
    }

    private static InputException Refused(string path) => new(
        $"pickled weights are not read, because reading them may run any code in them. Convert them where you trust them: python -c \"import torch; from safetensors.torch import save_file; "
        + $"w = torch.load('{Path.GetFileName(path)}', map_location='cpu', weights_only=True); save_file({{k: v.clone().contiguous() for k, v in w.items()}}, '{SafetensorsShards.SingleFile}')\".", path);

    private static bool IsPickled(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            byte[] buffer = new byte[Math.Min(Looked, stream.Length)];
            stream.ReadExactly(buffer);
            if (buffer.Length < 2)
                return false;
            if (buffer[0] == 0x80)
                return buffer[1] is >= 2 and <= 5 && !IsSafetensors(buffer);
            if (!buffer.AsSpan().StartsWith("PK\u0003\u0004"u8))
                return false;
            if (buffer.AsSpan().IndexOf("data.pkl"u8) >= 0)
                return true;
            stream.Position = stream.Length - buffer.Length;
            stream.ReadExactly(buffer);
            return buffer.AsSpan().IndexOf("data.pkl"u8) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever reads it next says why it cannot.
            return false;
        }
    }

    // A header may be 640 bytes long, which begins as a pickle does; but then its high bytes are 0, and an object follows.
    private static bool IsSafetensors(ReadOnlySpan<byte> start) => start.Length > 8 && start[4..8].IndexOfAnyExcept((byte)0) < 0 && start[8] == (byte)'{';
}
