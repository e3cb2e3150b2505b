using System.Diagnostics;
using System.Globalization;
using System.Text;
using Heed.Testing;

namespace Heed.Tests.House;

[Collection(BuildCollection.Name)]
public sealed class MechanismExampleTests
{
    /// <summary>What compiles inside of the library might use what a user cannot see.</summary>
    [Fact]
    public void Examples_compile_outside_of_the_library_and_give_the_same()
    {
        StringBuilder program = new($"#:project {Repository.PathOf("src/Heed/Heed.csproj")}\nusing System.Globalization;\nusing Heed;\n\n");
        foreach (Mechanism m in MechanismCatalogue.All)
            program.Append(FormattableString.Invariant($"Show(\"{MechanismCatalogue.PageName(m)}\", {m.Example.Source});\n"));
        program.Append("\nstatic void Show(string name, Func<Tensor> run) => Console.WriteLine(name + \" \" + string.Join(' ', run().ToArray().Select(x => x.ToString(\"R\", CultureInfo.InvariantCulture))));\n");
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["examples.cs"], program.ToString());
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { WorkingDirectory = folder.Path, ArgumentList = { "run", "-c", "Release", folder["examples.cs"] } };
        ProcessResult result = ProcessResult.Run(start, TimeSpan.FromSeconds(300));
        result.ExitCode.ShouldBe(0, result.All);
        foreach (Mechanism m in MechanismCatalogue.All)
        {
            string expected = string.Join(' ', m.Example.Run().ToArray().Select(x => x.ToString("R", CultureInfo.InvariantCulture)));
            result.Output.ShouldContain($"{MechanismCatalogue.PageName(m)} {expected}\n", Case.Sensitive, MechanismCatalogue.PageName(m));
        }
    }
}

/// <summary>Tests that build the library in programs of their own: one after the other, because they share its folder.</summary>
[CollectionDefinition(Name)]
public sealed class BuildCollection
{
    public const string Name = "Programs that build the library";
}
