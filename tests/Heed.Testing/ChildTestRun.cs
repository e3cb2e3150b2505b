using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Xml.Linq;

namespace Heed.Testing;

/// <summary>Runs tests of an assembly again in a process of their own, with other environment variables.</summary>
/// <param name="Passed">How many tests passed.</param>
/// <param name="Failed">How many did not.</param>
/// <param name="Output">What the process printed, with the failures.</param>
public sealed record ChildTestRun(int Passed, int Failed, string Output)
{
    /// <summary>Set in the child, so that tests which start children do not do it again.</summary>
    public const string LegVariable = "HEED_LEG";

    /// <summary>Whether this process is such a child.</summary>
    public static bool IsChild => Environment.GetEnvironmentVariable(LegVariable) is not null;

    /// <summary>Runs the tests that a filter chooses and waits for them.</summary>
    /// <param name="assembly">The test assembly, as built.</param>
    /// <param name="filter">As for <c>dotnet test --filter</c>.</param>
    /// <param name="leg">The name of this run, as <c>AVX2</c>.</param>
    /// <param name="variables">Environment variables for the tests.</param>
    /// <param name="limit">When the run is ended by force; counted as a failure.</param>
    public static ChildTestRun Start(Assembly assembly, string filter, string leg, IReadOnlyDictionary<string, string> variables, TimeSpan limit)
    {
        using var folder = new TemporaryFolder();
        // The variables go to the host that runs the tests alone; the runner that starts it need not be slowed down.
        new XDocument(new XElement("RunSettings", new XElement("RunConfiguration", new XElement("EnvironmentVariables",
            variables.Append(KeyValuePair.Create(LegVariable, leg)).Select(pair => new XElement(pair.Key, pair.Value)))))).Save(folder["leg.runsettings"]);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList =
            {
                "vstest", assembly.Location, "--TestCaseFilter:" + filter, "--Settings:" + folder["leg.runsettings"],
                "--ResultsDirectory:" + folder.Path, "--logger:trx;LogFileName=leg.trx",
            },
        };
        ProcessResult result = ProcessResult.Run(start, limit);
        // Marked line by line: quoted in a message, it must not look like the summary of the run that quotes it.
        string output = leg + "> " + result.All.ReplaceLineEndings("\n").Replace("\n", "\n" + leg + "> ", StringComparison.Ordinal);
        return File.Exists(folder["leg.trx"]) ? Read(XDocument.Load(folder["leg.trx"]), result.ExitCode, output) : new ChildTestRun(0, 1, output);
    }

    private static ChildTestRun Read(XDocument report, int exitCode, string output)
    {
        XElement counters = report.Descendants().Single(element => element.Name.LocalName == "Counters");
        int Count(string name) => int.Parse(counters.Attribute(name)!.Value, CultureInfo.InvariantCulture);
        int failed = Count("executed") - Count("passed"); // the difference to the total is skipped
        // A host that crashed half-way leaves a report without failures.
        return new ChildTestRun(Count("passed"), failed == 0 && exitCode != 0 ? 1 : failed, output);
    }
}
