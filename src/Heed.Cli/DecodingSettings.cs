using System.CommandLine;

namespace Heed.Cli;

/// <summary>How answers are searched for; what is not said is the model's own.</summary>
internal sealed class DecodingSettings
{
    private static readonly DecodingOptions defaults = new();
    private readonly Option<int> beam = Whole("--beam", "Hypotheses kept at each step; 1 is greedy search."), best = Whole("--best", "Answers for each source.");
    private readonly Option<int> block = Whole("--block-ngrams", "No run of that many tokens comes twice; 0 allows all.");
    private readonly Option<int> longest = Whole("--max-answer", "Tokens of an answer at most. [default: twice the source's and 10]");
    private readonly Option<int> topK = Whole("--top-k", "Draw from the k most probable tokens alone; 0 from all.");
    private readonly Option<double> lengthPenalty = CommonOptions.Number("--length-penalty", "α: answers are compared by log P / ((5 + length)/6)^α.", defaults.LengthPenalty);
    private readonly Option<double> coveragePenalty = CommonOptions.Number("--coverage-penalty", "β: sources should be looked at whole.", defaults.CoveragePenalty);
    private readonly Option<double> temperature = CommonOptions.Number("--temperature", "Logits are divided by it before a token is drawn.", defaults.Temperature);
    private readonly Option<double> topP = CommonOptions.Number("--top-p", "Draw from the most probable tokens that together reach this.", defaults.TopP);
    private readonly Option<bool> sample = new("--sample") { Description = "Draw answers instead of searching for the best." };

    /// <summary>The seed of drawing; a command that has a --seed for something else passes its own.</summary>
    public Option<ulong> Seed { get; } = new("--seed") { Description = "Seed of drawing.", HelpName = "N", DefaultValueFactory = _ => defaults.Seed };

    public void AddTo(Command command, bool draws)
    {
        foreach (Option option in new Option[] { beam, block, longest, lengthPenalty, coveragePenalty })
            command.Add(option);
        foreach (Option option in draws ? new Option[] { best, sample, temperature, topK, topP, Seed } : [])
            command.Add(option);
    }

    public DecodingOptions Read(ParseResult parsed, DecodingOptions own) => UsageException.Guard(() =>
    {
        DecodingOptions options = own with
        {
            BeamSize = Value(beam, own.BeamSize),
            BestCount = Value(best, own.BestCount),
            BlockNgrams = Value(block, own.BlockNgrams),
            MaximumLength = Value(longest, own.MaximumLength),
            LengthPenalty = Value(lengthPenalty, own.LengthPenalty),
            CoveragePenalty = Value(coveragePenalty, own.CoveragePenalty),
            Sample = Value(sample, own.Sample),
            Temperature = Value(temperature, own.Temperature),
            TopK = Value(topK, own.TopK),
            TopP = Value(topP, own.TopP),
            Seed = Value(Seed, own.Seed),
        };
        options.Validate();
        return options;

        T Value<T>(Option<T> option, T otherwise) => parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : otherwise;
    });

    private static Option<int> Whole(string name, string description) => new(name) { Description = description, HelpName = "N" };
}
