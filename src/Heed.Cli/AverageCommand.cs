using System.CommandLine;

namespace Heed.Cli;

/// <summary><c>heed average MODEL… --out FOLDER</c>: one model whose weights are the mean of several.</summary>
internal static class AverageCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> models = new("models") { Description = "Models of one shape that were trained from one start; tokens, labels and settings are taken from the first.", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--out") { Description = "Folder of the mean.", HelpName = "folder", Required = true };
        Command command = new("average", "Averages the weights of several text classifiers or translators of one shape.") { models, output };
        command.SetAction(parsed =>
        {
            string[] paths = parsed.GetValue(models)!;
            string folder = parsed.GetValue(output)!;
            OutputFolder.Check(folder);
            if (paths.Length < 2)
                throw new UsageException("one model is its own mean; name two at least.");
            bool[] translate = [.. paths.Select(Translator.IsIn)];
            if (translate.Distinct().Count() > 1)
                throw new UsageException($"{paths[Array.IndexOf(translate, true)]} is a translator and {paths[Array.IndexOf(translate, false)]} is none; average models of one task.");
            UsageException.Guard(() =>
            {
                if (translate[0])
                    Translator.Average([.. paths.Select(Translator.Load)]).Save(folder);
                else
                    TextClassifier.Average([.. paths.Select(TextClassifier.Load)]).Save(folder);
                return 0;
            });
            terminal.Say($"the mean of {paths.Length} models is in {folder}");
            return ExitCode.Done;
        });
        return command;
    }
}
