using System.Globalization;
using Heed.Experiments;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
// An experiment is a class of this assembly that implements IExperiment: adding one takes one file.
IExperiment[] experiments = [.. typeof(IExperiment).Assembly.GetTypes()
    .Where(type => type is { IsClass: true, IsAbstract: false } && typeof(IExperiment).IsAssignableFrom(type))
    .Select(type => (IExperiment)Activator.CreateInstance(type)!)
    .OrderBy(experiment => experiment.Name, StringComparer.Ordinal)];
IExperiment? chosen = experiments.FirstOrDefault(experiment => args.Length > 0 && experiment.Name == args[0]);
if (chosen is null || !ExperimentOptions.TryParse(args[1..], out ExperimentOptions options, out string message))
{
    message = chosen is null ? "there are:\n" + string.Join('\n', experiments.Select(experiment => $"  {experiment.Name,-24} {experiment.Summary}")) : $"{args[1..].FirstOrDefault()}: unknown, or without a value";
    Console.Error.WriteLine($"usage: NAME {ExperimentOptions.Usage}\n{message}");
    return 2;
}
try
{
    chosen.Run(options);
    return 0;
}
catch (FileNotFoundException e)
{
    Console.Error.WriteLine($"{e.Message}: name the folder of the data sets with --data.");
    return 2;
}
