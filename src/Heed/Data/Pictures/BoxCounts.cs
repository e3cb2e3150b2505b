namespace Heed;

/// <summary>How many boxes there are.</summary>
/// <param name="Things">Around one thing each.</param>
/// <param name="Difficult">Around one that is hard to see (<see cref="BoxKind.Difficult"/>): learned as things, and not counted when it is measured what is found.</param>
/// <param name="Crowds">Around many that nobody told apart (<see cref="BoxKind.Crowd"/>): neither learned nor counted.</param>
public sealed record BoxCounts(int Things, int Difficult, int Crowds)
{
    /// <summary>As <c>1,234 boxes, 12 difficult ones and 3 crowds</c>; kinds that there are.</summary>
    public override string ToString()
    {
        (string difficult, string crowds) = (Of(Difficult, "difficult one"), Of(Crowds, "crowd"));
        string others = difficult.Length > 0 && crowds.Length > 0 ? $", {difficult} and {crowds}" : difficult.Length + crowds.Length > 0 ? $" and {difficult}{crowds}" : "";
        return FormattableString.Invariant($"{Things:N0} {(Things == 1 ? "box" : "boxes")}{others}");

        static string Of(int count, string one) => count == 0 ? "" : FormattableString.Invariant($"{count:N0} {one}{(count == 1 ? "" : "s")}");
    }
}
