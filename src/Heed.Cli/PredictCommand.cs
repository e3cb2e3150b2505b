using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Heed.Cli;

/// <summary><c>heed predict MODEL [TEXT…]</c>: labels for texts from the command line, a file or standard input.</summary>
internal static class PredictCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> model = CommonOptions.Model();
        Argument<string[]> texts = new("texts")
        {
            Description = "Texts; without any, and without --file, they are read from standard input, one a line. For an image classifier, a segmenter or a detector paths of pictures.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> file = new("--file")
        {
            Description = "Texts from a file: one a line, or a column of a TSV, CSV or JSON Lines file.",
            HelpName = "file",
        };
        Option<string?> column = new("--text")
        {
            Description = "The input is a table, and the texts stand in this column: a name, or a number from 1.",
            HelpName = "column",
        };
        Option<string?> encoding = TableOptions.Encoding();
        Option<double> threshold = Thresholds.Create("Answer 'unsure' below this probability; for a detector the least score of a box, 0.3 unless given.");
        Option<string?> output = new("--out") { Description = "For a segmenter or detector: write what was found over the picture to a PNG file; with several pictures to a folder.", HelpName = "path" };
        Option<bool> quiet = CommonOptions.Quiet();
        Option<bool> weights = new("--weights") { Description = "Shade each text by the weight of its tokens." };
        Option<string> offsets = new("--offsets")
        {
            Description = "What start and length in the JSON count: utf16 units, or codepoint.",
            HelpName = "unit",
            DefaultValueFactory = _ => "utf16",
        };
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json();
        json.Description = "One JSON object a text: label, probability, probabilities, text, weights, cutOff.";
        Command command = new("predict", "Labels texts and shows where the model looked.") { model, texts, file, column, encoding, threshold, weights, offsets, output, threads, json, quiet };
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            bool inCodePoints = parsed.GetValue(offsets) switch
            {
                "utf16" => false,
                "codepoint" => true,
                string unit => throw new UsageException($"--offsets must be utf16 or codepoint, got '{unit}'."),
                null => throw new UsageException("--offsets must be utf16 or codepoint."),
            };
            string[] given = parsed.GetValue(texts) ?? [];
            Check(parsed, given, parsed.GetValue(file), parsed.GetValue(column));
            if (!TextClassifier.IsCheckpoint(parsed.GetValue(model)!) && ImageClassifier.IsIn(parsed.GetValue(model)!))
            {
                RefuseForPictures(parsed, file, column, encoding, weights, offsets, output);
                return Look(terminal, parsed.GetValue(model)!, given, Thresholds.Of(parsed, threshold), parsed.GetValue(json));
            }
            if (PlacePredictions.Of(parsed.GetValue(model)!) is { } places)
            {
                RefuseForPictures(parsed, file, column, encoding, weights, offsets);
                return places.Write(terminal, given, parsed.GetValue(output), Thresholds.Of(parsed, threshold), parsed.GetValue(json));
            }
            if (parsed.GetValue(output) is not null)
                throw new UsageException("--out is for segmenters and detectors; other answers go to standard output.");
            TextClassifier classifier = TextClassifier.Load(parsed.GetValue(model)!);
            Action<TextPrediction> write = Writer(terminal, parsed.GetValue(json), parsed.GetValue(weights), inCodePoints, Thresholds.Of(parsed, threshold, classifier));
            if (given.Length > 0)
            {
                foreach (string text in given)
                    write(classifier.Predict(text));
            }
            else
            {
                Stream(classifier, Rows(terminal, classifier, parsed.GetValue(file), parsed.GetValue(column), parsed.GetValue(encoding)), write, terminal, parsed.GetValue(quiet));
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static void RefuseForPictures(ParseResult parsed, params Option[] options)
    {
        if (options.FirstOrDefault(option => option.IsGiven(parsed)) is { } option)
            throw new UsageException($"the model answers pictures, for which there is no {option.Name}; leave it out, and give the paths of PNG or JPEG files.");
    }

    // Pictures by their paths: the three most probable classes of each.
    private static int Look(Terminal terminal, string model, string[] paths, double? threshold, bool isJson)
    {
        if (paths.Length == 0)
            throw new UsageException("the model classifies pictures; give the paths of PNG or JPEG files.");
        ImageClassifier classifier = ImageClassifier.Load(model);
        foreach (string path in paths)
        {
            ImagePrediction answer = classifier.Predict(Picture.Read(path));
            if (isJson)
            {
                JsonText.WriteObject(terminal.Out, writer =>
                {
                    writer.WriteString("label", answer.Probability < threshold ? Thresholds.Unsure : answer.Label);
                    writer.WriteFinite("probability", answer.Probability);
                    writer.WriteStartObject("probabilities");
                    for (int c = 0; c < answer.Labels.Count; c++)
                        writer.WriteFinite(answer.Labels[c], answer.Probabilities[c]);
                    writer.WriteEndObject();
                    writer.WriteString("picture", path);
                });
                continue;
            }
            IEnumerable<int> best = Enumerable.Range(0, answer.Labels.Count).OrderByDescending(c => answer.Probabilities[c]).Take(3);
            terminal.Out.WriteLine($"{(answer.Probability < threshold ? Thresholds.Unsure + ": " : "")}{string.Join(", ", best.Select(c => string.Create(CultureInfo.InvariantCulture, $"{answer.Labels[c]} {answer.Probabilities[c]:F4}")))}  {path}");
        }
        return ExitCode.Done;
    }

    private static void Check(ParseResult parsed, string[] texts, string? file, string? column)
    {
        if (texts.Length > 0 && (file is not null || column is not null))
            throw new UsageException("give texts, or --file and --text, not both.");
        if (file is "" || column is "")
            throw new UsageException("--file and --text must not be empty.");
        // A misspelt option must not become a text; behind "--" everything is one.
        if (!parsed.Tokens.Any(token => token.Value == "--") && texts.FirstOrDefault(text => text.StartsWith("--", StringComparison.Ordinal)) is { } option)
            throw new UsageException($"there is no option '{option}'. If it is a text, write -- before the texts. See 'heed predict --help'.");
    }

    private static IEnumerable<TextRow> Rows(Terminal terminal, TextClassifier classifier, string? file, string? column, string? encoding)
    {
        bool isTable = column is not null;
        if (!isTable && classifier.Features.FieldCount > 0)
            throw new UsageException("the model reads further columns; give a table and --text with the column of the texts.");
        TextReadOptions options = new()
        {
            Text = column ?? "text",
            Label = null,
            Encoding = encoding,
            Categories = [.. classifier.Features.Categories.Select(c => c.Name)],
            Numbers = [.. classifier.Features.Numbers.Select(n => n.Name)],
        };
        UsageException.Guard(() =>
        {
            options.Validate();
            return options;
        });
        if (file is not null)
            return TextTable.ReadRows(file, options);
        if (terminal.IsInTerminal)
            terminal.Say("one text a line; end with Ctrl+D (on Windows Ctrl+Z)");
        return Read(terminal.OpenIn(), column is null ? options with { Format = TextFormat.Lines } : options);
    }

    private static IEnumerable<TextRow> Read(Stream stream, TextReadOptions options)
    {
        using TextTable table = TextTable.Open(stream, options);
        foreach (TextRow row in table)
            yield return row;
    }

    private static void Stream(TextClassifier classifier, IEnumerable<TextRow> rows, Action<TextPrediction> write, Terminal terminal, bool isQuiet)
    {
        Stopwatch clock = Stopwatch.StartNew();
        long count = 0;
        foreach (IReadOnlyList<TextRow> group in Arrivals.Group(rows, most: TextClassifier.PredictionWindow))
        {
            foreach (TextPrediction prediction in classifier.PredictMany(group))
                write(prediction);
            terminal.Out.Flush();
            count += group.Count;
        }
        if (!isQuiet && count > 1)
            terminal.Say(FormattableString.Invariant($"{count:N0} texts in {clock.Elapsed.TotalSeconds:F1} s, {count / clock.Elapsed.TotalSeconds:N0} a second"));
    }

    private static Action<TextPrediction> Writer(Terminal terminal, bool json, bool weights, bool inCodePoints, double? threshold)
    {
        if (json)
            return prediction => JsonText.WriteObject(terminal.Out, writer => PredictionJson.Write(writer, prediction, inCodePoints, threshold));
        Action<TextPrediction> writeText = weights ? Shaded(terminal) : prediction => terminal.Out.Write(OneLine.Of(prediction.Text));
        return prediction =>
        {
            string label = prediction.Probability < threshold ? Thresholds.Unsure : prediction.Label;
            string probability = float.IsNaN(prediction.Probability) ? "" : prediction.Probability.ToString("F4", CultureInfo.InvariantCulture);
            terminal.Out.Write($"{label}\t{probability}\t");
            writeText(prediction);
            terminal.Out.Write('\n');
        };
    }

    // Its own method, so that the colour library is loaded only where it is used.
    private static Action<TextPrediction> Shaded(Terminal terminal) => new WeightShading(terminal).Write;
}
