using System.CommandLine;
using System.Text.Json;

namespace Heed.Cli;

/// <summary><c>heed eval MODEL --data FILE</c>: how good a model is on labelled rows.</summary>
internal static class EvalCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> model = CommonOptions.Model();
        Option<string> data = new("--data")
        {
            Description = "Labelled rows: TSV, CSV or JSON Lines, plain or gzip; for an image classifier, a segmenter or a detector pictures, as 'heed train image', 'segment' and 'detect' read them.",
            HelpName = "file",
            Required = true,
        };
        Option<double> threshold = Thresholds.Create("Say how many answers have at least this probability, and how many of them are right.");
        TableOptions table = new();
        Option<int> threads = CommonOptions.Threads();
        Option<bool> json = CommonOptions.Json();
        Command command = new("eval", "Compares a model's answers with the labels of a file.") { model, data };
        table.AddTo(command);
        ReportSettings settings = new(isDefault: false);
        settings.AddTo(command);
        command.Add(threshold);
        command.Add(threads);
        command.Add(json);
        Option<string> source = new("--source")
        {
            Description = "For a translator the column of the sources; --target is then that of the references.",
            HelpName = "column",
            DefaultValueFactory = _ => "source",
        };
        command.Add(source);
        ImageSource images = new();
        MaskSource masks = new(images.Reading);
        Option<bool> averageMirrored = ImageSource.AverageMirrored(", as a model trained with it does anyway");
        Option<string?> boxRows = BoxSource.Rows("--rows", "of a detector's boxes");
        foreach (Option option in images.Options.Concat(masks.LookOptions).Append(boxRows).Append(averageMirrored))
            command.Add(option);
        DecodingSettings decoding = new();
        decoding.AddTo(command, draws: false);
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            bool isOurs = !TextClassifier.IsCheckpoint(parsed.GetValue(model)!);
            if (parsed.GetValue(averageMirrored) && !(isOurs && ImageClassifier.IsIn(parsed.GetValue(model)!)))
                throw new UsageException($"--average-mirrored is for image classifiers; {parsed.GetValue(model)} is another model.");
            string? page = settings.Read(parsed, parsed.GetValue(model)!);
            ReportOptions options = settings.Options(parsed, parsed.GetValue(model)!);
            Action<HtmlReport> show = made =>
            {
                made.Write(page!);
                terminal.Say($"report {page}");
            };
            if (isOurs && LanguageModel.IsIn(parsed.GetValue(model)!))
                return Foretell(terminal, parsed.GetValue(model)!, parsed.GetValue(data)!, page is null ? null : (language, text) =>
                {
                    show(language.Report(text, out LanguageModelReport report, options));
                    return report;
                }, parsed.GetValue(json));
            if (isOurs && Translator.IsIn(parsed.GetValue(model)!))
                return Translate(parsed, terminal, parsed.GetValue(model)!, parsed.GetValue(data)!, table.Pairs(parsed, parsed.GetValue(source)!), decoding, page is null ? null : (translator, rows, search, report) => show(translator.Report(rows, options with { Evaluation = report }, search)), parsed.GetValue(json));
            if (isOurs && MaskedLanguageModel.IsIn(parsed.GetValue(model)!))
                return Guess(terminal, parsed.GetValue(model)!, parsed.GetValue(data)!, page is null ? null : (language, text) =>
                {
                    show(language.Report(text, out MaskedLanguageModelReport report, options));
                    return report;
                }, parsed.GetValue(json));
            if (isOurs && ImageClassifier.IsIn(parsed.GetValue(model)!))
                return Look(parsed, terminal, parsed.GetValue(model)!, parsed.GetValue(data)!, images, parsed.GetValue(averageMirrored), page is null ? null : (classifier, pictures) =>
                {
                    show(classifier.Report(pictures, out ImageReport report, options));
                    return report;
                }, parsed.GetValue(json));
            if (isOurs && Segmenter.IsIn(parsed.GetValue(model)!))
            {
                Segmenter segmenter = Segmenter.Load(parsed.GetValue(model)!);
                MaskData pictures = masks.Read(parsed, parsed.GetValue(data)!, segmenter.Labels);
                terminal.Say($"{parsed.GetValue(data)}: {pictures.Counts}");
                SegmentationReport seen;
                if (page is null)
                    seen = segmenter.Evaluate(pictures);
                else
                    show(segmenter.Report(pictures, out seen, options));
                return Say(terminal, parsed.GetValue(json), seen.ToString(), writer => ReportJson.Write(writer, seen));
            }
            if (isOurs && Detector.IsIn(parsed.GetValue(model)!))
            {
                Detector detector = Detector.Load(parsed.GetValue(model)!);
                BoxData pictures = BoxSource.Read(parsed.GetValue(data)!, parsed.GetValue(boxRows), images.Reading.Read(parsed), detector.Labels);
                terminal.Say($"{parsed.GetValue(data)}: {pictures.Counts}, {pictures.BoxCounts}");
                DetectionReport found;
                if (page is null)
                    found = detector.Evaluate(pictures);
                else
                    show(detector.Report(pictures, out found, options));
                return Say(terminal, parsed.GetValue(json), found.ToString(), writer => ReportJson.Write(writer, found));
            }
            TextClassifier classifier = TextClassifier.Load(parsed.GetValue(model)!);
            double? limit = Thresholds.Of(parsed, threshold, classifier);
            TextData rows = table.ReadFor(parsed, parsed.GetValue(data)!, classifier, terminal.Say);
            EvaluationReport report = classifier.EvaluateAny(rows);
            if (page is not null)
                show(classifier.Report(rows, options with { Evaluation = report }));
            if (parsed.GetValue(json))
                JsonText.WriteObject(terminal.Out, writer => ReportJson.Write(writer, report), isIndented: true);
            else
                terminal.Out.WriteLine(report.ToString());
            if (limit is { } least && report is ClassificationReport { Calibration: { } calibration })
                terminal.Say(Thresholds.Describe(calibration.At(least)));
            return ExitCode.Done;
        });
        return command;
    }

    private static int Say(Terminal terminal, bool isJson, string text, Action<Utf8JsonWriter> properties)
    {
        if (isJson)
            JsonText.WriteObject(terminal.Out, properties, isIndented: true);
        else
            terminal.Out.WriteLine(text);
        return ExitCode.Done;
    }

    private static int Foretell(Terminal terminal, string model, string path, Func<LanguageModel, string, LanguageModelReport>? show, bool isJson)
    {
        LanguageModel language = LanguageModel.Load(model);
        string text = WholeText.Read(path);
        LanguageModelReport report = show?.Invoke(language, text) ?? language.Evaluate(text);
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteNumber("tokens", report.TokenCount);
                writer.WriteNumber("bytes", report.ByteCount);
                writer.WriteFinite("loss", report.Loss);
                writer.WriteFinite("perplexity", report.Perplexity);
                writer.WriteFinite("bitsPerByte", report.BitsPerByte);
                writer.WriteFinite("accuracy", report.Accuracy);
            }, isIndented: true);
            return ExitCode.Done;
        }
        terminal.Out.WriteLine(FormattableString.Invariant($"loss {report.Loss:F4} a token over {report.TokenCount:N0} tokens, perplexity {report.Perplexity:F2}, {report.BitsPerByte:F4} bits a byte, next token right {report.Accuracy:F4}"));
        return ExitCode.Done;
    }

    private static int Look(ParseResult parsed, Terminal terminal, string model, string path, ImageSource images, bool averagesMirrored, Func<ImageClassifier, PictureData, ImageReport>? show, bool isJson)
    {
        ImageClassifier classifier = averagesMirrored ? ImageClassifier.Load(model).AveragingMirrored() : ImageClassifier.Load(model);
        PictureData pictures = images.Read(parsed, path, classifier.Labels);
        terminal.Say($"{path}: {pictures.Counts}");
        ImageReport report = show?.Invoke(classifier, pictures) ?? classifier.Evaluate(pictures);
        if (isJson)
            JsonText.WriteObject(terminal.Out, writer => ReportJson.Write(writer, report), isIndented: true);
        else
            terminal.Out.WriteLine(TrainImageCommand.Describe(report));
        return ExitCode.Done;
    }

    private static int Guess(Terminal terminal, string model, string path, Func<MaskedLanguageModel, string, MaskedLanguageModelReport>? show, bool isJson)
    {
        MaskedLanguageModel language = MaskedLanguageModel.Load(model);
        string text = WholeText.Read(path);
        MaskedLanguageModelReport report = show?.Invoke(language, text) ?? language.Evaluate(text);
        if (isJson)
        {
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteNumber("tokens", report.TokenCount);
                writer.WriteFinite("loss", report.Loss);
                writer.WriteFinite("perplexity", report.Perplexity);
                writer.WriteFinite("accuracy", report.Accuracy);
            }, isIndented: true);
            return ExitCode.Done;
        }
        terminal.Out.WriteLine(FormattableString.Invariant($"loss {report.Loss:F4} a hidden token over {report.TokenCount:N0} of them, perplexity {report.Perplexity:F2}, hidden token right {report.Accuracy:F4}"));
        return ExitCode.Done;
    }

    private static int Translate(ParseResult parsed, Terminal terminal, string model, string path, PairReadOptions columns, DecodingSettings decoding, Action<Translator, PairData, DecodingOptions, TranslationReport>? show, bool isJson)
    {
        Translator translator = Translator.Load(model);
        PairData rows = PairOptions.Read(path, columns, terminal.Say);
        DecodingOptions search = decoding.Read(parsed, translator.Decoding);
        TranslationReport report = translator.Evaluate(rows, search);
        show?.Invoke(translator, rows, search, report);
        if (isJson)
            JsonText.WriteObject(terminal.Out, writer => ReportJson.Write(writer, report), isIndented: true);
        else
            terminal.Out.WriteLine(report.ToString());
        return ExitCode.Done;
    }
}
