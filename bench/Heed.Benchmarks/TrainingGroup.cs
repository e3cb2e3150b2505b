using System.Diagnostics;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>The main job on real data: epochs of SST-2 and of 5,000 texts of IMDB as bench/quality/torch_blstm.py trains them, and the answer to one sentence.</summary>
/// <remarks>Needs <c>--data</c>; without it the group says so and does nothing.</remarks>
internal sealed class TrainingGroup : IBenchmarkGroup
{
    public string Name => "training";

    public int Order => 3;

    public void Run(BenchmarkRun run)
    {
        if (run.Options.Data is not { } data)
        {
            Console.Error.WriteLine("training: needs --data, the folder of the data sets.");
            return;
        }
        TextData train = TextData.Read(Path.Combine(data, "sst2", "train.tsv"));
        TextData dev = TextData.Read(Path.Combine(data, "sst2", "dev.tsv"), new TextReadOptions { LabelNames = train.LabelNames });
        if (Wants(run, "sst2 epoch additive"))
        {
            TextClassifier classifier = Epochs(run, "sst2 epoch additive", train, dev, 4);
            Predict(run, classifier, dev[0].Text);
        }
        if (Wants(run, "imdb epoch additive"))
        {
            TextData reviews = TextData.Read(Path.Combine(data, "imdb", "train.tsv.gz"));
            TextData some = reviews.Select([.. Enumerable.Range(0, reviews.Count).Where(i => i % 5 == 0)]);
            Epochs(run, "imdb epoch additive", some, some.Select([.. Enumerable.Range(0, 64)]), 2);
        }
    }

    private static bool Wants(BenchmarkRun run, string name) => name.Contains(run.Options.Case, StringComparison.Ordinal);

    private static TextClassifier Epochs(BenchmarkRun run, string name, TextData train, TextData dev, int epochs)
    {
        // Spelled out, so that it stays the model of torch_blstm.py whatever the defaults become.
        TextClassifierOptions options = new()
        {
            Network = new BlstmConfig { EmbeddingSize = 200, HiddenSize = 128, AttentionSize = 128, Pooling = "additive", Dropout = 0.5 },
            Baseline = false,
            Evidence = false,
            Tokens = new TextEncoderOptions { Vocabulary = new VocabularyOptions { MinimumCount = 1 } },
            Training = new TrainingOptions { EpochCount = epochs, Patience = epochs, BatchSize = 64, LearningRate = 1e-3, WeightDecay = 1e-2, WordDropout = 0, AveragingDecay = 0 },
        };
        TextClassifier? classifier = null;
        foreach (int threads in run.Options.Threads)
        {
            Workers.Degree = threads;
            classifier = TextClassifier.Train(train, dev, options);
            double[] times = [.. classifier.Record.Epochs.Select(e => e.Duration.TotalMilliseconds).Order()];
            double flops = 3.0 * 2 * 2 * 4 * 128 * (200 + 128) * train.Sum(r => (double)classifier.Encoder.EncodeIds(r.Text).Length);
            double rate = flops / times[0] * 1e-6;
            run.Report(name, threads, "train", times[0], times[times.Length / 2], rate, rate / MachineLimits.Peak(threads));
        }
        Console.WriteLine(FormattableString.Invariant($"peak memory of the process: {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
        return classifier!;
    }

    private static void Predict(BenchmarkRun run, TextClassifier classifier, string text)
    {
        double tokens = classifier.Encoder.EncodeIds(text).Length;
        for (int i = 0; i < 300; i++)
            classifier.Predict(text);
        run.Measure("predict one sentence", "fwd", 2.0 * 2 * 4 * 128 * (200 + 128) * tokens, () => classifier.Predict(text));
    }
}
