using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed translate MODEL [TEXT…]</c>: answers of a translator to texts from the command line, a file or standard input.</summary>
internal static class TranslateCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> model = CommonOptions.Model();
        Argument<string[]> texts = new("texts")
        {
            Description = "Texts; without any, and without --file, they are read from standard input, one a line.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> file = new("--file") { Description = "Texts from a file, one a line.", HelpName = "file" };
        Option<string?> encoding = TableOptions.Encoding();
        Option<string?> pairs = new("--pairs") { Description = "Score pairs in place of translating: a table of sources and targets, or two files of lines, written sources,targets. A line each: log P of the target's tokens and its end.", HelpName = "file" };
        Option<string> source = PairOptions.Source(), target = PairOptions.Target();
        Option<bool> weights = new("--weights") { Description = "Draw each answer's alignment: where the model looked for each token." };
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
        json.Description = "One JSON object a text: source, text, logProbability, score, hasEnded, tokens, alignment, sourceTokens, cutOff, and others with the same of each; with --pairs source, target and logProbability.";
        DecodingSettings decoding = new();
        Command command = new("translate", "Translates texts and shows where the model looked.") { model, texts, file, encoding, pairs, source, target, weights };
        decoding.AddTo(command, draws: true);
        foreach (Option option in new Option[] { threads, json, quiet })
            command.Add(option);
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            string[] given = parsed.GetValue(texts) ?? [];
            if (given.Length > 0 && parsed.GetValue(file) is not null)
                throw new UsageException("give texts or --file, not both.");
            if (!parsed.Tokens.Any(token => token.Value == "--") && given.FirstOrDefault(text => text.StartsWith("--", StringComparison.Ordinal)) is { } unknown)
                throw new UsageException($"there is no option '{unknown}'. If it is a text, write -- before the texts. See 'heed translate --help'.");
            if (parsed.GetValue(pairs) is not null && (given.Length > 0 || parsed.GetValue(file) is not null || parsed.GetValue(weights)))
                throw new UsageException("--pairs scores the pairs of its file; leave out texts, --file and --weights.");
            Translator translator = Translator.Load(parsed.GetValue(model)!);
            if (parsed.GetValue(pairs) is { } scored)
                return Score(terminal, translator, PairOptions.Read(scored, new PairReadOptions { Source = parsed.GetValue(source)!, Target = parsed.GetValue(target)!, Encoding = parsed.GetValue(encoding) }, terminal.Say), parsed.GetValue(json));
            DecodingOptions options = decoding.Read(parsed, translator.Decoding);
            Action<Translation> write = Writer(terminal, parsed.GetValue(json), parsed.GetValue(weights));
            Stopwatch clock = Stopwatch.StartNew();
            long count = 0, cut = 0;
            IEnumerable<string> lines = given.Length > 0 ? given : Lines(terminal, parsed.GetValue(file), parsed.GetValue(encoding));
            foreach (IReadOnlyList<string> group in Arrivals.Group(lines, most: Translator.TranslationWindow))
            {
                foreach (Translation answer in translator.TranslateMany(group, options))
                {
                    write(answer);
                    cut += answer.CutOff > 0 ? 1 : 0;
                }
                terminal.Out.Flush();
                count += group.Count;
            }
            if (cut > 0)
                terminal.Say(FormattableString.Invariant($"warning: of {cut:N0} long texts the end was not read: this model takes {translator.MaximumLength:N0} tokens"));
            if (!parsed.GetValue(quiet) && count > 1)
                terminal.Say(FormattableString.Invariant($"{count:N0} texts in {clock.Elapsed.TotalSeconds:F1} s, {count / clock.Elapsed.TotalSeconds:N0} a second"));
            return ExitCode.Done;
        });
        return command;
    }

    private static int Score(Terminal terminal, Translator translator, PairData data, bool json)
    {
        double[] scores = translator.Score(data);
        string[] sources = [.. data.Sources], targets = [.. data.Targets];
        for (int i = 0; i < scores.Length; i++)
        {
            int row = i;
            if (json)
            {
                JsonText.WriteObject(terminal.Out, writer =>
                {
                    writer.WriteString("source", sources[row]);
                    writer.WriteString("target", targets[row]);
                    writer.WriteFinite("logProbability", scores[row]);
                });
            }
            else
                terminal.Out.Write($"{scores[i].ToString("F4", CultureInfo.InvariantCulture)}\n");
        }
        int unread = scores.Count(double.IsNaN);
        if (unread > 0)
            terminal.Say(FormattableString.Invariant($"warning: {unread:N0} pairs have no score: a side without a token, or longer than the {translator.MaximumLength:N0} tokens that this model takes"));
        return ExitCode.Done;
    }

    private static IEnumerable<string> Lines(Terminal terminal, string? file, string? encoding)
    {
        TextReadOptions options = new() { Format = TextFormat.Lines, Label = null, Encoding = encoding };
        UsageException.Guard(() =>
        {
            options.Validate();
            return options;
        });
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

    private static Action<Translation> Writer(Terminal terminal, bool json, bool weights)
    {
        if (json)
            return answer => JsonText.WriteObject(terminal.Out, writer => Write(writer, answer));
        AlignmentDrawing? drawing = weights ? new(terminal) : null;
        return answer =>
        {
            foreach (Translation one in answer.Others.Prepend(answer))
            {
                string score = answer.Others.Count > 0 ? one.Score.ToString("F4", CultureInfo.InvariantCulture) + "\t" : "";
                terminal.Out.Write($"{score}{OneLine.Of(one.Text)}\n");
                drawing?.Write(one);
            }
        };
    }

    private static void Write(Utf8JsonWriter writer, Translation answer)
    {
        writer.WriteString("source", answer.Source);
        WriteAnswer(writer, answer);
        writer.WriteStartArray("sourceTokens");
        foreach (Range range in answer.SourceTokens)
            writer.WriteStringValue(answer.Source[range]);
        writer.WriteEndArray();
        writer.WriteNumber("cutOff", answer.CutOff);
        if (answer.Others.Count == 0)
            return;
        writer.WriteStartArray("others");
        foreach (Translation other in answer.Others)
        {
            writer.WriteStartObject();
            WriteAnswer(writer, other);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteAnswer(Utf8JsonWriter writer, Translation answer)
    {
        writer.WriteString("text", answer.Text);
        writer.WriteFinite("logProbability", answer.LogProbability);
        writer.WriteFinite("score", answer.Score);
        writer.WriteBoolean("hasEnded", answer.HasEnded);
        writer.WriteStartArray("tokens");
        foreach (string token in answer.Tokens)
            writer.WriteStringValue(token);
        writer.WriteEndArray();
        writer.WriteStartArray("alignment");
        foreach (float[] row in answer.Alignment)
        {
            writer.WriteStartArray();
            foreach (float weight in row)
                writer.WriteNumberValue(MathF.Round(weight, 6));
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
    }
}
