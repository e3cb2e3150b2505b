using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed tokenizer</c>: learns a tokenizer from a corpus, and shows what one makes of a text.</summary>
internal static class TokenizerCommand
{
    // Line ends are tokens of a byte-level tokenizer, so lines are put together again.
    private const int BlockLength = 1 << 16;

    public static Command Create(Terminal terminal, CancellationToken cancellation) =>
        new("tokenizer", "Learns a tokenizer, or shows what one makes of a text.") { Train(terminal, cancellation), Encode(terminal) };

    private static Command Train(Terminal terminal, CancellationToken cancellation)
    {
        Option<string[]> data = new("--data")
        {
            Description = "The corpus: text files, or TSV, CSV and JSON Lines with a column of texts; plain or gzip.",
            HelpName = "file",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string> output = new("--out") { Description = "Where to save, usually tokenizer.json.", HelpName = "file", Required = true };
        Option<string> kind = new("--kind") { Description = "bpe: byte pairs, as GPT-2; unigram: as SentencePiece.", HelpName = "kind", DefaultValueFactory = _ => "bpe" };
        kind.AcceptOnlyFromAmong("bpe", "unigram");
        Option<int> vocabulary = new("--vocabulary") { Description = "Tokens at most, those for bytes included.", HelpName = "N", DefaultValueFactory = _ => 8000 };
        Option<string[]> special = new("--special")
        {
            Description = "A special token; several times for more. [default: <|endoftext|>]",
            HelpName = "token",
        };
        Option<string> text = new("--text") { Description = "The column of the texts, where a file has columns.", HelpName = "column", DefaultValueFactory = _ => "text" };
        Option<string?> encoding = TableOptions.Encoding();
        Option<bool> quiet = CommonOptions.Quiet();
        Command command = new("train", "Learns a tokenizer and saves it as a tokenizer.json.") { data, output, kind, vocabulary, special, text, encoding, quiet };
        command.SetAction(parsed =>
        {
            bool isBytePair = parsed.GetValue(kind) == "bpe";
            TokenizerTraining training = new()
            {
                Kind = isBytePair ? TrainedTokenizerKind.BytePair : TrainedTokenizerKind.Unigram,
                VocabularySize = parsed.GetValue(vocabulary),
            };
            if (parsed.GetValue(special) is { Length: > 0 } tokens)
                training = training with { SpecialTokens = tokens };
            UsageException.Guard(() =>
            {
                training.Validate();
                return training;
            });
            TextReadOptions options = Lines(parsed.GetValue(encoding));
            // Files are opened before the work, so that a wrong name is told at once.
            string[] files = parsed.GetValue(data)!;
            if (files.FirstOrDefault(file => !File.Exists(file)) is { } missing)
                throw new InputException("there is no such file.", missing);
            IEnumerable<string> texts = files.SelectMany(file => IsTable(file)
                ? TextTable.ReadRows(file, options with { Format = TextFormat.Guess, Text = parsed.GetValue(text)! }).Select(row => row.Text)
                : isBytePair ? Blocks(TextTable.ReadRows(file, options)) : TextTable.ReadRows(file, options).Select(row => row.Text));
            string path = parsed.GetValue(output)!;
            AtomicFile.Write(path, stream => training.Train(texts, stream, parsed.GetValue(quiet) ? null : new Spoken(terminal), cancellation));
            if (!parsed.GetValue(quiet))
                terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{PretrainedTokenizer.Load(path).VocabularySize:N0} tokens saved as {path}"));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Encode(Terminal terminal)
    {
        Argument<string> tokenizer = new("tokenizer") { Description = "A model's folder or its tokenizer.json." };
        Argument<string[]> texts = new("texts") { Description = "Texts; without any they are read from standard input, one a line.", Arity = ArgumentArity.ZeroOrMore };
        Option<bool> bare = new("--bare") { Description = "Without the special tokens around a text." };
        Option<string?> encoding = TableOptions.Encoding();
        Option<bool> json = CommonOptions.Json();
        json.Description = "One JSON object a text: text, ids, tokens, offsets, decoded, cutOff.";
        Command command = new("encode", "Shows ids and tokens of texts.") { tokenizer, texts, bare, encoding, json };
        command.SetAction(parsed =>
        {
            PretrainedTokenizer loaded = PretrainedTokenizer.Load(parsed.GetValue(tokenizer)!);
            string[] given = parsed.GetValue(texts) ?? [];
            foreach (string text in given.Length > 0 ? given : Read(terminal, Lines(parsed.GetValue(encoding))))
            {
                TokenizedText tokens = loaded.Encode(text, addSpecialTokens: !parsed.GetValue(bare));
                if (parsed.GetValue(json))
                    JsonText.WriteObject(terminal.Out, writer => Write(writer, text, tokens, loaded.Decode(tokens.Ids)));
                else
                    terminal.Out.Write($"{string.Join(' ', tokens.Ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))}\t{OneLine.Of(string.Join(' ', tokens.Tokens))}\n");
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(Utf8JsonWriter writer, string text, TokenizedText tokens, string decoded)
    {
        writer.WriteString("text", text);
        writer.WriteStartArray("ids");
        foreach (int id in tokens.Ids)
            writer.WriteNumberValue(id);
        writer.WriteEndArray();
        writer.WriteStartArray("tokens");
        foreach (string token in tokens.Tokens)
            writer.WriteStringValue(token);
        writer.WriteEndArray();
        writer.WriteStartArray("offsets");
        foreach (Range place in tokens.Offsets)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(place.Start.Value);
            writer.WriteNumberValue(place.End.Value);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteString("decoded", decoded);
        writer.WriteNumber("cutOff", tokens.CutOff);
    }

    private static TextReadOptions Lines(string? encoding)
    {
        TextReadOptions options = new() { Format = TextFormat.Lines, Label = null, Encoding = encoding };
        return UsageException.Guard(() =>
        {
            options.Validate();
            return options;
        });
    }

    private static IEnumerable<string> Read(Terminal terminal, TextReadOptions options)
    {
        if (terminal.IsInTerminal)
            terminal.Say("one text a line; end with Ctrl+D (on Windows Ctrl+Z)");
        using TextTable table = TextTable.Open(terminal.OpenIn(), options);
        foreach (TextRow row in table)
            yield return row.Text;
    }

    private static bool IsTable(string file)
    {
        string name = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? file[..^3] : file;
        return Path.GetExtension(name).ToUpperInvariant() is ".TSV" or ".CSV" or ".JSONL";
    }

    private static IEnumerable<string> Blocks(IEnumerable<TextRow> rows)
    {
        StringBuilder block = new();
        foreach (TextRow row in rows)
        {
            block.Append(row.Text).Append('\n');
            if (block.Length < BlockLength)
                continue;
            yield return block.ToString();
            block.Clear();
        }
        yield return block.ToString();
    }

    private sealed class Spoken(Terminal terminal) : IProgress<string>
    {
        public void Report(string value) => terminal.Say(value);
    }
}
