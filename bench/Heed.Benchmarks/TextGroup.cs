using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Heed.Benchmarks;

/// <summary>Reading tables and cutting texts, in megabytes of UTF-8 a second on one thread.</summary>
internal sealed class TextGroup : IBenchmarkGroup
{
    private const int Most = 12 << 20;

    public string Name => "text";

    public int Order => 10;

    public void Run(BenchmarkRun run)
    {
        foreach ((string language, string file) in new[] { ("en", "imdb/train.tsv.gz"), ("zh", "online_shopping_zh/all.tsv.gz") })
        {
            string? path = run.Options.Data is { } folder ? Path.Combine([folder, .. file.Split('/')]) : null;
            if (path is null || !File.Exists(path))
            {
                Console.WriteLine($"(text {language}: needs --data DIR with {file})");
                continue;
            }
            One(run, language, Rows(path));
        }
    }

    private static List<(string Text, string Label)> Rows(string path)
    {
        var rows = new List<(string, string)>();
        long size = 0;
        foreach (TextRow row in TextTable.ReadRows(path))
        {
            rows.Add((row.Text, row.Label!));
            size += Encoding.UTF8.GetByteCount(row.Text);
            if (size > Most)
                break;
        }
        return rows;
    }

    private static void One(BenchmarkRun run, string language, List<(string Text, string Label)> rows)
    {
        (string Form, string File, byte[] Content)[] forms =
        [
            ("tsv", "a.tsv", Table(rows, row => $"{row.Label}\t{row.Text}\n", "label\ttext\n")),
            ("csv quoted", "a.csv", Table(rows, row => $"{row.Label},\"{row.Text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n", "label,text\n")),
            ("jsonl", "a.jsonl", Table(rows, row => JsonSerializer.Serialize(new { label = row.Label, text = row.Text }, plain) + "\n", "")),
            ("tsv gzip", "a.tsv", Packed(Table(rows, row => $"{row.Label}\t{row.Text}\n", "label\ttext\n"))),
        ];
        int bytes = forms[0].Content.Length;
        foreach ((string form, string file, byte[] content) in forms)
            run.MeasureBytes($"{language} read {form}", form == "tsv gzip" ? bytes : content.Length, () => Read(content, file));
        TextData data = TextData.FromRows(rows);
        string[] texts = [.. data.Texts];
        foreach (string kind in new[] { "word", "character", "byte-pair" })
        {
            TextEncoder encoder = TextEncoder.Build(texts.Take(4000), new TextEncoderOptions { Kind = kind, MaximumLength = 1 << 20 });
            run.MeasureBytes($"{language} encode {kind}", bytes, () => Encode(encoder, texts));
            run.MeasureBytes($"{language} read tsv + encode {kind}", bytes, () => ReadAndEncode(forms[0].Content, encoder));
        }
        foreach (TrainedTokenizerKind kind in Enum.GetValues<TrainedTokenizerKind>())
        {
            PretrainedTokenizer tokenizer = Learned(kind, texts.Take(2000));
            run.MeasureBytes($"{language} encode pretrained {kind}", bytes, () => Encode(tokenizer, texts));
        }
        TextEncoder redacting = TextEncoder.Build(texts.Take(4000), new TextEncoderOptions { Redaction = TextRedaction.Email | TextRedaction.Number, MaximumLength = 1 << 20 });
        run.MeasureBytes($"{language} encode word, redacted", bytes, () => Encode(redacting, texts));
        run.MeasureBytes($"{language} learn words", bytes, () => TextEncoder.Build(texts));
        run.MeasureBytes($"{language} keys of texts", bytes, () => TextData.FromRows(rows));
    }

    private static readonly JsonSerializerOptions plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static byte[] Table(List<(string Text, string Label)> rows, Func<(string Text, string Label), string> line, string header) =>
        Encoding.UTF8.GetBytes(header + string.Concat(rows.Select(line)));

    private static byte[] Packed(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(content);
        return packed.ToArray();
    }

    private static void Read(byte[] content, string name)
    {
        using TextTable table = TextTable.Open(new MemoryStream(content), name: name);
        foreach (TextRow _ in table)
        {
        }
    }

    private static PretrainedTokenizer Learned(TrainedTokenizerKind kind, IEnumerable<string> texts)
    {
        string path = Path.GetTempFileName();
        using (FileStream stream = File.Create(path))
            new TokenizerTraining { Kind = kind, VocabularySize = 4000 }.Train(texts, stream);
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(path);
        File.Delete(path);
        return tokenizer;
    }

    private static void Encode(PretrainedTokenizer tokenizer, string[] texts)
    {
        foreach (string text in texts)
            tokenizer.Encode(text);
    }

    private static void Encode(TextEncoder encoder, string[] texts)
    {
        foreach (string text in texts)
            encoder.EncodeIds(text);
    }

    private static void ReadAndEncode(byte[] content, TextEncoder encoder)
    {
        using TextTable table = TextTable.Open(new MemoryStream(content), name: "a.tsv");
        foreach (TextRow row in table)
            encoder.EncodeIds(row.Text);
    }
}
