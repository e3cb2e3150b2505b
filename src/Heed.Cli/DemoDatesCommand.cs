using System.CommandLine;
using System.Diagnostics;

namespace Heed.Cli;

/// <summary><c>heed demo dates</c>: an encoder–decoder over characters learns to read dates in many languages, and shows what it attends to.</summary>
internal sealed class DemoDatesCommand
{
    private const int DefaultPairs = 60_000, DefaultEpochs = 4, Examples = 3;
    private const string DefaultFolder = "heed-demo-dates";

    private readonly Terminal terminal;
    private readonly Option<string> output = new("--out") { Description = "Folder for the model; one that holds a model is replaced.", HelpName = "folder", DefaultValueFactory = _ => DefaultFolder };
    private readonly Option<int> pairs = new("--pairs") { Description = "Dates for training, dev and test.", HelpName = "N", DefaultValueFactory = _ => DefaultPairs };
    private readonly Option<int> epochs = new("--epochs") { Description = "Epochs.", HelpName = "N", DefaultValueFactory = _ => DefaultEpochs };
    private readonly Option<ulong> seed = CommonOptions.Seed();
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();

    private DemoDatesCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        DemoDatesCommand demo = new(terminal);
        Command command = new("dates", "Trains an encoder-decoder with attention to read dates in over 40 languages, in under three minutes.")
        {
            demo.output, demo.pairs, demo.epochs, demo.seed, demo.threads, demo.json, demo.quiet,
        };
        command.SetAction(parsed => demo.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        threads.Apply(parsed);
        string folder = parsed.GetValue(output)!;
        TranslatorOptions options = UsageException.Guard(() =>
        {
            TranslatorOptions read = Options(parsed);
            read.Validate();
            return parsed.GetValue(pairs) >= 1000 ? read : throw new UsageException(FormattableString.Invariant($"--pairs must be at least 1000, got {parsed.GetValue(pairs)}."));
        });
        OutputFolder.Check(folder);
        using Interruption interruption = new(terminal, cancellation);
        PairSplit split = CultureDates.Make(parsed.GetValue(pairs), parsed.GetValue(seed));
        (int languages, int formats) = CultureDates.Count();
        Say(parsed, FormattableString.Invariant($"{split.Train.Count:N0} training, {split.Dev.Count:N0} dev and {split.Test.Count:N0} test dates in {languages} languages and {formats:N0} formats;"));
        Say(parsed, "no date of the test is learned in any of them. As:");
        foreach (PairExample row in split.Train.Take(3))
            Say(parsed, $"  {row.Source}  →  {row.Target}");
        Translator translator = Translator.Train(split.Train, split.Dev, options, parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal), interruption.Token);
        if (translator.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        translator.Save(folder);
        if (interruption.IsRequested)
        {
            Say(parsed, $"stopped; what was learned so far is in {Path.GetFullPath(folder)}");
            return ExitCode.Interrupted;
        }
        Translation[] answers = [.. translator.TranslateMany(split.Test.Sources)];
        int right = answers.Zip(split.Test).Count(pair => pair.First.Text == pair.Second.Target);
        Interval exact = Interval.Wilson(right, answers.Length);
        (double share, int looked) = YearShare(answers);
        if (parsed.GetValue(json))
        {
            JsonText.WriteObject(terminal.Out, writer =>
            {
                writer.WriteNumber("languages", languages);
                writer.WriteNumber("formats", formats);
                writer.WriteNumber("testPairs", answers.Length);
                writer.WriteNumber("exact", exact.Value);
                writer.WriteNumber("low", exact.Low);
                writer.WriteNumber("high", exact.High);
                writer.WriteFinite("yearAttention", share);
                writer.WriteNumber("seconds", Math.Round(clock.Elapsed.TotalSeconds, 1));
            }, isIndented: true);
            return ExitCode.Done;
        }
        AlignmentDrawing drawing = new(terminal);
        foreach (Translation answer in answers.Where(a => a.Source.Any(char.IsLetter) && a.Source.Length is > 12 and < 34).Take(Examples))
        {
            terminal.Out.WriteLine($"{answer.Source}  →  {answer.Text}");
            drawing.Write(answer);
            terminal.Out.WriteLine();
        }
        terminal.Out.WriteLine(FormattableString.Invariant($"exact on {answers.Length:N0} unseen dates: {exact.Value:P2} (95 % interval {exact.Low:P2} to {exact.High:P2})"));
        terminal.Out.WriteLine(FormattableString.Invariant($"the four digits of the year put {share:P0} of their attention on the year in the source ({looked:N0} dates)"));
        foreach ((Translation answer, PairExample row) in answers.Zip(split.Test).Where(pair => pair.First.Text != pair.Second.Target).Take(3))
            Say(parsed, $"wrong: {row.Source}  →  {answer.Text}, but it is {row.Target}");
        Say(parsed, FormattableString.Invariant($"{clock.Elapsed.TotalSeconds:F0} s; the model is in {Path.GetFullPath(folder)}"));
        Say(parsed, $"next: heed translate {folder} --weights \"{(split.Test.Sources.FirstOrDefault(s => s.All(c => char.IsLetterOrDigit(c) || c is ' ' or ',')) ?? "3 May 1998")}\"");
        return ExitCode.Done;
    }

    /// <summary>The mean share of attention that the digits of the year put on the year, where the source has it once.</summary>
    internal static (double Share, int Count) YearShare(IEnumerable<Translation> answers)
    {
        double sum = 0;
        int count = 0;
        foreach (Translation answer in answers)
        {
            int at = answer.Text.Length == 10 ? answer.Source.IndexOf(answer.Text[..4], StringComparison.Ordinal) : -1;
            if (at < 0 || answer.Tokens.Count != 10)
                continue;
            // The encoder's states know their neighbours: the character before and behind the year tells the same.
            int[] year = [.. Enumerable.Range(0, answer.SourceTokens.Count).Where(i => answer.SourceTokens[i].Start.Value >= at - 1 && answer.SourceTokens[i].End.Value <= at + 5)];
            sum += Enumerable.Range(0, 4).Average(t => year.Sum(j => (double)answer.Alignment[t][j]));
            count++;
        }
        return (count == 0 ? double.NaN : sum / count, count);
    }

    private TranslatorOptions Options(ParseResult parsed)
    {
        TextEncoderOptions characters = new() { Kind = "character", LowerCase = true, Vocabulary = new VocabularyOptions { MinimumCount = 2 } };
        return new TranslatorOptions
        {
            Network = new EncoderDecoderConfig { EmbeddingSize = 32, HiddenSize = 64, AttentionSize = 48, Dropout = 0.05 },
            Training = new TrainingOptions
            {
                Seed = parsed.GetValue(seed),
                EpochCount = parsed.GetValue(epochs),
                BatchSize = 64,
                LearningRate = 0.006,
                Schedule = "cosine",
                Warmup = 0.05,
                WordDropout = 0,
                WeightDecay = 0,
                AveragingDecay = 0.99,
            },
            SourceTokens = characters,
            TargetTokens = characters,
            MaximumLength = 80,
            Decoding = new DecodingOptions { BeamSize = 1, BatchSize = 64, MaximumLength = 12 },
        };
    }

    private void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }
}
