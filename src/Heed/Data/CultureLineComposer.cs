using System.Text;

namespace Heed;

/// <summary>Writes lines in one language, with typing errors.</summary>
internal sealed class CultureLineComposer(CultureSource source, CultureSource[] all, RandomStream random, double noise)
{
    /// <summary>Different lines; fewer than asked for only if the language has no more.</summary>
    public List<string> Compose(int count)
    {
        var lines = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int attempt = 0; lines.Count < count && attempt < count * 50; attempt++)
        {
            if (Clean() is not { } clean)
                continue;
            string line = noise > 0 ? Mistype(clean) : clean;
            if (line.Any(char.IsLetter) && seen.Add(line))
                lines.Add(line);
        }
        return lines;
    }

    private string? Clean() => random.Next(20) switch
    {
        < 8 => source.Date(random),
        < 11 => Name(),
        < 14 => string.Join(", ", Enumerable.Range(0, 2 + random.Next(2)).Select(_ => Name())),
        _ => Entry(),
    };

    private string Name() => source.Names[random.Next(source.Names.Length)];

    // Which part is the translation shows in the form alone: it stands behind the dash or colon, or before the brackets.
    private string Entry()
    {
        while (true)
        {
            int place = random.Next(source.Glossary.Length);
            CultureSource other = all[random.Next(all.Length)];
            if (other == source || source.Glossary[place] is not { } name || other.Glossary[place] is not { } headword)
                continue;
            return random.Next(3) switch
            {
                0 => $"{headword} – {name}",
                1 => $"{headword}: {name}",
                _ => $"{name} ({headword})",
            };
        }
    }

    private string Mistype(string line)
    {
        int manner = random.Next(8);
        if (manner < 2)
            line = line.ToLowerInvariant();
        else if (manner == 2)
            line = WithoutAccents(line);
        var typed = new StringBuilder(line.Length + 4);
        for (int i = 0; i < line.Length; i++)
        {
            if (random.NextDouble() >= noise || char.IsSurrogate(line[i]))
            {
                typed.Append(line[i]);
                continue;
            }
            switch (random.Next(4))
            {
                case 0:
                    break;
                case 1:
                    typed.Append(line[i], 2);
                    break;
                case 2 when i + 1 < line.Length && !char.IsSurrogate(line[i + 1]):
                    typed.Append(line[i + 1]).Append(line[i++]);
                    break;
                default:
                    char other = line[random.Next(line.Length)];
                    typed.Append(char.IsSurrogate(other) ? line[i] : other);
                    break;
            }
        }
        return typed.ToString().Trim();
    }

    // Latin, Greek and Cyrillic ones: elsewhere such marks are vowels.
    private static string WithoutAccents(string line) =>
        string.Concat(line.Normalize(NormalizationForm.FormD).Where(c => c is < '\u0300' or > '\u036F')).Normalize(NormalizationForm.FormC);
}
