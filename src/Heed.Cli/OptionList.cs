using System.CommandLine;

namespace Heed.Cli;

/// <summary>Options of a command in the order of its help, each with the library's default.</summary>
internal sealed class OptionList
{
    private readonly List<Option> all = [];

    /// <summary>The first option that was given, if any was.</summary>
    public Option? FirstGiven(ParseResult parsed) => all.Find(option => option.IsGiven(parsed));

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
