using System.Diagnostics;

namespace Heed.Cli.Tests;

/// <summary>The tool as a process of its own.</summary>
internal static class HeedProcess
{
    public static ProcessStartInfo Start(IEnumerable<string> args) =>
        new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", typeof(CommandLine).Assembly.Location, .. args]);
}
