using System.CommandLine;
using System.Globalization;

namespace Heed.Cli;

/// <summary><c>heed embed MODEL [TEXT…]</c>: vectors of texts, and the texts of a file that are nearest to a query.</summary>
internal static class EmbedCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> model = CommonOptions.Model();
        model.Description = "Folder of a trained encoder: BERT, MiniLM, RoBERTa, XLM-R or DistilBERT as Hugging Face has them, or a Transformer of Heed's.";
        Argument<string[]> texts = new("texts")
        {
            Description = "Texts; without any, and without --file, they are read from standard input, one a line.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> file = new("--file") { Description = "Texts from a file, one a line, plain or gzip.", HelpName = "file" };
        Option<string?> encoding = TableOptions.Encoding();
        Option<string> pooling = new("--pooling")
        {
            Description = "How a text's states become one vector: mean, or cls, the first token's.",
            HelpName = "name",
            DefaultValueFactory = _ => TextEmbedder.Poolings[0],
        };
        Option<string?> search = new("--search") { Description = "Instead of vectors show the texts that are nearest to this one, by the cosine.", HelpName = "query" };
        Option<int> top = new("--top") { Description = "How many texts --search shows.", HelpName = "N", DefaultValueFactory = _ => 10 };
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json();
        json.Description = "What --search finds as one JSON object a line; vectors are that anyway.";
        Command command = new("embed", "Turns texts into vectors of length 1, or finds the nearest texts.") { model, texts, file, encoding, pooling, search, top, threads, json };
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            string[] given = parsed.GetValue(texts) ?? [];
            if (given.Length > 0 && parsed.GetValue(file) is not null)
                throw new UsageException("give texts, or --file, not both.");
            if (top.IsGiven(parsed) && parsed.GetValue(search) is null)
                throw new UsageException("--top says how many texts --search shows; give a query by --search.");
            if (parsed.GetValue(top) < 1)
                throw new UsageException(FormattableString.Invariant($"--top must be at least 1, got {parsed.GetValue(top)}."));
            TextEmbedder embedder = UsageException.Guard(() => TextEmbedder.Load(parsed.GetValue(model)!, parsed.GetValue(pooling)!));
            UnexpectedTensors.Say(terminal.Say, parsed.GetValue(model)!);
            IEnumerable<string> lines = given.Length > 0 ? given : Lines(terminal, parsed.GetValue(file), parsed.GetValue(encoding));
            if (parsed.GetValue(search) is { } query)
                Search(terminal, embedder.Search(query, lines, parsed.GetValue(top)), parsed.GetValue(json));
            else
                Write(terminal, embedder, lines);
            return ExitCode.Done;
        });
        return command;
    }

    private static IEnumerable<string> Lines(Terminal terminal, string? file, string? encoding)
    {
        TextReadOptions options = new() { Label = null, Encoding = encoding, Format = TextFormat.Lines };
        if (file is not null)
            return TextTable.ReadRows(file, options).Select(row => row.Text);
        if (terminal.IsInTerminal)
            terminal.Say("one text a line; end with Ctrl+D (on Windows Ctrl+Z)");
        return Read(terminal.OpenIn(), options);
    }

    private static IEnumerable<string> Read(Stream stream, TextReadOptions options)
    {
        using TextTable table = TextTable.Open(stream, options);
        foreach (TextRow row in table)
            yield return row.Text;
    }

    private static void Write(Terminal terminal, TextEmbedder embedder, IEnumerable<string> lines)
    {
        foreach (string[] window in lines.Chunk(TextClassifier.PredictionWindow))
        {
            foreach ((string text, float[] vector) in window.Zip(embedder.Embed(window)))
            {
                JsonText.WriteObject(terminal.Out, writer =>
                {
                    writer.WriteString("text", text);
                    writer.WriteStartArray("vector");
                    foreach (float value in vector)
                        writer.WriteNumberValue(value);
                    writer.WriteEndArray();
                });
            }
        }
    }

    private static void Search(Terminal terminal, IReadOnlyList<TextMatch> matches, bool isJson)
    {
        foreach (TextMatch match in matches)
        {
            if (!isJson)
            {
                terminal.Out.WriteLine($"{match.Similarity.ToString("F4", CultureInfo.InvariantCulture)}\t{(match.Index + 1).ToString(CultureInfo.InvariantCulture)}\t{OneLine.Of(match.Text)}");
                continue;
            }
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteNumber("similarity", match.Similarity);
                writer.WriteNumber("line", match.Index + 1);
                writer.WriteString("text", match.Text);
            });
        }
    }
}
