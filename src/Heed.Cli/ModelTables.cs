using System.Globalization;
using System.Text.Json;

namespace Heed.Cli;

/// <summary>What every model has, parameters and a training, for people and as JSON.</summary>
internal static class ModelTables
{
    private static readonly CultureInfo culture = CultureInfo.InvariantCulture;

    public static void WriteTraining(TextWriter output, TrainingRecord record, string length)
    {
        TrainingOptions training = record.Options;
        output.WriteLine(string.Create(culture,
            $"training    seed {training.Seed}, batch {training.BatchSize}, {training.Optimizer} {training.LearningRate} {training.Schedule}, {length} by {training.Monitor}"));
        output.WriteLine(string.Create(culture, $"best epoch  {record.BestEpoch}{(record.WasCancelled ? ", interrupted" : "")}"));
        output.WriteLine($"data        train {record.TrainHash}");
        output.WriteLine($"            dev   {record.DevHash}");
    }

    public static void WriteParameters(Terminal terminal, Module network)
    {
        terminal.Out.WriteLine();
        Styled.WriteTable(terminal, ["parameter", "shape", ">values"], network.NamedParameters().Select(p =>
            new[] { p.Name, p.Parameter.Shape.ToString(), p.Parameter.Shape.Length.ToString("N0", culture) }));
    }

    public static void WriteEpochs(Terminal terminal, TrainingRecord record)
    {
        if (record.Epochs.Count == 0)
            return;
        terminal.Out.WriteLine();
        Styled.WriteTable(terminal, [">epoch", ">train loss", ">dev loss", ">accuracy", record.Epochs[0].Score is null ? ">macro F1" : ">score", ">seconds", ""], record.Epochs.Select(e => new[]
        {
            e.Epoch.ToString(culture), Figure(e.TrainLoss), Figure(e.DevLoss), Figure(e.Accuracy), Figure(e.Score ?? e.MacroF1),
            e.Duration.TotalSeconds.ToString("F1", culture), e.Epoch == record.BestEpoch ? "best" : "",
        }));
    }

    public static void WriteParameters(Utf8JsonWriter json, Module network)
    {
        json.WriteNumber("parameterCount", network.ParameterCount);
        json.WriteStartArray("parameters");
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteStartArray("shape");
            foreach (int size in parameter.Shape.Sizes)
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static void WriteTraining(Utf8JsonWriter json, TrainingRecord record)
    {
        json.WriteStartObject("training");
        json.WriteNumber("seed", record.Options.Seed);
        json.WriteString("monitor", record.Options.Monitor);
        json.WriteNumber("bestEpoch", record.BestEpoch);
        json.WriteBoolean("wasCancelled", record.WasCancelled);
        json.WriteString("trainHash", record.TrainHash);
        json.WriteString("devHash", record.DevHash);
        json.WriteStartArray("epochs");
        foreach (EpochReport epoch in record.Epochs)
        {
            json.WriteStartObject();
            json.WriteNumber("epoch", epoch.Epoch);
            json.WriteFinite("trainLoss", epoch.TrainLoss);
            json.WriteFinite("devLoss", epoch.DevLoss);
            json.WriteFinite("accuracy", epoch.Accuracy);
            json.WriteFinite("macroF1", epoch.MacroF1);
            if (epoch.Score is { } score)
                json.WriteFinite("score", score);
            json.WriteFinite("seconds", epoch.Duration.TotalSeconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Figure(double value) => value.ToString("F4", culture);
}
