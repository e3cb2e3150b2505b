using System.CommandLine;

namespace Heed.Cli;

/// <summary>Options of a command in the order of its help, each with the library's default.</summary>
internal sealed class OptionList
{
    private readonly List<Option> all = [];

    /// <summary>The value of an option that was given, otherwise another.</summary>
    public static T Given<T>(ParseResult parsed, Option<T> option, T otherwise) => IsGiven(parsed, option) ? parsed.GetValue(option)! : otherwise;

    /// <summary>Whether an option was given.</summary>
    public static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The first option that was given, if any was.</summary>
    public Option? FirstGiven(ParseResult parsed) => all.Find(option => IsGiven(parsed, option));

    public void AddTo(Command command) => all.ForEach(command.Add);

    public void AddRange(IEnumerable<Option> options) => all.AddRange(options);

    public void AddRange(OptionList options) => all.AddRange(options.all);

    public Option<T> Add<T>(string name, string description, T value, string help = "N")
    {
        Option<T> option = new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => value };
        all.Add(option);
        return option;
    }

    public Option<double> AddNumber(string name, string description, double value)
    {
        Option<double> option = CommonOptions.Number(name, description, value);
        all.Add(option);
        return option;
    }

    public Option<bool> Flag(string name, string description)
    {
        Option<bool> option = new(name) { Description = description };
        all.Add(option);
        return option;
    }
}
