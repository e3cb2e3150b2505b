#:project ../src/Heed/Heed.csproj

// Trains a translator on pairs made here, and shows where each word of an answer came from.
using Heed;

string[] english = ["one", "two", "three", "four", "five", "six"], german = ["eins", "zwei", "drei", "vier", "fünf", "sechs"];
RandomStream random = new(1, "sample");
PairSplit data = PairData.FromPairs(Enumerable.Range(0, 400).Select(_ =>
{
    int[] numbers = [.. Enumerable.Range(0, 2 + random.Next(3)).Select(_ => random.Next(6))];
    return (string.Join(' ', numbers.Select(n => english[n])), string.Join(' ', numbers.Reverse().Select(n => german[n])));
})).Split(seed: 1);

Translator translator = Translator.Train(data.Train, data.Dev, new TranslatorOptions
{
    Network = new EncoderDecoderConfig { EmbeddingSize = 24, HiddenSize = 32, AttentionSize = 24, Score = "additive", Dropout = 0.1 },
    Training = new TrainingOptions { Seed = 1, EpochCount = 12, BatchSize = 16, LearningRate = 0.01, WordDropout = 0, AveragingDecay = 0.9 },
    SourceTokens = new TextEncoderOptions(),
    TargetTokens = new TextEncoderOptions(),
});
Console.WriteLine(translator.Evaluate(data.Test));   // BLEU and chrF2 with their signatures

Translation answer = translator.Translate("one two three");
Console.WriteLine(answer.Text);
// expect: drei zwei eins
for (int t = 0; t < answer.Tokens.Count; t++)
{
    int most = Array.IndexOf(answer.Alignment[t], answer.Alignment[t].Max());
    Console.WriteLine($"{answer.Tokens[t]} <- {answer.Source[answer.SourceTokens[most]]}");
}
// expect: drei <- three
// expect: zwei <- two
// expect: eins <- one
