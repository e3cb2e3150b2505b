using System.Globalization;

namespace Heed.Tests.Data;

public class CultureLinesTests
{
    private static readonly bool invariant = Environment.GetEnvironmentVariable("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT") == "1";

    [SkippableFact]
    public void Makes_balanced_different_unambiguous_lines_in_many_languages()
    {
        Skip.If(invariant, "This process has no culture data.");
        var options = new CultureLinesOptions { LineCount = 4900 };
        TextSplit split = CultureLines.Make(options);
        TextExample[] rows = [.. split.Train, .. split.Dev, .. split.Test];
        rows.Length.ShouldBe(4900);
        CultureLines.Languages.Count.ShouldBeGreaterThanOrEqualTo(40);
        split.Train.LabelNames.ShouldBe(CultureLines.Languages);
        rows.GroupBy(row => row.Label).Select(group => group.Count()).Distinct().ShouldBe([100]);
        rows.Select(row => row.Text).Distinct(StringComparer.Ordinal).Count().ShouldBe(rows.Length);
        split.Dev.Count.ShouldBe(490);
        split.Test.CountLabels().Min().ShouldBeGreaterThanOrEqualTo(9);
        rows.Count(row => !row.Text.Any(char.IsLetter) || row.Text.Trim() != row.Text || row.Text.Length > 400).ShouldBe(0);
    }

    [SkippableFact]
    public void Depends_on_the_seed_and_not_on_the_host()
    {
        Skip.If(invariant, "This process has no culture data.");
        var options = new CultureLinesOptions { LineCount = 980 };
        CultureInfo culture = CultureInfo.CurrentCulture, uiCulture = CultureInfo.CurrentUICulture;
        TextSplit one = CultureLines.Make(options);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = new CultureInfo("tr-TR");
            TextSplit again = CultureLines.Make(options);
            again.Train.SequenceEqual(one.Train).ShouldBeTrue();
            again.Test.SequenceEqual(one.Test).ShouldBeTrue();
            CultureInfo.CurrentUICulture.Name.ShouldBe("tr-TR");
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, uiCulture);
        }
        CultureLines.Make(options with { Seed = 2 }).Test.SequenceEqual(one.Test).ShouldBeFalse();
    }

    [SkippableFact]
    public void Without_noise_no_date_could_be_of_another_language()
    {
        Skip.If(invariant, "This process has no culture data.");
        TextSplit split = CultureLines.Make(new CultureLinesOptions { Noise = 0 });
        var shapes = new Dictionary<string, int>();
        foreach (TextExample row in split.Train.Concat(split.Test).Where(row => row.Text.Any(char.IsDigit)))
        {
            string shape = string.Concat(row.Text.ToLowerInvariant().Where(c => !char.IsDigit(c)));
            shapes.TryAdd(shape, row.Label);
            shapes[shape].ShouldBe(row.Label, row.Text);
        }
        shapes.Count.ShouldBeGreaterThan(1000);
    }

    [SkippableFact]
    public void Naive_Bayes_learns_something_but_not_everything()
    {
        Skip.If(invariant, "This process has no culture data.");
        TextSplit split = CultureLines.Make();
        var options = new NaiveBayesOptions { Tokenizer = new CharacterTokenizer(), MaximumOrder = 3, Smoothing = 0.1 };
        NaiveBayes.Train(split.Train, options).Accuracy(split.Test).ShouldBeInRange(0.6, 0.8);
    }

    // Runs in the child process of InvariantGlobalizationTests.
    [SkippableFact]
    public void Says_what_to_install_where_there_is_no_ICU()
    {
        Skip.IfNot(invariant, "This process has culture data.");
        CultureLines.IsAvailable.ShouldBeFalse();
        Should.Throw<InputException>(() => CultureLines.Make()).Message.ShouldContain("libicu");
    }
}
