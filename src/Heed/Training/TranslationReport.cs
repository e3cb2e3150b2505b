using System.Text;

namespace Heed;

/// <summary>How well answers of a translator agree with references.</summary>
public sealed class TranslationReport : EvaluationReport
{
    /// <summary>Computes the figures.</summary>
    /// <param name="answers">Detokenized answers.</param>
    /// <param name="references">Their references, as many.</param>
    /// <exception cref="ArgumentException">There are more of one than of the other.</exception>
    public TranslationReport(IReadOnlyList<string> answers, IReadOnlyList<string> references)
        : base(answers?.Count ?? 0)
    {
        ArgumentNullException.ThrowIfNull(answers);
        ArgumentNullException.ThrowIfNull(references);
        (Bleu, LowerCaseBleu, Chrf) = (BleuScore.Of(answers, references), BleuScore.Of(answers, references, lowerCase: true), ChrfScore.Of(answers, references));
        (Repetition, ReferenceRepetition) = (RepetitionScore.Of(answers), RepetitionScore.Of(references));
        ExactShare = answers.Zip(references).Count(pair => pair.First == pair.Second) / (double)Math.Max(1, answers.Count);
    }

    /// <summary>BLEU with case.</summary>
    public BleuScore Bleu { get; }

    /// <summary>BLEU without case.</summary>
    public BleuScore LowerCaseBleu { get; }

    /// <summary>chrF2.</summary>
    public double Chrf { get; }

    /// <summary>How much the answers repeat themselves.</summary>
    public RepetitionScore Repetition { get; }

    /// <summary>How much the references do.</summary>
    public RepetitionScore ReferenceRepetition { get; }

    /// <summary>The share of answers that are their reference, letter by letter.</summary>
    public double ExactShare { get; }

    /// <summary>Mean loss of a reference's token, foretold from those before it; NaN if it was not measured.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>Sources of which not all tokens were read, as they are longer than the translator takes.</summary>
    public int CutSourceCount { get; init; }

    /// <summary>Pairs without a part in <see cref="Loss"/>: a side has no token, or the translator drops long pairs and this is one.</summary>
    public int UnmeasuredCount { get; init; }

    /// <inheritdoc/>
    public override (string Name, double Value) Headline => ("BLEU", Bleu.Score);

    /// <summary>The figures with their signatures.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(FormattableString.Invariant($"{RowCount:N0} pairs"));
        text.AppendLine(Bleu.ToString());
        text.AppendLine(LowerCaseBleu.ToString());
        text.AppendLine(FormattableString.Invariant($"chrF2 {Chrf:F2}, {ChrfScore.Signature}"));
        text.AppendLine(FormattableString.Invariant($"repeated runs of 1/2/3/4 tokens {Repetition}; references {ReferenceRepetition}"));
        text.Append(FormattableString.Invariant($"exact {ExactShare:P2}"));
        if (!double.IsNaN(Loss))
            text.Append(FormattableString.Invariant($", loss {Loss:F4} a token"));
        if (UnmeasuredCount > 0)
            text.Append(FormattableString.Invariant($" without {UnmeasuredCount:N0} pairs that are too long or have an empty side"));
        if (CutSourceCount > 0)
            text.Append(FormattableString.Invariant($"\nof {CutSourceCount:N0} long sources the end was not read"));
        return text.ToString();
    }
}
