using System.Runtime.InteropServices;

namespace Heed.Cli;

/// <summary>The first Ctrl+C (or SIGTERM) asks a command to come to an end and save; the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly PosixSignalRegistration[] signals;

    public Interruption(Terminal terminal, CancellationToken cancellation)
    {
        source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            if (source.IsCancellationRequested)
                return;
            context.Cancel = true;
            source.Cancel();
            terminal.Say("stopping after this step and saving; once more to stop at once");
        }))];
    }

    public CancellationToken Token => source.Token;

    public bool IsRequested => source.IsCancellationRequested;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in signals)
            signal.Dispose();
        source.Dispose();
    }
}
