using System.Diagnostics;
using Heed.Kernels;

namespace Heed.Benchmarks;

/// <summary>Whole Transformers, as bench/peers/torch_transformers.py has them: training steps, encoder inference, one token at a time from a network of GPT-2's shape, and its first token from a file. Random weights and tokens.</summary>
internal sealed class TransformersGroup : IBenchmarkGroup
{
    private const int EncoderWords = 30_522, DecoderWords = 50_257, Prompt = 64;
    private static readonly TransformerConfig gpt2 = new() { Size = 768, LayerCount = 12, HeadCount = 12, MaximumLength = 1024, Activation = "gelu-tanh", IsCausal = true, Dropout = 0 };
    private static readonly TransformerConfig llama = new()
    {
        Size = 768, LayerCount = 12, HeadCount = 12, InnerSize = 2048, MaximumLength = 1024, Norm = "rms", Position = "rope", Activation = "swiglu", HasBias = false, IsCausal = true, Dropout = 0,
    };

    public string Name => "transformers";

    public int Order => 6;

    public void Run(BenchmarkRun run)
    {
        LanguageModel(run, "lm step 4x128 b12 t64", 12, 64);
        EncoderStep(run, "encoder step 6x512 b16 t128", 16, 128);
        foreach ((int batch, int tokens) in new[] { (1, 16), (1, 128), (32, 128) })
            Encoder(run, FormattableString.Invariant($"encoder 12x384 {batch}x{tokens}"), batch, tokens);
        Decode(run, "decode gpt2-small");
        FirstToken(run, "first token gpt2-small", gpt2);
        FirstToken(run, "first token llama 123M", llama);
    }

    private static bool Wants(BenchmarkRun run, string name) => name.Contains(run.Options.Case, StringComparison.Ordinal);

    private static void LanguageModel(BenchmarkRun run, string name, int batch, int tokens)
    {
        if (!Wants(run, name))
            return;
        TransformerConfig config = new() { Size = 128, MaximumLength = tokens, Position = "rope", Dropout = 0, IsCausal = true };
        TransformerLanguageModel model = new(config, 65);
        int[] ids = Ids(batch * tokens, 65);
        Train(run, name, model, 3 * Operations(config, batch, tokens, 65), pass => model.Loss(ids, ids, SequenceRanges.Full(batch, tokens), pass));
    }

    private static void EncoderStep(BenchmarkRun run, string name, int batch, int tokens)
    {
        if (!Wants(run, name))
            return;
        TransformerConfig config = new() { Size = 512, LayerCount = 6, HeadCount = 8, MaximumLength = tokens, Dropout = 0 };
        Transformer model = new(config, 1000);
        Linear head = new(512, 2);
        int[] ids = Ids(batch * tokens, 1000), labels = [.. Enumerable.Range(0, batch * tokens).Select(i => i % 2)];
        Pair both = new(model, head);
        Train(run, name, both, 3 * Operations(config, batch, tokens, 2), pass =>
            Tensor.CrossEntropy(head.Forward(model.Forward(ids, SequenceRanges.Full(batch, tokens), pass).States, pass).Reshape(new Shape(batch * tokens, 2)), labels));
    }

    private static void Train(BenchmarkRun run, string name, Module model, double operations, Func<Pass, Tensor> loss)
    {
        model.Initialize(1);
        AdamW optimizer = new(model.NamedParameters().Select(p => p.Parameter));
        RandomStream random = new(1, "steps");
        long number = 0;
        run.Measure(name, "train", operations, () =>
        {
            Step.Train(random.Fork((ulong)number), number++, loss);
            optimizer.Step(1e-4, 1);
        });
        run.ReportMemory(name, Workers.Degree, Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 20), "of the process at its peak");
    }

    private static void Encoder(BenchmarkRun run, string name, int batch, int tokens)
    {
        if (!Wants(run, name))
            return;
        TransformerConfig config = new() { Size = 384, LayerCount = 12, HeadCount = 12, MaximumLength = 512, IsPreNorm = false, NormalizesEmbedding = true, Dropout = 0 };
        Transformer model = new(config, EncoderWords);
        model.Initialize(1);
        int[] ids = Ids(batch * tokens, EncoderWords);
        run.Measure(name, "fwd", Operations(config, batch, tokens, 0), () => Step.Evaluate(pass => model.Forward(ids, SequenceRanges.Full(batch, tokens), pass).States.Values[0]));
    }

    // Bytes read for a token: every weight but the tables of vectors (the tied one is read once, as the last layer), and the keys and values so far.
    private static void Decode(BenchmarkRun run, string name)
    {
        if (!Wants(run, name))
            return;
        TransformerLanguageModel model = new(gpt2, DecoderWords);
        model.Initialize(1);
        int[] prompt = Ids(Prompt, DecoderWords);
        Step.Evaluate(pass =>
        {
            TransformerCache cache = model.Transformer.NewCache(1, gpt2.MaximumLength, pass);
            model.Next(prompt, cache, pass);
            int token = 0, count = 0;
            double bytes = 4.0 * (model.ParameterCount - ((long)gpt2.MaximumLength * gpt2.Size)) + gpt2.CacheBytes(Prompt + 100);
            run.Measure(name, "token", bytes, () =>
            {
                if (++count % 200 == 0)
                    cache = Again(model, prompt);
                token = Step.Evaluate(inner => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(model.Next(new[] { token }, cache, inner).Values));
            }, readsMemory: true);
            return 0;
        });
    }

    private static TransformerCache Again(TransformerLanguageModel model, int[] prompt) => Step.Evaluate(pass =>
    {
        TransformerCache cache = model.Transformer.NewCache(1, gpt2.MaximumLength, pass);
        model.Next(prompt, cache, pass);
        return cache;
    });

    // GPT-2's matrices lie transposed in its files, so they are copied; those of Llama's form are used where they lie.
    private static void FirstToken(BenchmarkRun run, string name, TransformerConfig config)
    {
        if (!Wants(run, name))
            return;
        string folder = Directory.CreateTempSubdirectory("heed-first-token").FullName;
        try
        {
            TransformerLanguageModel model = new(config, DecoderWords);
            model.Initialize(1);
            PretrainedTransformer.Of(model).Save(folder);
            FirstToken(run, name + ", file in memory", folder, Path.Combine(folder, "model.safetensors"), static _ => true);
            FirstToken(run, name + ", file on disk", folder, Path.Combine(folder, "model.safetensors"), Forget);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void FirstToken(BenchmarkRun run, string name, string folder, string file, Func<string, bool> prepare)
    {
        const int Rounds = 7;
        long length = new FileInfo(file).Length;
        List<double> reading = [], answering = [];
        int[] token = Ids(1, DecoderWords);
        for (int i = 0; i < Rounds; i++)
        {
            if (!prepare(file))
                return;
            reading.Add(Time(() => Read(file)));
            prepare(file);
            answering.Add(Time(() =>
            {
                PretrainedTransformer<TransformerLanguageModel> loaded = PretrainedTransformer.LoadLanguageModel(folder);
                Step.Evaluate(pass => loaded.Model.Next(token, loaded.Model.Transformer.NewCache(1, 16, pass), pass).Values[0]);
            }));
            // Mappings go, so that the next round begins as the first.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Report("read", reading);
        Report("first", answering);

        void Report(string pass, List<double> times)
        {
            times.Sort();
            run.Report(name, Workers.Degree, pass, times[0], times[Rounds / 2], length / times[0] * 1e-6, reading.Order().ElementAt(Rounds / 2) / times[Rounds / 2], isBandwidth: true);
        }
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void Read(string file)
    {
        byte[] part = new byte[1 << 20];
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        while (stream.Read(part) > 0)
        {
        }
    }

    // Lets the system's cache go of a file; false where the system has no such call.
    private static bool Forget(string file)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
        const int DoNotNeed = 4;
        return Advise(stream.SafeFileHandle, 0, 0, DoNotNeed) == 0;
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "posix_fadvise")]
    private static extern int Advise(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, long length, int advice);

    // Two for each multiply–add: the dense layers, scores and weighted sums (half of them where causal), and the last layer.
    private static double Operations(TransformerConfig c, int batch, int tokens, int outputs)
    {
        double inner = c.InnerSize == 0 ? 4.0 * c.Size : c.InnerSize, rows = (double)batch * tokens;
        double layer = (4.0 * c.Size * c.Size) + (2 * c.Size * inner) + (2.0 * tokens * c.Size * (c.IsCausal ? 0.5 : 1));
        return 2 * rows * ((c.LayerCount * layer) + ((double)c.Size * outputs));
    }

    private static int[] Ids(int count, int words)
    {
        RandomStream random = new(1, "tokens");
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(words))];
    }

    private sealed class Pair : Module
    {
        public Pair(Transformer model, Linear head)
        {
            Register("model", model);
            Register("head", head);
        }
    }
}
