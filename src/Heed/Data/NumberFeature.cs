namespace Heed;

/// <summary>A column of numbers, standardised by what training saw: <c>(x − mean) / deviation</c>, kept within ±10.</summary>
/// <param name="Name">The column.</param>
/// <param name="Mean">The mean of the training rows that have a value.</param>
/// <param name="Deviation">Their population deviation; 1 where all are equal or there are none.</param>
/// <param name="Missing">How many training rows had no value.</param>
public sealed record NumberFeature(string Name, double Mean, double Deviation, int Missing)
{
    private const double Bound = 10;

    /// <summary>The standardised value; 0, the mean, for a missing one.</summary>
    /// <param name="field">As it stands in the table.</param>
    /// <param name="isMissing">Whether there is no value.</param>
    /// <exception cref="InputException">The field is no number.</exception>
    public float Standardize(string field, out bool isMissing)
    {
        ArgumentNullException.ThrowIfNull(field);
        if (!NumberField.TryRead(field, out double number))
            throw new InputException(NumberField.Complaint(field, $"'{Name}'"));
        isMissing = double.IsNaN(number);
        return isMissing ? 0 : (float)Math.Clamp((number - Mean) / Deviation, -Bound, Bound);
    }

    internal static NumberFeature Learn(string name, IEnumerable<string> fields)
    {
        var values = new List<double>();
        int missing = 0;
        foreach (string field in fields)
        {
            if (!NumberField.TryRead(field, out double number))
                throw new InputException(NumberField.Complaint(field, $"'{name}'"));
            if (double.IsNaN(number))
                missing++;
            else
                values.Add(number);
        }
        if (values.Count == 0)
            return new NumberFeature(name, 0, 1, missing);
        // Divided first, so that large values do not overflow the sum.
        double mean = values.Sum(value => value / values.Count);
        double deviation = Math.Sqrt(values.Sum(value => (value - mean) / values.Count * (value - mean)));
        return new NumberFeature(name, mean, double.IsFinite(deviation) && deviation > 0 ? deviation : 1, missing);
    }
}
