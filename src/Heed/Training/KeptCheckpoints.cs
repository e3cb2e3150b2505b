using System.Globalization;

namespace Heed;

/// <summary>The weights at the end of some epochs, of which a run keeps the mean: checkpoint averaging within one run.</summary>
/// <remarks>Memory: a copy of the weights for each. Source: Vaswani et al. 2017, section 6.1 (the last ones); Junczys-Dowmunt, Dwojak and Sennrich 2016.</remarks>
internal sealed class KeptCheckpoints
{
    private const int Most = 100;
    private readonly Module model;
    private readonly bool takesBest;
    private readonly int count;
    private readonly List<(int Epoch, WeightSnapshot Weights)> kept = [];

    private KeptCheckpoints(Module model, bool takesBest, int count) => (this.model, this.takesBest, this.count) = (model, takesBest, count);

    /// <summary>The epochs, first one first.</summary>
    public IReadOnlyList<int> Epochs => [.. kept.Select(k => k.Epoch)];

    /// <summary>What <see cref="TrainingOptions.CheckpointAveraging"/> asks for; null for none.</summary>
    public static KeptCheckpoints? Of(Module model, string asked)
    {
        (bool takesBest, int count) = Parse(asked)!.Value;
        return count == 0 ? null : new KeptCheckpoints(model, takesBest, count);
    }

    /// <summary>Reads <c>none</c>, <c>best:K</c> or <c>last:K</c>; null if it is neither.</summary>
    public static (bool TakesBest, int Count)? Parse(string asked) => asked.Split(':') switch
    {
        ["none"] => (false, 0),
        ["best" or "last", string k] when int.TryParse(k, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is >= 2 and <= Most => (asked[0] == 'b', n),
        _ => null,
    };

    /// <summary>Looks at the model at the end of an epoch. Of equal scores the earlier stays.</summary>
    /// <param name="epochs">What all epochs reached, the current one as the last.</param>
    /// <param name="monitor">What better means.</param>
    public void Take(IReadOnlyList<EpochReport> epochs, string monitor)
    {
        WeightSnapshot? free = null;
        if (kept.Count == count)
        {
            int leaving = takesBest ? Worst(epochs, monitor) : 0;
            if (takesBest && !Trainer.IsBetter(monitor, epochs[^1].Dev, epochs[kept[leaving].Epoch - 1]))
                return;
            free = kept[leaving].Weights;
            kept.RemoveAt(leaving);
        }
        free ??= new WeightSnapshot(model);
        free.Take();
        kept.Add((epochs.Count, free));
    }

    /// <summary>Makes the mean the model's weights.</summary>
    public void RestoreMean() => WeightSnapshot.RestoreMean([.. kept.Select(k => k.Weights)]);

    /// <summary>Makes room for what a checkpoint of these epochs holds.</summary>
    public void Expect(IEnumerable<int> epochs)
    {
        kept.Clear();
        kept.AddRange(epochs.Select(epoch => (epoch, new WeightSnapshot(model))));
    }

    /// <summary>The copies by name.</summary>
    public IEnumerable<(string Name, Memory<float> Values)> State() =>
        kept.SelectMany(k => k.Weights.State().Select(a => (FormattableString.Invariant($"epoch{k.Epoch}.{a.Name}"), a.Values)));

    private int Worst(IReadOnlyList<EpochReport> epochs, string monitor)
    {
        int worst = 0;
        for (int i = 1; i < kept.Count; i++)
        {
            // Of equal ones the later goes first.
            if (!Trainer.IsBetter(monitor, epochs[kept[i].Epoch - 1].Dev, epochs[kept[worst].Epoch - 1]))
                worst = i;
        }
        return worst;
    }
}
