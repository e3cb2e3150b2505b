using System.CommandLine;
using System.Diagnostics;

namespace Heed.Cli;

/// <summary><c>heed demo</c>: data out of the culture tables of .NET, four small models, and a look at where attention goes.</summary>
internal sealed class DemoCommand
{
    private const int DefaultLines = 20_000, DefaultEpochs = 5, Examples = 5;
    private const string DefaultFolder = "heed-demo-model";
    private static readonly (string Pooling, string Name)[] poolings =
        [("additive", "attention (additive)"), ("last", "last state"), ("mean", "mean"), ("max", "max")];

    private readonly Terminal terminal;
    private readonly Option<string> output = new("--out")
    {
        Description = "Folder for the model; one that holds a model is replaced.",
        HelpName = "folder",
        DefaultValueFactory = _ => DefaultFolder,
    };
    private readonly Option<int> lines = new("--lines")
    {
        Description = "Lines of the data, for training, dev and test.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultLines,
    };
    private readonly Option<int> epochs = new("--epochs")
    {
        Description = "Epochs of each model.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultEpochs,
    };
    private readonly Option<ulong> seed = CommonOptions.Seed();
    private readonly Option<int> threads = CommonOptions.Threads();
    private readonly Option<bool> quiet = CommonOptions.Quiet();

    private DemoCommand(Terminal terminal) => this.terminal = terminal;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        DemoCommand demo = new(terminal);
        Command command = new("demo", "Trains attention to tell languages apart, in under a minute, on data that every machine has.")
        {
            demo.output, demo.lines, demo.epochs, demo.seed, demo.threads, demo.quiet,
        };
        command.Add(DemoDatesCommand.Create(terminal, cancellation));
        command.Add(DemoVisionCommand.Create(terminal, cancellation));
        command.SetAction(parsed => demo.Run(parsed, cancellation));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        Stopwatch clock = Stopwatch.StartNew();
        threads.Apply(parsed);
        CultureLinesOptions data = UsageException.Guard(() =>
        {
            CultureLinesOptions read = new() { LineCount = parsed.GetValue(lines), Seed = parsed.GetValue(seed) };
            read.Validate();
            Options(parsed, poolings[0].Pooling).Validate();
            return read;
        });
        string folder = parsed.GetValue(output)!;
        OutputFolder.Check(folder);
        using Interruption interruption = new(terminal, cancellation);
        TextSplit split = CultureLines.Make(data);
        Say(parsed, FormattableString.Invariant(
            $"{split.Train.Count:N0} training, {split.Dev.Count:N0} dev and {split.Test.Count:N0} test lines in {split.Train.LabelNames.Count} languages, as:"));
        foreach (TextExample row in split.Train.Take(3))
            Say(parsed, $"  {row.Text}  ({split.Train.LabelNames[row.Label]})");

        List<string[]> results = [];
        TextClassifier? attention = null;
        foreach ((string pooling, string name) in poolings)
        {
            Say(parsed, $"\n{name}:");
            TextClassifier model = TextClassifier.Train(split.Train, split.Dev, Options(parsed, pooling), Progress(parsed), interruption.Token);
            attention ??= Save(model, folder);
            if (interruption.IsRequested)
                return Stop(parsed, folder);
            results.Add(Result(name, model, split.Test));
        }
        results.Insert(1, NaiveBayesResult(split));
        Styled.WriteTable(terminal, ["model", ">test accuracy", "95 % interval"], results);
        Show(attention!, split.Test);
        Say(parsed, FormattableString.Invariant($"\n{clock.Elapsed.TotalSeconds:F0} s; the model is in {Path.GetFullPath(folder)}"));
        SayNext(parsed, folder, split.Test);
        return interruption.IsRequested ? ExitCode.Interrupted : ExitCode.Done;
    }

    private TextClassifierOptions Options(ParseResult parsed, string pooling) => new()
    {
        Network = new BlstmConfig { EmbeddingSize = 48, HiddenSize = 48, AttentionSize = 64, Pooling = pooling, Dropout = 0.1 },
        Training = new TrainingOptions
        {
            Seed = parsed.GetValue(seed),
            EpochCount = parsed.GetValue(epochs),
            BatchSize = 32,
            LearningRate = 0.012,
            Schedule = "cosine",
            Warmup = 0.05,
            WordDropout = 0,
            AveragingDecay = 0,
        },
        Tokens = new TextEncoderOptions { Tokenizer = new CharacterTokenizer(lowerCase: false) },
        // The demo has a simple model of its own beside it; another for each pooling would take longer than the poolings.
        Baseline = false,
    };

    private ConsoleProgress? Progress(ParseResult parsed) =>
        parsed.GetValue(quiet) ? null : new ConsoleProgress(terminal.Error, terminal.IsErrorTerminal);

    private static TextClassifier Save(TextClassifier model, string folder)
    {
        if (model.Record.BestEpoch == 0)
            throw new OperationCanceledException("interrupted before the first step; nothing was saved.");
        model.Save(folder);
        return model;
    }

    private int Stop(ParseResult parsed, string folder)
    {
        Say(parsed, $"stopped; what attention has learned so far is in {Path.GetFullPath(folder)}");
        return ExitCode.Interrupted;
    }

    private static string[] Result(string name, TextClassifier model, TextData test) => Row(name, model.Evaluate(test).Accuracy);

    private static string[] NaiveBayesResult(TextSplit split)
    {
        NaiveBayesOptions options = new() { Tokenizer = new CharacterTokenizer(lowerCase: false), MaximumOrder = 5, Smoothing = 0.1 };
        NaiveBayes bayes = NaiveBayes.Train(split.Train, options);
        int right = split.Test.Count(row => bayes.Predict(row.Text) == row.Label);
        return Row("naive Bayes (1 to 5 characters)", Interval.Wilson(right, split.Test.Count));
    }

    private static string[] Row(string name, Interval accuracy) =>
        [name, FormattableString.Invariant($"{accuracy.Value:F3}"), FormattableString.Invariant($"{accuracy.Low:F3} to {accuracy.High:F3}")];

    private void Show(TextClassifier model, TextData test)
    {
        WeightShading shading = new(terminal);
        terminal.Out.WriteLine();
        foreach (TextExample row in test.DistinctBy(row => row.Label).Take(Examples))
        {
            TextPrediction prediction = model.Predict(row.Text);
            string truth = test.LabelNames[row.Label];
            shading.Write(prediction);
            string but = prediction.Label == truth ? "" : $", but it is {truth}";
            terminal.Out.WriteLine(FormattableString.Invariant($"  → {prediction.Label} {prediction.Probability:P0}{but}"));
        }
    }

    private void SayNext(ParseResult parsed, string folder, TextData test)
    {
        // Nothing that a shell would take for its own.
        string example = test.Select(row => row.Text)
            .FirstOrDefault(text => text.Length > 10 && text.All(c => char.IsLetter(c) || c is ' ' or ',')) ?? "Mittwoch";
        Say(parsed, $"next: heed predict {folder} --weights \"{example}\"");
        Say(parsed, $"      heed describe {folder}");
        Say(parsed, "      heed train text --data YOUR.tsv --out model    (in a clone, heed is: dotnet run -c Release --project src/Heed.Cli --)");
    }

    private void Say(ParseResult parsed, string message)
    {
        if (!parsed.GetValue(quiet))
            terminal.Say(message);
    }
}
