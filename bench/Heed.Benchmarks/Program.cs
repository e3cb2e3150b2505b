using System.Globalization;
using Heed.Benchmarks;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (!BenchmarkOptions.TryParse(args, out BenchmarkOptions options, out string message))
{
    Console.Error.WriteLine(message);
    return 2;
}
// A group is a class of this assembly that implements IBenchmarkGroup: adding one takes one file.
IBenchmarkGroup[] groups = [.. typeof(IBenchmarkGroup).Assembly.GetTypes()
    .Where(type => type.IsClass && typeof(IBenchmarkGroup).IsAssignableFrom(type))
    .Select(type => (IBenchmarkGroup)Activator.CreateInstance(type)!)
    .OrderBy(group => group.Order)];
string[] unknown = [.. options.Only.Except(groups.Select(group => group.Name), StringComparer.Ordinal)];
if (unknown.Length > 0)
{
    Console.Error.WriteLine($"--only: no group {string.Join(' ', unknown)}; there are {string.Join(' ', groups.Select(group => group.Name))}.");
    return 2;
}
using var run = new BenchmarkRun(options);
foreach (IBenchmarkGroup group in groups.Where(group => options.Only.Count == 0 || options.Only.Contains(group.Name, StringComparer.Ordinal)))
    group.Run(run);
return 0;
