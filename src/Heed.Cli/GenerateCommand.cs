using System.CommandLine;
using System.Diagnostics;
using Heed.Kernels;

namespace Heed.Cli;

/// <summary><c>heed generate MODEL [PROMPT]</c>: writes with a language model, streaming.</summary>
internal static class GenerateCommand
{
    private static readonly GenerationOptions defaults = new();

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        Argument<string> model = CommonOptions.Model();
        Argument<string?> prompt = new("prompt") { Description = "The beginning; without it standard input is read to its end.", Arity = ArgumentArity.ZeroOrOne };
        OptionList list = new();
        Option<int> tokens = list.Add("--max-tokens", "Tokens that are written at most.", defaults.MaximumTokens);
        Option<double> temperature = list.AddNumber("--temperature", "Logits are divided by it before a token is drawn; 0 takes the most probable token.", defaults.Temperature);
        Option<int> topK = list.Add("--top-k", "Draw from the k most probable tokens alone; 0 from all.", defaults.TopK);
        Option<double> topP = list.AddNumber("--top-p", "Draw from the most probable tokens that together reach this.", defaults.TopP);
        Option<double> minP = list.AddNumber("--min-p", "Draw from tokens with at least this share of the best one's probability.", defaults.MinP);
        Option<double> penalty = list.AddNumber("--repetition-penalty", "Logits of tokens that were there are divided by it; 1 for none.", defaults.RepetitionPenalty);
        Option<int> beam = list.Add("--beam", "Hypotheses of a beam search, which takes the place of drawing and writes at its end; 1 for none.", defaults.BeamSize);
        Option<double> length = list.AddNumber("--length-penalty", "For beam search: 0 prefers short texts.", defaults.LengthPenalty);
        Option<string[]> stop = new("--stop") { Description = "A text that ends the writing; may be given several times.", HelpName = "text", AllowMultipleArgumentsPerToken = false };
        list.AddRange([stop]);
        Option<bool> half = list.Flag("--bf16", "Keep keys and values in 16 bits: half the memory, results change a little.");
        Option<ulong> seed = new("--seed") { Description = "Seed of drawing.", HelpName = "N", DefaultValueFactory = _ => defaults.Seed };
        Option<int> threads = CommonOptions.Threads();
        Option<bool> quiet = CommonOptions.Quiet();
        list.AddRange([seed, threads, quiet]);
        Command command = new("generate", "Writes with a language model.") { model, prompt };
        list.AddTo(command);
        command.SetAction(parsed =>
        {
            threads.Apply(parsed);
            GenerationOptions options = UsageException.Guard(() =>
            {
                GenerationOptions made = new()
                {
                    MaximumTokens = parsed.GetValue(tokens), Temperature = parsed.GetValue(temperature), TopK = parsed.GetValue(topK), TopP = parsed.GetValue(topP), MinP = parsed.GetValue(minP),
                    RepetitionPenalty = parsed.GetValue(penalty), BeamSize = parsed.GetValue(beam), LengthPenalty = parsed.GetValue(length), Stop = parsed.GetValue(stop) ?? [], Seed = parsed.GetValue(seed),
                };
                made.Validate();
                return made;
            });
            LanguageModel language = LanguageModel.Load(parsed.GetValue(model)!);
            if (!parsed.GetValue(quiet))
                UnexpectedTensors.Say(terminal.Say, parsed.GetValue(model)!);
            string beginning = parsed.GetValue(prompt) ?? ReadAll(terminal);
            TextWriterSession session = new(language, parsed.GetValue(half) ? KeyValueFormat.BFloat16 : KeyValueFormat.Float32);
            using Interruption interruption = new(terminal, cancellation);
            Stopwatch clock = new();
            int count = 0;
            IEnumerable<string> pieces = UsageException.Guard(() => session.Generate(beginning, options));
            terminal.Out.Write(beginning);
            foreach (string piece in pieces)
            {
                if (count == 0)
                    clock.Start();
                count = session.TokenCount;
                terminal.Out.Write(piece);
                terminal.Out.Flush();
                if (interruption.IsRequested)
                    break;
            }
            terminal.Out.Write('\n');
            terminal.Out.Flush();
            // The first token is paid by reading the prompt.
            if (!parsed.GetValue(quiet) && count > 1)
                terminal.Say(FormattableString.Invariant($"{count:N0} tokens, {(count - 1) / clock.Elapsed.TotalSeconds:N0} a second"));
            return interruption.IsRequested ? ExitCode.Interrupted : ExitCode.Done;
        });
        return command;
    }

    private static string ReadAll(Terminal terminal)
    {
        if (terminal.IsInTerminal)
            terminal.Say("the beginning; end with Ctrl+D (on Windows Ctrl+Z)");
        using StreamReader reader = new(terminal.OpenIn());
        return reader.ReadToEnd().TrimEnd('\n');
    }
}
