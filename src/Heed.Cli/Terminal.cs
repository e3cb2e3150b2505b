using System.Text;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Heed.Cli;

/// <summary>Where a command reads and writes, so that tests can stand in for a terminal.</summary>
internal sealed class Terminal
{
    /// <summary>Standard output: results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: progress and messages.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard input, opened when it is needed.</summary>
    public required Func<Stream> OpenIn { get; init; }

    public bool IsOutTerminal { get; init; }

    public bool IsErrorTerminal { get; init; }

    public bool IsInTerminal { get; init; }

    /// <summary>Whether results may be coloured.</summary>
    public bool HasColor { get; init; }

    /// <summary>How many colours, where there are any.</summary>
    public ColorSystemSupport Colors { get; init; } = ColorSystemSupport.TrueColor;

    /// <summary>Whether an unexpected error shows its stack.</summary>
    public bool IsDebug { get; init; }

    /// <summary>Cells of a line of standard output.</summary>
    public Func<int> Width { get; init; } = () => int.MaxValue;

    /// <summary>The terminal of this process.</summary>
    public static Terminal System()
    {
        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
            Console.OutputEncoding = Encoding.UTF8;
        bool isOut = !Console.IsOutputRedirected, isError = !Console.IsErrorRedirected;
        return new Terminal
        {
            Out = Writer(isOut ? Console.OpenStandardOutput() : Redirected(), isOut),
            // A signal may write its message while the training thread writes progress.
            Error = TextWriter.Synchronized(Writer(Console.OpenStandardError(), isLive: true)),
            OpenIn = Console.OpenStandardInput,
            IsOutTerminal = isOut,
            IsErrorTerminal = isError,
            IsInTerminal = !Console.IsInputRedirected,
            HasColor = isOut && Variable("NO_COLOR").Length == 0 && Variable("TERM") != "dumb",
            Colors = Variable("COLORTERM") is "truecolor" or "24bit" ? ColorSystemSupport.TrueColor
                : OperatingSystem.IsWindows() ? ColorSystemSupport.Detect
                : Variable("TERM").Contains("256", StringComparison.Ordinal) ? ColorSystemSupport.EightBit : ColorSystemSupport.Standard,
            IsDebug = Variable("HEED_DEBUG") is not ("" or "0"),
            Width = () => isOut ? Console.WindowWidth : int.MaxValue,
        };
    }

    /// <summary>Writes a line to standard error, over a status line if there is one.</summary>
    public void Say(string message) => Error.WriteLine(IsErrorTerminal ? "\r\u001b[K" + message : message);

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";

    // The console's own stream hides that the reader of a pipe has gone (as head does); the pipe opened as a file says so.
    private static Stream Redirected()
    {
        if (OperatingSystem.IsWindows())
            return Console.OpenStandardOutput();
        try
        {
            FileStream pipe = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            // A file would be written at this stream's own position, over what standard error wrote to the same file.
            return pipe.CanSeek ? Console.OpenStandardOutput() : pipe;
        }
        catch (IOException)
        {
            return Console.OpenStandardOutput();
        }
    }

    // UTF-8 whatever the host says, so that a pipe carries the same bytes everywhere.
    private static StreamWriter Writer(Stream stream, bool isLive) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = isLive, NewLine = "\n" };
}
