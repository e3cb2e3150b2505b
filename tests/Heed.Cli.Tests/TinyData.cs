namespace Heed.Cli.Tests;

/// <summary>Rows that a small network learns in seconds: what is asked for decides the label, the rest is chance.</summary>
internal static class TinyData
{
    private static readonly string[] openings = ["hello", "dear team", "good morning", "hi there", "once more"];
    private static readonly string[] things = ["the parcel", "my order", "the chair", "this lamp", "our printer"];
    private static readonly (string Label, string[] Words)[] wishes =
    [
        ("billing", ["was charged twice", "needs an invoice", "costs too much", "waits for the refund"]),
        ("shipping", ["has not arrived", "came to a wrong address", "is late by a week", "got lost on the way"]),
        ("repair", ["is broken", "makes a strange noise", "stopped working", "lost a leg"]),
    ];

    public static IEnumerable<(string Text, string Label)> Rows(int count, ulong seed = 1)
    {
        RandomStream random = new(seed, "tiny data");
        for (int i = 0; i < count; i++)
        {
            (string label, string[] words) = wishes[random.Next(wishes.Length)];
            yield return ($"{Pick(openings)}, {Pick(things)} number {random.Next(1000)} {Pick(words)}", label);
        }

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    /// <summary>Writes a TSV with the columns label and text.</summary>
    public static string Write(string path, int count, ulong seed = 1)
    {
        File.WriteAllLines(path, Rows(count, seed).Select(row => $"{row.Label}\t{row.Text}").Prepend("label\ttext"));
        return path;
    }
}
