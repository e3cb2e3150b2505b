using System.Globalization;

namespace Heed.Cli;

/// <summary>How far channel attention opens its gates, picture by picture or in the mean over those that a model answers alike; for people and as JSON.</summary>
internal static class GateListing
{
    /// <summary>Layer by layer, of each picture.</summary>
    public static int Write(Terminal terminal, ExplainedModel explained, IEnumerable<ExplainedItem> items, bool isJson)
    {
        foreach (ExplainedItem item in items)
        {
            IReadOnlyList<LayerGates> layers = explained.GatesOf(item.Picture!);
            if (isJson)
            {
                JsonText.WriteObject(terminal.Out, writer => ExplanationJson.Write(writer, item.Row.Text, layers));
                continue;
            }
            terminal.Out.Write(OneLine.Of(item.Row.Text) + (layers.Count == 0 ? ": the network has no channel attention\n" : "\n"));
            foreach (LayerGates layer in layers)
                terminal.Out.Write(FormattableString.Invariant($"  {layer.Layer}: {layer.Values.Min():F3} to {layer.Values.Max():F3}, mean {layer.Values.Average():F3}, {layer.Values.Count} channels\n"));
        }
        return ExitCode.Done;
    }

    /// <summary>Layer by layer, the mean of the pictures of each answer; and how far a class's gates lie from those of all pictures, which says where gates begin to know classes (Hu et al. 2018, figure 5).</summary>
    public static int WriteByClass(Terminal terminal, ExplainedModel explained, IEnumerable<ExplainedItem> items, ExplanationOptions options, bool isJson)
    {
        SortedDictionary<string, List<IReadOnlyList<LayerGates>>> classes = new(StringComparer.Ordinal);
        foreach (ExplainedItem item in items)
        {
            string label = explained.Read(item, options).First().Label ?? "";
            if (!classes.TryGetValue(label, out List<IReadOnlyList<LayerGates>>? seen))
                classes[label] = seen = [];
            seen.Add(explained.GatesOf(item.Picture!));
        }
        IReadOnlyList<LayerGates>[] all = [.. classes.Values.SelectMany(seen => seen)];
        if (all.Length == 0 || all[0].Count == 0)
            throw new UsageException("--by-class: the network has no channel attention, or there are no pictures.");
        LayerGates[] overall = Mean(all);
        List<string[]> rows = [];
        foreach ((string label, List<IReadOnlyList<LayerGates>> seen) in classes)
        {
            LayerGates[] own = Mean([.. seen]);
            if (isJson)
            {
                JsonText.WriteObject(terminal.Out, json =>
                {
                    json.WriteString("class", label);
                    json.WriteNumber("pictures", seen.Count);
                    ExplanationJson.Write(json, own);
                });
            }
            rows.AddRange(own.Select((layer, l) => new[]
            {
                layer.Layer, label, seen.Count.ToString(CultureInfo.InvariantCulture), Figure(layer.Values.Average()),
                Figure(layer.Values.Zip(overall[l].Values, (a, b) => Math.Abs(a - b)).Average()),
            }));
        }
        if (!isJson)
            Styled.WriteTable(terminal, ["layer", "class", ">pictures", ">mean gate", ">from all"], rows.OrderBy(row => Array.FindIndex(overall, layer => layer.Layer == row[0])));
        return ExitCode.Done;
    }

    private static LayerGates[] Mean(IReadOnlyList<LayerGates>[] pictures) => [.. pictures[0].Select((layer, l) => layer with { Values = [.. Enumerable.Range(0, layer.Values.Count).Select(c => pictures.Average(gates => gates[l].Values[c]))] })];

    private static string Figure(float value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
