using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Heed.Kernels;

namespace Heed.Cli;

/// <summary><c>heed verify</c>: every kernel against the references, on the user's own machine, at every vector width that it has.</summary>
internal static class VerifyCommand
{
    private const string WidthVariable = "HEED_SIMD";
    private static readonly int[] everyWidth = [512, 256, 128];
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static Command Create(Terminal terminal)
    {
        Option<bool> json = CommonOptions.Json(), quiet = CommonOptions.Quiet();
        Option<int> width = new("--width") { Description = "Only this vector width in bits. [default: all that the machine has]", HelpName = "512|256|128" };
        Option<bool> errors = new("--errors") { Description = "Instead: how far attention is from double precision, beside plain float32 on the same numbers." };
        Option<string> kernel = new("--kernel") { Description = "Only kernels whose names contain this.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        Command command = new("verify", "Checks every kernel of this machine against double-precision references.") { width, kernel, errors, json, quiet };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(errors))
                return Errors(terminal, parsed.GetValue(json));
            int[] widths = Widths(parsed.GetValue(width));
            string only = parsed.GetValue(kernel)!;
            List<WidthResult> results = [];
            foreach (int bits in widths)
                results.Add(bits == Simd.Bits ? Here(terminal, only, parsed.GetValue(quiet)) : InChild(terminal, bits, only, parsed.GetValue(quiet)));
            if (parsed.GetValue(json))
                JsonText.WriteObject(terminal.Out, writer => Write(writer, results), isIndented: true);
            else
                Write(terminal, results);
            return results.All(r => r.Passed) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static int[] Widths(int asked)
    {
        int[] all = [.. everyWidth.Where(bits => bits <= Simd.Bits)];
        if (asked == 0)
            return all;
        if (!everyWidth.Contains(asked))
            throw new UsageException(string.Create(culture, $"--width must be 512, 256 or 128, got {asked}."));
        if (asked > Simd.Bits)
            throw new UsageException(string.Create(culture, $"--width {asked}: this machine has {Simd.Bits} bits (or {WidthVariable} pins them)."));
        return [asked];
    }

    private static WidthResult Here(Terminal terminal, string only, bool quiet)
    {
        KernelVerification done = UsageException.Guard(() => KernelVerification.Run(kernel => Say(terminal, quiet, FormattableString.Invariant($"{Simd.Bits} bits: {kernel}")), only));
        return new WidthResult(done.VectorBits, done.Hash, done.Duration.TotalSeconds, [.. done.Verdicts.GroupBy(v => v.Kernel, StringComparer.Ordinal).Select(KernelResult.Of)]);
    }

    // A width is fixed when the process starts.
    private static WidthResult InChild(Terminal terminal, int bits, string only, bool quiet)
    {
        Say(terminal, quiet, string.Create(culture, $"{bits} bits, in a process of its own"));
        string host = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this process is unknown; check one width at a time with HEED_SIMD.");
        bool isHosted = Path.GetFileNameWithoutExtension(host) is "dotnet" or "testhost";
        ProcessStartInfo start = new(isHosted ? Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet" : host) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in isHosted ? ["exec", Path.Combine(AppContext.BaseDirectory, "Heed.Cli.dll")] : Array.Empty<string>())
            start.ArgumentList.Add(argument);
        foreach (string argument in (string[])["verify", "--width", bits.ToString(culture), "--kernel", only, "--json", "--quiet"])
            start.ArgumentList.Add(argument);
        start.Environment[WidthVariable] = bits.ToString(culture);
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (output.Length == 0)
            throw new InvalidOperationException(string.Create(culture, $"The check at {bits} bits ended with exit code {child.ExitCode} and no result."));
        return WidthResult.Read(JsonDocument.Parse(output).RootElement.GetProperty("widths")[0]);
    }

    private static void Write(Terminal terminal, List<WidthResult> results)
    {
        foreach (WidthResult result in results)
        {
            terminal.Out.WriteLine(string.Create(culture, $"{result.Bits} bits, {result.Kernels.Sum(k => k.Comparisons)} comparisons in {result.Seconds:F1} s, hash {result.Hash:x16}"));
            Styled.WriteTable(terminal, ["kernel", ">comparisons", ">error", ">of the limit", "worst result", ""], result.Kernels.Select(k => new[]
            {
                k.Kernel, k.Comparisons.ToString(culture), k.Error.ToString("0.0e-0", culture), (k.Share * 100).ToString("F0", culture) + " %", k.Worst, k.Passed ? "passed" : "FAILED",
            }));
            terminal.Out.WriteLine();
        }
        KernelResult[] failed = [.. results.SelectMany(r => r.Kernels).Where(k => !k.Passed)];
        terminal.Out.WriteLine(failed.Length == 0 ? "all kernels agree with the references" : $"{failed.Length.ToString(culture)} FAILED: {string.Join(", ", failed.Select(k => $"{k.Kernel} ({k.Worst})"))}");
    }

    private static void Write(Utf8JsonWriter json, List<WidthResult> results)
    {
        json.WriteBoolean("passed", results.All(r => r.Passed));
        json.WriteStartArray("widths");
        foreach (WidthResult result in results)
        {
            json.WriteStartObject();
            json.WriteNumber("bits", result.Bits);
            json.WriteString("hash", result.Hash.ToString("x16", culture));
            json.WriteNumber("seconds", Math.Round(result.Seconds, 3));
            json.WriteStartArray("kernels");
            foreach (KernelResult kernel in result.Kernels)
            {
                json.WriteStartObject();
                json.WriteString("kernel", kernel.Kernel);
                json.WriteNumber("comparisons", kernel.Comparisons);
                json.WriteFinite("error", kernel.Error);
                json.WriteFinite("share", kernel.Share);
                json.WriteString("worst", kernel.Worst);
                json.WriteBoolean("passed", kernel.Passed);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static int Errors(Terminal terminal, bool asJson)
    {
        IReadOnlyList<AttentionError> all = AttentionErrors.Measure();
        if (asJson)
        {
            JsonText.WriteObject(terminal.Out, json =>
            {
                json.WriteBoolean("passed", all.All(e => e.Passed));
                json.WriteStartArray("errors");
                foreach (AttentionError e in all)
                {
                    json.WriteStartObject();
                    json.WriteString("case", e.Case);
                    json.WriteString("result", e.Result);
                    json.WriteFinite("fused", e.Fused);
                    json.WriteFinite("plain", e.Plain);
                    json.WriteFinite("limit", e.Limit);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }, isIndented: true);
        }
        else
        {
            Styled.WriteTable(terminal, ["case", "result", ">fused", ">plain float32", ">limit", ""], all.Select(e => new[]
            {
                e.Case, e.Result, Number(e.Fused), Number(e.Plain), Number(e.Limit), e.Passed ? "passed" : "FAILED",
            }));
        }
        return all.All(e => e.Passed) ? ExitCode.Done : ExitCode.Failed;

        static string Number(double error) => error.ToString("0.0e-0", culture);
    }

    private static void Say(Terminal terminal, bool quiet, string message)
    {
        if (!quiet && terminal.IsErrorTerminal)
            terminal.Error.Write("\r\u001b[K" + message);
        else if (!quiet && !message.Contains(':', StringComparison.Ordinal))
            terminal.Say(message);
    }

    /// <summary>One kernel: its comparison that came nearest to the limit.</summary>
    private sealed record KernelResult(string Kernel, int Comparisons, double Error, double Share, string Worst, bool Passed)
    {
        public static KernelResult Of(IEnumerable<KernelVerdict> verdicts)
        {
            KernelVerdict[] all = [.. verdicts];
            KernelVerdict worst = all.MaxBy(v => v.Passed ? ShareOf(v) : double.MaxValue);
            return new(worst.Kernel, all.Length, worst.Error, ShareOf(worst), worst.Result, all.All(v => v.Passed));
        }

        // A limit of 0 is met exactly or not at all.
        private static double ShareOf(KernelVerdict v) => v.Error == 0 ? 0 : v.Error / v.Limit;
    }

    private sealed record WidthResult(int Bits, ulong Hash, double Seconds, IReadOnlyList<KernelResult> Kernels)
    {
        public bool Passed => Kernels.All(k => k.Passed);

        public static WidthResult Read(JsonElement json) => new(
            json.GetProperty("bits").GetInt32(),
            ulong.Parse(json.GetProperty("hash").GetString()!, NumberStyles.HexNumber, culture),
            json.GetProperty("seconds").GetDouble(),
            [.. json.GetProperty("kernels").EnumerateArray().Select(k => new KernelResult(
                k.GetProperty("kernel").GetString()!, k.GetProperty("comparisons").GetInt32(), Number(k, "error"), Number(k, "share"), k.GetProperty("worst").GetString()!, k.GetProperty("passed").GetBoolean()))]);

        private static double Number(JsonElement json, string name) => json.GetProperty(name) is { ValueKind: JsonValueKind.Number } n ? n.GetDouble() : double.NaN;
    }
}
