using System.Diagnostics;

namespace Heed.Testing;

/// <summary>What a process left: its exit code and what it printed.</summary>
public sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    /// <summary>Both streams, for messages.</summary>
    public string All => Output + Error;

    /// <summary>Runs a process to its end, or ends it and its children when the limit has passed (exit code −1).</summary>
    public static ProcessResult Run(ProcessStartInfo start, TimeSpan limit)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"ProcessResult: {start.FileName} did not start.");
        // Both at once: a process that fills one pipe while nobody reads it would wait for ever.
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (process.WaitForExit(limit))
            return new ProcessResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        process.Kill(entireProcessTree: true);
        return new ProcessResult(-1, output.GetAwaiter().GetResult(),
            FormattableString.Invariant($"{error.GetAwaiter().GetResult()}\nended by force after {limit.TotalSeconds} s: {start.FileName} {string.Join(' ', start.ArgumentList)}"));
    }
}
