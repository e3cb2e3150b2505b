using System.Text;

namespace Heed;

/// <summary>Finds an encoding by name without registering anything in the process.</summary>
internal static class TextEncodingName
{
    public const string Utf8 = "utf-8";

    /// <summary>What a decoder writes for bytes that are no character; never a character itself.</summary>
    public const char Invalid = '\uFFFF';

    private static readonly string[] common =
    [
        Utf8, "utf-16", "utf-16le", "utf-16be", "gb18030", "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255",
        "windows-1256", "windows-1257", "windows-1258", "windows-874", "iso-8859-1", "iso-8859-2", "iso-8859-15", "big5", "shift_jis", "euc-kr", "koi8-r",
    ];

    /// <summary>The name in the form that messages use.</summary>
    public static string Normal(string name) => name.ToLowerInvariant() switch
    {
        "utf8" or "utf-8" => Utf8,
        "utf16" or "utf-16" or "unicode" => "utf-16",
        "gbk" or "gb2312" or "gb18030" or "cp936" => "gb18030",
        ['c', 'p', '1', '2', '5', _] cp => "windows-" + cp[2..],
        "latin1" => "iso-8859-1",
        var other => other,
    };

    /// <summary>An encoding that decodes strictly, with <see cref="Invalid"/> in the place of each wrong byte.</summary>
    /// <param name="name">As <see cref="Normal"/> gives it.</param>
    /// <exception cref="ArgumentException">There is no such encoding.</exception>
    public static Encoding Find(string name)
    {
        var invalid = new DecoderReplacementFallback(Invalid.ToString());
        try
        {
            if (name is not ("utf-7" or "us-ascii"))
            {
                Encoding? found = name == "utf-16" ? Encoding.GetEncoding("utf-16", EncoderFallback.ExceptionFallback, invalid)
                    : CodePagesEncodingProvider.Instance.GetEncoding(name, EncoderFallback.ExceptionFallback, invalid);
                return found ?? Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, invalid);
            }
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
        }
        throw new ArgumentException($"there is no encoding '{name}' here; known are {NearestName.List(common, common.Length)}.{NearestName.Hint(name, common)}");
    }
}
