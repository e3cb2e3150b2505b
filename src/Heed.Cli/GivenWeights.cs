using System.CommandLine;
using System.Globalization;

namespace Heed.Cli;

/// <summary><c>heed explain --intervene given</c>: what the answer to one input becomes under weights that the user says.</summary>
internal sealed class GivenWeights
{
    public const string Kind = "given";

    private readonly Option<string?> weights = new("--weights")
    {
        Description = "Of --intervene given: the weights, one a unit of the input, as 0,0,1,0; or units of a text by their own text, as good=1,film=0.5, with 0 for all others. They are divided by their sum.",
        HelpName = "list",
    };

    public void AddTo(Command command) => command.Add(weights);

    /// <summary>Whether weights are given. Throws where that makes no sense, before any work.</summary>
    public bool IsAsked(ParseResult parsed, string? kind, int inputs)
    {
        bool isAsked = kind == Kind;
        if (isAsked != weights.IsGiven(parsed))
            throw new UsageException(isAsked ? $"--intervene {Kind} needs the weights: add {weights.Name} with one a unit, as 0,0,1,0, or units by their text, as good=1,film=0.5." : $"{weights.Name} is of --intervene {Kind}; add that.");
        if (isAsked && inputs != 1)
            throw new UsageException($"--intervene {Kind} is of one input, whose units the weights are for; give one text or picture, and no --data.");
        return isAsked;
    }

    /// <summary>Says what they do; of a translation to each of its tokens.</summary>
    public int Run(Terminal terminal, ParseResult parsed, IEnumerable<ExplainedInput> inputs, bool isJson)
    {
        ExplainedInput[] all = [.. inputs];
        if (all.Length == 0 || all[0].UnitCount == 0)
            throw new UsageException("there is nothing to give weights to: the input has no token.");
        float[] asked = Read(parsed.GetValue(weights)!, all[0]);
        (ExplainedInput Input, GivenAttention Found)[] found = [.. all.Select(input => (input, GivenAttention.Measure(input, asked)))];
        foreach ((ExplainedInput input, GivenAttention given) in isJson ? found : [])
            Write(terminal, input, given);
        if (isJson)
            return ExitCode.Done;
        string of = all[0].IsLogOdds ? "p" : "value";
        Styled.WriteTable(terminal, ["answer", ">" + of, $">{of} with these weights", ">change", ">answer then", ">lost"], found.Select(pair => (string[])[
            OneLine.Of(pair.Found.Label ?? pair.Input.Target), Number(pair.Found.Own), Number(pair.Found.Changed), Number(pair.Found.Change), OneLine.Of(pair.Found.Answer ?? "–"), pair.Found.IsLost ? "yes" : "no"]));
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"weights, divided by their sum: {string.Join(", ", found[0].Found.Weights.Select((weight, unit) => (weight, unit)).Where(u => u.weight > 0).Select(u => FormattableString.Invariant($"{Name(all[0], u.unit)} {u.weight:0.###}")))}"));
        if (found[0].Found.KeptRowCount > 0)
            terminal.Say(FormattableString.Invariant($"{found[0].Found.KeptRowCount} of {found[0].Found.RowCount} rows of weights see none of these units, as they stand before them or a mask hides them, and kept their own"));
        return ExitCode.Done;
    }

    private static float[] Read(string text, ExplainedInput input)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (text.Contains('=', StringComparison.Ordinal))
            return ByText(parts, input);
        return parts.Length == input.UnitCount ? [.. parts.Select(Parse)]
            : throw new UsageException(FormattableString.Invariant($"--weights has {parts.Length} numbers, and the input {input.UnitCount} units, each of which needs one: {Units(input)}."));
    }

    private static float[] ByText(string[] parts, ExplainedInput input)
    {
        float[] asked = new float[input.UnitCount];
        foreach (string part in parts)
        {
            int at = part.LastIndexOf('=');
            string name = at < 0 ? part : part[..at].Trim();
            int[] units = input.Grid.Rows > 0 ? [] : [.. Enumerable.Range(0, asked.Length).Where(unit => input.Source[input.Ranges[unit]].Trim() == name)];
            if (at < 0 || units.Length == 0)
                throw new UsageException($"--weights: '{OneLine.Of(part)}' is no unit with a weight, as good=1; the units are {Units(input)}.");
            foreach (int unit in units)
                asked[unit] = Parse(part[(at + 1)..]);
        }
        return asked;
    }

    private static float Parse(string text) => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float weight) && weight >= 0 && float.IsFinite(weight) ? weight
        : throw new UsageException($"--weights: '{OneLine.Of(text)}' must be a number of at least 0, with a decimal point.");

    private static string Units(ExplainedInput input) => input.Grid.Rows > 0 ? FormattableString.Invariant($"{input.Grid.Rows} × {input.Grid.Columns} cells, row by row from the top left")
        : string.Join(", ", input.Ranges.Select((_, unit) => FormattableString.Invariant($"{unit + 1} {Name(input, unit)}")));

    private static string Name(ExplainedInput input, int unit) => input.Grid.Rows > 0 ? FormattableString.Invariant($"row {unit / input.Grid.Columns} column {unit % input.Grid.Columns}") : $"'{OneLine.Of(input.Source[input.Ranges[unit]])}'";

    private static string Number(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    private static void Write(Terminal terminal, ExplainedInput input, GivenAttention given) => JsonText.WriteObject(terminal.Out, json =>
    {
        json.WriteString("intervention", Kind);
        json.WriteString("target", input.Target);
        json.WriteFinite("own", given.Own);
        json.WriteFinite("changed", given.Changed);
        json.WriteFinite("change", given.Change);
        json.WriteBoolean("isLost", given.IsLost);
        json.WriteString("answer", given.Answer);
        json.WriteFinite("divergence", given.Divergence);
        json.WriteNumber("rows", given.RowCount);
        json.WriteNumber("keptRows", given.KeptRowCount);
        ExplanationJson.WriteUnits(json, ("weights", "weight"), input.Source, input.Ranges, given.Weights);
    });
}
