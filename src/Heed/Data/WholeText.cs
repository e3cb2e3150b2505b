using System.Text;

namespace Heed;

/// <summary>A text file as one string, for models that read and write running text.</summary>
public static class WholeText
{
    private const int Largest = 1 << 29;

    /// <summary>Reads a file, plain or gzip, and decodes it strictly.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">Its encoding by name; null for UTF-8, or UTF-16 where a byte order mark says so.</param>
    /// <exception cref="InputException">The file is missing, damaged, empty, in another encoding (says the line), or has more than 2²⁹ characters.</exception>
    public static string Read(string path, string? encoding = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        using DecodedText file = DecodedText.Open(path, encoding);
        StringBuilder text = new();
        char[] block = new char[1 << 16];
        for (int count; (count = file.Read(block)) > 0;)
        {
            text.Append(block, 0, count);
            if (text.Length > Largest)
                throw new InputException("has more than 2²⁹ characters; give a part of it.", path);
        }
        return text.Length == 0 ? throw new InputException("is empty; there is nothing to read.", path) : text.ToString();
    }
}
